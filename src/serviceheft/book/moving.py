"""Backing the book up, taking a backup in, and moving the book to another database. Each proves what it copied."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from serviceheft import settings
from serviceheft.book import endings
from serviceheft.book.book import Book
from serviceheft.book.copying import (
    Contents,
    Lost,
    append_missing,
    backup,
    being_made,
    contents,
    copy_file,
    lacking,
    refuse_unlike,
    tally,
)
from serviceheft.book.errors import RunRefused, place
from serviceheft.book.housing import make_data_directory
from serviceheft.book.store import parsed


class WouldBeLost(RunRefused):
    """Entries of the present book that a backup lacks; nothing was touched."""

    def __init__(self, lost: Sequence[Lost], backup_file: Path) -> None:
        super().__init__(
            f"{backup_file} lacks entries that the book has. Nothing was touched. These would be lost:\n"
            + "\n".join(f"  {it}" for it in lost)
            + "\nIf that is what you want, say --lose-newer: the present book is put aside as a file before."
        )


@dataclass(frozen=True)
class Copied:
    """What was copied where; `broken` are the places where a chain did not hold, copied as they are."""

    where: str
    held: str
    broken: tuple[str, ...]
    aside: Path | None = None


def back_up(url: str, target: Path) -> Copied:
    """Copy the book to a file (SQLite) that must not be there yet, while others go on writing."""
    target = target.absolute()
    with Book.open(url, create=False) as book:
        try:
            if book.store.sqlite:
                found = copy_file(book.store, target)
            else:
                with being_made(target) as temporary, Book.open(f"sqlite:///{temporary}") as made:
                    append_missing(book, made)
                    found = contents(made)
        except FileExistsError:
            raise RunRefused(
                f"{target} is there already. A backup replaces nothing: name another file."
            ) from None
    return Copied(str(target), tally(found), _broken(found))


def restore(url: str, source: Path, *, lose_newer: bool = False) -> Copied:
    """Bring the book to what a backup holds.

    A book that is the beginning of the backup gets what it lacks. One with entries that the backup lacks is left alone
    (WouldBeLost), unless `lose_newer`: then it is put aside as a file and replaced.
    """
    with Book.open(f"sqlite:///{source.absolute()}", create=False) as taken, Book.open(url) as book:
        if parsed(url) == taken.store.url:
            raise RunRefused(f"{source} is the book itself.")
        wanted = contents(taken)
        if broken := _broken(wanted):
            raise RunRefused(f"{source} was tampered with, and nothing was touched: {broken[0]}")
        _refuse_running(book)
        lost = lacking(taken, book)
        aside = None
        if lost and not lose_newer:
            raise WouldBeLost(lost, source)
        if lost and not book.store.sqlite:
            raise RunRefused(
                f"{place(book.store.url)} is append-only, and only a file can be replaced. Make an empty database, "
                "name it with HEFT_BOOK, and restore into that."
            )
        if lost:
            aside = _put_aside(book)
            backup(source.absolute(), Path(book.store.url.database or ""))
        else:
            append_missing(taken, book)
        refuse_unlike(wanted, contents(book), book)
        return Copied(place(book.store.url), tally(wanted), (), aside)


def _put_aside(book: Book) -> Path:
    path = Path(book.store.url.database or "")
    aside = path.with_name(f"{path.name}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    copy_file(book.store, aside)
    return aside


def _broken(found: dict[str, Contents]) -> tuple[str, ...]:
    return tuple(message for it in found.values() for message in it.broken)


def _refuse_running(book: Book) -> None:
    for name in contents(book):
        for run in book.runs(name):
            if run.state == "running":
                raise RunRefused(
                    f"{name}: the {run.kind} run {run.id} by {run.who} is under way. Wait until it has ended."
                )


def move(url: str, target_url: str, *, now: datetime) -> Copied:
    """Copy the book to another address, prove it there, and end every chain of the old one by an entry that says where
    it went, so that nobody writes on in it. Doing it again after it was interrupted finishes it.

    The address must hold no book, or the beginning of this one. Raises BookUnavailable, RunRefused: the book is where
    it was.
    """
    if parsed(url) == parsed(target_url):
        raise RunRefused("The book is there already.")
    with (
        Book.open(url, create=False) as held,
        Book.open(url, create=False) as book,
        Book.open(target_url) as target,
        held.store.alone() as alone,
    ):
        where = place(target.store.url)
        gone = endings.moved_to(alone)
        if gone and gone != where:
            raise RunRefused(f"{place(book.store.url)} was moved before: {gone} is the book.")
        if not gone:
            found = contents(book)
            if broken := _broken(found):
                raise RunRefused(f"The book was tampered with, and nothing was touched: {broken[0]}")
            _refuse_running(book)
            if lost := lacking(book, target):
                raise RunRefused(
                    f"{where} holds entries that are not of this book ({'; '.join(map(str, lost))}). Nothing was "
                    "touched. Name an empty database, or a file that is not there yet."
                )
            append_missing(book, target)
            refuse_unlike(found, contents(target), target)
            endings.say_moved(alone, where, now)
        return Copied(where, tally(contents(target)), ())


def remember(target_url: str) -> None:
    """Let this machine look for the book there, from the next command on (settings.book_url)."""
    pointer = settings.book_elsewhere()
    if parsed(target_url) == parsed(f"sqlite:///{settings.book_file()}"):
        pointer.unlink(missing_ok=True)
        return
    make_data_directory()
    written = pointer.with_name(f"{pointer.name}.{os.getpid()}.new")
    with os.fdopen(
        os.open(written, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(target_url + "\n")
        file.flush()
        os.fsync(file.fileno())
    written.replace(pointer)
