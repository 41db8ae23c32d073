"""One TCP connection: TLS, HTTP/1.1, authentication, and the faults that happen on the wire."""

import base64
import contextlib
import io
import socket
import ssl
import struct
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from lab.windows.authentication import OFFERED, Authentication, Continue, Denied
from lab.windows.machine import Faults, Machine, UnreadableState
from lab.windows.wsman import Endpoint
from lab.wire import packed

_SOAP = "application/soap+xml;charset=UTF-8"
#: WinRM's own limit for one envelope is 500 kB; Ansible sends up to 250 kB, base64 and XML on top.
_LARGEST_REQUEST = 2_000_000
_IDLE_SECONDS = 120.0


class Connection(BaseHTTPRequestHandler):
    """Serves one client until either side hangs up."""

    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""
    timeout = _IDLE_SECONDS
    wbufsize = 65536  # head and body of an answer leave together

    def __init__(
        self,
        client: ssl.SSLSocket,
        certificate_der: bytes,
        endpoint: Endpoint,
        load: Callable[[], Machine],
        read_faults: Callable[[], Faults],
    ) -> None:
        self._endpoint = endpoint
        self._load = load
        self._read_faults = read_faults
        self._authentication = Authentication(certificate_der)
        super().__init__(client, client.getpeername(), None)  # type: ignore[arg-type]

    def setup(self) -> None:
        """Put the faults "cut_after_bytes" and "drip_seconds" between the answers and the wire."""
        super().setup()
        budget = self._read_faults().cut_after_bytes
        if budget is not None:
            self.wfile = _CutShort(self.wfile, budget)
        if seconds := self._read_faults().drip_seconds:
            self.wfile = _Drip(self.wfile, seconds)

    def do_POST(self) -> None:
        """Authenticate, then hand the envelope on. A machine that went off meanwhile hangs up."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST_REQUEST:
            self._answer(413, b"", "text/plain")
            return
        body = self.rfile.read(length)
        faults = self._read_faults()
        if faults.off or self._endpoint.is_down:
            raise ConnectionAbortedError("the machine is off")
        if self._answers_falsely(faults):
            return
        self._endpoint.never_done = faults.never_done
        if self.path.partition("?")[0].rstrip("/").casefold() != "/wsman":
            self._answer(404, b"", "text/plain")
            return
        try:
            access = self._authentication.accept(self.headers.get("Authorization"), self._load)
        except UnreadableState as error:
            self._endpoint.log(str(error))
            self._answer(500, str(error).encode(), "text/plain")
            return
        except Denied as reason:
            if self.headers.get("Authorization"):
                self._endpoint.log(f"denied: {reason}")
            self._challenge(OFFERED)
            return
        if isinstance(access, Continue):
            self._challenge((f"{access.scheme} {_text(access.token)}",))
            return
        if "soap+xml" not in (self.headers.get("Content-Type") or ""):
            self._answer(
                415, b"The lab speaks plain SOAP inside TLS, no WinRM message encryption.", "text/plain"
            )
            return
        status, answer = self._endpoint.handle(body, access.account)
        headers = {"WWW-Authenticate": f"Negotiate {_text(access.token)}"} if access.token else {}
        self._answer(status, answer, _SOAP, headers)

    def _challenge(self, offers: tuple[str, ...]) -> None:
        self._answer(401, b"", "text/plain", *({"WWW-Authenticate": offer} for offer in offers))

    def _answers_falsely(self, faults: Faults) -> bool:
        if faults.slow_seconds:
            time.sleep(faults.slow_seconds)
        if faults.redirect_to:
            self._answer(307, b"", "text/plain", {"Location": faults.redirect_to})
        elif faults.packed:
            self._answer(200, packed(), _SOAP, {"Content-Encoding": "gzip"})
        elif faults.endless:
            self._answer_for_ever()
        else:
            return False
        return True

    def _answer_for_ever(self) -> None:
        """Until the client hangs up."""
        self.send_response(200)
        self.send_header("Content-Type", _SOAP)
        self.end_headers()
        while True:
            self.wfile.write(b" " * 65536)

    def _answer(self, status: int, body: bytes, content_type: str, *headers: dict[str, str]) -> None:
        self.send_response(status)
        for pairs in headers:
            for name, value in pairs.items():
                self.send_header(name, value)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the library's name)
        """Requests are not logged: a task is, where it is run."""


class _CutShort(io.BufferedIOBase):
    """Lets so many bytes through, then breaks the connection."""

    def __init__(self, through: io.BufferedIOBase, budget: int) -> None:
        self._through = through
        self._budget = budget

    def write(self, data: Any) -> int:
        allowed = bytes(data)[: self._budget]
        self._budget -= len(data)
        self._through.write(allowed)
        self._through.flush()
        if self._budget <= 0:
            raise ConnectionAbortedError("fault: cut")
        return len(data)

    def flush(self) -> None:
        self._through.flush()


class _Drip(io.BufferedIOBase):
    """Lets through a byte at a time."""

    def __init__(self, through: io.BufferedIOBase, seconds: float) -> None:
        self._through = through
        self._seconds = seconds

    def write(self, data: Any) -> int:
        for byte in bytes(data):
            self._through.write(bytes([byte]))
            self._through.flush()
            time.sleep(self._seconds)
        return len(data)

    def flush(self) -> None:
        self._through.flush()


def serve(
    client: socket.socket, context: ssl.SSLContext, certificate_der: bytes, handle: Callable[..., Any]
) -> None:
    """Speak TLS on an accepted socket, hand it to `handle(tls_socket, certificate_der)`, always close it."""
    tls: socket.socket = client
    try:
        client.settimeout(_IDLE_SECONDS)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = context.wrap_socket(client, server_side=True)
        handle(tls, certificate_der)
    except ConnectionAbortedError:
        reset(tls)
    except OSError:
        pass  # the client hung up, refused the certificate, or waited too long: its own affair
    finally:
        tls.close()


def reset(client: socket.socket) -> None:
    """Make the next close send RST, as a machine does that loses its power."""
    with contextlib.suppress(OSError):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _text(token: bytes) -> str:
    return base64.b64encode(token).decode("ascii")
