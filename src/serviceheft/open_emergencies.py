"""Which hosts still owe an update that could not wait: those that were off, failed, or wait for their restart.

Nothing is kept for this: it is read from the runs, stamps and measurements of the book, each time anew. Pure functions.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from serviceheft.assess.actions import ActionResult
from serviceheft.assess.judgement import CheckResult, Outcome
from serviceheft.assess.reasons import NOT_ORDERED
from serviceheft.book.records import Run, Stamp
from serviceheft.services.patch_management import judging as patching
from serviceheft.services.patch_management.words import RESTART
from serviceheft.waiting import NEEDS_SOMEBODY, PAUSE

#: The kinds of runs that make an emergency and that end one by a technician's word, in the book.
KIND, ENDED = "emergency", "emergency ended"
KINDS = (KIND, ENDED)
#: Who only waits for a restart that its terms do not allow now is looked at so often: somebody may have restarted it.
LOOK_AGAIN = timedelta(days=1)
#: Who failed so often in a row is left to a technician.
MOST_FAILURES = 2

_IN_TURN, _RESTART_PENDING = "patch.in_turn", "updates.reboot_pending"
_TRIED = (ActionResult.DONE, ActionResult.FAILED)
#: What the next visit does not change by itself.
_HELD_FOR_SOMEBODY = frozenset(
    {"patch.ring_failed", "patch.hidden", "patch.keeps_failing", "patch.restarts_in_vain", NOT_ORDERED}
)


class Why(StrEnum):
    """Why a host still owes it, in words for the technician."""

    NOT_REACHED = "not reached"
    FAILED = "failed"
    RESTART = "waits for its restart"
    HELD = "waits"
    NOT_MEASURED = "not measured"
    UNDER_WAY = "a run is under way"
    CUT_OFF = "the run ended before it got there"
    LEFT_OUT = "the run left it out"


_FAILURES = frozenset({Why.FAILED, Why.NOT_MEASURED})


class Turn(StrEnum):
    """Whether catch-up visits the host, in words for the technician."""

    NOW = "as soon as it answers"
    LATER = "a little later: the last attempt is not long ago"
    RESTART = "once its restart terms allow it; looked at once a day until then"
    CAP = "by a technician: as many hosts as allowed were changed, heft emergency allows further ones"
    BY_HAND = "by a technician: waiting does not mend this"


@dataclass(frozen=True)
class Owing:
    """One host that still owes the update. reason: the code of the last stamp; tried: when that was made."""

    host: str
    why: Why
    turn: Turn
    reason: str | None = None
    tried: datetime | None = None
    #: Whether this emergency has changed it already, or tried to: it does not count against the cap anew.
    started: bool = False


@dataclass(frozen=True)
class OpenEmergency:
    """One update at one customer, with the terms of the technician's last order for it."""

    kb: str
    reason: str
    began_at: datetime
    #: So many hosts are changed at most, over all runs since that order.
    cap: int
    #: What of that the order itself said.
    maximum_hosts: int | None
    owing: tuple[Owing, ...]
    settled: tuple[str, ...] = ()
    #: How many more hosts may be changed.
    room: int = 0

    def visited_now(self, answering: Collection[str]) -> list[str]:
        """Of those that answer: all that were changed before, and as many others as the cap leaves."""
        there = [one for one in self.owing if one.turn is Turn.NOW and one.host in answering]
        fresh = [one.host for one in there if not one.started][: self.room]
        return [one.host for one in there if one.started or one.host in fresh]


@dataclass(frozen=True)
class Terms:
    """What holds for the customer's hosts in the scope of patch management, as it is agreed today.

    groups: of each host. may_restart: whether its restart terms allow a restart now. cap: the customer's own.
    """

    groups: Mapping[str, Collection[str]]
    may_restart: Mapping[str, bool]
    cap: int


def followed(
    runs: Iterable[Run],
    stamps: Iterable[Stamp],
    well_at: Callable[[str], Mapping[str, datetime]],
    terms: Terms,
    now: datetime,
) -> list[OpenEmergency]:
    """Every emergency that was ordered and not ended, the latest first, its hosts either owing or settled.

    runs: of KINDS, the latest first, as the book gives them. stamps: of 3.2 in these runs. well_at: for an article by
    host the time of the last measurement, where that was whole and found neither the update missing nor a restart
    pending. A host that is not in `terms` any more is neither.
    """
    now = now.astimezone(UTC)  # two times of one zone would be subtracted as their clocks show them
    of_article: dict[str, list[Run]] = {}
    over: set[str] = set()
    for run in runs:
        kb, _, _ = (run.reason or "").partition(": ")
        if run.kind == ENDED:
            over.add(kb)
        elif run.kind == KIND and not run.dry_run and kb not in over:
            of_article.setdefault(kb, []).insert(0, run)
    of_run: dict[str, list[Stamp]] = {}
    for stamp in sorted(stamps, key=lambda one: (one.at, one.number)):
        of_run.setdefault(stamp.run, []).append(stamp)
    found = [_followed(kb, made, of_run, well_at(kb), terms, now) for kb, made in of_article.items()]
    return sorted(
        (one for one in found if one is not None), key=lambda one: (one.began_at, one.kb), reverse=True
    )


def _followed(
    kb: str,
    runs: Sequence[Run],
    stamps: Mapping[str, Sequence[Stamp]],
    well_at: Mapping[str, datetime],
    terms: Terms,
    now: datetime,
) -> OpenEmergency | None:
    orders = [number for number, run in enumerate(runs) if not run.catch_up]
    if not orders:
        return None  # what ordered it was ended
    last = runs[orders[-1]]
    cap = last.maximum_hosts or terms.cap
    started = {
        stamp.host
        for run in runs[orders[-1] :]
        for stamp in stamps.get(run.id, ())
        if any(action.result in _TRIED for action in stamp.actions)
    }
    room = max(0, cap - len(started))
    owing, settled = [], []
    for host, groups in terms.groups.items():
        meant = [n for n in orders if _means(runs[n], host, groups, stamps.get(runs[n].id, ()))]
        if not meant:
            continue
        since = runs[meant[-1] :]
        rows = [[it for it in stamps.get(run.id, ()) if it.host == host] for run in since]
        if _settled([it for row in rows for it in row], since[0], well_at.get(host)):
            settled.append(host)
            continue
        visits = [(run, row) for run, row in zip(since, rows, strict=True) if host in run.listed or row]
        one = _owing(host, visits or [(since[0], [])], terms, now, started=host in started)
        if not (one.started or room) and one.turn in (Turn.NOW, Turn.LATER):
            one = Owing(host, one.why, Turn.CAP, one.reason, one.tried)
        owing.append(one)
    _, _, reason = (last.reason or "").partition(": ")
    return OpenEmergency(
        kb, reason, last.began_at, cap, last.maximum_hosts, tuple(owing), tuple(settled), room
    )


def _means(run: Run, host: str, groups: Collection[str], stamps: Iterable[Stamp]) -> bool:
    """Whether the run was for this host: `heft emergency` lists hosts, a line typed by hand may hold patterns."""
    if any(re.match(r"[&~]|.*\[", part) for part in run.listed):
        return any(stamp.host == host for stamp in stamps)  # only Ansible can tell the others
    left_out = [part[1:] for part in run.listed if part.startswith("!")]
    named = [part for part in run.listed if not part.startswith("!")]
    return (not named or any(_fits(part, host, groups) for part in named)) and not any(
        _fits(part, host, groups) for part in left_out
    )


def _fits(part: str, host: str, groups: Collection[str]) -> bool:
    return part == "all" or any(fnmatchcase(name, part) for name in (host, *groups))


def _settled(stamps: Iterable[Stamp], order: Run, well_at: datetime | None) -> bool:
    """Whether the host has it: by a stamp of the emergency that left nothing open, or by a measurement since then.

    After a restart that was held back, and after a visit that was cut off, an update that is no longer missing may
    still wait for its restart: then a visit that found nothing to install says too little.
    """
    if well_at is not None and well_at >= order.began_at:
        return True
    in_doubt = False
    for stamp in stamps:
        results = {(action.kind, action.result) for action in stamp.actions}
        restarted = (RESTART, ActionResult.DONE) in results
        none_pending = stamp.checks.get(_RESTART_PENDING) is CheckResult.OK
        if patching.is_well(stamp) and (restarted or none_pending or not in_doubt):
            return True
        begun = any(action.reason == _IN_TURN for action in stamp.actions)
        restart_waits = any(kind == RESTART and result is not ActionResult.DONE for kind, result in results)
        in_doubt = begun or restart_waits or (in_doubt and not restarted)
    return False


def _owing(
    host: str, visits: Sequence[tuple[Run, Sequence[Stamp]]], terms: Terms, now: datetime, *, started: bool
) -> Owing:
    """visits: the runs that were for the host since it was ordered, oldest first, with their stamps of it."""
    latest, _ = visits[-1]
    tried = [(run, row[-1]) for run, row in visits if row]
    if latest.state == "running":
        return Owing(host, Why.UNDER_WAY, Turn.LATER, started=started)
    if not tried:
        # A run that came to its end stamped all that it was to visit.
        if latest.state != "interrupted":
            return Owing(host, Why.LEFT_OUT, Turn.BY_HAND, started=started)
        again = latest.catch_up and now - latest.began_at < PAUSE
        return Owing(host, Why.CUT_OFF, Turn.LATER if again else Turn.NOW, started=started)
    last = tried[-1][1]
    quiet = now - max(last.at, latest.began_at)
    failures = [_why(stamp) in _FAILURES for _, stamp in tried[-MOST_FAILURES:]]
    if last.reason in NEEDS_SOMEBODY or last.reason in _HELD_FOR_SOMEBODY:
        turn = Turn.BY_HAND
    elif _why(last) is Why.RESTART and not terms.may_restart[host]:
        turn = Turn.NOW if quiet >= LOOK_AGAIN else Turn.RESTART
    elif failures == [True] * MOST_FAILURES:
        turn = Turn.BY_HAND
    else:
        waits = latest.catch_up or failures[-1]
        turn = Turn.LATER if waits and quiet < PAUSE else Turn.NOW
    return Owing(host, _why(last), turn, last.reason, last.at, started)


def _why(stamp: Stamp) -> Why:
    if stamp.outcome is Outcome.NOT_REACHED:
        return Why.NOT_REACHED
    open_ends = list(_open_ends(stamp))
    if RESTART in open_ends or patching.is_well(stamp):
        return Why.FAILED if _failed_otherwise(stamp) else Why.RESTART
    if stamp.outcome is Outcome.FAILED:
        return Why.FAILED
    if stamp.outcome is Outcome.HELD:
        return Why.CUT_OFF if stamp.reason == _IN_TURN else Why.HELD
    return Why.NOT_MEASURED


def _open_ends(stamp: Stamp) -> Iterator[str]:
    for action in stamp.actions:
        if action.result in (ActionResult.HELD, ActionResult.FAILED) and action.reason != _IN_TURN:
            yield action.kind


def _failed_otherwise(stamp: Stamp) -> bool:
    return any(action.result is ActionResult.FAILED and action.kind != RESTART for action in stamp.actions)
