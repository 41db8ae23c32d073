"""`heft clock --explain` as plain rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from serviceheft.clock.calendar import Interval


@dataclass(frozen=True, slots=True)
class Row:
    """One interval for people: start and end in Europe/Berlin, what it adds, and the service time so far."""

    start: datetime
    end: datetime
    duration: timedelta
    counted: bool
    total: timedelta
    reason: str

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """From, until, what counts ("" for nothing), why. With the offset, which a clock change alters."""
        counts = str(self.duration) if self.counted else ""
        return f"{self.start:%a} {self.start}", f"{self.end:%a} {self.end}", counts, self.reason


def rows(intervals: Iterable[Interval], translate: Callable[[str], str] = str) -> list[Row]:
    """One row per interval, in order; the reason translated by a gettext function."""
    found: list[Row] = []
    total = timedelta()
    for piece in intervals:
        duration = piece.duration
        if piece.counted:
            total += duration
        found.append(
            Row(piece.start, piece.end, duration, piece.counted, total, piece.reason.text(translate))
        )
    return found
