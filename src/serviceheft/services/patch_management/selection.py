"""Which of the updates that a host is offered are to be installed there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from serviceheft.model.patching import UpdateException
from serviceheft.services.patch_management.policy import HostPolicy
from serviceheft.services.update_check.update import Update


@dataclass(frozen=True)
class Selection:
    """`chosen` are to be installed, `rejected` would be if nobody had said otherwise, `hidden` if nobody had hidden
    them on the host; `lapsed` are the exceptions that fit an offered update and are over."""

    chosen: tuple[Update, ...] = ()
    rejected: tuple[Update, ...] = ()
    lapsed: tuple[UpdateException, ...] = ()
    hidden: tuple[Update, ...] = ()


def choose(
    offered: Iterable[Update], policy: HostPolicy, today: date, emergency: str | None = None
) -> Selection:
    """What is to be installed. Rejecting outweighs accepting, and an exception holds through its last day.

    `emergency`: this article and nothing else, a new release of Windows under the same one least of all; what is
    rejected stays so.
    """
    offered = tuple(offered)
    refusing = [exception for exception in policy.reject if today <= exception.expires]
    accepted = [exception for exception in policy.accept if today <= exception.expires]
    chosen: list[Update] = []
    rejected: list[Update] = []
    hidden: list[Update] = []
    for update in offered:
        if emergency is not None:
            asked = emergency in update.kbs and not update.is_upgrade
        else:
            asked = update.wanted or any(accepts(exception, update) for exception in accepted)
        if asked and any(fits(exception, update) for exception in refusing):
            rejected.append(update)
        elif asked:
            (hidden if update.hidden else chosen).append(update)
    lapsed = [
        exception
        for exception in (*policy.reject, *policy.accept)
        if today > exception.expires and any(fits(exception, update) for update in offered)
    ]
    return Selection(tuple(chosen), tuple(rejected), tuple(lapsed), tuple(hidden))


def fits(exception: UpdateException, update: Update) -> bool:
    """Whether an exception speaks of this update."""
    if exception.update_id is not None:
        return exception.update_id.casefold() == (update.key or "").casefold()
    if exception.kb is not None:
        return exception.kb in update.kbs
    return fnmatchcase(update.title.casefold(), (exception.title or "").casefold())


def accepts(exception: UpdateException, update: Update) -> bool:
    """Whether an exception has it installed. A new release of Windows often shares the article and half the title of a
    cumulative update: only its own id means it."""
    return fits(exception, update) and (exception.update_id is not None or not update.is_upgrade)
