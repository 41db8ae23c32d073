"""A look at a built site on this machine; any web server serves it just as well."""

import os
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from serviceheft.screen import say

_ADDRESS = "127.0.0.1"
#: Names of this machine. Others that lead here are a trick of somebody's page (DNS rebinding).
_NAMES = (_ADDRESS, "localhost")


class NothingToServe(Exception):
    """There is no site, or the port is taken; the message says what to do."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hung up is no matter for the technician."""


class _Handler(SimpleHTTPRequestHandler):
    """Files of the site, and nothing else: no links, no lists of folders, no other names, no other methods."""

    timeout = 30  # for each wait, so that nobody keeps a thread
    server_version, sys_version = "Serviceheft", ""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """A line per request would bury the address that the technician wants to click."""

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        if self.command not in ("GET", "HEAD"):
            self.close_connection = True
            self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)
            return False
        hosts = self.headers.get_all("Host", [])
        port = self.connection.getsockname()[1]
        if len(hosts) != 1 or hosts[0].lower() not in {f"{name}:{port}" for name in _NAMES}:
            self.close_connection = True
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return False
        return True

    def send_head(self) -> Any:
        try:
            if self._is_ours(Path(self.translate_path(self.path))):
                return super().send_head()
        except ValueError:  # a path that is none, such as one with a NUL
            pass
        self.send_error(HTTPStatus.NOT_FOUND)
        return None

    def _is_ours(self, path: Path) -> bool:
        """Whether no step of the path, seen from the site's folder, is a link."""
        return path.resolve() == Path(self.directory).resolve() / path.relative_to(self.directory)

    def list_directory(self, path: str | os.PathLike[str]) -> Any:  # noqa: ARG002
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        # A page that was just built anew must not come from the browser's cache.
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Robots-Tag", "noindex, nofollow")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Referrer-Policy", "no-referrer")
        super().end_headers()


def server(directory: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server on 127.0.0.1 (port 0: any free one) that has not begun to serve. Raises NothingToServe."""
    if not (directory / "index.html").exists():
        raise NothingToServe(f"{directory} holds no site. Build it first: heft publish CUSTOMER")
    try:
        return _Server((_ADDRESS, port), partial(_Handler, directory=str(directory)))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "there is none of this number"
        raise NothingToServe(
            f"Port {port} on {_ADDRESS} cannot be used ({reason}). Choose another one with --port."
        ) from None


def address(running: ThreadingHTTPServer) -> str:
    return f"http://{_ADDRESS}:{running.server_address[1]}/"


def serve(directory: Path, port: int = 8000) -> None:
    """Serve a site until Ctrl-C; prints its address. Raises NothingToServe."""
    with server(directory, port) as running:
        say(f"{address(running)}   (Ctrl-C ends)")
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            say()  # after the terminal's ^C
