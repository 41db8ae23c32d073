"""Periods in which a recurring service is owed once: "2026-W47" (ISO week), "2026-11", "2026-Q4", "2026"."""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache

from serviceheft.clock.closures import ClockError
from serviceheft.settings import BERLIN

#: Cadences that come round; "continuous" and "on_demand" have no periods.
RECURRING = ("weekly", "monthly", "quarterly", "yearly")
UNTIMED = ("continuous", "on_demand")

_PERIOD = re.compile(r"(?P<year>\d{4})(-W(?P<week>\d\d)|-(?P<month>\d\d)|-Q(?P<quarter>[1-4]))?", re.ASCII)


def period_of(cadence: str, when: date | datetime) -> str | None:
    """The period that holds `when` (an instant by its date in Berlin); None for untimed cadences.

    Raises ClockError for an unknown cadence and for an instant without a time zone.
    """
    day = _day(when)
    match cadence:
        case "weekly":
            year, week, _ = day.isocalendar()  # the ISO year: 2027-01-01 lies in 2026-W53
            return f"{year:04}-W{week:02}"
        case "monthly":
            return f"{day:%Y-%m}"
        case "quarterly":
            return f"{day.year:04}-Q{(day.month + 2) // 3}"
        case "yearly":
            return f"{day.year:04}"
        case _ if cadence in UNTIMED:
            return None
    raise ClockError(f"cadence {cadence!r} is none of {', '.join((*UNTIMED, *RECURRING))}.")


@lru_cache(maxsize=4096)  # a few hundred periods, each asked for with every line
def days_of(period: str) -> tuple[date, date]:
    """First and last day of a period. Raises ClockError for a text that is no period."""
    found = _PERIOD.fullmatch(period)
    try:
        if not found:
            raise ValueError
        year = int(found["year"])
        if found["week"]:
            monday = date.fromisocalendar(year, int(found["week"]), 1)
            return monday, monday + timedelta(days=6)
        if found["month"]:
            months = (int(found["month"]), int(found["month"]))
        elif found["quarter"]:
            months = (int(found["quarter"]) * 3 - 2, int(found["quarter"]) * 3)
        else:
            months = (1, 12)
        return date(year, months[0], 1), _month_end(year, months[1])
    except ValueError:
        raise ClockError(
            f"{period!r} is no period. Write for example 2026-W47, 2026-11, 2026-Q4 or 2026."
        ) from None


def previous(cadence: str, period: str) -> str:
    """The period right before `period` of a recurring cadence."""
    found = period_of(cadence, days_of(period)[0] - timedelta(days=1))
    if found is None:
        raise ClockError(f"A {cadence} service has no periods.")
    return found


def _month_end(year: int, month: int) -> date:
    after = date(year, month, 28) + timedelta(days=4)
    return after - timedelta(days=after.day)


def _day(when: date | datetime) -> date:
    if not isinstance(when, datetime):
        return when
    if when.tzinfo is None:
        raise ClockError(f"{when.isoformat()} has no time zone, so it is no instant.")
    return when.astimezone(BERLIN).date()
