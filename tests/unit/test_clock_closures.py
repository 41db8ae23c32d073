"""Public holidays by Bundesland and municipality, closing days."""

from datetime import date

import pytest
from holidays.countries.germany import Germany

from serviceheft.clock import BUNDESLAENDER, ClockError, ServiceCalendar
from serviceheft.clock.closures import FIRST_YEAR, LAST_YEAR, MUNICIPAL_HOLIDAYS


def test_laender_and_years_are_the_librarys() -> None:
    assert set(BUNDESLAENDER) == {code for code in Germany.subdivisions if len(code) == 2}
    assert (Germany.start_year, Germany.end_year) == (FIRST_YEAR, LAST_YEAR)


def test_municipal_holidays_are_those_of_the_librarys_catholic_category() -> None:
    found = {
        land: set(Germany(subdiv=land, years=2026, categories=("catholic",)).values())
        for land in BUNDESLAENDER
    }
    assert {land: names for land, names in found.items() if names} == {
        land: {name} for land, name in MUNICIPAL_HOLIDAYS.items()
    }


@pytest.mark.parametrize(
    ("land", "municipality", "day", "reason"),
    [
        ("BY", None, date(2027, 1, 6), "public holiday Heilige Drei Könige"),
        ("BE", None, date(2027, 1, 6), None),
        ("BE", None, date(2027, 3, 8), "public holiday Frauentag"),
        ("SN", None, date(2026, 11, 18), "public holiday Buß- und Bettag"),
        ("BY", None, date(2026, 11, 18), None),
        ("NW", None, date(2027, 11, 1), "public holiday Allerheiligen"),
        ("TH", None, date(2027, 9, 20), "public holiday Weltkindertag"),
        ("BB", None, date(2025, 10, 31), "public holiday Reformationstag"),
        # Kept by some municipalities of these Laender only.
        ("BY", None, date(2028, 8, 15), None),
        ("BY", "catholic", date(2028, 8, 15), "public holiday Mariä Himmelfahrt"),
        ("BY", "Augsburg", date(2028, 8, 15), "public holiday Mariä Himmelfahrt"),
        ("BY", "catholic", date(2028, 8, 8), None),
        ("BY", "Augsburg", date(2028, 8, 8), "public holiday Augsburger Hohes Friedensfest"),
        ("BY", "Augsburg", date(2026, 6, 4), "public holiday Fronleichnam"),
        ("SN", None, date(2026, 6, 4), None),
        ("SN", "catholic", date(2026, 6, 4), "public holiday Fronleichnam"),
        ("TH", None, date(2026, 6, 4), None),
        ("TH", "catholic", date(2026, 6, 4), "public holiday Fronleichnam"),
        # Nothing depends on the municipality here.
        ("NW", "Musterstadt", date(2026, 6, 4), "public holiday Fronleichnam"),
        ("HH", "catholic", date(2026, 6, 4), None),
        # Never a holiday: the library's school and observance days must not leak in.
        ("BY", "catholic", date(2026, 11, 11), None),
        ("NW", None, date(2026, 12, 28), None),
    ],
)
def test_holidays_of_places(land: str, municipality: str | None, day: date, reason: str | None) -> None:
    found = ServiceCalendar(land, municipality).closure(day)
    assert (str(found) if found else None) == reason


def test_which_reason_wins() -> None:
    calendar = ServiceCalendar("BY", None, ("12-24", "12-25", "12-26"))
    assert str(calendar.closure(date(2026, 12, 24))) == "closed by contract 24.12."
    assert str(calendar.closure(date(2026, 12, 25))) == "public holiday Erster Weihnachtstag"
    assert str(calendar.closure(date(2026, 12, 26))) == "weekend"


def test_closing_days_are_kept_once_and_in_order() -> None:
    assert ServiceCalendar("BY", None, ["12-31", "12-24", "12-31"]).closed_days == ("12-24", "12-31")


@pytest.mark.parametrize("day", ["24.12.", "12-32", "02-30", "1-1", "2026-12-24", "", "+1-02", "１２-24"])
def test_closing_days_that_are_none(day: str) -> None:
    with pytest.raises(ClockError) as error:
        ServiceCalendar("BY", None, [day])
    assert str(error.value) == (
        f'closing day {day!r} is no day of a year. Write it as "MM-DD", for example "12-24".'
    )


@pytest.mark.parametrize(
    ("land", "municipality", "message"),
    [
        (
            "XX",
            None,
            "Bundesland 'XX' is none of BB, BE, BW, BY, HB, HE, HH, MV, NI, NW, RP, SH, SL, SN, ST, TH. "
            "Write one of them.",
        ),
        (
            "BY",
            "Musterstadt",
            "municipality 'Musterstadt' does not say whether Mariä Himmelfahrt is kept there (BY). "
            "Write 'Augsburg' or 'catholic'; leave it out where the day is not kept.",
        ),
        (
            "SN",
            "Augsburg",
            "municipality 'Augsburg' does not say whether Fronleichnam is kept there (SN). "
            "Write 'catholic'; leave it out where the day is not kept.",
        ),
    ],
)
def test_places_that_are_unknown(land: str, municipality: str | None, message: str) -> None:
    with pytest.raises(ClockError) as error:
        ServiceCalendar(land, municipality)
    assert str(error.value) == message
