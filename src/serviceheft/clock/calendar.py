"""Service time: when it runs, when a reaction is due, how much of it lies between two instants.

Service hours are 09:00 to 17:00 in Europe/Berlin on Monday to Friday, except public holidays and the
contract's own closing days (service catalogue 1.3 and 2.2).

Two edges are decided here. A deadline that falls on the end of a service day is that day 17:00, not the next
service day 09:00. A start at 17:00 sharp begins to count on the next service day; no service time lies
between the two, so both say the same.

Both clock changes of a year happen on a Sunday night. Wall-clock time within a service day therefore *is*
elapsed time, and the arithmetic below needs no zone rules; only elapsed time across days goes through UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

from serviceheft.clock.closures import (
    COUNTED,
    OUTSIDE,
    WEEKEND,
    ClockError,
    Reason,
    check_closed_days,
    check_place,
    closures,
)
from serviceheft.settings import BERLIN

OPENS = time(9)
CLOSES = time(17)
SERVICE_DAY = timedelta(hours=CLOSES.hour - OPENS.hour)

_MICROSECOND = timedelta(microseconds=1)
_OPENS_AT = timedelta(hours=OPENS.hour) // _MICROSECOND
_WHOLE_DAY = SERVICE_DAY // _MICROSECOND
_SATURDAY = 5


class ServiceTime(NamedTuple):
    """Elapsed time, split by service hours; inside + outside is what a stopwatch shows."""

    inside: timedelta
    outside: timedelta


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of [start, end), both in Europe/Berlin, that counts as service time or does not, and why."""

    start: datetime
    end: datetime
    counted: bool
    reason: Reason

    @property
    def duration(self) -> timedelta:
        """Elapsed time, right across a clock change (the difference of the wall clocks is not)."""
        return self.end.astimezone(UTC) - self.start.astimezone(UTC)


class _Year(NamedTuple):
    first: int  # ordinal of 1 January
    before: tuple[int, ...]  # per day of the year, and for the day after it: service days before that day
    opens: tuple[datetime, ...]  # 09:00 of each service day
    service_time: int  # microseconds in the whole year
    closed: dict[date, Reason]


class ServiceCalendar:
    """The service days of one place under one contract.

    bundesland: one of the 16 codes ("BY"); municipality: see `closures.check_place`; closed_days: "MM-DD".
    Years are worked out when first asked for and kept, so hold on to the object. Knows 1991 to 2100.

    Raises ClockError for an unknown place, a closing day that is none, and years it does not know.
    """

    def __init__(
        self, bundesland: str, municipality: str | None = None, closed_days: Iterable[str] = ()
    ) -> None:
        check_place(bundesland, municipality)
        self.bundesland = bundesland
        self.municipality = municipality
        self.closed_days = check_closed_days(closed_days)
        self._years: dict[int, _Year] = {}

    def __repr__(self) -> str:
        return f"ServiceCalendar({self.bundesland!r}, {self.municipality!r}, {self.closed_days!r})"

    def deadline(self, start: datetime, service_hours: float | timedelta) -> datetime:
        """The instant at which `service_hours` (> 0) of service time have passed since `start` (aware).

        Exact to the microsecond; in Europe/Berlin, always later than 09:00 and not later than 17:00 of a
        service day. Raises ClockError.
        """
        year, served = self._served(_berlin(start))
        due = served + _microseconds(service_hours)
        while due > year.service_time:
            due -= year.service_time
            year = self._year(year.opens[-1].year + 1)
        # One microsecond less before the division, one more after it: a full day ends at its own 17:00.
        day, rest = divmod(due - 1, _WHOLE_DAY)
        return year.opens[day] + timedelta(microseconds=rest + 1)

    def explain(self, start: datetime, service_hours: float | timedelta) -> list[Interval]:
        """How `deadline` counted: intervals that cover [start, deadline] without gap or overlap."""
        return self.intervals(start, self.deadline(start, service_hours))

    def intervals(self, start: datetime, end: datetime) -> list[Interval]:
        """[start, end] cut into counted and skipped intervals; neighbours with one reason are one interval.

        A weekend is called a weekend also when a holiday falls on it. Raises ClockError when end < start.
        """
        first, last = _ordered(start, end)
        found: list[Interval] = []
        for number in range(first.toordinal(), last.toordinal() + 1):
            for opens, closes, reason in self._pieces(date.fromordinal(number)):
                # Compared in UTC: within one zone Python compares wall clocks and misses the repeated hour.
                lower, upper = (
                    max(opens.astimezone(UTC), first.astimezone(UTC)),
                    min(closes.astimezone(UTC), last.astimezone(UTC)),
                )
                if lower >= upper:
                    continue
                piece = Interval(
                    lower.astimezone(BERLIN), upper.astimezone(BERLIN), reason is COUNTED, reason
                )
                if found and found[-1].reason == reason:
                    piece = Interval(found.pop().start, piece.end, piece.counted, reason)
                found.append(piece)
        return found

    def service_time_between(self, start: datetime, end: datetime) -> ServiceTime:
        """Elapsed time between two aware instants, inside and outside service hours (for hourly billing).

        Raises ClockError when end < start.
        """
        first, last = _ordered(start, end)
        year, served = self._served(first)
        last_year, last_served = self._served(last)
        inside = last_served - served
        while year is not last_year:
            inside += year.service_time
            year = self._year(year.opens[-1].year + 1)
        within = timedelta(microseconds=inside)
        return ServiceTime(within, last.astimezone(UTC) - first.astimezone(UTC) - within)

    def closure(self, day: date) -> Reason | None:
        """Why `day` is no service day; None when it is one."""
        if day.weekday() >= _SATURDAY:
            return WEEKEND
        return self._year(day.year).closed.get(day)

    def last_close(self, first: date, last: date) -> datetime | None:
        """17:00 of the last service day among the days first to last; None when there is none."""
        for number in range(last.toordinal(), first.toordinal() - 1, -1):
            if self.closure(day := date.fromordinal(number)) is None:
                return datetime.combine(day, CLOSES, BERLIN)
        return None

    def _served(self, local: datetime) -> tuple[_Year, int]:
        """The year's table and the service time, in microseconds, from its beginning to `local`."""
        year = self._year(local.year)
        day = local.toordinal() - year.first
        days = year.before[day]
        if year.before[day + 1] == days:
            return year, days * _WHOLE_DAY
        clock = ((local.hour * 60 + local.minute) * 60 + local.second) * 1_000_000 + local.microsecond
        if clock <= _OPENS_AT:
            return year, days * _WHOLE_DAY
        return year, days * _WHOLE_DAY + min(clock - _OPENS_AT, _WHOLE_DAY)

    def _pieces(self, day: date) -> list[tuple[datetime, datetime, Reason]]:
        midnight, next_midnight = (
            datetime.combine(d, time(), BERLIN) for d in (day, day + timedelta(days=1))
        )
        if reason := self.closure(day):
            return [(midnight, next_midnight, reason)]
        opens, closes = datetime.combine(day, OPENS, BERLIN), datetime.combine(day, CLOSES, BERLIN)
        return [(midnight, opens, OUTSIDE), (opens, closes, COUNTED), (closes, next_midnight, OUTSIDE)]

    def _year(self, number: int) -> _Year:
        known = self._years.get(number)
        if known is None:
            known = self._years[number] = self._build(number)
        return known

    def _build(self, number: int) -> _Year:
        closed = closures(self.bundesland, self.municipality, self.closed_days, number)
        first, end = date(number, 1, 1).toordinal(), date(number + 1, 1, 1).toordinal()
        before, opens = [0], []
        for day in map(date.fromordinal, range(first, end)):
            if day.weekday() < _SATURDAY and day not in closed:
                opens.append(datetime.combine(day, OPENS, BERLIN))
            before.append(len(opens))
        if not opens:
            raise ClockError(f"The closing days leave no service day in {number}.")
        return _Year(first, tuple(before), tuple(opens), len(opens) * _WHOLE_DAY, closed)


def _berlin(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ClockError(f"{instant.isoformat()} has no time zone, so it is no instant.")
    return instant.astimezone(BERLIN)


def _ordered(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    first, last = _berlin(start), _berlin(end)
    if last.astimezone(UTC) < first.astimezone(UTC):
        raise ClockError(f"The end {last.isoformat()} lies before the start {first.isoformat()}.")
    return first, last


@lru_cache(maxsize=64)  # a handful of reaction times, each asked for again and again
def _microseconds(service_hours: float | timedelta) -> int:
    try:
        span = service_hours if isinstance(service_hours, timedelta) else timedelta(hours=service_hours)
    except (ValueError, OverflowError):
        span = timedelta()
    if span <= timedelta():
        raise ClockError(f"A reaction time of {service_hours} is none; it is more than 0 hours and finite.")
    return span // _MICROSECOND


# One calendar per place and closing days for the life of the process: its years are worked out once.
@lru_cache(maxsize=256)
def calendar_at(bundesland: str, municipality: str | None, closed_days: tuple[str, ...]) -> ServiceCalendar:
    """The service days of a place, and the days on which it is closed besides."""
    return ServiceCalendar(bundesland, municipality, closed_days)
