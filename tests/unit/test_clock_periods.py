"""Periods: ISO weeks, months, quarters, years."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft.clock import RECURRING, ClockError, days_of, period_of, previous


@pytest.mark.parametrize(
    ("cadence", "day", "period"),
    [
        ("weekly", date(2026, 11, 22), "2026-W47"),
        ("weekly", date(2027, 1, 1), "2026-W53"),
        ("weekly", date(2024, 12, 30), "2025-W01"),
        ("monthly", date(2026, 11, 30), "2026-11"),
        ("quarterly", date(2026, 10, 1), "2026-Q4"),
        ("quarterly", date(2026, 3, 31), "2026-Q1"),
        ("yearly", date(2026, 12, 31), "2026"),
        ("continuous", date(2026, 12, 31), None),
        ("on_demand", date(2026, 12, 31), None),
    ],
)
def test_period_of_a_day(cadence: str, day: date, period: str | None) -> None:
    assert period_of(cadence, day) == period


def test_an_instant_counts_by_its_date_in_berlin() -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert period_of("yearly", new_year) == "2027"
    assert period_of("monthly", new_year) == "2027-01"


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_days_of_a_period(period: str, first: date, last: date) -> None:
    assert days_of(period) == (first, last)


@given(st.sampled_from(RECURRING), st.dates(date(1991, 1, 8), date(2100, 12, 31)))
def test_periods_tile_the_calendar(cadence: str, day: date) -> None:
    period = period_of(cadence, day)
    assert period is not None
    first, last = days_of(period)
    assert first <= day <= last
    assert period_of(cadence, first) == period_of(cadence, last) == period
    assert days_of(previous(cadence, period))[1] == first - timedelta(days=1)


@pytest.mark.parametrize(
    "period", ["2026-W54", "2025-W53", "2026-13", "2026-Q5", "26", "2026-w47", "", "2026-W47\n"]
)
def test_texts_that_are_no_period(period: str) -> None:
    with pytest.raises(ClockError) as error:
        days_of(period)
    assert (
        str(error.value) == f"{period!r} is no period. Write for example 2026-W47, 2026-11, 2026-Q4 or 2026."
    )


def test_unknown_cadence() -> None:
    with pytest.raises(ClockError) as error:
        period_of("daily", date(2026, 1, 1))
    assert str(error.value) == (
        "cadence 'daily' is none of continuous, on_demand, weekly, monthly, quarterly, yearly."
    )


def test_no_instant_without_a_time_zone() -> None:
    with pytest.raises(ClockError, match="has no time zone"):
        period_of("weekly", datetime(2026, 11, 22))  # noqa: DTZ001 - that is the point


def test_untimed_cadences_have_no_period_before() -> None:
    with pytest.raises(ClockError, match=r"^A on_demand service has no periods\.$"):
        previous("on_demand", "2026")
