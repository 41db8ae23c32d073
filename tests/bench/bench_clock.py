"""Deadlines per second, beside the same deadlines found by counting minute by minute.

Run: python tests/bench/bench_clock.py
"""

import random
import sys
from datetime import UTC, datetime, timedelta
from time import perf_counter

from serviceheft.clock import ServiceCalendar
from serviceheft.settings import BERLIN

DEADLINES = 200_000
COUNTED_BY_MINUTE = 20
TIERS = (12, 10, 6)


def by_minute(calendar: ServiceCalendar, start: datetime, hours: int) -> datetime:
    """What one writes first: step through the minutes and count those that are service time."""
    instant, left = start.astimezone(UTC), hours * 60
    while left:
        local = instant.astimezone(BERLIN)
        if 9 <= local.hour < 17 and calendar.closure(local.date()) is None:
            left -= 1
        instant += timedelta(minutes=1)
    return instant.astimezone(BERLIN)


def main() -> None:
    draw = random.Random(2026)  # the same instants at each run
    calendar = ServiceCalendar("BY", "catholic", ("12-24", "12-31"))
    first = datetime(2026, 1, 1, tzinfo=UTC)
    asked = [
        (first + timedelta(minutes=draw.randrange(3 * 365 * 24 * 60)), draw.choice(TIERS))
        for _ in range(DEADLINES)
    ]

    began = perf_counter()
    calendar.deadline(*asked[0])  # imports the holiday library, once in a process
    warm = perf_counter() - began

    began = perf_counter()
    answers = [calendar.deadline(start, hours) for start, hours in asked]
    fast = DEADLINES / (perf_counter() - began)

    began = perf_counter()
    counted = [by_minute(calendar, start, hours) for start, hours in asked[:COUNTED_BY_MINUTE]]
    slow = COUNTED_BY_MINUTE / (perf_counter() - began)

    if answers[:COUNTED_BY_MINUTE] != counted:
        sys.exit("The two ways disagree: the figures mean nothing.")
    sys.stdout.write(
        f"clock: {fast:,.0f} deadlines a second, minute by minute {slow:,.0f} a second, "
        f"ratio {fast / slow:,.0f}; the first deadline of a process takes {warm:.2f} s\n"
    )


if __name__ == "__main__":
    main()
