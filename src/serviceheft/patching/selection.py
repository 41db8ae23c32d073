"""Which of the updates that a host is offered are to be installed there."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from serviceheft.model.patching import UpdateException
from serviceheft.patching.policy import HostPolicy, Update


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

    `emergency`: this article and nothing else; what is rejected stays so.
    """
    offered = tuple(offered)
    in_force = [exception for exception in policy.reject if today <= exception.expires]
    refused = [update for update in offered if any(fits(exception, update) for exception in in_force)]
    # The module selects by article: two updates that share one cannot be told apart there.
    articles = {kb for update in refused for kb in update.kbs}
    accepted = [exception for exception in policy.accept if today <= exception.expires]
    chosen: list[Update] = []
    rejected: list[Update] = []
    hidden: list[Update] = []
    for update in offered:
        if emergency is not None:
            asked = emergency in update.kbs
        else:
            asked = update.wanted or any(fits(exception, update) for exception in accepted)
        if asked and (update in refused or articles & set(update.kbs)):
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
    if exception.kb is not None:
        return exception.kb in update.kbs
    return fnmatchcase(update.title.casefold(), (exception.title or "").casefold())


def patterns(updates: Iterable[Update]) -> list[str]:
    """Regular expressions (of .NET and of Python) for win_updates' lists, which fit just these updates.

    The module matches them against the title with all articles appended.
    """
    found = []
    for update in updates:
        found += [f"{kb}(?![0-9])" for kb in update.kbs] or [f"^{re.escape(update.title)}"]
    return found
