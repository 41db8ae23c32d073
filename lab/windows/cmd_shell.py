"""The cmd shell that the winrm connection opens: a command line, its stdin and its output in pieces."""

import base64
import re
import threading
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

from lab.windows.execution import Output, Run
from lab.windows.wsman import Chunk

_RSP = "{http://schemas.microsoft.com/wbem/wsman/1/windows/shell}"
_ENCODED = re.compile(r"-EncodedCommand\s+([A-Za-z0-9+/=]+)")
#: One answer stays below WinRM's limit of 500 kB, base64 included.
_CHUNK = 300_000


@dataclass
class _Command:
    line: str
    received: list[bytes] = field(default_factory=list)
    stdout: bytes = b""
    stderr: bytes = b""
    output: Output | None = None
    finished: threading.Event = field(default_factory=threading.Event)


class CmdShell:
    """A cmd shell on one machine. Commands run as soon as their input has ended."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._commands: dict[str, _Command] = {}

    def command(self, request: ET.Element, *, no_input: bool) -> str:
        arguments = " ".join(node.text or "" for node in request.findall(f"{_RSP}Arguments"))
        command = _Command(f"{request.findtext(f'{_RSP}Command', '')} {arguments}")
        command_id = request.get("CommandId") or str(uuid.uuid4()).upper()
        self._commands[command_id] = command
        if no_input:
            self._finish(command)
        return command_id

    def send(self, command: str | None, data: bytes, *, end: bool) -> None:
        running = self._commands[command or ""]
        running.received.append(data)
        if end:
            self._finish(running)

    def _finish(self, command: _Command) -> None:
        stdin = b"".join(command.received).decode("utf-8")
        command.received.clear()
        encoded = _ENCODED.search(command.line)
        if encoded:
            output = self._run(base64.b64decode(encoded[1]).decode("utf-16-le"), stdin)
        else:
            output = Output(
                errors=[f"The lab's emulated Windows host runs no such command line: {command.line}"], code=1
            )
        command.output = output
        command.stdout = "".join(f"{line}\r\n" for line in output.lines).encode()
        command.stderr = "".join(f"{line}\r\n" for line in output.errors).encode()
        if not output.hangs:
            command.finished.set()

    def receive(self, command: str | None, seconds: float) -> Chunk | None:
        running = self._commands[command or ""]
        if not running.finished.wait(seconds):
            return None
        out, running.stdout = running.stdout[:_CHUNK], running.stdout[_CHUNK:]
        if running.stdout:
            return Chunk([("stdout", out)])
        error, running.stderr = running.stderr, b""
        code = running.output.code if running.output else 0
        return Chunk([("stdout", out), ("stderr", error)], done=True, exit_code=code)

    def signal(self, command: str) -> None:
        done = self._commands.pop(command, None)
        if done and done.output and done.output.afterwards:
            done.output.afterwards()

    def close(self) -> None:
        for command in list(self._commands):
            self.signal(command)
