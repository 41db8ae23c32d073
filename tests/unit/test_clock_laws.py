"""What must hold for every deadline, whatever the place, the instant and the hours."""

from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from serviceheft.clock import BUNDESLAENDER, ServiceCalendar
from serviceheft.settings import BERLIN

TOWNS = {"BY": ("Augsburg", "catholic"), "SN": ("catholic",), "TH": ("catholic",)}
PLACES = [(land, town) for land in BUNDESLAENDER for town in (None, *TOWNS.get(land, ()))]
CLOSED = [(), ("12-24", "12-31"), ("02-29",), tuple(f"12-{day}" for day in range(21, 32))]


@cache
def _kept(place: tuple[str, str | None], closed: tuple[str, ...]) -> ServiceCalendar:
    return ServiceCalendar(*place, closed)


calendars = st.builds(_kept, st.sampled_from(PLACES), st.sampled_from(CLOSED))
# Whole minutes find the edges of a service day; clock changes and turns of the year are drawn on purpose.
anywhere = st.datetimes(datetime(2023, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
edges = st.builds(
    lambda day, clock, fold: (
        datetime.combine(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day), clock, BERLIN)
        .replace(fold=fold)
        .astimezone(UTC)
    ),
    st.one_of(st.integers(0, 1500), st.sampled_from([86, 87, 88, 296, 297, 298, 357, 364, 365])),
    st.sampled_from(
        [time(0), time(2, 30), time(8, 59, 59, 999999), time(9), time(13), time(17), time(17, 0, 1)]
    ),
    st.integers(0, 1),
)
starts = st.one_of(anywhere, edges)
spans = st.one_of(
    st.integers(1, 40).map(lambda hours: timedelta(hours=hours)),
    st.timedeltas(timedelta(microseconds=1), timedelta(days=20)),
)
laws = settings(max_examples=150)


@laws
@given(calendars, starts, spans)
def test_falls_inside_service_hours_of_a_service_day(
    calendar: ServiceCalendar, start: datetime, span: timedelta
) -> None:
    due = calendar.deadline(start, span)
    assert time(9) < due.time() <= time(17)
    assert due.weekday() < 5
    assert calendar.closure(due.date()) is None
    assert due > start


@laws
@given(calendars, starts, starts, spans)
def test_never_earlier_for_a_later_start(
    calendar: ServiceCalendar, one: datetime, other: datetime, span: timedelta
) -> None:
    first, second = sorted((one, other))
    assert calendar.deadline(first, span) <= calendar.deadline(second, span)


@laws
@given(calendars, starts, spans, spans)
def test_strictly_later_for_more_hours(
    calendar: ServiceCalendar, start: datetime, span: timedelta, more: timedelta
) -> None:
    assert calendar.deadline(start, span) < calendar.deadline(start, span + more)


@laws
@given(calendars, starts, spans, spans)
def test_two_spans_one_after_the_other(
    calendar: ServiceCalendar, start: datetime, span: timedelta, more: timedelta
) -> None:
    assert calendar.deadline(start, span + more) == calendar.deadline(calendar.deadline(start, span), more)


@laws
@given(calendars, starts, spans)
def test_explanation_covers_exactly_and_counts_the_hours(
    calendar: ServiceCalendar, start: datetime, span: timedelta
) -> None:
    due = calendar.deadline(start, span)
    found = calendar.explain(start, span)
    assert found[0].start.astimezone(UTC) == start
    assert found[-1].end.astimezone(UTC) == due.astimezone(UTC)
    assert found[-1].counted
    for one, other in pairwise(found):
        assert one.end.astimezone(UTC) == other.start.astimezone(UTC)
        assert one.reason != other.reason
    assert all(piece.duration > timedelta() for piece in found)
    assert sum((piece.duration for piece in found if piece.counted), timedelta()) == span
    assert sum((piece.duration for piece in found), timedelta()) == due.astimezone(UTC) - start


@laws
@given(calendars, starts, spans)
def test_service_time_up_to_the_deadline_is_the_span(
    calendar: ServiceCalendar, start: datetime, span: timedelta
) -> None:
    due = calendar.deadline(start, span)
    inside, outside = calendar.service_time_between(start, due)
    assert inside == span
    assert inside + outside == due.astimezone(UTC) - start


@laws
@given(calendars, starts, starts)
def test_service_time_is_what_the_intervals_count(
    calendar: ServiceCalendar, one: datetime, other: datetime
) -> None:
    first, second = sorted((one, min(other, one + timedelta(days=40))))
    pieces = calendar.intervals(first, second)
    counted = sum((piece.duration for piece in pieces if piece.counted), timedelta())
    skipped = sum((piece.duration for piece in pieces if not piece.counted), timedelta())
    assert calendar.service_time_between(first, second) == (counted, skipped)


@settings(max_examples=25)
@given(calendars, starts, st.integers(1, 16))
def test_agrees_with_counting_minutes(calendar: ServiceCalendar, start: datetime, hours: int) -> None:
    start = start.replace(second=0, microsecond=0)
    instant, left = start, hours * 60
    while left:
        local = instant.astimezone(BERLIN)
        left -= local.weekday() < 5 and 9 <= local.hour < 17 and calendar.closure(local.date()) is None
        instant += timedelta(minutes=1)
    assert calendar.deadline(start, hours).astimezone(UTC) == instant
