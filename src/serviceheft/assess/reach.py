"""Why a host could not be visited: the errors of Ansible's connections, as codes.

Numbers first (errorcodes); where only words exist, those of ansible-core 2.21's winrm and psrp connections and of the
libraries below them (pywinrm, pypsrp, requests, urllib3), and of Windows in both languages. Order matters: the first
that fits wins.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from serviceheft.assess import errorcodes
from serviceheft.assess.identity import WRONG_MACHINE
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.assess.reasons import REASONS

#: The key of a result under which our own action names the code: it was not the host that failed.
FOUND_BY_US = "heft_reach"


@dataclass(frozen=True)
class Reach:
    """`code` is one of serviceheft.assess.reasons; the raw text never gets this far."""

    code: str
    outcome: Outcome


#: Classes and fixed words of Python's libraries, and Windows' own texts, English and German, where no number stands.
_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (code, re.compile(pattern, re.IGNORECASE))
    for code, pattern in (
        (
            "reach.disk_full",
            r"not enough (?:disk )?space|no space left on device"
            r"|nicht gen(?:ug|.{1,2}gend)e?[rn]? (?:freier |freien )?(?:Speicherplatz|Speicher auf)"
            r"|(?:Datentr\S{1,2}ger|Festplatte|disk) (?:ist|is) (?:voll|full)\b",
        ),
        # A certificate that holds, of another host: OpenSSL's words (codes 62 and 64), and urllib3's.
        (WRONG_MACHINE, r"(?:Hostname|IP address) mismatch, certificate|hostname .{1,260} doesn't match"),
        (
            "reach.certificate",
            r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|certificate has expired"
            r"|SSLCertVerificationError|self.signed certificate"
            r"|remote certificate is invalid|trust relationship for the SSL|certificate chain"
            r"|Remotezertifikat ist|SSL/TLS-Kanal|Zertifikatkette|Zertifikat ist (?:abgelaufen|ung)",
        ),
        (
            "reach.credentials",
            r"credentials were rejected|failed to authenticate|InvalidCredentialsError"
            r"|account is (?:currently )?locked|password has expired|Authentication failure"
            r"|user ?name or (?:the )?password is incorrect|logon failure|login failure"
            r"|Benutzername oder das Kennwort|Anmeldung fehlgeschlagen|Anmeldefehler|(?:Konto|wird).{0,40} gesperrt"
            r"|Kennwort .{0,30}abgelaufen|Anmeldeinformationen wurden .{0,30}(?:abgelehnt|zur.{1,2}ckgewiesen)",
        ),
        ("reach.reboot_timeout", r"timed out waiting for (?:last boot time|post-reboot|.*reboot)"),
        (
            "reach.name_unknown",
            r"NameResolutionError|name or service not known|getaddrinfo failed|nodename nor"
            r"|name resolution|no such host is known|name (?:could|can) ?not be resolved"
            r"|server name or address could not be resolved|DNS name does not exist"
            r"|(?:Host|Remote|Server|Computer)name.{0,40} (?:konnte|kann) nicht (?:aufgel.{1,2}st|verarbeitet)"
            r"|Der angegebene Host ist unbekannt|kein solcher Host bekannt|Host unbekannt|Namensaufl.{1,2}sung"
            r"|DNS-Name (?:ist nicht vorhanden|existiert nicht)",
        ),
        (
            "reach.network_path",
            r"network (?:path|name) (?:was|cannot be|could not be) (?:not )?found"
            r"|Netzwerk(?:pfad|name) (?:wurde|konnte|kann) nicht gefunden",
        ),
        (
            "reach.refused",
            r"connection refused|actively refused|Zielcomputer die Verbindung verweiger|Verbindung verweigert",
        ),
        (
            "reach.no_route",
            r"no route to host|network is unreachable|host is (?:down|unreachable)|unreachable (?:host|network)"
            r"|nicht (?:verf.{1,2}gbare[nr]?|erreichbare[nr]?) (?:Host|Netzwerk)"
            r"|(?:Host|Netzwerk) ist nicht erreichbar",
        ),
        (
            "reach.cut_off",
            r"connection aborted|remote end closed|connection (?:was )?reset|IncompleteRead|ChunkedEncodingError"
            r"|connection broken|EOF occurred in violation|UNEXPECTED_EOF|broken pipe"
            r"|BadStatusLine|send_input failed|no element found|unclosed token|mismatched tag"
            r"|forcibly closed|connection was closed|network name is no longer available"
            r"|Verbindung wurde (?:unerwartet |vom Remotehost )?(?:geschlossen|getrennt|zur.{1,2}ckgesetzt)"
            r"|vom Remotehost geschlossen|Netzwerkname ist nicht mehr verf",
        ),
        (
            "reach.timeout",
            r"timed?[ -]?out\b|\btimeout\b|ConnectTimeout|ReadTimeout|Zeit.{1,2}berschreitung"
            r"|Zeitlimit.{0,60} .{1,2}ber(?:schritten|schreitet)|Zeitlimit.{0,60} erreicht"
            r"|Zeitspanne .{0,60}(?:verstrichen|nicht richtig reagiert)",
        ),
        (
            "reach.access_denied",
            r"access .{0,200}(?:is|was) denied|access denied|PermissionDenied|UnauthorizedAccess|\bAccessDenied\b"
            r"|Zugriff .{0,200}verweigert|fehlen? .{0,40}(?:Rechte|Berechtigung)",
        ),
    )
)

#: What a host that was reached says of itself or of others; the rest is said of the way to the host.
ON_HOST = frozenset({"reach.disk_full", "reach.access_denied", "reach.network_path"})
#: Said by a host that was to fetch something, these speak of its way there.
SOURCE_AWAY = frozenset(
    {"reach.name_unknown", "reach.network_path", "reach.refused", "reach.no_route", "reach.certificate"}
)

#: How we ended it ourselves (serviceheft.outside.conversation.Fault).
_ENDED = re.compile(r"\[conversation ended: (\w+)\]")
_OURS = {
    "timeout": "reach.timeout",
    "too_large": "reach.too_large",
    "redirected": "reach.other_service",
    "compressed": "reach.other_service",
    "insecure": "reach.insecure",
}

#: Not `exception`: the lines of a traceback hold words such as "timeout" whatever went wrong.
_FIELDS = ("msg", "module_stderr", "stderr")


def classify(result: object) -> Reach:
    """The code for an Ansible result that is unreachable or failed, or for an exception.

    Unreachable, and failures of reaching (time, account, certificate, line), are "not reached"; what
    failed on a host that was reached is "failed".
    """
    found = result.get(FOUND_BY_US) if isinstance(result, Mapping) else None
    if isinstance(found, str) and found in REASONS:
        assert isinstance(result, Mapping)
        return Reach(found, Outcome.NOT_REACHED if result.get("unreachable") is True else Outcome.FAILED)
    text = _text(result)
    unreachable = isinstance(result, BaseException) or (
        isinstance(result, Mapping) and result.get("unreachable") is True
    )
    if unreachable and (ended := _ENDED.search(text)):
        return Reach(_OURS.get(ended[1], "reach.unknown"), Outcome.NOT_REACHED)
    if code := reason(text):
        happened_on_host = code in ON_HOST and not unreachable
        return Reach(code, Outcome.FAILED if happened_on_host else Outcome.NOT_REACHED)
    if unreachable or not isinstance(result, Mapping):
        return Reach("reach.unknown", Outcome.NOT_REACHED)
    return Reach("reach.module_failed", Outcome.FAILED)


def reason(text: str) -> str | None:
    """The code for what a text of Windows or of a library says, in English or German; None: nothing that is known.

    A restart that does not end, and a certificate of another host, are told by words of this side, whatever number
    stands beside them; then numbers go before words, as they say the same in every language.
    """
    said = dict.fromkeys(code for code, pattern in _WORDS if pattern.search(text))
    for ours in ("reach.reboot_timeout", WRONG_MACHINE):
        if ours in said:
            return ours
    return next(errorcodes.codes(text), None) or next(iter(said), None)


def judgement(subject: str, result: object) -> Judgement:
    """What is stamped for a subject when the host could not be visited."""
    reach = classify(result)
    return Judgement(outcome=reach.outcome, subject=subject, reason=reach.code)


def _text(result: object) -> str:
    if isinstance(result, Mapping):
        return "\n".join(value for key in _FIELDS if isinstance(value := result.get(key), str))
    return str(result) if isinstance(result, BaseException) else ""
