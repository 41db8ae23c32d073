"""When the later ring follows: an update is vouched for by a pilot that has it, and has been well with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from serviceheft.services.patch_management.policy import Kind
from serviceheft.services.update_check.update import Had, Update

#: So long others wait for pilots by agreement, and so long an update may be what made a device sick.
PATIENCE = timedelta(days=14)


@dataclass(frozen=True)
class Pilot:
    """What is known of a host of the pilot ring.

    well_at: the times at which it was measured with nothing outstanding of what had been installed. troubles: since
    when it has had each trouble that is not measured gone. lacks: what it is offered and is to get, refuses: what it
    is offered and is not to get. seen_at: when its updates were measured last; None: never.
    """

    host: str
    kind: Kind = "client"
    had: tuple[Had, ...] = ()
    well_at: tuple[datetime, ...] = ()
    troubles: tuple[datetime, ...] = ()
    lacks: tuple[Update, ...] = ()
    refuses: tuple[Update, ...] = ()
    seen_at: datetime | None = None


class Word(Enum):
    """What one pilot says about one update."""

    VOUCHES = auto()
    SICK = auto()
    NOT_YET = auto()
    REFUSES = auto()
    UNSEEN = auto()
    NOT_OFFERED = auto()


#: Reasons that are agreed, and for that must have an end.
_AGREED = frozenset({"patch.ring_waits", "patch.pilot_refuses", "patch.undated"})


class Rings:
    """The customer's pilots at a moment. `wait_hours`: for so long one must have been well with an update."""

    def __init__(self, pilots: Iterable[Pilot], wait_hours: int, now: datetime) -> None:
        self._pilots, self._wait, self._now = tuple(pilots), timedelta(hours=wait_hours), now
        self._reasons: dict[tuple[object, ...], str | None] = {}

    def waits_for(self, update: Update, kind: Kind, waiting_since: datetime | None = None) -> str | None:
        """The reason code why this update must wait on hosts of the later ring; None: it may be installed.

        Each update is judged by itself: some pilot must have it and have been well with it for long enough, and none
        may lack it still or have fallen sick after it. Without pilots there is nobody to wait for. What is offered to
        no pilot of the host's kind can be tried out by none of them: it is as old as PATIENCE before it follows, and a
        kind that has no pilots follows when it has been out for as long as the others wait; in either case once every
        pilot was measured well for as long since it is out. An update whose date is not known is never old enough.

        waiting_since: since when it has waited on this host. Nobody waits by agreement for longer than PATIENCE: then
        the reason is one that says so.
        """
        if not self._pilots:
            return None
        asked = (update.key, update.revision, update.title, update.kbs, update.published_at, kind)
        if asked not in self._reasons:
            self._reasons[asked] = self._reason(update, kind)
        reason = self._reasons[asked]
        late = waiting_since is not None and self._now - waiting_since > PATIENCE + self._wait
        return "patch.pilots_overdue" if late and reason in _AGREED else reason

    def agreed_until(self, reason: str | None, waiting_since: datetime | None) -> datetime | None:
        """When a wait is over that is agreed; None for a reason that is no such wait. It began now if never before."""
        return (waiting_since or self._now) + PATIENCE + self._wait if reason in _AGREED else None

    def _reason(self, update: Update, kind: Kind) -> str | None:
        words = {pilot.host: word(pilot, update, self._wait, self._now) for pilot in self._pilots}
        said = set(words.values())
        unseen = [pilot for pilot in self._pilots if words[pilot.host] is Word.UNSEEN]
        if Word.SICK in said:
            return "patch.pilot_sick"
        if Word.NOT_YET in said:
            return "patch.ring_waits"
        own_kind = [pilot for pilot in self._pilots if pilot.kind == kind]
        if Word.VOUCHES in said:
            # Who has been away for long holds up nobody for whom another one vouches.
            holds_up = [it for it in unseen if it.kind == kind and not self._long_unseen(it)]
            return "patch.ring_waits" if holds_up else None
        if Word.REFUSES in said:
            return "patch.pilot_refuses"
        if any(pilot.kind == kind for pilot in unseen):
            return "patch.pilot_absent" if any(map(self._long_unseen, unseen)) else "patch.ring_waits"
        if any(pilot.troubles for pilot in self._pilots):
            return "patch.pilot_sick"
        if update.published_at is None:
            return "patch.undated"
        published = update.published_at
        old_enough = self._now - published >= (PATIENCE if own_kind else self._wait)
        # For long enough the pilots were looked at, and were not offered it.
        known = all(
            any(published <= at <= self._now - self._wait for at in pilot.well_at) for pilot in self._pilots
        )
        return None if old_enough and known else "patch.ring_waits"

    def _long_unseen(self, pilot: Pilot) -> bool:
        return pilot.seen_at is None or self._now - pilot.seen_at > PATIENCE


def word(pilot: Pilot, update: Update, wait: timedelta, now: datetime) -> Word:
    """What a pilot says about an update."""
    since = min((it.at for it in pilot.had if update.same_version(it.update)), default=None)
    if since is not None:
        # It may have caused the trouble that came soon after it, or come to a device that was sick already.
        if any(since < at <= since + PATIENCE for at in pilot.troubles):
            return Word.SICK
        first_trouble = min(pilot.troubles, default=None)
        well = any(
            since <= at <= now - wait and (first_trouble is None or at < first_trouble)
            for at in pilot.well_at
        )
        return Word.VOUCHES if well else Word.SICK if pilot.troubles else Word.NOT_YET
    if any(update.same_version(it) for it in pilot.refuses):
        return Word.REFUSES
    if any(update.same_version(it) for it in pilot.lacks):
        return Word.NOT_YET
    if pilot.seen_at is None or (update.published_at is not None and pilot.seen_at < update.published_at):
        return Word.UNSEEN
    return Word.NOT_OFFERED
