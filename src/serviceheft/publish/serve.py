"""A look at a built site on this machine; any web server serves it just as well."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from serviceheft.screen import say


class NothingToServe(Exception):
    """There is no site, or the port is taken; the message says what to do."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """A line per request would bury the address that the technician wants to click."""

    def end_headers(self) -> None:
        # A page that was just built anew must not come from the browser's cache.
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def server(directory: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server on 127.0.0.1 (port 0: any free one) that has not begun to serve. Raises NothingToServe."""
    if not (directory / "index.html").exists():
        raise NothingToServe(f"{directory} holds no site. Build it first: heft publish CUSTOMER")
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Quiet, directory=str(directory)))
    except OSError as error:
        raise NothingToServe(
            f"Port {port} on 127.0.0.1 cannot be used ({error.strerror}). Choose another one with --port."
        ) from None


def address(running: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{running.server_address[1]}/"


def serve(directory: Path, port: int = 8000) -> None:
    """Serve a site until Ctrl-C; prints its address. Raises NothingToServe."""
    with server(directory, port) as running:
        say(f"{address(running)}   (Ctrl-C ends)")
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            say()  # after the terminal's ^C
