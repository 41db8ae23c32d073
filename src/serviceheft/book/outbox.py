"""What became of anchors after they were given: the own copy, the outbox, the second place, and what is to be told.

A run never fails for the second place: what could not be delivered waits in the outbox, every command says so, and each
run tries again. Delivering goes on in a process of its own, which is left alone when the place does not answer.
"""

import fcntl
import json
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from serviceheft import settings
from serviceheft.book.anchors import Anchor, give
from serviceheft.book.book import Book
from serviceheft.book.errors import BookUnavailable, RunRefused
from serviceheft.book.places import SECONDS, Files, Place, Undelivered, named, shown
from serviceheft.book.signing import KeyMissing, own_key


def own_copy() -> Files:
    """Beside the book: shows an older file of the book that was put in place of it."""
    return Files(settings.data_directory() / "anchors")


def folder() -> Path:
    return settings.data_directory() / "outbox"


def waiting() -> dict[str, list[str]]:
    """Lines that could not be delivered yet, by customer."""
    found = {}
    for path in sorted(folder().glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        anchors = [anchor for line in lines if (anchor := Anchor.parsed(line))]
        if anchors:
            found[anchors[0].customer] = [it.line for it in anchors]
    return found


def anchor(book: Book, customer: str, run: str, now: datetime) -> str:
    """Sign the customer's head and take it to the second place; what is to be told of it, empty when all is well.

    Never raises for what is only in the way of the anchor: the run's own evidence is written already.
    """
    try:
        made = give(book, customer, run, own_key(now), now)
        if made is None:
            return ""
        own_copy().deliver({customer: [made.line]})
        keep({customer: [made.line]})
    except (KeyMissing, BookUnavailable, RunRefused, Undelivered, OSError) as error:
        return f"The head of {customer} was not signed and taken to a second place: {error}"
    return deliver(now)


def keep(lines: dict[str, list[str]]) -> None:
    """Put lines into the outbox. Raises Undelivered."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    Files(folder()).deliver(lines)


def deliver(now: datetime) -> str:
    """Take to the second place what waits; what is to be told, empty when nothing waits any more."""
    with _alone() as free:
        lines = waiting() if free else {}
        if not lines:
            return told() or ""
        why = _in_another_process(settings.anchors_place(), lines)
        if why is None:
            _delivered(lines)
            return ""
        _note(why, now)
        return told() or ""


def _delivered(lines: dict[str, list[str]]) -> None:
    remember(settings.anchors_place())
    for customer in lines:
        Files(folder())._file(customer).unlink(missing_ok=True)  # noqa: SLF001 - its own kind of folder
    (folder() / "why").unlink(missing_ok=True)


def _note(why: str, now: datetime) -> None:
    path = folder() / "why"
    since = now.isoformat(timespec="minutes")
    with suppress(OSError, ValueError, KeyError, TypeError):
        since = json.loads(path.read_text(encoding="utf-8"))["since"]
    with suppress(OSError):
        path.write_text(json.dumps({"since": since, "why": why}), encoding="utf-8")


def told() -> str | None:
    """What every command says while signed heads wait."""
    try:
        lines = [line for it in folder().glob("*.jsonl") for line in it.read_text("utf-8").splitlines()]
    except OSError:
        return None
    if not lines:
        return None
    try:
        noted = json.loads((folder() / "why").read_text(encoding="utf-8"))
        since, why = str(noted["since"]), str(noted["why"])
    except (OSError, ValueError, KeyError, TypeError):
        since, why = "now", "not tried yet"
    heads = "1 signed head waits" if len(lines) == 1 else f"{len(lines)} signed heads wait"
    return (
        f"{heads} in the outbox since {since}: {why}. Until it is there, the second place does not prove the newest "
        "entries of the book. The next run tries again; or now: heft anchor deliver"
    )


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether this process delivers; another one that does so already will take what waits."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder() / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _in_another_process(place: str, lines: dict[str, list[str]]) -> str | None:
    """Deliver within a time limit; None, or why not. A mount that hangs holds up its own process only."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _deliver_and_exit(place, lines, writer)
    os.close(writer)
    try:
        ready, _, _ = select.select([reader], [], [], SECONDS + 5)
        said = os.read(reader, 4096).decode("utf-8", "replace") if ready else ""
    finally:
        os.close(reader)
        if not (said_all := bool(ready)):
            with suppress(OSError):
                os.killpg(child, signal.SIGKILL)
        with suppress(OSError):
            os.waitpid(child, 0 if said_all else os.WNOHANG)
    if said == "delivered":
        return None
    return said or f"{shown(place)} did not answer"


def _deliver_and_exit(place: str, lines: dict[str, list[str]], writer: int) -> None:
    """The other process. It leaves nothing of ours open and runs none of our endings."""
    said = "the delivery failed"
    try:
        os.setpgid(0, 0)
        # The lock of the outbox is none of ours: who hangs must not hold it.
        os.closerange(3, writer)
        os.closerange(writer + 1, os.sysconf("SC_OPEN_MAX"))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        for caught in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            signal.signal(caught, signal.SIG_DFL)
        named(place).deliver(lines)
        said = "delivered"
    except Undelivered as error:
        said = str(error)
    finally:
        with suppress(OSError):
            os.write(writer, said.encode()[:4000])
        os._exit(0)


def _places_file() -> Path:
    return settings.data_directory() / "anchor-places"


def remembered() -> list[str]:
    """Every place that took an anchor from here."""
    try:
        return _places_file().read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def remember(place: str) -> None:
    if place not in remembered():
        with suppress(OSError):
            handle = os.open(_places_file(), os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{place}\n")


def places() -> list[Place]:
    """Where anchors are to be found: the place of today, those of before, the own copy. Raises Undelivered."""
    names = dict.fromkeys([settings.anchors_place(), *remembered()])
    return [*(named(it) for it in names), own_copy()]
