"""TLS as every connection to the outside has it: checked, and read within the budget of the operation under way.

Nothing of the environment counts: which authority is trusted stands in the inventory, or is one of the public ones
(certifi's list). SSL_CERT_FILE, REQUESTS_CA_BUNDLE and the like would change that behind the inventory's back, and
SSLKEYLOGFILE would write down the keys.
"""

import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import certifi

from serviceheft.outside import conversation


class _Guarded:
    """A socket that waits no longer and reads no more than the operation under way may."""

    @contextmanager
    def _within(self: Any) -> Iterator[conversation.Operation]:
        budget = conversation.current()
        left, allowed = budget.remaining(), self.gettimeout()
        if allowed is None or allowed > left:
            self.settimeout(left)
        try:
            yield budget
        except TimeoutError:
            budget.remaining()  # says so when it is the budget that is used up, not only the line that is silent
            raise


class GuardedSocket(_Guarded, ssl.SSLSocket):
    """With TLS; a handshake counts as reading."""

    def do_handshake(self, block: bool = False) -> None:
        with self._within():
            super().do_handshake(block)

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002 (the library's name)
        with self._within() as budget:
            data = super().read(len, buffer)
        budget.received(data if isinstance(data, int) else data.__len__())
        return data

    def send(self, data: Any, flags: int = 0) -> int:
        with self._within():
            return super().send(data, flags)


class GuardedPlainSocket(_Guarded, socket.socket):
    """For protocols that begin without TLS."""

    @classmethod
    def instead_of(cls, plain: socket.socket) -> Self:
        timeout = plain.gettimeout()
        ours = cls(fileno=plain.detach())
        ours.settimeout(timeout)
        return ours

    def recv_into(self, *args: Any) -> int:
        with self._within() as budget:
            count = super().recv_into(*args)
        budget.received(count)
        return count

    def sendall(self, data: Any, flags: int = 0) -> None:
        with self._within():
            super().sendall(data, flags)


def authorities(ca: str | Path | None) -> str:
    """The PEM file of the authorities to trust: the given one alone, else the public ones."""
    return certifi.where() if ca is None else str(ca)


def trusting_nobody() -> ssl.SSLContext:
    """For libraries that add the authorities themselves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    if sys.version_info >= (3, 13):  # as the standard library and urllib3 have it there
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    context.sslsocket_class = GuardedSocket
    return context


def trusting(ca: str | Path | None) -> ssl.SSLContext:
    """ValueError for a file that cannot be read or holds no certificate."""
    context = trusting_nobody()
    try:
        context.load_verify_locations(cafile=authorities(ca))
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror if isinstance(error, FileNotFoundError) else "it is no PEM certificate"
        raise ValueError(f"{ca} cannot be used: {reason}.") from None
    return context
