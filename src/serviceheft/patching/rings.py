"""When the later ring follows: only once every pilot is well with what the others are to get."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from serviceheft.patching.policy import Update


@dataclass(frozen=True)
class Pilot:
    """What the book knows of a host of the pilot ring.

    well_at: the times at which it was measured well since the last trouble; none: it is not well.
    sick: it failed, was not reached, or has new trouble since it was patched. had: what was installed on it.
    seen_at: when anything was measured on it last; None: not told.
    """

    host: str
    well_at: tuple[datetime, ...] = ()
    sick: bool = False
    had: tuple[Update, ...] = ()
    seen_at: datetime | None = None

    def lacks(self, update: Update) -> bool:
        """Whether the update is more to it than the next version of what it has: those come daily, and mean nothing."""
        return not any(update.same_thing(one) and not update.same_version(one) for one in self.had)


#: So long a pilot may be away before the others' wait for it counts as missed.
PATIENCE = timedelta(days=14)


def waits_for(update: Update, pilots: Iterable[Pilot], wait_hours: int, now: datetime) -> str | None:
    """The reason code why this update must wait on hosts of the later ring; None: it may be installed.

    A pilot vouches for an update once it was measured well after the update had been published: then it has it, or
    does not need it. That measurement must lie back at least `wait_hours`, and the pilot must be well still.
    Without pilots there is nobody to wait for. Nobody is waited for without an end: a pilot that nobody has measured
    for PATIENCE, while the update has been out for as long, is absent, and the wait is no agreed one any more.
    """
    found = list(pilots)
    if any(pilot.sick for pilot in found):
        return "patch.pilot_sick"
    latest = now - timedelta(hours=wait_hours)
    if all(_vouches(pilot, update, latest) for pilot in found):
        return None
    late = update.published_at is not None and update.published_at < latest - PATIENCE
    absent = any(pilot.seen_at is not None and pilot.seen_at < now - PATIENCE for pilot in found)
    return "patch.pilot_absent" if late and absent else "patch.ring_waits"


def _vouches(pilot: Pilot, update: Update, latest: datetime) -> bool:
    # An update without a date of publication is known to nobody better than by the pilot being well.
    return any(
        at <= latest and (update.published_at is None or at >= update.published_at) for at in pilot.well_at
    )
