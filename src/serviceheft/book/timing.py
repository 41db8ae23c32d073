"""The order of time in the book: what a wrong clock may not do, and how the book goes on after it did.

Entries follow each other in time, but for small differences between machines. A run whose clock is behind the last
entry, or far ahead of it without a reason, is refused. What a clock that was ahead has written stays, but its stamps
count for no period once somebody has acknowledged it. Times are instants (UTC): the change to summer time is none.
"""

import ctypes
import json
import struct
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from serviceheft.book import schema
from serviceheft.book.chain import Head
from serviceheft.book.errors import RunRefused
from serviceheft.book.folding import moment
from serviceheft.book.values import timestamp
from serviceheft.settings import BERLIN, TOLERANCE

#: After a restart nothing shows how long the machine was off: more silence than between weekly visits is asked about.
SILENCE = timedelta(days=8)
ACKNOWLEDGED = "clock acknowledged"

_e = schema.entries.c
_TIME_ERROR = 5  # adjtimex(2): the kernel's clock is not synchronised


@dataclass(frozen=True)
class Clock:
    """What a machine knows of time besides its clock: which start it is in, for how long, and whether NTP holds it."""

    boot: str
    uptime: float
    synchronised: bool

    @classmethod
    def of_this_machine(cls) -> "Self | None":
        """None where the kernel does not tell."""
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            # A container's own start counts: its uptime begins anew.
            first = Path("/proc/1/stat").read_text().rpartition(")")[2].split()[19]
            uptime = float(Path("/proc/uptime").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return cls(f"{boot} {first}", uptime, _synchronised())

    @property
    def body(self) -> dict[str, object]:
        return {"boot": self.boot, "uptime": self.uptime, "synchronised": self.synchronised}


def _synchronised() -> bool:
    """Whether NTP holds the kernel's clock, and this process sees that clock."""
    with suppress(OSError, AttributeError):
        room = ctypes.create_string_buffer(512)
        state = ctypes.CDLL(None).adjtimex(room)
        (seconds,) = struct.unpack_from("q", room, 72)
        return state not in (-1, _TIME_ERROR) and abs(seconds - time.time()) < 60
    return False


def shown(when: datetime) -> str:
    return f"{when.astimezone(BERLIN):%d.%m.%Y %H:%M}"


def refuse_behind(connection: sa.Connection, customer: str, last: datetime, now: datetime) -> None:
    """Raise RunRefused for an entry older than the last one. A rehearsal may go back: it proves nothing."""
    if now < last - TOLERANCE and not _is_rehearsal(connection):
        raise RunRefused(
            f"{customer}: the clock of this machine says {shown(now)}, and the last entry of the book was made at "
            f"{shown(last)}. Nothing was written. Check the clock and NTP (timedatectl). If it is right, the last "
            f'entries were made by a clock that was ahead: heft book acknowledge {customer} --reason "..."'
        )


def refuse_ahead(
    customer: str, last: datetime, now: datetime, then: "tuple[datetime, Clock] | None", clock: Clock
) -> None:
    """Raise RunRefused for a clock that is ahead as far as this machine can know.

    `last`: the newest entry of the book. `then`: when this customer's last run began, by clock and by uptime.
    """
    if clock.synchronised:
        return
    if then and then[1].boot == clock.boot:
        passed = timedelta(seconds=clock.uptime - then[1].uptime)
        ahead = now - then[0] - passed
        if ahead <= TOLERANCE:
            return
        why = (
            f"since the last run at {shown(then[0])} this machine has counted {_long(passed)}, and its clock "
            f"{_long(now - then[0])}"
        )
    elif now - last > SILENCE:
        why = (
            f"the last entry of the book was made at {shown(last)}, {_long(now - last)} ago, and no NTP holds this "
            "clock"
        )
    else:
        return
    raise RunRefused(
        f"{customer}: the clock of this machine says {shown(now)}; {why}. Nothing was written. Check the clock and NTP "
        f'(timedatectl). If it is right: heft book acknowledge {customer} --reason "..."'
    )


def _long(time: timedelta) -> str:
    hours = time / timedelta(hours=1)
    return f"{hours / 24:.0f} days" if abs(hours) >= 48 else f"{hours:.1f} hours"


def _is_rehearsal(connection: sa.Connection) -> bool | None:
    """Whether the book's runs are rehearsed; all are, or none (refuse_mixing). None for a book without a run."""
    query = sa.select(_e.body).where(_e.kind == "run begun").limit(1)
    body = connection.execute(query).scalar_one_or_none()
    return bool(json.loads(body).get("rehearsed")) if body else None


def refuse_mixing(connection: sa.Connection, *, rehearsed: bool) -> None:
    """Raise RunRefused for a rehearsal in a book of real runs, and for a real run in a rehearsal's."""
    if _is_rehearsal(connection) in (None, rehearsed):
        return
    if rehearsed:
        raise RunRefused(
            "HEFT_NOW is set, and this book holds real runs: a rehearsal would stamp what nobody did. Nothing was "
            "written. Leave HEFT_NOW out, or rehearse in a book of its own: HEFT_DATA=FOLDER HEFT_VAR=FOLDER"
        )
    raise RunRefused(
        "This book was begun as a rehearsal (HEFT_NOW), and proves nothing. Nothing was written. A real run needs "
        "another book: HEFT_DATA=FOLDER"
    )


def last_clock(connection: sa.Connection, customer: str) -> tuple[datetime, Clock] | None:
    """When a run or an acknowledgement last told this customer's book what its machine knew of time."""
    kinds = _e.kind.in_(("run begun", ACKNOWLEDGED))
    query = (
        sa.select(_e.at, _e.body).where(_e.customer == customer, kinds).order_by(_e.number.desc()).limit(1)
    )
    row = connection.execute(query).one_or_none()
    with suppress(KeyError, TypeError, ValueError):
        if row:
            return moment(row.at), Clock(**json.loads(row.body)["clock"])
    return None


def last_at(connection: sa.Connection, customer: str, head: Head) -> datetime | None:
    query = sa.select(_e.at).where(_e.customer == customer, _e.number == head.number)
    text = connection.execute(query).scalar_one_or_none()
    return moment(text) if text else None


def ahead_of(connection: sa.Connection, customer: str, now: datetime) -> tuple[int, int] | None:
    """The first and the last entry that a clock that was ahead has written."""
    newer = sa.and_(_e.customer == customer, _e.at > timestamp(now + TOLERANCE))
    first, last = connection.execute(
        sa.select(sa.func.min(_e.number), sa.func.max(_e.number)).where(newer)
    ).one()
    return (int(first), int(last)) if first else None


def uncounted(connection: sa.Connection, customer: str) -> list[tuple[int, int]]:
    """Spans of entries that were acknowledged as written by a wrong clock: their stamps count for no period."""
    return [(first, last) for _, first, last in acknowledged(connection, customer)]


def acknowledged(connection: sa.Connection, customer: str) -> list[tuple[int, int, int]]:
    """The same spans, each behind the number of the entry that says so."""
    query = sa.select(_e.number, _e.body).where(_e.customer == customer, _e.kind == ACKNOWLEDGED)
    said = [(int(number), json.loads(body)) for number, body in connection.execute(query)]
    return [(number, body["first"], body["last"]) for number, body in said if body["first"]]


def outside[T](spans: Iterable[tuple[int, int]], rows: Iterable[T]) -> list[T]:
    """The rows (each with a number) of no such span."""
    kept = list(spans)
    if not kept:
        return list(rows)
    return [row for row in rows if not any(first <= row.number <= last for first, last in kept)]  # type: ignore[attr-defined]
