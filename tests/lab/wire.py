"""A wire between a PostgreSQL client and its server that can be cut or fall silent at a chosen moment."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

type Fault = Literal["cut", "silent", "cut after", "cut after, and down"]


@dataclass
class Wire:
    """`faults`: bytes of the client, and what then happens, once. "cut": before they arrive; "cut after": once they
    have and before any answer, and perhaps no new link after that; "silent": nothing passes from then on. `met` counts
    those that came to pass.
    """

    port: int
    faults: dict[bytes, Fault] = field(default_factory=dict)
    down: bool = False
    met: int = 0

    def fault(self, data: bytes) -> Fault | None:
        for sign in list(self.faults):
            if sign in data:
                self.met += 1
                return self.faults.pop(sign)
        return None


@contextmanager
def wire(server: Path) -> Iterator[Wire]:
    """Listens on loopback, leads to the server's unix socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Wire(listener.getsockname()[1])
        stop = threading.Event()
        listener.settimeout(0.1)
        pairs: list[threading.Thread] = []

        def accept() -> None:
            while not stop.is_set():
                with suppress(TimeoutError, OSError):
                    client, _ = listener.accept()
                    if made.down:
                        client.close()
                        continue
                    pair = threading.Thread(target=_carry, args=(made, client, server, stop))
                    pair.start()
                    pairs.append(pair)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield made
        finally:
            stop.set()
            for one in [thread, *pairs]:
                one.join()


def _carry(made: Wire, client: socket.socket, server: Path, stop: threading.Event) -> None:
    behind = socket.socket(socket.AF_UNIX)
    with client, behind, selectors.DefaultSelector() as selector, suppress(OSError):
        behind.connect(str(server))
        selector.register(client, selectors.EVENT_READ, behind)
        selector.register(behind, selectors.EVENT_READ, client)
        deaf = False
        while not stop.is_set():
            for key, _ in selector.select(0.05):
                source: socket.socket = key.fileobj  # type: ignore[assignment]
                data = source.recv(65536)
                if not data:
                    return
                fault = made.fault(data) if source is client else None
                if fault == "cut":
                    return
                if fault and fault.startswith("cut after"):
                    behind.sendall(data)
                    behind.recv(65536)  # the answer, which nobody hears
                    made.down = fault.endswith("down")
                    return
                deaf = deaf or fault == "silent"
                if not deaf:
                    key.data.sendall(data)
