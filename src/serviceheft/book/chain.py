"""The hash chain: how an entry is hashed, and how a customer's chain is proved."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from json.encoder import encode_basestring as quoted
from typing import Literal, NamedTuple

from serviceheft.book.values import canonical

GENESIS = "0" * 64


class Entry(NamedTuple):
    """One row of the book. `number` counts from 1 within a customer; `body` is canonical JSON."""

    customer: str
    number: int
    kind: str
    at: str
    run: str | None
    service: str | None
    host: str | None
    subject: str | None
    body: str
    previous: str
    hash: str


class Head(NamedTuple):
    """The last entry of a customer's chain: also printed into reports, as an anchor."""

    number: int
    hash: str


@dataclass(frozen=True)
class Break:
    """A place where the chain does not hold. `entry`, `service` and `host` are what the row itself says."""

    customer: str
    number: int
    kind: Literal["changed", "missing", "inserted"]
    message: str
    entry: str | None = None
    service: str | None = None
    host: str | None = None


def digest(entry: Entry) -> str:
    """SHA-256 over every column but the hash itself. Text is taken as it stands: no mutation is normalised
    away.

    surrogateescape: `verify` reads broken UTF-8 that way, and it must not look like anything else.
    """
    return hashlib.sha256(hashed(entry).encode("utf-8", "surrogateescape")).hexdigest()


def hashed(entry: Entry) -> str:
    """The text that is hashed: canonical JSON of every column but the hash. TypeError, ValueError for what is none.

    Put together by hand, as books have millions of entries; what is no plain column goes the general way.
    """
    customer, number, kind, at, run, service, host, subject, body, previous, _ = entry
    if type(number) is int:
        try:
            return (
                f'{{"at":{quoted(at)},"body":{quoted(body)},"customer":{quoted(customer)},'
                f'"host":{"null" if host is None else quoted(host)},"kind":{quoted(kind)},"number":{number},'
                f'"previous":{quoted(previous)},"run":{"null" if run is None else quoted(run)},'
                f'"service":{"null" if service is None else quoted(service)},'
                f'"subject":{"null" if subject is None else quoted(subject)}}}'
            )
        except TypeError:  # a column that is no text
            pass
    columns = entry._asdict()
    del columns["hash"]
    return canonical(columns)


def sealed(entry: Entry) -> Entry:
    """The entry with its hash."""
    return entry._replace(hash=digest(entry))


def _intact(entry: Entry) -> bool:
    try:
        return digest(entry) == entry.hash
    except (TypeError, ValueError):  # a column that became bytes, or a number that is none
        return False


def _what(entry: Entry) -> str:
    parts = (entry.kind, entry.service, entry.host, entry.subject)
    return f"{entry.customer} {entry.number} ({', '.join(str(part) for part in parts if part)})"


def _break(entry: Entry, kind: Literal["changed", "inserted"], why: str) -> Break:
    message = f"{_what(entry)}: {kind}: {why}"
    return Break(entry.customer, entry.number, kind, message, entry.kind, entry.service, entry.host)


def _missing(customer: str, first: int, last: int, why: str) -> Break:
    span = f"entry {first} is" if first == last else f"entries {first} to {last} are"
    return Break(customer, first, "missing", f"{customer} {first}: missing: {span} not in the book; {why}")


def walk(
    customer: str, rows: Iterable[Entry], head: Head | None, against: tuple[int, str] | None = None
) -> Iterator[Break]:
    """Every break in a customer's rows, given by ascending number. Linear, one row in memory at a time.

    `head` is the stored last entry: it shows what was cut off at the end. `against` is a (number, hash or
    its beginning) that was printed somewhere else: it shows a chain that was rewritten as a whole, head included.
    """
    proof = _Walk(customer, head)
    anchored = False
    for row in rows:
        if not proof.passes(row):
            yield from proof.step(row)
        if against and row.number == against[0]:
            anchored = True
            if not row.hash.startswith(against[1]):
                yield _break(row, "changed", f"a report was printed while its hash was {against[1]}.")
    yield from proof.end()
    if against and not anchored:
        why = f"a report knows it; the book ends at {proof.last.number if proof.last else 0}."
        yield _missing(customer, against[0], against[0], why)


class _Walk:
    """The state between two rows: the last one that stands in the chain, and the hash before it."""

    def __init__(self, customer: str, head: Head | None) -> None:
        self.customer = customer
        self.head = head
        self.last: Entry | None = None
        self.last_intact = True
        self.before_last = GENESIS

    def passes(self, row: Entry) -> bool:
        """Go one row on in the usual case, in which step() has nothing to say: it is the next, and fits."""
        last = self.last
        if last is None:
            number, before = 1, GENESIS
        else:
            number, before = last.number + 1, last.hash
        if (
            row.number != number
            or row.previous != before
            or type(row.number) is not int
            or (self.head is not None and number > self.head.number)
            or not _intact(row)
        ):
            return False
        self.before_last, self.last, self.last_intact = before, row, True
        return True

    def step(self, row: Entry) -> Iterator[Break]:
        expected = self.last.number + 1 if self.last else 1
        if not isinstance(row.number, int) or row.number < expected:
            yield _break(row, "inserted", "its number does not follow the entry before it.")
        elif self.head and row.number > self.head.number:
            yield _break(row, "inserted", "the book's head does not know of it.")
            yield from self._overtaken(row)
        else:
            if row.number > expected:
                yield _missing(self.customer, expected, row.number - 1, f"the next entry is {_what(row)}.")
            yield from self._follow(row, adjacent=row.number == expected)

    def end(self) -> Iterator[Break]:
        number = self.last.number if self.last else 0
        if self.head is None:
            if self.last:
                yield _missing(self.customer, number, number, "the head row of this customer is gone.")
        elif number < self.head.number:
            why = f"the book's head says that it ends at {self.head.number}."
            yield _missing(self.customer, number + 1, self.head.number, why)
        elif self.last and self.last_intact and self.last.hash != self.head.hash:
            yield _break(self.last, "changed", "the book's head was written with another hash.")

    def _follow(self, row: Entry, *, adjacent: bool) -> Iterator[Break]:
        intact = _intact(row)
        if not intact:
            yield _break(row, "changed", "its columns no longer give its hash.")
        overtaken = list(self._overtaken(row))
        yield from overtaken
        follows = row.previous == (self.last.hash if self.last else GENESIS)
        if not (follows or overtaken) and intact and self.last_intact and adjacent:
            yield _break(self.last or row, "changed", "its hash is not the one that the chain goes on with.")
        self.before_last = self.last.hash if self.last else GENESIS
        self.last, self.last_intact = row, intact

    def _overtaken(self, row: Entry) -> Iterator[Break]:
        """Whether `row` was written right after the entry before the last one."""
        if self.last and row.previous == self.before_last != self.last.hash:
            yield _break(self.last, "inserted", "the next entry was written after the one before it.")
