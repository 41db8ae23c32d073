"""A book copied as a whole, proved before and after: the same chains, entry by entry, or nothing.

A book in a file is copied by SQLite's own backup, which takes one unchanging state while others go on writing. Between
SQLite and PostgreSQL entries are copied as they stand; their hashes prove that nothing was lost on the way.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from serviceheft.book import reading, schema
from serviceheft.book.appending import head_of
from serviceheft.book.book import Book
from serviceheft.book.chain import Head
from serviceheft.book.errors import BookUnavailable, place
from serviceheft.book.folding import moment
from serviceheft.book.latest import recounted
from serviceheft.book.store import Store

_ROWS = 500


class Contents(NamedTuple):
    """One customer's part of a book. Two books with the same contents and no break hold the same."""

    head: Head | None
    entries: int
    broken: tuple[str, ...]


class Lost(NamedTuple):
    """Entries of one customer that another book does not have."""

    customer: str
    first: int
    last: int
    since: datetime
    until: datetime

    def __str__(self) -> str:
        span = f"entry {self.first}" if self.first == self.last else f"entries {self.first} to {self.last}"
        return f"{self.customer}: {span}, from {self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M} UTC"


def contents(book: Book) -> dict[str, Contents]:
    """Every chain of the book, proved. Raises BookUnavailable."""
    with book.store.reading(broken_text=True) as connection:
        found = {
            name: (head_of(connection, name), _count(connection, name))
            for name in reading.customers(connection)
        }
    return {
        name: Contents(head, entries, tuple(it.message for it in book.verify(name)))
        for name, (head, entries) in found.items()
    }


def _count(connection: sa.Connection, customer: str) -> int:
    query = sa.select(sa.func.count()).where(schema.entries.c.customer == customer)
    return int(connection.execute(query).scalar_one())


def tally(found: Mapping[str, Contents]) -> str:
    """How much a book holds, for people."""
    entries = sum(it.entries for it in found.values())
    return f"{_many(entries, 'entry', 'entries')} of {_many(len(found), 'customer', 'customers')}"


def _many(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def lacking(have: Book, other: Book) -> list[Lost]:
    """The entries of `other` that `have` does not hold at their place."""
    with have.store.reading() as mine, other.store.reading() as theirs:
        names = reading.customers(theirs)
        return [lost for name in names if (lost := _lacking(mine, theirs, name))]


def _lacking(mine: sa.Connection, theirs: sa.Connection, customer: str) -> Lost | None:
    columns = schema.entries.c
    query = sa.select(columns.number, columns.hash, columns.at).where(columns.customer == customer)
    known: set[tuple[int, str]] = {(it.number, it.hash) for it in mine.execute(query)}
    gone = [it for it in theirs.execute(query.order_by(columns.number)) if (it.number, it.hash) not in known]
    if not gone:
        return None
    times = [moment(it.at) for it in gone]
    return Lost(customer, gone[0].number, gone[-1].number, min(times), max(times))


def append_missing(source: Book, target: Book) -> None:
    """Write the entries that the target lacks, in one transaction: each chain of it must be the beginning of the
    source's. Nobody else writes to the target meanwhile."""
    with source.store.reading() as taken, target.store.alone() as given:
        for name in reading.customers(taken):
            head = head_of(given, name)
            _append(taken, given, name, head.number if head else 0)


def _append(taken: sa.Connection, given: sa.Connection, customer: str, after: int) -> None:
    columns = schema.entries.c
    rows: list[dict[str, object]] = []
    for entry in reading.entries(taken, columns.customer == customer, columns.number > after):
        rows.append(entry._asdict())
        if len(rows) == _ROWS:
            given.execute(schema.entries.insert(), rows)
            rows = []
    if rows:
        given.execute(schema.entries.insert(), rows)
    recounted(reading.of_periods(given, customer)).renew(given, customer)
    head = head_of(taken, customer)
    if head and head.number > after:
        mine = schema.heads.c.customer == customer
        if after:
            given.execute(schema.heads.update().where(mine).values(head._asdict()))
        else:
            given.execute(schema.heads.insert().values(customer=customer, **head._asdict()))


def copy_file(source: Store, target: Path) -> dict[str, Contents]:
    """A book in a file, copied to a file that does not exist yet; what it holds.

    Raises BookUnavailable, FileExistsError. The file appears with all its contents or not at all, on disk when this
    returns, readable by its owner alone.
    """
    with being_made(target) as temporary:
        backup(Path(source.url.database or ""), temporary)
        with Book.open(f"sqlite:///{temporary}", create=False) as copied:
            found = contents(copied)
    return found


def backup(source: Path, target: Path) -> None:
    """Replace what the target's database holds by the source's state, in one transaction of SQLite's."""
    try:
        with (
            closing(sqlite3.connect(source, timeout=30)) as taken,
            closing(sqlite3.connect(target, timeout=30)) as given,
        ):
            taken.backup(given)
    except sqlite3.Error as error:
        raise BookUnavailable(f"The book {source} could not be copied to {target}: {error}.") from None


@contextmanager
def being_made(target: Path) -> Iterator[Path]:
    """A file beside the target that takes its name at the end, unless there is one by then (FileExistsError).

    Raises BookUnavailable for a folder that takes no file.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        try:
            yield temporary
            _settle(temporary)
            os.link(temporary, target)  # refuses to replace, unlike a rename
            _sync(target.parent)
        finally:
            for rest in ("", "-wal", "-shm", "-journal"):
                temporary.with_name(temporary.name + rest).unlink(missing_ok=True)
    except FileExistsError:
        raise
    except OSError as error:
        raise BookUnavailable(f"{target} cannot be written: {error.strerror}.") from None


def _settle(path: Path) -> None:
    """All of the database in its one file, and on disk."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def refuse_unlike(wanted: Mapping[str, Contents], found: Mapping[str, Contents], where: Book) -> None:
    """Raise BookUnavailable when a copy does not hold what was to be copied."""
    if wanted != found:
        raise BookUnavailable(
            f"{place(where.store.url)} holds {tally(found)} instead of {tally(wanted)} after copying. "
            "What was copied from is as it was and stays the book."
        )
