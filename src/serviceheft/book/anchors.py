"""Anchors: signed heads of a customer's chain, kept outside of the book.

An anchor says: at this time entry N had this hash. Whoever holds it can show that the book was cut off, rolled back or
written anew later. Each covers the one before it. One is a line of JSON, in plain ASCII so that it survives a mail.
"""

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from serviceheft.assess.judgement import Json
from serviceheft.book import schema
from serviceheft.book.appending import Appending, head_of
from serviceheft.book.book import Book
from serviceheft.book.chain import GENESIS, Head
from serviceheft.book.signing import Handover, SigningKey, signed
from serviceheft.book.values import canonical, timestamp

KIND = "anchor"
_CONTEXT = b"serviceheft anchor 1\n"
_FIELDS = {
    "customer": str,
    "anchor": int,
    "number": int,
    "hash": str,
    "at": str,
    "run": str,
    "previous": str,
    "key": str,
    "handovers": list,
    "signature": str,
}


class Anchor(NamedTuple):
    """A signed head. `anchor` counts from 1 within a customer; `key` is the signer's public key in base64."""

    customer: str
    anchor: int
    number: int
    hash: str
    at: str
    run: str
    previous: str
    key: str
    handovers: tuple[Handover, ...]
    signature: str

    @property
    def line(self) -> str:
        return json.dumps(self._data(), sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.line.encode()).hexdigest()

    @property
    def genuine(self) -> bool:
        """Whether the key that it names signed just this."""
        return signed(self.key, self.text, self.signature)

    @property
    def text(self) -> bytes:
        """What is signed."""
        data = self._data()
        del data["signature"]
        return _CONTEXT + canonical(data).encode("utf-8", "surrogateescape")

    @property
    def head(self) -> Head:
        return Head(self.number, self.hash)

    def _data(self) -> dict[str, Json]:
        return {**self._asdict(), "handovers": [list(it) for it in self.handovers]}

    @classmethod
    def parsed(cls, line: str) -> "Anchor | None":
        """The anchor on a line; None for a line that is none."""
        with suppress(ValueError, TypeError, RecursionError):
            return cls.of(json.loads(line))
        return None

    @classmethod
    def of(cls, data: object) -> "Anchor | None":
        if not isinstance(data, dict) or data.keys() != _FIELDS.keys():
            return None
        if not all(type(data[name]) is kind for name, kind in _FIELDS.items()):
            return None
        words = [
            Handover(*it)
            for it in data["handovers"]
            if isinstance(it, list) and len(it) == len(Handover._fields)
        ]
        if len(words) != len(data["handovers"]) or not all(
            isinstance(part, str) for it in words for part in it
        ):
            return None
        return cls(**{**data, "handovers": tuple(words)})


def give(book: Book, customer: str, run: str, key: SigningKey, now: datetime) -> Anchor | None:
    """Sign the customer's head and write the anchor into the book as well, so that the book knows how many there are.

    None when the last entry is an anchor: there is nothing new to be signed. Raises BookUnavailable, RunRefused.
    """
    with book.store.writing(customer) as connection:
        head = head_of(connection, customer)
        last = _last(connection, customer)
        if head is None or (last and last.number == head.number - 1):
            return None
        unsigned = Anchor(
            customer=customer,
            anchor=last.anchor + 1 if last else 1,
            number=head.number,
            hash=head.hash,
            at=timestamp(now),
            run=run,
            previous=last.digest if last else GENESIS,
            key=key.public,
            handovers=key.handovers,
            signature="",
        )
        anchor = unsigned._replace(signature=key.sign(unsigned.text))
        appending = Appending(connection, customer, None, now)
        appending.append(KIND, body={"line": anchor.line})
        appending.write()
        return anchor


def _rows(customer: str) -> "sa.Select[str]":
    columns = schema.entries.c
    mine = sa.and_(columns.customer == customer, columns.kind == KIND)
    return sa.select(columns.body).where(mine).order_by(columns.number)


def _last(connection: sa.Connection, customer: str) -> Anchor | None:
    query = _rows(customer).order_by(None).order_by(schema.entries.c.number.desc()).limit(1)
    body = connection.execute(query).scalar_one_or_none()
    return Anchor.parsed(json.loads(body)["line"]) if body else None


def given(connection: sa.Connection, customer: str) -> list[Anchor]:
    """The anchors that the book says were given, in their order."""
    bodies = connection.execute(_rows(customer)).scalars()
    return [it for it in map(_of_body, bodies) if it]


def _of_body(body: str) -> Anchor | None:
    with suppress(ValueError, TypeError, KeyError):
        return Anchor.parsed(json.loads(body)["line"])
    return None


def hashes(connection: sa.Connection, customer: str, numbers: Iterable[int]) -> dict[int, str]:
    """The hashes of these entries, as far as the book has them."""
    columns, wanted = schema.entries.c, sorted(set(numbers))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), 500):
        some = columns.number.in_(wanted[start : start + 500])
        query = sa.select(columns.number, columns.hash).where(columns.customer == customer, some)
        found |= {int(number): str(value) for number, value in connection.execute(query)}
    return found
