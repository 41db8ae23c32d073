"""Who may come in: Basic, NTLM and Negotiate (with NTLM inside) against the machine's own accounts."""

import base64
import binascii
import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import spnego
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

from lab.windows.machine import Json, Machine

#: What Windows offers when its WinRM service allows Basic: never plain "NTLM", Negotiate carries it.
OFFERED = ("Negotiate", 'Basic realm="WSMAN"')

# pyspnego's acceptor takes accounts only from the file that this variable names, hence one at a time.
_USER_FILE = "NTLM_USER_FILE"
_user_file_lock = threading.Lock()


class Denied(Exception):
    """The credentials were not accepted; says for the lab's log why, never to the client."""


@dataclass(frozen=True)
class Granted:
    """An account that is in. `token` completes a Negotiate exchange."""

    account: Json
    token: bytes | None = None


@dataclass(frozen=True)
class Continue:
    """The next token that the client must answer."""

    scheme: str
    token: bytes


class Authentication:
    """Authentication of one TCP connection: NTLM authenticates the connection, not the request."""

    def __init__(self, certificate_der: bytes) -> None:
        self._bindings = GssChannelBindings(
            application_data=b"tls-server-end-point:" + _endpoint_hash(certificate_der)
        )
        self._context: Any = None
        self._accepted_header: str | None = None
        self.account: Json | None = None

    def accept(self, header: str | None, load: Callable[[], Machine]) -> Granted | Continue:
        """Take one Authorization header. Raises Denied when there is none or it does not open the machine."""
        if header is None:
            if self.account is None:
                raise Denied("no credentials yet")
            return Granted(self.account)
        if self.account is not None and header == self._accepted_header:
            return Granted(self.account)  # Basic repeats itself with every request
        machine = load()
        scheme, _, value = header.partition(" ")
        try:
            token = base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise Denied("credentials are not base64") from error
        if scheme.casefold() == "basic":
            granted = Granted(_checked(_basic(token, machine), machine))
        elif scheme.casefold() in ("negotiate", "ntlm"):
            answer = self._negotiate(scheme, token, machine)
            if isinstance(answer, Continue):
                return answer
            granted = answer
        else:
            raise Denied(f"{scheme} is not offered")
        self.account, self._accepted_header = granted.account, header
        return granted

    def _negotiate(self, scheme: str, token: bytes, machine: Machine) -> Granted | Continue:
        raw_ntlm = token.startswith(b"NTLMSSP\x00")
        first = self._context is None or (raw_ntlm and token[8:9] == b"\x01")
        try:
            with _user_file_lock, _user_file(machine):
                if first:
                    self._context = spnego.server(
                        protocol="ntlm" if raw_ntlm else "negotiate",
                        channel_bindings=self._bindings,
                        options=spnego.NegotiateOptions.use_ntlm
                        if raw_ntlm
                        else spnego.NegotiateOptions.use_negotiate,
                    )
                answer = self._context.step(token)
        except (SpnegoError, ValueError) as error:
            self._context = None
            raise Denied(f"{scheme}: {type(error).__name__}") from error
        if not self._context.complete:
            return Continue(scheme, answer or b"")
        principal, self._context = self._context.client_principal, None
        account = machine.account(principal)
        if account is None:
            raise Denied(f"{scheme}: no enabled account {principal}")
        return Granted(_checked(account, machine), answer)


def _basic(token: bytes, machine: Machine) -> Json:
    try:
        text = token.decode("utf-8")
    except UnicodeDecodeError:
        text = token.decode("latin-1")  # what Python's requests sends
    user, _, password = text.partition(":")
    account = machine.account(user)
    if account is None or account["password"] != password:
        raise Denied("Basic: unknown account or wrong password")
    return account


def _checked(account: Json, machine: Machine) -> Json:
    if machine.faults.wrong_password:
        raise Denied("fault: wrong password")
    if not (account.get("administrator") or account.get("remote_management")):
        raise Denied(f"{account['name']} is neither administrator nor in Remote Management Users")
    return account


class _user_file:  # noqa: N801  (used like a function)
    """The machine's accounts in the file format that pyspnego reads, for as long as the block lasts."""

    def __init__(self, machine: Machine) -> None:
        self._lines = [
            f"{domain}:{user}:{account['password']}"
            for account in machine.state["accounts"]
            if account.get("enabled", True)
            for domain, user in machine.spellings(account)
        ]

    def __enter__(self) -> None:
        self._file = tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="lab-accounts-")
        self._file.write("\n".join(self._lines))
        self._file.flush()
        os.environ[_USER_FILE] = self._file.name

    def __exit__(self, *_: object) -> None:
        del os.environ[_USER_FILE]
        self._file.close()


def _endpoint_hash(certificate_der: bytes) -> bytes:
    """Hash of the certificate for channel bindings (RFC 5929, 4.1)."""
    algorithm = x509.load_der_x509_certificate(certificate_der).signature_hash_algorithm
    if algorithm is None or algorithm.name in ("md5", "sha1"):
        algorithm = hashes.SHA256()
    digest = hashes.Hash(algorithm)
    digest.update(certificate_der)
    return digest.finalize()
