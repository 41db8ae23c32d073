"""The emulated console as an HTTPS server; state and faults are read anew for every request."""

import asyncio
import contextlib
import json
import ssl
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from lab.gravityzone.answers import Lies, Request, Response, answer
from lab.gravityzone.state import Json
from lab.wire import packed

STATE_FILE = "gravityzone.json"
_POLL_SECONDS = 0.05
_LARGEST_REQUEST = 1_000_000
#: A gigabyte: more than anybody reads, and the emulator ends by itself.
_ENDLESS_CHUNKS = 1 << 14
_PHRASES = {
    200: "OK",
    307: "Temporary Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


@dataclass(frozen=True)
class ConsoleFaults:
    """What is wrong with the console on purpose; faults/gravityzone.json.

    cut: every answer ends in its middle. rate_limited: this many requests are turned away, counted from
    the server's start. drip_seconds: a byte at a time, so far apart. endless: answers never end. packed: 50 kB that
    unpack to 50 MB. redirect_to: where every request is sent instead. endpoints, repeats_pages and
    total_changes: see lab.gravityzone.answers.Lies.
    """

    off: bool = False
    slow_seconds: float = 0.0
    cut: bool = False
    unauthorised: bool = False
    server_error: bool = False
    rate_limited: int = 0
    drip_seconds: float = 0.0
    endless: bool = False
    packed: bool = False
    redirect_to: str | None = None
    endpoints: dict[str, str] = field(default_factory=dict)
    repeats_pages: bool = False
    total_changes: bool = False

    @classmethod
    def read(cls, directory: Path) -> "ConsoleFaults":
        """The faults asked for, none without a file; ValueError for one that does not exist."""
        path = directory / "faults" / STATE_FILE
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        if unknown := sorted(set(data) - set(cls.__dataclass_fields__)):
            raise ValueError(f"{path}: unknown fault {', '.join(unknown)}")
        return cls(**data)


class ConsoleServer:
    """Listens on one address while it is not `off`."""

    def __init__(self, directory: Path, address: str, port: int, certificate: Path) -> None:
        self._directory = directory
        self._address, self._port = address, port
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()
        self._recent: deque[float] = deque()
        self._turned_away = 0

    async def open(self) -> None:
        """Listen; OSError when the address cannot be had."""
        self._server = await asyncio.start_server(
            self._serve_connection, self._address, self._port, ssl=self._tls, limit=_LARGEST_REQUEST
        )

    async def run(self) -> None:
        """Follow the fault `off` until cancelled."""
        try:
            while True:
                off = ConsoleFaults.read(self._directory).off
                if off and self._server is not None:
                    await self._close()
                elif not off and self._server is None:
                    await self.open()
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            await self._close()

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
            for writer in list(self._clients):
                writer.transport.abort()
            await server.wait_closed()

    async def _serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, TimeoutError):
            while (request := await _read_request(reader)) is not None:
                faults = ConsoleFaults.read(self._directory)
                if faults.slow_seconds:
                    await asyncio.sleep(faults.slow_seconds)
                data = _encode(self._answer(request, faults))
                if faults.endless:
                    await _write_for_ever(writer)
                elif faults.drip_seconds:
                    await _drip(writer, data, faults.drip_seconds)
                else:
                    writer.write(
                        _packed() if faults.packed else data[: len(data) // 2] if faults.cut else data
                    )
                await writer.drain()
                if faults.cut:
                    break
        self._clients.discard(writer)
        writer.close()

    def _answer(self, request: Request, faults: ConsoleFaults) -> Response:
        if faults.server_error:
            return Response(500)
        if faults.redirect_to:
            return Response(307, headers={"Location": faults.redirect_to})
        state: Json = json.loads((self._directory / STATE_FILE).read_text(encoding="utf-8"))
        if self._turned_away < faults.rate_limited:
            self._turned_away += 1
            return Response(429, headers={"Retry-After": "0"})
        if self._too_many(state.get("requests_per_second", 10)):
            return Response(429, headers={"Retry-After": "1"})
        lies = Lies(faults.endpoints, faults.repeats_pages, faults.total_changes)
        return answer(state, request, unauthorised=faults.unauthorised, lies=lies)

    def _too_many(self, allowed: int) -> bool:
        now = time.monotonic()
        while self._recent and now - self._recent[0] >= 1:
            self._recent.popleft()
        if len(self._recent) >= allowed:
            return True
        self._recent.append(now)
        return False


async def _drip(writer: asyncio.StreamWriter, data: bytes, seconds: float) -> None:
    for position in range(len(data)):
        writer.write(data[position : position + 1])
        await writer.drain()
        await asyncio.sleep(seconds)


async def _write_for_ever(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
    for _ in range(_ENDLESS_CHUNKS):
        # What is written after the client hung up asyncio drops. It hears of that only when it has its turn, and
        # drain() gives it none as long as there is room in the buffer.
        await asyncio.sleep(0)
        if writer.is_closing():
            break
        writer.write(b" " * 65536)
        await writer.drain()


def _packed() -> bytes:
    body = packed()
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection; None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None
    lines = head.decode("latin-1").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    headers = {
        name.strip().lower(): value.strip()
        for line in lines[1:]
        if line
        for name, _, value in [line.partition(":")]
    }
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > _LARGEST_REQUEST:
        return None
    body = await reader.readexactly(int(length))
    return Request(method, rest.partition(" ")[0], headers, body)


def _encode(response: Response) -> bytes:
    body = b"" if response.body is None else json.dumps(response.body).encode()
    headers = {
        "Server": "GravityZone emulator of the Serviceheft lab",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **response.headers,
    }
    head = f"HTTP/1.1 {response.status} {_PHRASES[response.status]}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode("latin-1") + b"\r\n" + body
