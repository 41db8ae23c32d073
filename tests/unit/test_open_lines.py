"""What people record and what they write off: only lines that are open, in the period that is meant."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from serviceheft import settings
from serviceheft.accounts import Owed, State
from serviceheft.book import Book, RunRefused
from serviceheft.clock import ClockError, parse_instant
from serviceheft.entitlement import VISITED
from serviceheft.ledger import owed_by_book
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.running.by_hand import record_by_hand, write_off
from tests.book_cases import NOT_REACHED, begun, judged, stamped

CATALOGUE = load_catalogue()
KANZLEI = load_customer(settings.REPOSITORY / "inventories" / "kanzlei_nord", CATALOGUE)
SEPTEMBER, OCTOBER = parse_instant("2026-09-22 12:00"), parse_instant("2026-10-02 12:00")


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    """Begun in the third quarter, in which nobody met; today is 2 October."""
    url = f"sqlite:///{tmp_path / 'heft.sqlite'}"
    monkeypatch.setattr(settings, "book_url", lambda: url)
    monkeypatch.setenv("HEFT_NOW", OCTOBER.isoformat())
    made = Book.open(url)
    run = begun(made, "kanzlei_nord", now=SEPTEMBER, rehearsed=True)
    stamped(made, run, judged(), "kn-pc-01", period="2026-W39", now=SEPTEMBER)
    stamped(made, run, NOT_REACHED, "kn-pc-02", period="2026-W39", now=SEPTEMBER)
    made.end_run(run, "incomplete", now=SEPTEMBER)
    return made


def lines(book: Book, service: str) -> dict[tuple[str | None, str], Owed]:
    every = owed_by_book(KANZLEI, CATALOGUE, book, OCTOBER)
    return {(it.host, it.period): it for it in every if it.service == service}


def test_a_meeting_of_the_last_quarter_is_recorded_for_that_quarter(book: Book) -> None:
    assert {key: it.state for key, it in lines(book, "1.2").items()} == {
        (None, "2026-Q3"): State.OVERDUE,
        (None, "2026-Q4"): State.OPEN,
    }
    told = record_by_hand(KANZLEI, CATALOGUE, "1.2", None, "Am 29. September", "2026-Q3")
    assert told.endswith(", 2026-Q3")
    assert {key: it.state for key, it in lines(book, "1.2").items()} == {(None, "2026-Q4"): State.OPEN}
    (stamp,) = book.stamps("kanzlei_nord", service="1.2")
    assert (stamp.period, stamp.note, stamp.at) == ("2026-Q3", "Am 29. September", OCTOBER)
    # Now there is only one, which needs no name.
    assert record_by_hand(KANZLEI, CATALOGUE, "1.2", None, "Am 2. Oktober").endswith(", 2026-Q4")
    assert [it.state for it in lines(book, "1.2").values()] == [State.DONE]


def record(service: str, host: str | None = None, period: str | None = None, note: str = "x") -> object:
    return record_by_hand(KANZLEI, CATALOGUE, service, host, note, period)


def off(service: str, *periods: str, host: str | None = None, reason: str = "x") -> object:
    return write_off(KANZLEI, CATALOGUE, service, periods, host, reason)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: record("1.2"), "1.2 is open in 2026-Q3, 2026-Q4. Say which one it was: --period 2026-Q3"),
        (
            lambda: record("1.2", period="2027-Q1"),
            "1.2 is not open in 2027-Q1 for kanzlei_nord. It is open in 2026-Q3, 2026-Q4.",
        ),
        (
            lambda: record("4.6"),
            "4.6 is not part of what was agreed with kanzlei_nord: not in tier.",
        ),
        (
            lambda: record("3.6", period="2026-Q3"),
            "3.6 has no periods: nothing of it is owed at a time, so there is no line to turn to done.",
        ),
        (
            lambda: record("3.4"),
            "3.4 is not open for kanzlei_nord. See heft owed kanzlei_nord --all.",
        ),
        (lambda: record("2.7", "kn-pc-01"), "2.7 is stamped by measurement only: heft weekly kanzlei_nord"),
        (lambda: record("2.6"), "2.6 is stamped by measurement only: heft weekly kanzlei_nord"),
        (lambda: off("2.7", "2026-W39", host="kn-pc-1"), "kanzlei_nord has no host 'kn-pc-1'."),
        (
            lambda: off("2.7", "2026-W39", host="kn-pc-01"),
            "2.7 is not open in 2026-W39 for kn-pc-01. It is open in 2026-W40.",
        ),
        (
            lambda: off("2.7", "2026-W38"),
            "2.7 is not open in 2026-W38 for kanzlei_nord. It is open in 2026-W39, 2026-W40.",
        ),
        (
            lambda: off("2.7", "2026-W39", "2026-W41"),
            "2.7 is not open in 2026-W41 for kanzlei_nord. It is open in 2026-W39, 2026-W40.",
        ),
        (lambda: off("9.9", "2026-W39"), "The catalogue has no service '9.9'."),
        (
            lambda: off("2.7", "2026-W39", reason=" "),
            "Say in a sentence why nobody will do it any more: --reason TEXT",
        ),
    ],
    ids=lambda it: "" if callable(it) else str(it)[:40],
)
def test_what_is_no_open_line_is_refused_and_nothing_written(
    book: Book, call: Callable[[], object], message: str
) -> None:
    before = book.head("kanzlei_nord")
    with pytest.raises(RunRefused) as refused:
        call()
    assert str(refused.value).startswith(message)
    assert book.head("kanzlei_nord") == before


def test_what_is_no_period_is_told(book: Book) -> None:
    for call in (lambda: record("1.2", period="2026-Q5"), lambda: off("2.7", "KW 39")):
        with pytest.raises(ClockError, match="is no period"):
            call()


def test_a_written_off_line_is_closed_with_name_time_and_reason(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEFT_WHO", "beate")
    closed = write_off(KANZLEI, CATALOGUE, "2.7", ["2026-W39"], "kn-pc-02", " Gerät bei Fa. Größl ")
    assert [it.key for it in closed] == [("2.7", "kn-pc-02", "2026-W39")]
    line = lines(book, "2.7")["kn-pc-02", "2026-W39"]
    assert line.state is State.WRITTEN_OFF
    assert line.written_off is not None
    told = line.written_off
    assert (told.who, told.at, told.reason) == ("beate", OCTOBER, "Gerät bei Fa. Größl")
    with pytest.raises(RunRefused, match=r"2\.7 is not open in 2026-W39 for kn-pc-02\."):
        off("2.7", "2026-W39", host="kn-pc-02")
    # An entry like all others: in the chain, proved, in the run of the one who said so.
    assert book.verify("kanzlei_nord") == []
    (entry,) = (it for it in map(json.loads, book.dump("kanzlei_nord")) if it["kind"] == "written off")
    assert (entry["service"], entry["host"], entry["subject"]) == ("2.7", "kn-pc-02", "2026-W39")
    assert book.runs("kanzlei_nord")[0].kind == "by hand"


def test_without_a_host_all_that_is_open_in_these_periods_is_closed(book: Book) -> None:
    open_before = {key for key, it in lines(book, "2.7").items() if key[1] == "2026-W39"}
    closed = write_off(KANZLEI, CATALOGUE, "2.7", ["2026-W39"], None, "Betriebsferien")
    assert {(it.host, it.period) for it in closed} == open_before
    assert (None, "2026-W39") not in open_before
    assert {it.state for key, it in lines(book, "2.7").items() if key[1] == "2026-W39"} == {State.WRITTEN_OFF}


def test_where_nothing_measures_a_person_records(book: Book) -> None:
    device = next(name for name, host in KANZLEI.hosts.items() if not VISITED & set(host.groups))
    record("2.6", device, "2026-W39")
    assert (device, "2026-W39") not in lines(book, "2.6")


def test_a_dry_run_writes_nothing_off(book: Book) -> None:
    run = begun(book, "kanzlei_nord", now=OCTOBER, dry_run=True, rehearsed=True)
    with pytest.raises(ValueError, match="A dry run writes nothing off"):
        book.write_off(run, [("2.7", "kn-pc-02", "2026-W39")], now=OCTOBER, reason="x")
    assert book.write_offs("kanzlei_nord") == []
