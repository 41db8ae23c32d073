"""Service hours, holidays, deadlines, and how they were counted. Plain values in and out, no I/O."""

from serviceheft.clock.calendar import CLOSES, OPENS, Interval, ServiceCalendar, ServiceTime
from serviceheft.clock.closures import BUNDESLAENDER, ClockError, Reason, check_closed_days, check_place
from serviceheft.clock.instants import parse_instant
from serviceheft.clock.periods import RECURRING, days_of, period_of, previous
from serviceheft.clock.rows import Row, rows

__all__ = [
    "BUNDESLAENDER",
    "CLOSES",
    "OPENS",
    "RECURRING",
    "ClockError",
    "Interval",
    "Reason",
    "Row",
    "ServiceCalendar",
    "ServiceTime",
    "check_closed_days",
    "check_place",
    "days_of",
    "parse_instant",
    "period_of",
    "previous",
    "rows",
]
