"""WS-Management: one host's endpoint. Takes SOAP envelopes, keeps shells, answers as WinRM does."""

import base64
import re
import threading
import time
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from xml.sax.saxutils import escape

from lab.windows.machine import Json

_TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
_SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
_NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "rsp": _SHELL,
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
}
_DECLARATIONS = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items())
_ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
CMD = f"{_SHELL}/cmd"
_POWERSHELL = "http://schemas.microsoft.com/powershell/"

#: "The WS-Management service cannot complete the operation within the time specified in OperationTimeout."
_OPERATION_TIMEOUT = 2150858793
_INVALID_SELECTORS = 2150858843
_ACTION_NOT_SUPPORTED = 2150858823
_LONGEST_WAIT_SECONDS = 60.0
_FORGET_AFTER_SECONDS = 600.0
_SHORTLY = 0.05


class Fault(Exception):
    """A WS-Management fault: code, subcode and Windows' own sentence."""

    def __init__(self, code: int, subcode: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.subcode = code, subcode


@dataclass(frozen=True)
class Chunk:
    """What one Receive hands out. `exit_code` is set with the last one."""

    streams: list[tuple[str, bytes]] = field(default_factory=list)
    done: bool = False
    exit_code: int = 0


class Shell(Protocol):
    """A remote shell: cmd (winrm) or PowerShell's own (psrp)."""

    def command(self, request: ET.Element, *, no_input: bool) -> str: ...

    def send(self, command: str | None, data: bytes, *, end: bool) -> None: ...

    def receive(self, command: str | None, seconds: float) -> Chunk | None: ...

    def signal(self, command: str) -> None: ...

    def close(self) -> None: ...


@dataclass
class _Kept:
    shell: Shell
    resource: str
    owner: str
    used: float = field(default_factory=time.monotonic)


class Endpoint:
    """One host's /wsman. `open_shell(resource, owner, rsp:Shell element)` makes shells; may raise Fault."""

    def __init__(
        self,
        open_shell: Callable[[str, Json, ET.Element], Shell],
        log: Callable[[str], None],
    ) -> None:
        self._open_shell = open_shell
        self._shells: dict[str, _Kept] = {}
        self._lock = threading.Lock()
        self.log = log
        self.is_down = False
        #: The fault: no command ever ends.
        self.never_done = False

    def handle(self, body: bytes, account: Json) -> tuple[int, bytes]:
        """HTTP status and envelope that answer one envelope."""
        try:
            envelope = ET.fromstring(body)  # noqa: S314  (comes from an authenticated client on loopback)
            header = _child(envelope, "s:Header")
            action = _text(header, "a:Action")
        except (ET.ParseError, Fault):
            return 400, b""
        related = _text(header, "a:MessageID", "")
        try:
            answer = self._act(action, header, _child(envelope, "s:Body"), account)
        except Fault as fault:
            return 500, _envelope(f"{_NAMESPACES['w']}/fault", related, _fault(fault))
        return 200, _envelope(f"{action}Response", related, answer)

    def _act(self, action: str, header: ET.Element, body: ET.Element, account: Json) -> str:
        resource = _text(header, "w:ResourceURI", "")
        if action == f"{_TRANSFER}Create":
            return self._create(resource, body, account)
        kept = self._kept(header, account)
        verb = action.rpartition("/")[2]
        if action == f"{_TRANSFER}Delete":
            with self._lock:
                self._shells.pop(_shell_id(header), None)
            kept.shell.close()
            return ""
        if verb == "Command":
            command = kept.shell.command(_child(body, "rsp:CommandLine"), no_input=_has_no_input(header))
            return f"<rsp:CommandResponse><rsp:CommandId>{command}</rsp:CommandId></rsp:CommandResponse>"
        if verb == "Send":
            for stream in _child(body, "rsp:Send").findall("rsp:Stream", _NAMESPACES):
                end = (stream.get("End") or "").casefold() == "true"
                kept.shell.send(stream.get("CommandId"), base64.b64decode(stream.text or ""), end=end)
            return "<rsp:SendResponse/>"
        if verb == "Receive":
            command_id = _child(_child(body, "rsp:Receive"), "rsp:DesiredStream").get("CommandId")
            if self.never_done:
                time.sleep(_SHORTLY)
                return _received(command_id, Chunk())
            chunk = kept.shell.receive(command_id, _operation_timeout(header))
            if chunk is None:
                raise Fault(
                    _OPERATION_TIMEOUT,
                    "w:TimedOut",
                    "The WS-Management service cannot complete the operation within the time specified in "
                    "OperationTimeout.",
                )
            return _received(command_id, chunk)
        if verb == "Signal":
            kept.shell.signal(_child(body, "rsp:Signal").get("CommandId") or "")
            return "<rsp:SignalResponse/>"
        raise Fault(
            _ACTION_NOT_SUPPORTED, "a:ActionNotSupported", f"The lab's emulated host does not know {action}."
        )

    def _create(self, resource: str, body: ET.Element, account: Json) -> str:
        if resource != CMD and not resource.startswith(_POWERSHELL):
            raise Fault(
                _INVALID_SELECTORS, "w:InvalidSelectors", f"The lab offers no shell of the kind {resource}."
            )
        request = _child(body, "rsp:Shell")
        shell_id = request.get("ShellId") or str(uuid.uuid4()).upper()
        shell = self._open_shell(resource, account, request)
        old = time.monotonic() - _FORGET_AFTER_SECONDS
        with self._lock:
            # Clients that were killed never delete their shells.
            self._shells = {key: kept for key, kept in self._shells.items() if kept.used > old}
            self._shells[shell_id] = _Kept(shell, resource, str(account["name"]))
        identity = escape(shell_id)
        return (
            f"<x:ResourceCreated><a:Address>{_ANONYMOUS}</a:Address><a:ReferenceParameters>"
            f"<w:ResourceURI>{escape(resource)}</w:ResourceURI><w:SelectorSet>"
            f'<w:Selector Name="ShellId">{identity}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
            f"</x:ResourceCreated><rsp:Shell><rsp:ShellId>{identity}</rsp:ShellId>"
            f"<rsp:ResourceUri>{escape(resource)}</rsp:ResourceUri><rsp:Owner>{escape(str(account['name']))}</rsp:Owner>"
            "</rsp:Shell>"
        )

    def _kept(self, header: ET.Element, account: Json) -> _Kept:
        with self._lock:
            kept = self._shells.get(_shell_id(header))
        if kept is None or kept.owner != account["name"]:
            raise Fault(
                _INVALID_SELECTORS,
                "w:InvalidSelectors",
                "The request for the Windows Remote Shell with ShellId failed because the shell was not "
                "found on the server.",
            )
        kept.used = time.monotonic()
        return kept


def _received(command: str | None, chunk: Chunk) -> str:
    attribute = f' CommandId="{command}"' if command else ""
    streams = "".join(
        f'<rsp:Stream Name="{name}"{attribute}>{base64.b64encode(data).decode("ascii")}</rsp:Stream>'
        for name, data in chunk.streams
    )
    state = "Done" if chunk.done else "Running"
    code = f"<rsp:ExitCode>{chunk.exit_code}</rsp:ExitCode>" if chunk.done else ""
    return (
        f"<rsp:ReceiveResponse>{streams}"
        f'<rsp:CommandState{attribute} State="{_SHELL}/CommandState/{state}">{code}</rsp:CommandState>'
        "</rsp:ReceiveResponse>"
    )


def _fault(fault: Fault) -> str:
    reason = escape(str(fault))
    return (
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value>"
        f"<s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason>'
        f'<s:Detail><f:WSManFault Code="{fault.code}"><f:Message>{reason}</f:Message>'
        "</f:WSManFault></s:Detail>"
        "</s:Fault>"
    )


def _envelope(action: str, related: str, body: str) -> bytes:
    return (
        f"<s:Envelope {_DECLARATIONS}><s:Header><a:Action>{escape(action)}</a:Action>"
        f"<a:MessageID>uuid:{uuid.uuid4()}</a:MessageID><a:To>{_ANONYMOUS}</a:To>"
        f"<a:RelatesTo>{escape(related)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def _operation_timeout(header: ET.Element) -> float:
    """How long the client lets an operation wait for something to say (w:OperationTimeout, such as PT20S)."""
    match = re.fullmatch(r"PT([0-9.]+)S", _text(header, "w:OperationTimeout", ""))
    return min(float(match[1]), _LONGEST_WAIT_SECONDS) if match else _LONGEST_WAIT_SECONDS


def _has_no_input(header: ET.Element) -> bool:
    """Console mode: the client will send no stdin."""
    for option in header.findall("w:OptionSet/w:Option", _NAMESPACES):
        if option.get("Name") == "WINRS_CONSOLEMODE_STDIN":
            return (option.text or "").casefold() == "true"
    return False


def _shell_id(header: ET.Element) -> str:
    for selector in header.findall("w:SelectorSet/w:Selector", _NAMESPACES):
        if selector.get("Name") == "ShellId":
            return selector.text or ""
    return ""


def _child(parent: ET.Element, path: str) -> ET.Element:
    child = parent.find(path, _NAMESPACES)
    if child is None:
        raise Fault(_INVALID_SELECTORS, "w:SchemaValidationError", f"The envelope lacks {path}.")
    return child


def _text(parent: ET.Element, path: str, default: str | None = None) -> str:
    text = parent.findtext(path, default, _NAMESPACES)
    if text is None:
        raise Fault(_INVALID_SELECTORS, "w:SchemaValidationError", f"The envelope lacks {path}.")
    return text
