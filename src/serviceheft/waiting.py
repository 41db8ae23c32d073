"""Who waits to be caught up with: hosts that are owed something, and that the last visit did not reach.

Nothing is kept for this: it is read from what is owed and from the book's stamps, each time anew. Pure functions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from serviceheft.accounts import Owed
from serviceheft.assess.judgement import Outcome
from serviceheft.book.records import LatestStamp, Stamp
from serviceheft.ledger import owed_hosts

#: The kind of a run that catches up, in the book.
KIND = "catch-up"
#: A host that answered, but could not be visited after all, is left alone for so long.
PAUSE = timedelta(hours=1)
#: What waiting does not cure. Trying again and again would lock the account, for one.
NEEDS_SOMEBODY = frozenset({"reach.credentials", "reach.certificate"})


class Turn(StrEnum):
    """Whether a waiting host is visited once it answers, in words for the technician."""

    NOW = "as soon as it answers"
    LATER = "a little later: the last attempt is not long ago"
    BY_HAND = "by a technician: waiting does not mend this"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A host, the services that it waits for, and for how long.

    since: when the first of the visits in a row was made that did not reach it. deadline: until when the first of the
    services is to be carried out (17:00 of a service day; it may have passed). tried and reason: the last visit.
    """

    host: str
    services: tuple[str, ...]
    since: datetime
    deadline: datetime
    tried: datetime
    reason: str | None
    turn: Turn

    def age(self, now: datetime) -> timedelta:
        """For how long it has been waiting."""
        return max(now - self.since, timedelta(0))


def waiting(owed: Sequence[Owed], stamps: Iterable[Stamp], now: datetime) -> list[Waiting]:
    """The queue, by deadline, then by age. owed: serviceheft.entitlement.owed; stamps: all of the customer's,
    or those of `not_reached`.

    In it is what a run could carry out now (owed_hosts) and whose last visit, dry runs left out and in whichever
    period, was "not reached": a laptop that was away last week is visited when it comes, not when the week's run does.
    """
    history: dict[tuple[str | None, str], list[Stamp]] = {}
    for stamp in stamps:
        if not stamp.dry_run:
            history.setdefault((stamp.host, stamp.service), []).append(stamp)
    due = {(one.host, one.service): one.due for one in owed if one.current}
    found = []
    for host, services in owed_hosts(owed).items():
        missed = {service: row for service in services if (row := _missed(history.get((host, service), ())))}
        if missed:
            last = max((row[-1] for row in missed.values()), key=lambda stamp: stamp.at)
            found.append(
                Waiting(
                    host=host,
                    services=tuple(missed),
                    since=min(row[0].at for row in missed.values()),
                    deadline=min(due[host, service] for service in missed),
                    tried=last.at,
                    reason=last.reason,
                    turn=_turn(last, now),
                )
            )
    return sorted(found, key=lambda one: (one.deadline, one.since, one.host))


def not_reached(owed: Sequence[Owed], latest: Iterable[LatestStamp]) -> list[tuple[str, str]]:
    """The (host, service) that can be in the queue: their stamps are all that `waiting` needs of the book."""
    last: dict[tuple[str | None, str], LatestStamp] = {}
    for stamp in latest:
        key = (stamp.host, stamp.service)
        if key not in last or (stamp.at, stamp.number) > (last[key].at, last[key].number):
            last[key] = stamp
    return [
        (host, service)
        for host, services in owed_hosts(owed).items()
        for service in services
        if (host, service) in last and last[host, service].outcome is Outcome.NOT_REACHED
    ]


def _missed(stamps: Sequence[Stamp]) -> list[Stamp]:
    """The stamps at the end of the history that did not reach the host, oldest first."""
    row: list[Stamp] = []
    for stamp in sorted(stamps, key=lambda one: (one.at, one.number), reverse=True):
        if stamp.outcome is not Outcome.NOT_REACHED:
            break
        row.insert(0, stamp)
    return row


def _turn(last: Stamp, now: datetime) -> Turn:
    if last.reason in NEEDS_SOMEBODY:
        return Turn.BY_HAND
    # Who does not answer the probe gets no stamp: one of a catch-up says that the host answered and was visited.
    return Turn.LATER if last.kind == KIND and now - last.at < PAUSE else Turn.NOW
