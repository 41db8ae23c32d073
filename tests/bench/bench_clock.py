"""Deadlines per second, beside the same deadlines found by counting minute by minute."""

import random
from datetime import UTC, datetime, timedelta

from serviceheft.clock import ServiceCalendar
from serviceheft.settings import BERLIN
from tests.bench.harness import BenchFailed, timed
from tests.bench.report import note, table, title

DEADLINES, QUICK_DEADLINES = 200_000, 20_000
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


def run(*, quick: bool) -> None:
    """Print the rates."""
    count = QUICK_DEADLINES if quick else DEADLINES
    title(f"clock: {count:,} reaction deadlines, from three years at random")
    draw = random.Random(2026)  # the same instants at each run
    calendar = ServiceCalendar("BY", "catholic", ("12-24", "12-31"))
    first = datetime(2026, 1, 1, tzinfo=UTC)
    asked = [
        (first + timedelta(minutes=draw.randrange(3 * 365 * 24 * 60)), draw.choice(TIERS))
        for _ in range(count)
    ]
    few = asked[:COUNTED_BY_MINUTE]
    warm, _ = timed(lambda: calendar.deadline(*asked[0]))  # imports the holiday library, once in a process
    quickly, answers = timed(lambda: [calendar.deadline(start, hours) for start, hours in asked])
    slowly, counted = timed(lambda: [by_minute(calendar, start, hours) for start, hours in few])
    if answers[:COUNTED_BY_MINUTE] != counted:
        raise BenchFailed("The two ways of finding a deadline disagree: the figures mean nothing.")
    fast, slow = count / quickly.wall, COUNTED_BY_MINUTE / slowly.wall
    table(
        ["", "deadlines per second"],
        [
            ["calendar", f"{fast:,.0f}"],
            ["minute by minute", f"{slow:,.0f}"],
            ["ratio", f"{fast / slow:,.0f}"],
        ],
    )
    note(f"The first deadline of a process takes {warm.wall:.2f} s.")
