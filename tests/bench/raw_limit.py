"""The least that a visit can cost: WS-Man requests alone, without Ansible and without judging. For the bench only.

python -m tests.bench.raw_limit FILE runs one command on each host of FILE, feeds it the same input, and checks that
it answered whole. FILE: see `Order`. It ends with 1 and one line for the first host that did not answer.
"""

import base64
import json
import ssl
import sys
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Self
from xml.sax.saxutils import escape

_XMLNS = {
    "env": "http://www.w3.org/2003/05/soap-envelope",
    "wsa": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "wsman": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "shell": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "fault": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
}
_TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
_OPEN = "<env:Envelope " + " ".join(f'xmlns:{short}="{uri}"' for short, uri in _XMLNS.items()) + ">"
_TO_SENDER = f"{_XMLNS['wsa']}/role/anonymous"
#: The command has not said anything within OperationTimeout, and goes on.
_NOTHING_YET = "2150858793"
_PIECE_BYTES = 200_000  # of input in one request, as Ansible's winrm connection cuts it
_PATIENCE_SECONDS = 120


class NotAnswered(Exception):
    """Why a host gave no whole answer, without any secret."""


@dataclass(frozen=True)
class Host:
    """Where a host listens; its certificate must be for this address."""

    name: str
    address: str
    port: int


@dataclass(frozen=True)
class Order:
    """What is to be run, where, and which sections of the visit each answer must hold."""

    hosts: Sequence[Host]
    user: str
    password: str
    ca: str
    command: str
    given: bytes
    sections: frozenset[str]
    threads: int

    @classmethod
    def read(cls, path: Path) -> Self:
        found = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            hosts=[Host(**host) for host in found["hosts"]],
            user=found["user"],
            password=found["password"],
            ca=found["ca"],
            command=found["command"],
            given=found["given"].encode(),
            sections=frozenset(found["sections"]),
            threads=found["threads"],
        )

    def write(self, path: Path) -> None:
        """For its owner alone: it holds the password."""
        kept = {**vars(self), "hosts": [vars(host) for host in self.hosts], "given": self.given.decode()}
        path.touch(mode=0o600)
        path.write_text(json.dumps(kept | {"sections": sorted(self.sections)}), encoding="utf-8")


class _Talk:
    """Requests to one host over one connection."""

    def __init__(self, host: Host, trust: ssl.SSLContext, login: str) -> None:
        self._http = HTTPSConnection(host.address, host.port, timeout=_PATIENCE_SECONDS, context=trust)
        self._url = f"https://{host.address}:{host.port}/wsman"
        self._head = {"Authorization": login, "Content-Type": "application/soap+xml;charset=UTF-8"}
        self.shell: str | None = None

    def close(self) -> None:
        self._http.close()

    def ask(self, action: str, body: str = "", options: Mapping[str, str] | None = None) -> ET.Element:
        """One request; its answer's envelope. NotAnswered for anything but a good answer or _NOTHING_YET."""
        self._http.request("POST", "/wsman", self._envelope(action, body, options or {}), self._head)
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status == 200:
            return ET.fromstring(text)
        if answer.status == 500:
            envelope = ET.fromstring(text)
            fault = envelope.find(".//fault:WSManFault", _XMLNS)
            code = "unknown" if fault is None else fault.get("Code")
            if code == _NOTHING_YET:
                return envelope
            raise NotAnswered(f"WS-Man fault {code} to {action.rpartition('/')[2]}")
        raise NotAnswered(f"HTTP {answer.status} to {action.rpartition('/')[2]}")

    def _envelope(self, action: str, body: str, options: Mapping[str, str]) -> bytes:
        parts = [
            f'{_OPEN}<env:Header><wsa:Action env:mustUnderstand="true">{action}</wsa:Action>',
            f"<wsa:To>{self._url}</wsa:To><wsa:MessageID>uuid:{uuid.uuid4()}</wsa:MessageID>",
            f"<wsa:ReplyTo><wsa:Address>{_TO_SENDER}</wsa:Address></wsa:ReplyTo>",
            f'<wsman:ResourceURI env:mustUnderstand="true">{_XMLNS["shell"]}/cmd</wsman:ResourceURI>',
            "<wsman:OperationTimeout>PT60S</wsman:OperationTimeout>",
            "<wsman:MaxEnvelopeSize>512000</wsman:MaxEnvelopeSize>",
        ]
        if self.shell:
            selector = f'<wsman:Selector Name="ShellId">{self.shell}</wsman:Selector>'
            parts.append(f"<wsman:SelectorSet>{selector}</wsman:SelectorSet>")
        if options:
            each = (f'<wsman:Option Name="{name}">{value}</wsman:Option>' for name, value in options.items())
            parts.append(f"<wsman:OptionSet>{''.join(each)}</wsman:OptionSet>")
        parts.append(f"</env:Header><env:Body>{body}</env:Body></env:Envelope>")
        return "".join(parts).encode()


def pieces(given: bytes) -> Iterator[tuple[str, str]]:
    """The input as Base64 for one request each, and the attribute that ends it on the last."""
    for begin in range(0, len(given), _PIECE_BYTES):
        end = begin + _PIECE_BYTES
        yield (
            base64.b64encode(given[begin:end]).decode(),
            ' End="true"' if end >= len(given) else "",
        )


def _run(talk: _Talk, command: str, given: Sequence[tuple[str, str]]) -> tuple[int, bytes, bytes]:
    """Exit code, stdout and stderr of a command in a shell of its own."""
    shell_uri = _XMLNS["shell"]
    created = talk.ask(
        f"{_TRANSFER}/Create",
        "<shell:Shell><shell:InputStreams>stdin</shell:InputStreams>"
        "<shell:OutputStreams>stdout stderr</shell:OutputStreams></shell:Shell>",
        {"WINRS_NOPROFILE": "FALSE", "WINRS_CODEPAGE": "65001"},
    )
    talk.shell = created.findtext(".//wsman:Selector[@Name='ShellId']", namespaces=_XMLNS)
    started = talk.ask(
        f"{shell_uri}/Command",
        f"<shell:CommandLine><shell:Command>{escape(command)}</shell:Command></shell:CommandLine>",
        {"WINRS_CONSOLEMODE_STDIN": "FALSE", "WINRS_SKIP_CMD_SHELL": "FALSE"},
    )
    identifier = started.findtext(".//shell:CommandId", namespaces=_XMLNS)
    for encoded, end in given:
        piece = f'<shell:Stream Name="stdin" CommandId="{identifier}"{end}>{encoded}</shell:Stream>'
        talk.ask(f"{shell_uri}/Send", f"<shell:Send>{piece}</shell:Send>")
    wanted = f'<shell:DesiredStream CommandId="{identifier}">stdout stderr</shell:DesiredStream>'
    streams: dict[str, bytes] = {"stdout": b"", "stderr": b""}
    while True:
        told = talk.ask(f"{shell_uri}/Receive", f"<shell:Receive>{wanted}</shell:Receive>")
        for stream in told.iterfind(".//shell:Stream", _XMLNS):
            streams[stream.get("Name", "")] += base64.b64decode(stream.text or "")
        state = told.find(".//shell:CommandState", _XMLNS)
        if state is not None and state.get("State", "").endswith("/Done"):
            break
    talk.ask(f"{_TRANSFER}/Delete")
    code = int(state.findtext("shell:ExitCode", default="0", namespaces=_XMLNS))
    return code, streams["stdout"], streams["stderr"]


def lacking(code: int, told: bytes, sections: frozenset[str]) -> str | None:
    """What an answer lacks; None for a whole one."""
    if code:
        return f"the script ended with {code}"
    try:
        found = json.loads(told)
        gone = sections - found["sections"].keys()
        errors = found["errors"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "the answer is no visit's"
    return f"no section {', '.join(sorted(gone | set(errors)))}" if gone or errors else None


def visit_all(order: Order) -> int:
    """Bytes that all hosts answered. NotAnswered names the first host that lacks something."""
    trust = ssl.create_default_context(cafile=order.ca)
    login = "Basic " + base64.b64encode(f"{order.user}:{order.password}".encode()).decode()
    given = list(pieces(order.given))

    def visit(host: Host) -> int:
        talk = _Talk(host, trust, login)
        try:
            code, told, _ = _run(talk, order.command, given)
        except (NotAnswered, OSError, HTTPException, ET.ParseError) as error:
            raise NotAnswered(f"{host.name}: {error}") from error
        finally:
            talk.close()
        if gap := lacking(code, told, order.sections):
            raise NotAnswered(f"{host.name}: {gap}")
        return len(told)

    with ThreadPoolExecutor(order.threads) as pool:
        return sum(pool.map(visit, order.hosts))


def main() -> int:
    try:
        visit_all(Order.read(Path(sys.argv[1])))
    except NotAnswered as error:
        print(error, file=sys.stderr)  # noqa: T201 - it is a command
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
