"""Where the book lives. A book that older versions kept in the checkout's var/ is moved out of there, once.

`make clean` and `git clean` throw var/ away. Moving: the copy is made and proved while nobody writes, and only when it
is on disk does the old file go. Killed at any moment there is at least one whole book, and the next command goes on.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from serviceheft import settings
from serviceheft.book.book import Book
from serviceheft.book.copying import contents, copy_file, lacking, tally
from serviceheft.book.errors import BookUnavailable


def make_data_directory() -> Path:
    """The folder of book, key and outbox, for its owner alone. Raises BookUnavailable."""
    path = settings.data_directory()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BookUnavailable(
            f"The folder {path} of the book cannot be made ({error.strerror}). "
            "Name another one with HEFT_DATA, or make it."
        ) from None
    return path


def old_book() -> Path:
    """Where older versions kept the book."""
    return settings.var_directory() / "heft.sqlite"


def move_in() -> str | None:
    """Bring an old book to where books live now; what to tell about it, or None. Raises BookUnavailable.

    A place that was named (HEFT_DATA) takes none by itself: a rehearsal or a test would swallow a real book.
    """
    old, new = old_book(), settings.book_file()
    if os.environ.get("HEFT_BOOK") or settings.book_elsewhere().exists() or not old.exists():
        return None
    if os.environ.get("HEFT_DATA") or os.environ.get("HEFT_NOW"):
        if new.exists():
            return None
        raise BookUnavailable(_not_by_itself(old, new))
    make_data_directory()
    with _alone(new.parent):
        return _move(old, new) if old.exists() else None  # another process may have been quicker


def _not_by_itself(old: Path, new: Path) -> str:
    return (
        f"{old} is a book that an older version kept there, and {new.parent} has none yet. Take it over with "
        f"`heft book restore {old}` and put the old file aside, or, without HEFT_DATA and HEFT_NOW, with "
        f"`heft book where`. For a book that has nothing to do with it set HEFT_VAR as well."
    )


def _move(old: Path, new: Path) -> str:
    with Book.open(f"sqlite:///{old}", create=False) as source:
        if new.exists():
            _refuse_two(source, old, new)
            found, told = contents(source), "was there already, entry by entry; the old file was removed"
            with _no_writer(old):
                _remove_rests(new)
                _remove(old)
        else:
            _refuse_runs(source, old)
            with _no_writer(old):
                _remove_rests(new)
                before = contents(source)
                found = copy_file(source.store, new)
                if found != before:
                    new.unlink()
                    raise BookUnavailable(f"The copy of {old} is not what was copied. It stays where it is.")
                _remove(old)
            told = "proved before and after"
    broken = [message for it in found.values() for message in it.broken]
    known = f" It was broken before, and is now as it was: {broken[0]}" if broken else ""
    return f"The book was moved from {old} to {new}: {tally(found)}, {told}.{known}"


def _refuse_two(source: Book, old: Path, new: Path) -> None:
    with Book.open(f"sqlite:///{new}", create=False) as present:
        lost = lacking(present, source)
    if lost:
        raise BookUnavailable(
            f"There are two books: {new}, and {old} from before books lived there, which has entries that the first "
            f"lacks ({'; '.join(map(str, lost))}). Nothing was touched. Either keep them apart: HEFT_DATA=FOLDER for "
            f"one of them. Or look at the old one (HEFT_BOOK=sqlite:///{old} heft verify) and put it aside."
        )


def _refuse_runs(source: Book, old: Path) -> None:
    for name in contents(source):
        for run in source.runs(name):
            if run.state == "running":
                raise BookUnavailable(
                    f"The book {old} is to be moved to {settings.book_file()}, and a run writes to it: {run.id} by "
                    f"{run.who}. Wait until it has ended."
                )


@contextmanager
def _no_writer(path: Path) -> Iterator[None]:
    """Hold the file's one right to write. Raises BookUnavailable."""
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise BookUnavailable(f"The book {path} cannot be moved now: {error}. Try again.") from None
        yield
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")


def _remove_rests(path: Path) -> None:
    """What a copy that was killed has left beside the book."""
    for rest in path.parent.glob(f".{path.name}.*"):
        rest.unlink()


def _remove(path: Path) -> None:
    """The file first: what SQLite keeps beside it is nothing without it."""
    for rest in ("", "-wal", "-shm"):
        path.with_name(path.name + rest).unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time moves; the lock goes with the process."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
