"""The account of what is owed: what became of every clause on every device in every period, and its sums.

Pages, the record, `heft owed`, `heft status`, a run's summary and JSON print what this file says and count nothing
themselves. Pure functions; what is owed in the first place comes as `Duty` from serviceheft.duties. The rules are those
of docs/decisions/0008-the-last-word-on-a-service.md and 0010-the-agreement-belongs-into-the-book.md.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from serviceheft.assess.judgement import Alone
from serviceheft.assess.reasons import REASONS
from serviceheft.clock import days_of
from serviceheft.i18n import N_

#: Service, host (None: the customer as a whole) and period: what is owed once.
type Key = tuple[str, str | None, str]


class StampLike(Protocol):
    """What is read of a stamp in the book, or of the latest stamp of a period, which stands for all of it.

    first_at: when the first of those that it stands for was made. word: the outcome of the newest of them that has a
    say (done, finding, held, failed), with its time and reason; None when none has.
    """

    @property
    def service(self) -> str: ...
    @property
    def host(self) -> str | None: ...
    @property
    def period(self) -> str | None: ...
    @property
    def outcome(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def first_at(self) -> datetime: ...
    @property
    def word(self) -> str | None: ...
    @property
    def word_at(self) -> datetime | None: ...
    @property
    def word_reason(self) -> str | None: ...
    @property
    def dry_run(self) -> bool: ...


class WriteOffLike(Protocol):
    """An entry of the book that closes a line which nobody will carry out any more."""

    @property
    def service(self) -> str: ...
    @property
    def host(self) -> str | None: ...
    @property
    def period(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def who(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def consent(self) -> str | None: ...


class State(StrEnum):
    """What became of an owed service, the best first; the values are msgids."""

    DONE = N_("done")
    WAITS = N_("waits as agreed")
    NOT_BEGUN = N_("not begun")
    OPEN = N_("open")
    NOT_REACHED = N_("not reached")
    OVERDUE = N_("overdue")
    WRITTEN_OFF = N_("written off")

    @property
    def settled(self) -> bool:
        """Whether nobody has to do anything for it any more."""
        return self in (State.DONE, State.WRITTEN_OFF)

    @property
    def owed(self) -> bool:
        """Whether it counts: what has not begun can be done, and is missed by nobody."""
        return self is not State.NOT_BEGUN


@dataclass(frozen=True, slots=True)
class Duty:
    """One service owed in one period to some hosts, or (None) to the customer as a whole.

    due: 17:00 of the last service day of the period that the contract covers, in Europe/Berlin. current: the period
    runs now, and the service is in scope on these hosts now. automatic: a role carries it out. measured: the hosts on
    which that role measures. since: when it came into scope there; what was stamped before says nothing. begun: it is
    owed; else it was in scope for too short a part of the period, which is not missed.
    """

    service: str
    title: str
    clause: str
    kind: str
    automatic: bool
    period: str
    current: bool
    due: datetime
    hosts: Sequence[str | None]
    measured: frozenset[str | None]
    since: datetime
    begun: bool = True


@dataclass(frozen=True, slots=True)
class Owed:
    """One line of the account: a service owed in one period to one host, or (None) to the customer as a whole.

    current: the period runs now; all others are earlier ones. automatic: a role carries it out; measured: and it
    measures something on this host. tried: what the period's stamps come to, dry runs and what was made before `since`
    left out. since, begun: as in Duty. written_off: by whom and why, in the state of that name.
    """

    service: str
    title: str
    clause: str
    host: str | None
    period: str
    current: bool
    due: datetime
    state: State
    kind: str
    automatic: bool
    measured: bool
    tried: "Tried | None"
    since: datetime | None = None
    begun: bool = True
    written_off: WriteOffLike | None = None

    @property
    def last(self) -> StampLike | None:
        """The newest stamp in the period."""
        return self.tried.last if self.tried else None

    @property
    def key(self) -> Key:
        return self.service, self.host, self.period

    @property
    def with_findings(self) -> bool:
        """Whether it was carried out, and the measurement that says so found something: done, and not green."""
        word = self.tried.word if self.tried else None
        return self.state is State.DONE and word is not None and word.word == "finding"


@dataclass(frozen=True, slots=True)
class Tried:
    """What the stamps of one period come to: the newest, and the newest that has a say."""

    last: StampLike
    word: StampLike | None

    def after(self, since: datetime | None) -> "Tried | None":
        """Without what was made before that time; None when nothing is left."""
        if since is None or self.last.at < since:
            return self if since is None else None
        known = self.word is not None and self.word.word_at is not None and self.word.word_at >= since
        return self if known or self.word is None else Tried(self.last, None)


@dataclass(frozen=True, slots=True)
class Attempt(Alone):
    """A stamp as far as an account needs it, before or without a book."""

    service: str
    host: str | None
    period: str | None
    outcome: str
    at: datetime
    dry_run: bool = False
    reason: str | None = None


def tried(stamps: Iterable[StampLike], before: Mapping[Key, Tried] | None = None) -> dict[Key, Tried]:
    """By service, host and period, on top of `before`; dry runs and what has no period are left out."""
    found: dict[Key, Tried] = dict(before or {})
    for stamp in stamps:
        if stamp.dry_run or stamp.period is None:
            continue
        key = (stamp.service, stamp.host, stamp.period)
        # Of two at the same moment the one written later counts: stamps come in the order in which they were made.
        old = found.get(key)
        last = stamp if old is None or stamp.at >= old.last.at else old.last
        word = old.word if old else None
        if stamp.word_at is not None and (
            word is None or word.word_at is None or stamp.word_at >= word.word_at
        ):
            word = stamp
        found[key] = Tried(last, word)
    return found


def state_of(
    known: Tried | None,
    due: datetime | None,
    now: datetime,
    *,
    written_off: bool = False,
    begun: bool = True,
    made_up_at: datetime | None = None,
) -> State:
    """What became of one service on one host in one period. due: None for what was ordered and has no date.

    made_up_at: when it was last done for a later period. That carries out what had been put off as agreed.
    """
    word = known.word if known else None
    if word is not None and word.word in ("done", "finding"):
        return State.DONE
    if written_off:
        return State.WRITTEN_OFF
    if word is not None and word.word == "held" and _agreed(word.word_reason):
        made_up = made_up_at is not None and word.word_at is not None and made_up_at > word.word_at
        return State.DONE if made_up else State.WAITS
    if not begun:
        return State.NOT_BEGUN
    if due is not None and now > due:
        return State.OVERDUE
    return State.NOT_REACHED if known and known.last.outcome == "not reached" else State.OPEN


def _agreed(reason: str | None) -> bool:
    return reason is not None and reason in REASONS and REASONS[reason].agreed


def account(
    duties: Iterable[Duty],
    stamps: Iterable[StampLike],
    write_offs: Iterable[WriteOffLike],
    now: datetime,
    done_since: date | None = None,
) -> list[Owed]:
    """Every duty host by host, with what became of it, in the order of the duties.

    Of earlier periods what is done is left out, unless they end on `done_since` or later.
    """
    known = tried(stamps)
    done = _last_done(known)
    closed: dict[Key, WriteOffLike] = {}
    for one in write_offs:
        closed.setdefault((one.service, one.host, one.period), one)
    found = []
    for duty in duties:
        ends = days_of(duty.period)[1]
        keeps_done = duty.current or (done_since is not None and ends >= done_since)
        for host in duty.hosts:
            key = (duty.service, host, duty.period)
            attempts, state, write_off = _became(
                duty, ends, known.get(key), closed.get(key), now, done.get((duty.service, host))
            )
            if state is State.DONE and not keeps_done:
                continue
            found.append(
                Owed(
                    service=duty.service,
                    title=duty.title,
                    clause=duty.clause,
                    host=host,
                    period=duty.period,
                    current=duty.current,
                    due=duty.due,
                    state=state,
                    kind=duty.kind,
                    automatic=duty.automatic,
                    measured=host in duty.measured,
                    tried=attempts,
                    since=duty.since,
                    begun=duty.begun,
                    written_off=write_off,
                )
            )
    return found


def carried_on(lines: Iterable[Owed], stamps: Iterable[StampLike], now: datetime) -> list[Owed]:
    """The same lines after more stamps."""
    every = list(lines)
    known = tried(stamps, {line.key: line.tried for line in every if line.tried})
    done = _last_done(known)
    found = []
    for line in every:
        last = done.get((line.service, line.host))
        attempts, state, write_off = _became(
            line, days_of(line.period)[1], known.get(line.key), line.written_off, now, last
        )
        found.append(replace(line, tried=attempts, state=state, written_off=write_off))
    return found


def _became(
    line: Duty | Owed,
    ends: date,
    attempts: Tried | None,
    write_off: WriteOffLike | None,
    now: datetime,
    done: tuple[date, datetime] | None,
) -> tuple[Tried | None, State, WriteOffLike | None]:
    """What counts of the attempts, what that comes to, and who wrote it off, if that is what became of it.

    ends: the last day of its period. done: as _last_done() has it.
    """
    attempts = attempts.after(line.since) if attempts else None
    state = state_of(
        attempts,
        line.due,
        now,
        written_off=write_off is not None,
        begun=line.begun,
        # Only what was done for a later period makes up for an earlier one.
        made_up_at=done[1] if done and done[0] > ends else None,
    )
    return attempts, state, write_off if state is State.WRITTEN_OFF else None


def _last_done(known: Mapping[Key, Tried]) -> dict[tuple[str, str | None], tuple[date, datetime]]:
    """The last day of the latest period for which a service was carried out on a host, and when that was."""
    found: dict[tuple[str, str | None], tuple[date, datetime]] = {}
    ends: dict[str, date] = {}
    for (service, host, period), attempts in known.items():
        word = attempts.word
        if word is not None and word.word_at is not None and word.word in ("done", "finding"):
            if period not in ends:
                ends[period] = days_of(period)[1]
            last = ends[period], word.word_at
            before = found.get((service, host))
            if before is None or last > before:
                found[service, host] = last
    return found


@dataclass(frozen=True, slots=True)
class Sums:
    """How many lines are in which state; together they are what is owed, but for what has not begun."""

    counts: Mapping[State, int]

    def of(self, state: State) -> int:
        return self.counts.get(state, 0)

    @property
    def owed(self) -> int:
        return sum(number for state, number in self.counts.items() if state.owed)

    @property
    def left(self) -> int:
        """What somebody still has to do something for."""
        return sum(number for state, number in self.counts.items() if state.owed and not state.settled)

    def as_data(self) -> dict[str, int]:
        """All states by their names in JSON, and "owed", the sum of all but "not_begun"."""
        return {"owed": self.owed, **{state.name.lower(): self.of(state) for state in State}}


def add_up(lines: Iterable[Owed]) -> Sums:
    """The one sum: a device counts once for a clause and a period."""
    return Sums(Counter({line.key: line.state for line in lines}.values()))


def add_up_by[K: Hashable](lines: Iterable[Owed], key: Callable[[Owed], K]) -> dict[K, Sums]:
    """The sums of parts of the lines, in the order in which the parts first occur."""
    parts: dict[K, list[Owed]] = {}
    for line in lines:
        parts.setdefault(key(line), []).append(line)
    return {name: add_up(part) for name, part in parts.items()}


@dataclass(frozen=True, slots=True)
class Balance:
    """The sums of the periods that run now, and of what earlier ones left behind: nothing of that is done."""

    current: Sums
    earlier: Sums


def balance(lines: Iterable[Owed]) -> Balance:
    every = list(lines)
    return Balance(
        add_up(line for line in every if line.current),
        add_up(line for line in every if not line.current and line.state is not State.DONE),
    )


@dataclass(frozen=True, slots=True)
class Debt:
    """What earlier periods left behind of one service, for the hosts that have the same periods in the same state.

    spans: first and last period of each unbroken row.
    """

    service: str
    title: str
    state: State
    periods: tuple[str, ...]
    hosts: tuple[str | None, ...]
    written_off: WriteOffLike | None

    @property
    def lines(self) -> int:
        return len(self.periods) * len(self.hosts)

    @property
    def spans(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for period in self.periods:
            if found and (days_of(period)[0] - days_of(found[-1][1])[1]).days == 1:
                found[-1] = (found[-1][0], period)
            else:
                found.append((period, period))
        return found


def debts(lines: Iterable[Owed]) -> list[Debt]:
    """What earlier periods left behind, grouped so that a year of it can be read; by service as the lines come."""
    return open_together(line for line in lines if not line.current and line.state is not State.DONE)


def open_together(lines: Iterable[Owed]) -> list[Debt]:
    """Lines of whatever period, a group for the hosts that have the same periods in the same state."""
    by_host: dict[tuple[str, str, State, str], dict[str | None, list[Owed]]] = {}
    for line in lines:
        off = line.written_off
        why = f"{off.who}\n{off.reason}\n{off.consent}" if off else ""
        by_host.setdefault((line.service, line.title, line.state, why), {}).setdefault(line.host, []).append(
            line
        )
    found = []
    for (service, title, state, _), hosts in by_host.items():
        alike: dict[tuple[str, ...], list[str | None]] = {}
        first: dict[tuple[str, ...], Owed] = {}
        for host, rows in hosts.items():
            periods = tuple(sorted((row.period for row in rows), key=days_of))
            alike.setdefault(periods, []).append(host)
            first.setdefault(periods, rows[0])
        found += [
            Debt(service, title, state, periods, tuple(names), first[periods].written_off)
            for periods, names in alike.items()
        ]
    return found


def in_words(sums: Sums) -> str:
    """For the screen: "105 owed: 98 done, 7 open"; states that do not occur are left out."""
    parts = [f"{sums.of(state)} {state.value}" for state in State if state.owed and sums.of(state)]
    said = f"{sums.owed} owed: {', '.join(parts)}" if parts else "nothing owed"
    beside = sums.of(State.NOT_BEGUN)
    return f"{said}; {beside} not begun" if beside else said
