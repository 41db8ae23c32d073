"""Error numbers of Windows and Linux, and of HTTP, as they stand in texts; what each means for a visit.

A number says the same in every language. One that stands in a text for something else (a port, a count, a size) is
no error number: each form below carries its own mark.
"""

import re
from collections.abc import Iterator

#: System error codes of Windows (winerror.h), those of its sockets (10000 on) and of WinHTTP (12000 on) included.
_WIN32 = {
    **dict.fromkeys((39, 112), "reach.disk_full"),
    **dict.fromkeys((5, 65, 1314), "reach.access_denied"),
    **dict.fromkeys((51, 53, 67, 1203, 1231, 1232), "reach.network_path"),
    **dict.fromkeys((86, 1326, 1327, 1330, 1331, 1385, 1907, 1909), "reach.credentials"),
    **dict.fromkeys((59, 64, 1236, 10053, 10054, 12030, 12152), "reach.cut_off"),
    **dict.fromkeys((121, 258, 1460, 10060, 12002), "reach.timeout"),
    **dict.fromkeys((1225, 10061, 12029), "reach.refused"),
    **dict.fromkeys((10050, 10051, 10064, 10065), "reach.no_route"),
    **dict.fromkeys((9002, 9003, 9501, 11001, 11002, 11003, 11004, 12007), "reach.name_unknown"),
    **dict.fromkeys((12037, 12038, 12044, 12045, 12169, 12170, 12175), "reach.certificate"),
}

#: HRESULTs that are not made of a system error code: of certificates, security packages, WinRM, Windows Update.
_HRESULTS = {
    **dict.fromkeys(
        (0x800B0101, 0x800B0109, 0x800B010A, 0x800B010C, 0x800B010F, 0x80090322, 0x80090325, 0x80090328),
        "reach.certificate",
    ),
    **dict.fromkeys((0x8009030C, 0x8009030E, 0x80090308, 0x80244017), "reach.credentials"),
    0x80244018: "reach.access_denied",
    **dict.fromkeys((0x80338029, 0x80338125, 0x8024401C, 0x80240438), "reach.timeout"),
    **dict.fromkeys((0x80338012, 0x803380E4), "reach.refused"),
    0x80338126: "reach.no_route",
    0x8024402C: "reach.name_unknown",
    **dict.fromkeys((0x80072F0D, 0x80072F8F), "reach.certificate"),
}

#: Errors of Linux, where the control node itself does not get through.
_ERRNO = {
    28: "reach.disk_full",
    13: "reach.access_denied",
    111: "reach.refused",
    **dict.fromkeys((100, 101, 112, 113), "reach.no_route"),
    **dict.fromkeys((32, 103, 104), "reach.cut_off"),
    110: "reach.timeout",
    **dict.fromkeys((-2, -3, -5), "reach.name_unknown"),
}

_HTTP = {
    401: "reach.credentials",
    403: "reach.access_denied",
    **dict.fromkeys((408, 504), "reach.timeout"),
}

_HEXADECIMAL = re.compile(r"\b0x([0-9a-f]{8})\b", re.IGNORECASE)
#: An HRESULT as a decimal number: negative, or behind a word that says what it is (without one it may be a size).
_DECIMAL = re.compile(
    r"(?<![\w.,-])(-2[01][0-9]{8})(?![\w]|[.,][0-9])"
    r"|(?:hresult|code|error|fehler)\W{1,6}([234][0-9]{9})\b(?![.,][0-9])",
    re.IGNORECASE,
)
_NAMED_WIN32 = re.compile(
    r"(?:\[WinError|WSAE?rror|Win32(?:Error(?:Code)?|Exception)|NativeErrorCode|system error|systemfehler)"
    r"[\s:=(]*([0-9]{1,5})\b",
    re.IGNORECASE,
)
_WSMAN = re.compile(r"""WSManFault\b[^>]{0,300}?\bCode\s*=\s*["']?([0-9]{1,10})\b""", re.IGNORECASE)
_NAMED_ERRNO = re.compile(r"\[Errno (-?[0-9]{1,3})\]|\bErrno (-?[0-9]{1,3})\b", re.IGNORECASE)
_NAMED_HTTP = re.compile(
    r"(?:\bHTTP(?:/[0-9.]+)?(?: error)?(?: status)?(?: code)?|\bstatus(?:[ _]?code)?|\bStatuscode|\bcode|\berror"
    r"|\bFehler|server returned(?: an error)?|Remoteserver hat einen Fehler zur\S*ckgegeben)"
    r"[\s:=(]+([1-5][0-9]{2})\b(?!\s*(?:files|Dateien|bytes|ms|s\b|seconds|Sekunden))"
    r"|\b([45][0-9]{2}) (?:Client|Server) Error\b",
    re.IGNORECASE,
)


def codes(text: str) -> Iterator[str]:
    """The reason codes that the error numbers of a text mean, the most exact form first."""
    for match in _HEXADECIMAL.finditer(text):
        yield from _of_hresult(int(match[1], 16))
    for match in _WSMAN.finditer(text):
        number = int(match[1])
        yield from _of_hresult(number) if number > 0xFFFF else _known(_WIN32, number)
    for match in _DECIMAL.finditer(text):
        yield from _of_hresult(int(match[1] or match[2]) & 0xFFFFFFFF)
    for match in _NAMED_WIN32.finditer(text):
        yield from _known(_WIN32, int(match[1]))
    for match in _NAMED_ERRNO.finditer(text):
        yield from _known(_ERRNO, int(match[1] or match[2]))
    for match in _NAMED_HTTP.finditer(text):
        yield from _known(_HTTP, int(match[1] or match[2]))


def _of_hresult(number: int) -> Iterator[str]:
    if number in _HRESULTS:
        yield _HRESULTS[number]
    elif number >> 16 in (0, 0x8007):  # the bare number, or facility Win32 with it in the low half
        yield from _known(_WIN32, number & 0xFFFF)


def _known(table: dict[int, str], number: int) -> Iterator[str]:
    if number in table:
        yield table[number]
