"""Service hours, holidays, deadlines, and how they were counted. Plain values in and out, no I/O."""

from serviceheft.clock.calendar import (
    CLOSES,
    OPENS,
    SERVICE_DAY,
    Interval,
    ServiceCalendar,
    ServiceTime,
    calendar_at,
)
from serviceheft.clock.closures import BUNDESLAENDER, ClockError, Reason, check_closed_days, check_place
from serviceheft.clock.instants import parse_instant
from serviceheft.clock.periods import RECURRING, days_of, period_of, previous
from serviceheft.clock.rows import Row, rows

__all__ = [
    "BUNDESLAENDER",
    "CLOSES",
    "OPENS",
    "RECURRING",
    "SERVICE_DAY",
    "ClockError",
    "Interval",
    "Reason",
    "Row",
    "ServiceCalendar",
    "ServiceTime",
    "calendar_at",
    "check_closed_days",
    "check_place",
    "days_of",
    "parse_instant",
    "period_of",
    "previous",
    "rows",
]
