"""Deadlines: the agreed vectors, the edges of a service day, holidays, both clock changes, bad input."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from serviceheft.clock import ClockError, ServiceCalendar, parse_instant, rows
from serviceheft.settings import BERLIN

BAVARIA = ServiceCalendar("BY", None, ("12-24", "12-31"))


def at(text: str) -> datetime:
    return parse_instant(text)


@pytest.mark.parametrize(
    ("hours", "due"), [(6, "2026-11-23 14:00"), (10, "2026-11-24 10:00"), (12, "2026-11-24 12:00")]
)
def test_friday_afternoon(hours: int, due: str) -> None:
    assert BAVARIA.deadline(at("2026-11-20 16:00"), hours) == at(due)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-23 09:00", 6, "2026-11-23 15:00"),
        ("2026-11-23 08:59:59", 6, "2026-11-23 15:00"),
        ("2026-11-23 09:00", 8, "2026-11-23 17:00"),  # the end of the day, not the next morning
        ("2026-11-23 17:00", 8, "2026-11-24 17:00"),
        ("2026-11-23 17:00", 1, "2026-11-24 10:00"),
        ("2026-11-23 16:59:59.999999", 1, "2026-11-24 09:59:59.999999"),
        ("2026-11-23 12:00", 13, "2026-11-24 17:00"),
        ("2026-11-21 12:00", 6, "2026-11-23 15:00"),  # Saturday
        ("2026-11-22 23:59:59", 6, "2026-11-23 15:00"),  # Sunday
        ("2026-11-23 00:00", 6, "2026-11-23 15:00"),
    ],
)
def test_edges_of_a_service_day(start: str, hours: int, due: str) -> None:
    assert BAVARIA.deadline(at(start), hours) == at(due)


def test_exact_to_the_microsecond() -> None:
    start = at("2026-11-20 16:59:59.999999")
    assert BAVARIA.deadline(start, timedelta(microseconds=1)) == at("2026-11-20 17:00")
    assert BAVARIA.deadline(start, timedelta(microseconds=2)) == at("2026-11-23 09:00:00.000001")
    assert BAVARIA.deadline(at("2026-11-23 09:00"), 0.5) == at("2026-11-23 09:30")


def test_christmas_with_closing_days() -> None:
    assert BAVARIA.deadline(at("2026-12-23 16:00"), 12) == at("2026-12-29 12:00")
    assert ServiceCalendar("BY").deadline(at("2026-12-23 16:00"), 12) == at("2026-12-28 12:00")


def test_across_the_year() -> None:
    # 31 December closed, 1 January a holiday, then a weekend.
    assert BAVARIA.deadline(at("2026-12-30 16:00"), 6) == at("2027-01-04 14:00")
    # The last instant of service time in a year belongs to that year.
    assert BAVARIA.deadline(at("2026-12-30 16:00"), 1) == at("2026-12-30 17:00")
    assert BAVARIA.deadline(at("2026-12-30 17:00"), 8) == at("2027-01-04 17:00")


def test_leap_day_is_closed_in_leap_years_only() -> None:
    calendar = ServiceCalendar("BE", None, ("02-29",))
    assert calendar.deadline(at("2028-02-28 16:00"), 2) == at("2028-03-01 10:00")
    assert calendar.deadline(at("2027-02-26 16:00"), 2) == at("2027-03-01 10:00")


@pytest.mark.parametrize(
    ("start", "due", "elapsed"),
    [
        # Spring: Friday to Monday is an hour shorter than the wall clocks say; autumn: an hour longer.
        ("2026-03-27 16:00", "2026-03-30 10:00", timedelta(days=2, hours=17)),
        ("2026-10-23 16:00", "2026-10-26 10:00", timedelta(days=2, hours=19)),
    ],
)
def test_elapsed_time_across_a_clock_change(start: str, due: str, elapsed: timedelta) -> None:
    first, last = at(start), at(due)
    assert BAVARIA.deadline(first, 2) == last
    intervals = BAVARIA.explain(first, 2)
    assert sum((piece.duration for piece in intervals), timedelta()) == elapsed
    inside, outside = BAVARIA.service_time_between(first, last)
    assert (inside, outside) == (timedelta(hours=2), elapsed - timedelta(hours=2))


def test_both_instants_of_the_repeated_hour() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    second = first.replace(fold=1)
    assert second.astimezone(UTC) - first.astimezone(UTC) == timedelta(hours=1)
    for start in (first, second):
        assert BAVARIA.deadline(start, 6) == at("2026-10-26 15:00")
        assert BAVARIA.explain(start, 6)[0].start.astimezone(UTC) == start.astimezone(UTC)
    assert BAVARIA.service_time_between(first, second) == (timedelta(), timedelta(hours=1))
    assert [piece.duration for piece in BAVARIA.intervals(first, second)] == [timedelta(hours=1)]
    # 02:50 summer time comes before 02:10 winter time, though the wall clock says otherwise.
    early, late = first.replace(minute=50), second.replace(minute=10)
    assert [piece.duration for piece in BAVARIA.intervals(early, late)] == [timedelta(minutes=20)]
    assert BAVARIA.service_time_between(early, late).outside == timedelta(minutes=20)


def test_any_time_zone_goes_in_and_berlin_comes_out() -> None:
    start = datetime(2026, 11, 20, 10, 0, tzinfo=timezone(timedelta(hours=-5)))
    due = BAVARIA.deadline(start, 6)
    assert due.tzinfo is BERLIN
    assert due.isoformat() == "2026-11-23T14:00:00+01:00"


def test_explanation_of_christmas() -> None:
    found = rows(BAVARIA.explain(at("2026-12-23 16:00"), 12))
    assert [row.cells for row in found] == [
        ("Wed 2026-12-23 16:00:00+01:00", "Wed 2026-12-23 17:00:00+01:00", "1:00:00", "service hours"),
        ("Wed 2026-12-23 17:00:00+01:00", "Thu 2026-12-24 00:00:00+01:00", "", "outside service hours"),
        ("Thu 2026-12-24 00:00:00+01:00", "Fri 2026-12-25 00:00:00+01:00", "", "closed by contract 24.12."),
        (
            "Fri 2026-12-25 00:00:00+01:00",
            "Sat 2026-12-26 00:00:00+01:00",
            "",
            "public holiday Erster Weihnachtstag",
        ),
        ("Sat 2026-12-26 00:00:00+01:00", "Mon 2026-12-28 00:00:00+01:00", "", "weekend"),
        ("Mon 2026-12-28 00:00:00+01:00", "Mon 2026-12-28 09:00:00+01:00", "", "outside service hours"),
        ("Mon 2026-12-28 09:00:00+01:00", "Mon 2026-12-28 17:00:00+01:00", "8:00:00", "service hours"),
        ("Mon 2026-12-28 17:00:00+01:00", "Tue 2026-12-29 09:00:00+01:00", "", "outside service hours"),
        ("Tue 2026-12-29 09:00:00+01:00", "Tue 2026-12-29 12:00:00+01:00", "3:00:00", "service hours"),
    ]
    assert [row.total for row in found][-1] == timedelta(hours=12)


def test_reasons_are_translated_and_names_are_kept() -> None:
    german = {"public holiday {value}": "Feiertag {value}", "weekend": "Wochenende"}
    calendar = ServiceCalendar("NW")
    found = rows(
        calendar.intervals(at("2027-10-31 00:00"), at("2027-11-02 00:00")),
        lambda text: german.get(text, text),
    )
    assert [row.reason for row in found] == ["Wochenende", "Feiertag Allerheiligen"]


def test_billed_minutes_inside_and_outside() -> None:
    inside, outside = BAVARIA.service_time_between(at("2026-11-20 16:30"), at("2026-11-20 18:15"))
    assert (inside, outside) == (timedelta(minutes=30), timedelta(minutes=75))
    assert BAVARIA.service_time_between(at("2026-01-01 00:00"), at("2029-01-01 00:00")).inside == timedelta(
        hours=8 * sum(1 for n in range(3 * 366) if _open_before_2029(n))
    )


def _open_before_2029(number: int) -> bool:
    day = (at("2026-01-01 12:00") + timedelta(days=number)).date()
    return day.year < 2029 and BAVARIA.closure(day) is None


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        (0, "A reaction time of 0 is none; it is more than 0 hours and finite."),
        (-1, "A reaction time of -1 is none; it is more than 0 hours and finite."),
        (float("nan"), "A reaction time of nan is none; it is more than 0 hours and finite."),
        (float("inf"), "A reaction time of inf is none; it is more than 0 hours and finite."),
    ],
)
def test_hours_that_are_none(hours: float, message: str) -> None:
    with pytest.raises(ClockError) as error:
        BAVARIA.deadline(at("2026-11-20 16:00"), hours)
    assert str(error.value) == message


def test_no_instant_without_a_time_zone() -> None:
    with pytest.raises(ClockError, match=r"^2026-11-20T16:00:00 has no time zone, so it is no instant\.$"):
        BAVARIA.deadline(datetime(2026, 11, 20, 16), 6)  # noqa: DTZ001 - that is the point


def test_end_before_start() -> None:
    with pytest.raises(ClockError) as error:
        BAVARIA.service_time_between(at("2026-11-20 16:00"), at("2026-11-20 15:00"))
    assert str(error.value) == (
        "The end 2026-11-20T15:00:00+01:00 lies before the start 2026-11-20T16:00:00+01:00."
    )


@pytest.mark.parametrize("start", ["1990-06-01 10:00", "2101-06-01 10:00"])
def test_years_without_known_holidays_are_refused(start: str) -> None:
    with pytest.raises(ClockError) as error:
        BAVARIA.deadline(at(start), 6)
    assert str(error.value) == f"The clock knows the public holidays of 1991 to 2100, not of {start[:4]}."


def test_a_deadline_beyond_the_known_years_is_refused() -> None:
    with pytest.raises(ClockError, match=r"not of 2101\.$"):
        BAVARIA.deadline(at("2100-12-30 16:00"), 12)


def test_a_year_of_closing_days_is_refused() -> None:
    every = [f"{(datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=n)):%m-%d}" for n in range(366)]
    with pytest.raises(ClockError, match=r"^The closing days leave no service day in 2026\.$"):
        ServiceCalendar("BY", None, every).deadline(at("2026-11-20 16:00"), 6)


def test_instants_as_people_write_them() -> None:
    assert at("2026-11-20 16:00").isoformat() == "2026-11-20T16:00:00+01:00"
    assert at(" 2026-11-20T15:00Z ").isoformat() == "2026-11-20T16:00:00+01:00"
    assert at("2026-10-25 02:30").isoformat() == "2026-10-25T02:30:00+02:00"
    assert at("2026-10-25 02:30+01:00").isoformat() == "2026-10-25T02:30:00+01:00"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Friday", "'Friday' is no date and time. Write for example \"2026-11-20 16:00\"."),
        (
            "2026-02-29 10:00",
            "'2026-02-29 10:00' is no date and time. Write for example \"2026-11-20 16:00\".",
        ),
        (
            "2026-03-29 02:30",
            "'2026-03-29 02:30' never comes: the clocks go forward over it. "
            "Write a time before or after that hour.",
        ),
        (
            "0001-01-01T00:00+14:00",
            "'0001-01-01T00:00+14:00' is too far away to be told in another time zone.",
        ),
    ],
)
def test_instants_that_are_none(text: str, message: str) -> None:
    with pytest.raises(ClockError) as error:
        at(text)
    assert str(error.value) == message
