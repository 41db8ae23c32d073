"""The key that signs the book's heads (Ed25519), the keys that are trusted, and handing over from one to the next.

The private key is made at first use, outside of the repository and of the book, readable by its owner alone. A key that
follows another one carries that one's signature, so who trusts the first can trust the second.
"""

import base64
import hashlib
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from serviceheft import settings
from serviceheft.book.errors import BookUnavailable
from serviceheft.book.values import canonical, timestamp

_HANDOVER = b"serviceheft key handover 1\n"
_OWN = "own"


class KeyMissing(Exception):
    """There was a key, and it is gone or cannot be read; the message says what to do."""


class Handover(NamedTuple):
    """The old key's word that the new one follows it. Keys in base64."""

    at: str
    old: str
    new: str
    signature: str

    @property
    def holds(self) -> bool:
        return signed(self.old, self._text(), self.signature)

    def _text(self) -> bytes:
        return _HANDOVER + canonical({"at": self.at, "old": self.old, "new": self.new}).encode()

    @classmethod
    def of(cls, old: Ed25519PrivateKey, new: str, at: datetime) -> Self:
        word = cls(timestamp(at), public_of(old), new, "")
        return word._replace(signature=_base64(old.sign(word._text())))


@dataclass(frozen=True)
class SigningKey:
    """The key of this installation. `handovers`: how it came from the first one, oldest first."""

    private: Ed25519PrivateKey
    handovers: tuple[Handover, ...] = ()

    @property
    def public(self) -> str:
        return public_of(self.private)

    def sign(self, text: bytes) -> str:
        return _base64(self.private.sign(text))


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def public_of(key: Ed25519PrivateKey) -> str:
    return _base64(key.public_key().public_bytes_raw())


def key_id(public: str) -> str:
    """The short name of a public key, as it is printed."""
    return hashlib.sha256(public.encode()).hexdigest()[:16]


def signed(public: str, text: bytes, signature: str) -> bool:
    """Whether the owner of the public key signed this text. False for a key or a signature that is none."""
    with suppress(InvalidSignature, ValueError):
        raw = base64.b64decode(public, validate=True)
        Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(signature, validate=True), text)
        return True
    return False


def is_public_key(text: str) -> bool:
    with suppress(ValueError):
        Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
        return True
    return False


def key_file() -> Path:
    return settings.data_directory() / "keys" / "signing.pem"


def _trusted_file() -> Path:
    return settings.data_directory() / "keys" / "trusted"


def _handovers_file() -> Path:
    return settings.data_directory() / "keys" / "handovers"


def own_key(now: datetime) -> SigningKey:
    """This installation's key, made now if there has never been one. Raises KeyMissing, BookUnavailable."""
    try:
        private = serialization.load_pem_private_key(key_file().read_bytes(), password=None)
        if isinstance(private, Ed25519PrivateKey):
            return SigningKey(private, _handovers())
        raise ValueError("another kind of key")
    except FileNotFoundError:
        if own_publics():
            raise KeyMissing(
                f"The signing key {key_file()} is gone. Put it back from where you keep a copy, or say that it is "
                "lost: heft anchor rotate --lost"
            ) from None
        return _make(now, ())
    except (OSError, ValueError) as error:
        raise KeyMissing(
            f"The signing key {key_file()} cannot be read ({error}). Put it back from where you keep a copy."
        ) from None


def own_public() -> str | None:
    """The public key of this installation, to be printed; None before the first signature."""
    own = own_publics()
    return own[-1] if own else None


def own_publics() -> list[str]:
    """Every key that this installation has signed with, oldest first."""
    return [public for public, comment in trusted().items() if comment.startswith(_OWN)]


def rotate(now: datetime, *, lost: bool = False) -> SigningKey:
    """A new key. The old one signs it over, unless it is lost. Raises KeyMissing, BookUnavailable."""
    if lost:
        return _make(now, ())
    old = own_key(now)
    new = Ed25519PrivateKey.generate()
    return _make(now, (*old.handovers, Handover.of(old.private, public_of(new), now)), new)


def _make(
    now: datetime, handovers: tuple[Handover, ...], private: Ed25519PrivateKey | None = None
) -> SigningKey:
    key = SigningKey(private or Ed25519PrivateKey.generate(), handovers)
    pem = key.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        key_file().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Trusted first: killed in between, the key is missed (KeyMissing) rather than silently made again.
        trust(key.public, f"{_OWN}, made {timestamp(now)}")
        _write(_handovers_file(), "".join(canonical(list(it)) + "\n" for it in handovers).encode())
        _write(key_file(), pem)
    except OSError as error:
        raise BookUnavailable(f"The signing key {key_file()} cannot be made: {error.strerror}.") from None
    return key


def _write(path: Path, content: bytes) -> None:
    """For the owner alone, whole or not at all."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _handovers() -> tuple[Handover, ...]:
    import json

    try:
        lines = _handovers_file().read_text(encoding="utf-8").splitlines()
        return tuple(Handover(*json.loads(line)) for line in lines)
    except (OSError, ValueError, TypeError):
        return ()


def trusted() -> Mapping[str, str]:
    """Public keys whose signatures count, and what was noted of each: own ones, colleagues' (`heft anchor trust`)."""
    try:
        lines = _trusted_file().read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.partition(" ") for line in lines if line.strip())
    return {public: comment for public, _, comment in pairs}


def trust(public: str, comment: str) -> None:
    """Let a key's signatures count from now on. Raises OSError."""
    _trusted_file().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = {**trusted(), public: " ".join(comment.split())}
    _write(_trusted_file(), "".join(f"{key} {text}\n" for key, text in known.items()).encode())


def followers(known: Iterable[str], words: Iterable[Handover]) -> set[str]:
    """The trusted keys, and all that follow one of them by its own word."""
    found, holding = set(known), [it for it in words if it.holds]
    while new := {it.new for it in holding if it.old in found} - found:
        found |= new
    return found
