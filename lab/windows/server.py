"""The process that serves all emulated Windows hosts of one lab, each on its own loopback address."""

import errno
import json
import selectors
import socket
import ssl
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from lab.ca import CertificateAuthority
from lab.windows.connection import Connection, reset, serve
from lab.windows.faults import Faults
from lab.windows.host import Host, HostAddress

_BACKLOG = 128
#: Kept for examples (RFC 5737): no lab listens there.
_ANOTHER_ADDRESS = "192.0.2.1"
_LOOK_EVERY_SECONDS = 0.1


class LabError(Exception):
    """Why a lab cannot be raised, and what to do."""


def read_hosts(directory: Path) -> list[HostAddress]:
    """hosts.json: a list of {"name", "address", "port"}. Raises LabError with what is wrong."""
    path = directory / "hosts.json"
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        hosts = [
            HostAddress(entry["name"], entry["address"], int(entry.get("port") or 5986)) for entry in entries
        ]
    except FileNotFoundError as error:
        raise LabError(f"{path} is missing: it lists the hosts to serve.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise LabError(f"{path} is no list of {{name, address, port}}: {error!r}") from error
    for host in hosts:
        if not (directory / "machines" / f"{host.name}.json").exists():
            raise LabError(f"{directory / 'machines' / host.name}.json is missing: the state of {host.name}.")
    return hosts


class _Listener:
    """A host's socket, and its certificates, made on first use."""

    def __init__(self, directory: Path, authority: CertificateAuthority, host: Host) -> None:
        self.host = host
        self.socket: socket.socket | None = None
        self._directory = directory
        self._authority = authority
        self._contexts: dict[str, tuple[ssl.SSLContext, bytes]] = {}
        self._lock = threading.Lock()

    def open(self) -> None:
        """Listen. Raises LabError when the address cannot be had."""
        where = self.host.where
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((where.address, where.port))
            listening.listen(_BACKLOG)
        except OSError as error:
            listening.close()
            if error.errno == errno.EADDRINUSE:
                advice = "Something else listens there: stop it, or give the host another address."
            else:
                advice = "Lab hosts need addresses of this machine, such as 127.0.0.0/8."
            raise LabError(
                f"Cannot listen on {where.address}:{where.port} for {where.name}: {error.strerror}. {advice}"
            ) from error
        listening.setblocking(False)
        self.socket = listening

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def tls(self, faults: Faults) -> tuple[ssl.SSLContext, bytes]:
        """Context and certificate (DER) to show."""
        other = faults.shows_certificate_of_another
        kind = "expired" if faults.expired_certificate else "another" if other else "valid"
        with self._lock:
            if kind not in self._contexts:
                where = self.host.where
                path = self._directory / "certificates" / f"{where.name}.{kind}.pem"
                name, address = ("another", _ANOTHER_ADDRESS) if other else (where.name, where.address)
                self._authority.issue(path, name, address, expired=faults.expired_certificate)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.minimum_version = ssl.TLSVersion.TLSv1_2
                context.load_cert_chain(path)
                self._contexts[kind] = (context, ssl.PEM_cert_to_DER_cert(_first_certificate(path)))
            return self._contexts[kind]


class Server:
    """Accepts for all hosts in one thread, serves each connection in its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._selector = selectors.DefaultSelector()
        authority = CertificateAuthority(directory)
        self._listeners = [
            _Listener(directory, authority, Host(directory, where, _log)) for where in read_hosts(directory)
        ]
        self._ending = threading.Event()

    def open(self) -> None:
        """Bind every address; LabError for the first that cannot be had."""
        for listener in self._listeners:
            listener.open()
            self._watch(listener)

    def end(self, *_: object) -> None:
        """Make `serve` return; fit to be a signal handler."""
        self._ending.set()

    def serve(self) -> None:
        """Serve until `end`, or until the lab's directory is gone."""
        while not self._ending.is_set() and (self._directory / "hosts.json").exists():
            for key, _ in self._selector.select(_LOOK_EVERY_SECONDS):
                self._accept(key.data)
            self._switch()
        for listener in self._listeners:
            listener.close()

    def _watch(self, listener: _Listener) -> None:
        if listener.socket is not None:
            self._selector.register(listener.socket, selectors.EVENT_READ, listener)

    def _switch(self) -> None:
        """Close the listeners of hosts that are off, open those that are on again."""
        faulty = {path.stem for path in (self._directory / "faults").glob("*.json")}
        for listener in self._listeners:
            if listener.host.where.name not in faulty and listener.socket is not None:
                continue
            off = listener.host.faults().off or listener.host.endpoint.is_down
            if off and listener.socket is not None:
                self._selector.unregister(listener.socket)
                listener.close()
            elif not off and listener.socket is None:
                try:
                    listener.open()
                except LabError as error:
                    _log(f"{error} Trying again.")
                self._watch(listener)

    def _accept(self, listener: _Listener) -> None:
        if listener.socket is None:
            return
        try:
            client, _ = listener.socket.accept()
        except OSError:
            return
        client.setblocking(True)
        threading.Thread(target=self._serve, args=(listener, client), daemon=True).start()

    def _serve(self, listener: _Listener, client: socket.socket) -> None:
        host = listener.host
        faults = host.faults()
        if faults.off or host.endpoint.is_down:
            reset(client)
            client.close()
            return
        context, certificate = listener.tls(faults)
        serve(
            client,
            context,
            certificate,
            lambda tls, der: Connection(tls, der, host.endpoint, host.load, host.faults),
        )


def _first_certificate(path: Path) -> str:
    text = path.read_text(encoding="ascii")
    end = "-----END CERTIFICATE-----"
    return text[: text.index(end) + len(end)]


def _log(text: str) -> None:
    # One write, newline included: many threads log.
    sys.stderr.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {text}\n")
    sys.stderr.flush()
