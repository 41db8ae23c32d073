"""What was tried before: an update that keeps failing on a host is not tried again until something has changed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from serviceheft.services.update_check.update import Update


@dataclass(frozen=True)
class Attempt:
    """An installation that failed on a host. build: which Windows it was tried on, as 26200.7171; None: not known."""

    update: Update
    at: datetime
    build: str | None = None
    hresult: str | None = None


@dataclass(frozen=True)
class Past:
    """What the book knows of a host.

    failed: installations that failed, restarts: when one did not take the wish for it away. mended_at: when a person
    said that the cause was mended. tried_at: when anything was last done to it. waiting: since when updates wait there.
    """

    failed: tuple[Attempt, ...] = ()
    restarts: tuple[datetime, ...] = ()
    mended_at: datetime | None = None
    tried_at: datetime | None = None
    waiting: tuple[tuple[Update, datetime], ...] = ()

    def waiting_since(self, update: Update) -> datetime | None:
        """Since when this version of the update has waited there."""
        return min((at for one, at in self.waiting if one.same_version(update)), default=None)


def attempts(update: Update, past: Past, build: str | None) -> list[Attempt]:
    """How the same version failed on the same Windows since the cause was last said to be mended, in order of time."""
    return sorted(
        (it for it in past.failed if _counts(it, update, past, build)),
        key=lambda it: it.at,
    )


def keeps_failing(update: Update, past: Past, build: str | None, maximum: int) -> bool:
    """Whether the update was tried so often in vain that only a change gives hope."""
    return len(attempts(update, past, build)) >= maximum


def restarts_in_vain(past: Past, maximum: int) -> bool:
    """Whether the host was restarted so often in vain that one more changes nothing."""
    return len([at for at in past.restarts if _since_mended(at, past)]) >= maximum


def failing(offered: Iterable[Update], past: Past, build: str | None, maximum: int) -> tuple[Update, ...]:
    """The updates that keep failing, of those that are offered."""
    return tuple(update for update in offered if keeps_failing(update, past, build, maximum))


def retried(offered: Iterable[Update], past: Past, build: str | None, maximum: int) -> tuple[Update, ...]:
    """The updates that are tried again since somebody said that the cause was mended: not well before it is proven."""
    before = replace(past, mended_at=None)
    return tuple(
        update
        for update in offered
        if keeps_failing(update, before, build, maximum) and not keeps_failing(update, past, build, maximum)
    )


def _counts(attempt: Attempt, update: Update, past: Past, build: str | None) -> bool:
    other_windows = None not in (attempt.build, build) and attempt.build != build
    return attempt.update.same_version(update) and not other_windows and _since_mended(attempt.at, past)


def _since_mended(at: datetime, past: Past) -> bool:
    return past.mended_at is None or at > past.mended_at
