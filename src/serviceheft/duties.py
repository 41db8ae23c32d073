"""What a contract owes, period by period, by the agreement that was in force: never by that of a later day.

A change holds from its own moment on. A period that was over when a change was recorded is not touched by it. In a
period that a change falls into, the agreement in force when the period is due decides; what was in force for too short
a part of it is not owed yet. Pure functions; the rules are those of
docs/decisions/0010-the-agreement-belongs-into-the-book.md.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache

from serviceheft.accounts import Duty
from serviceheft.agreement import Agreed, Terms
from serviceheft.clock import CLOSES, OPENS, RECURRING, calendar_at, days_of, period_of
from serviceheft.settings import BERLIN

type Pair = tuple[str, str | None]

_DAY = timedelta(days=1)


def duties(history: Sequence[Agreed], now: datetime, after: date | None = None) -> list[Duty]:
    """What was and is owed up to the periods of `now` (aware), by service and then by period.

    history: as it was recorded, at least one. Of what has ended on `after` or before nothing is told.
    """
    return _Book(history, now).duties(after)


def periods_since(kept_since: datetime, now: datetime, after: date | None) -> set[str]:
    """Every period that ends after a day (None: that a book has been kept for), whatever it owes."""
    first = kept_since.astimezone(BERLIN).date() if after is None else after + _DAY
    today = now.astimezone(BERLIN).date()
    return {period for cadence in RECURRING for period in _periods(cadence, first, today)}


def in_order(found: Iterable[Duty]) -> list[Duty]:
    """By service as the catalogue has them, and then by period."""
    return sorted(found, key=lambda duty: (_order(duty.service), days_of(duty.period)))


def in_scope(history: Sequence[Agreed], now: datetime) -> dict[Pair, datetime]:
    """Every contained service and host (None: the customer as a whole), and since when without a break.

    Nothing once the contract is over; during a pause and before its first day what will be looked after.
    """
    known = _Book(history, now)
    version = known.in_force(now, len(known.versions))
    end = known.versions[version].terms.end
    return {} if end is not None and known.today > end else known.entered(version)


class _Book:
    """A history with what is worked out of it once."""

    def __init__(self, history: Sequence[Agreed], now: datetime) -> None:
        self.versions = list(history)
        self.now, self.today = now, now.astimezone(BERLIN).date()
        self._entered: list[dict[Pair, datetime]] = []

    def duties(self, after: date | None) -> list[Duty]:
        first = self.versions[0].kept_since.astimezone(BERLIN).date()
        since = first if after is None else max(first, after + _DAY)
        cadences = {it.cadence for version in self.versions for it in version.terms.services.values()}
        found = [
            duty
            for cadence in RECURRING
            if cadence in cadences
            for period in _periods(cadence, since, self.today)
            for duty in _Period(self, cadence, period).duties()
            if after is None or days_of(period)[1] > after
        ]
        return in_order(found)

    def in_force(self, moment: datetime, before: int) -> int:
        """Which version holds at a moment, of those before this one."""
        return next((n for n in range(before - 1, 0, -1) if self.versions[n].since <= moment), 0)

    def entered(self, version: int) -> dict[Pair, datetime]:
        """What this version has in scope, and since when without a break."""
        while len(self._entered) <= version:
            known = self.versions[len(self._entered)]
            begin = _midnight(known.terms.start)
            before = self._entered[-1] if self._entered else {}
            since = known.since if self._entered else begin
            self._entered.append(
                {
                    (service, host): max(begin, before.get((service, host), since))
                    for service in known.terms.services
                    for host in known.terms.scope(service)
                }
            )
        return self._entered[version]


@dataclass(frozen=True)
class _Governing:
    version: int
    due: datetime


class _Period:
    """One period of one cadence, by the versions that were recorded before it was over."""

    def __init__(self, book: _Book, cadence: str, period: str) -> None:
        self.book, self.cadence, self.period = book, cadence, period
        self.first, self.last = days_of(period)
        self.opens, self.closes = _midnight(self.first), _midnight(self.last + _DAY)
        self.runs = self.first <= book.today <= self.last
        known = book.versions
        self.recorded = next(
            (n for n, version in enumerate(known) if n and version.at >= self.closes), len(known)
        )

    def duties(self) -> Iterator[Duty]:
        owed = self._owed()
        present = self._present() if self.runs else {}
        governing = self._governing
        version = governing.version if governing else 0
        for pairs, number, begun in ((owed, version, True), (present, self._now, False)):
            left = {pair: since for pair, since in pairs.items() if begun or pair not in owed}
            terms = self.book.versions[number].terms
            for service in terms.services:
                parts: dict[tuple[datetime, bool], list[str | None]] = {}
                for host in terms.scope(service) if terms.services[service].cadence == self.cadence else ():
                    if (pair := (service, host)) in left:
                        parts.setdefault((left[pair], pair in present), []).append(host)
                for (since, current), hosts in parts.items():
                    due = governing.due if governing and begun else self._closing(terms)
                    yield self._duty(terms, service, hosts, since, due, current=current, begun=begun)

    def _duty(
        self,
        terms: Terms,
        service: str,
        hosts: Sequence[str | None],
        since: datetime,
        due: datetime,
        *,
        current: bool,
        begun: bool,
    ) -> Duty:
        known = terms.services[service]
        return Duty(
            service=service,
            title=terms.title(service),
            clause=terms.clause(service),
            kind=known.kind,
            automatic=known.automatic,
            period=self.period,
            current=current,
            due=due,
            hosts=tuple(hosts),
            measured=frozenset(host for host in hosts if terms.measures(service, host)),
            since=since,
            begun=begun,
        )

    def _owed(self) -> dict[Pair, datetime]:
        """What is owed, and since when it has been in scope.

        What is recorded after the service hours of the last day have begun can end a duty, and brings no new one:
        nobody would have a day for it.
        """
        governing = self._governing
        if governing is None or governing.due < self.book.versions[0].kept_since:
            return {}
        owed = self._owed_by(governing.version)
        begins = datetime.combine(governing.due.date(), OPENS, BERLIN)
        known = governing.version
        while known and max(self.book.versions[known].at, self.book.versions[known].since) > begins:
            known -= 1
        if known == governing.version:
            return owed
        since_then = [self._owed_by(known), *map(self.book.entered, range(known + 1, governing.version))]
        return {pair: since for pair, since in owed.items() if all(pair in it for it in since_then)}

    def _owed_by(self, number: int) -> dict[Pair, datetime]:
        """What one version makes of the period."""
        version, due = self.book.versions[number], self._due(self.book.versions[number].terms)
        if due is None or version.terms.start > self.book.today or (number and due < version.at):
            return {}  # an end that was told after it: nobody could know
        days = _service_days(version.terms.place, self.first, self.last)
        covered = [day for day in days if version.terms.covers(day)]
        inside = self._inside(number)
        return {
            pair: since
            for pair, since in self.book.entered(number).items()
            if version.terms.services[pair[0]].cadence == self.cadence
            and _enough(
                version.terms.part_periods,
                sum(inside(pair, day) for day in covered) if self._changes else len(covered),
                len(days),
            )
        }

    @cached_property
    def _changes(self) -> list[int]:
        """The versions that begin to hold within the period."""
        return [n for n in range(1, self.recorded) if self.opens < self.book.versions[n].since < self.closes]

    def _inside(self, governing: int) -> Callable[[Pair, date], bool]:
        """Whether a service was in scope on a host, in this cadence, when the service hours of a day began."""
        in_force: dict[date, int] = {}

        def inside(pair: Pair, day: date) -> bool:
            if day not in in_force:
                in_force[day] = self.book.in_force(datetime.combine(day, OPENS, BERLIN), governing + 1)
            terms = self.book.versions[in_force[day]].terms
            service = terms.services.get(pair[0])
            return (
                service is not None
                and service.cadence == self.cadence
                and pair in self.book.entered(in_force[day])
            )

        return inside

    @cached_property
    def _now(self) -> int:
        return self.book.in_force(self.book.now, len(self.book.versions))

    def _present(self) -> dict[Pair, datetime]:
        """What is in scope now, in a period that runs now."""
        terms = self.book.versions[self._now].terms
        if not terms.start <= self.book.today or (terms.end is not None and self.book.today > terms.end):
            return {}
        return {
            pair: since
            for pair, since in self.book.entered(self._now).items()
            if terms.services[pair[0]].cadence == self.cadence
        }

    @cached_property
    def _governing(self) -> _Governing | None:
        """The version in force when the period is due, and that moment; None where no version has any."""
        number = self.book.in_force(self.opens, self.recorded)
        due = self._due(self.book.versions[number].terms)
        for later in range(number + 1, self.recorded):
            version = self.book.versions[later]
            if due is not None and due < max(version.at, version.since):
                break
            number, due = later, self._due(version.terms)
        return None if due is None else _Governing(number, due)

    def _due(self, terms: Terms) -> datetime | None:
        """17:00 of the last service day of the period that the contract covers."""
        for day in reversed(_service_days(terms.place, self.first, self.last)):
            if terms.covers(day):
                return datetime.combine(day, CLOSES, BERLIN)
        return None

    def _closing(self, terms: Terms) -> datetime:
        """By when something is to be done that is not owed yet: the period's last service day, else its end."""
        return self._due(terms) or self.closes


def _enough(part_periods: str, covered: int, days: int) -> bool:
    """Whether so many of a period's service days make it owed."""
    match part_periods:
        case "whole":
            return covered == days
        case "started":
            return covered > 0
        case _:
            return covered * 2 >= days


def _periods(cadence: str, since: date, today: date) -> Iterator[str]:
    """Every period from that of `since` to that of `today`."""
    period = period_of(cadence, min(since, today))
    while period is not None and days_of(period)[0] <= today:
        yield period
        period = period_of(cadence, days_of(period)[1] + _DAY)


@lru_cache(maxsize=2048)  # asked for again with every version of an agreement
def _service_days(
    place: tuple[str, str | None, tuple[str, ...]], first: date, last: date
) -> tuple[date, ...]:
    calendar = calendar_at(*place)
    days = map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
    return tuple(day for day in days if calendar.closure(day) is None)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BERLIN)


def _order(number: str) -> list[int]:
    return [int(part) for part in number.split(".")]
