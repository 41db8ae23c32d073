"""Dates, numbers and sentences as the reader writes them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft.publish.reader import Reader
from serviceheft.settings import BERLIN

EVENING = datetime(2026, 11, 22, 19, 15, tzinfo=UTC)
DE, EN = Reader("de"), Reader("en")


def test_dates_and_times_are_those_of_berlin() -> None:
    assert DE.long_moment(EVENING) == "Sonntag, 22. November 2026, 20:15 Uhr"
    assert DE.moment(EVENING) == "22.11.2026 20:15"
    assert DE.day(datetime(2026, 11, 22, 23, 30, tzinfo=UTC)) == "23.11.2026"
    assert DE.day(date(2026, 3, 1)) == "01.03.2026"
    assert EN.long_moment(EVENING) == "Sunday, 22 November 2026, 20:15"
    assert EN.moment(EVENING) == "22 Nov 2026, 20:15"


def test_summer_time_is_summer_time() -> None:
    assert DE.moment(datetime(2026, 7, 1, 10, 0, tzinfo=UTC)) == "01.07.2026 12:00"


def test_numbers_have_the_reader_s_comma() -> None:
    assert DE.number(1234.56) == "1.234,6"
    assert EN.number(1234.56) == "1,234.6"
    assert DE.size(int(1.5 * 1024**3)) == "1,5 GB"
    assert DE.size(0) == "0 B"


@pytest.mark.parametrize(
    ("period", "german", "english"),
    [
        (
            "2026-W47",
            "Kalenderwoche 47/2026 (16.11.2026 bis 22.11.2026)",
            "week 47/2026 (16 Nov 2026 to 22 Nov 2026)",
        ),
        ("2026-11", "November 2026", "November 2026"),
        (
            "2026-Q4",
            "Quartal 4/2026 (01.10.2026 bis 31.12.2026)",
            "quarter 4/2026 (1 Oct 2026 to 31 Dec 2026)",
        ),
        ("2026", "2026", "2026"),
    ],
)
def test_periods_in_words(period: str, german: str, english: str) -> None:
    assert DE.period(period) == german
    assert EN.period(period) == english


def test_ages_are_told_in_words() -> None:
    now = datetime(2026, 11, 22, 20, 15, tzinfo=BERLIN)
    assert DE.ago(now - timedelta(days=3), now) == "vor 3 Tagen"
    assert EN.ago(now - timedelta(hours=4), now) == "4 hours ago"
    assert DE.days(1) == "1 Tag"
    assert DE.days(3.2) == "3 Tage"


def test_values_in_sentences_are_written_as_the_reader_writes_them() -> None:
    sentence = "The virus definitions are {age_days} days old; {tolerated_days} days are tolerated."
    assert DE.sentence(sentence, {"age_days": 12.5, "tolerated_days": None}) == (
        "Die Virendefinitionen sind 12,5 Tage alt; geduldet sind unbekannt Tage."
    )
    assert DE.plain("2026-11-19T11:05:00+00:00") == "19.11.2026 12:05"
    assert DE.plain("2026-11-19") == "19.11.2026"
    assert DE.plain("10.0.26100") == "10.0.26100"
    assert DE.plain(True) == "ja"


def test_braces_in_a_value_are_text() -> None:
    assert EN.sentence(
        "{found} is at work; {expected} was agreed.", {"found": "{expected}", "expected": "x"}
    ) == ("{expected} is at work; x was agreed.")


@given(
    st.text()
    | st.floats()
    | st.from_regex(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?", fullmatch=True)
)
def test_no_value_of_a_host_stops_a_sentence(value: object) -> None:
    for language in ("de", "en"):
        assert isinstance(Reader(language).plain(value), str)


@pytest.mark.parametrize(
    "text", ["2026-13-45", "0000-00-00", "2026-11-18T99:99Z", "٢٠٢٦-٠١-٠١", "0001-01-01T00:00+14:00"]
)
def test_what_only_looks_like_a_date_stays_as_it_is(text: str) -> None:
    assert Reader("de").plain(text) == text
