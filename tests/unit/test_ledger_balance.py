"""Balances and agreements in a real book: written when they are due, and read as the whole book reads."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from serviceheft.accounts import State
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.book import Book
from serviceheft.book.acknowledging import acknowledge
from serviceheft.carrying import Carried, due_again
from serviceheft.clock import parse_instant
from serviceheft.ledger import owed_by_book
from serviceheft.model.schema import Customer
from serviceheft.running.beginning import keep_up
from tests.book_cases import begun, stamped
from tests.unit.test_entitlement import CATALOGUE, customer
from tests.unit.test_two_years import WithoutBalance

MONDAY = parse_instant("2026-11-02 10:00")
DAY = timedelta(days=1)
NAME = "kunde"


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book.open(f"sqlite:///{tmp_path / 'heft.sqlite'}")


def ran(book: Book, wanted: Customer, at: Any, *stamps: tuple[str, str, str, Outcome]) -> None:
    run = begun(book, NAME, now=at)
    keep_up(book, wanted, CATALOGUE, run, at)
    for service, host, period, outcome in stamps:
        reason = "reach.no_route" if outcome is Outcome.NOT_REACHED else None
        stamped(book, run, Judgement(outcome, reason=reason), host, service=service, period=period, now=at)
    book.end_run(run, "carried out", now=at)


def states(book: Any, wanted: Customer, at: Any) -> dict[Any, State]:
    return {line.key: line.state for line in owed_by_book(wanted, CATALOGUE, book, at)}


def test_an_agreement_when_it_changes_and_a_balance_once_a_week(book: Book) -> None:
    wanted = customer()
    kinds: list[str] = []
    for days in (0, 1, 3, 7, 8, 21):
        before = book.head(NAME).number
        ran(book, wanted, MONDAY + days * DAY)
        kinds.append(" ".join(str(row) for row in new_kinds(book, before)))
    assert kinds == [
        "run begun agreed carried forward run ended",
        "run begun run ended",
        "run begun run ended",
        "run begun carried forward run ended",
        "run begun run ended",
        "run begun carried forward run ended",
    ]
    ran(book, customer("standard"), MONDAY + 22 * DAY)
    assert len(book.agreements(NAME)) == 2
    assert book.verify() == []


def new_kinds(book: Book, after: int) -> list[str]:
    import json

    return [row["kind"] for row in map(json.loads, book.dump(NAME)) if row["number"] > after]


def test_a_balance_reads_as_the_whole_book_reads(book: Book) -> None:
    wanted = customer(hosts={"pc": ("windows_clients",), "nb": ("windows_clients",)})
    ran(
        book,
        wanted,
        MONDAY,
        ("2.7", "pc", "2026-W45", Outcome.DONE),
        ("2.7", "nb", "2026-W45", Outcome.NOT_REACHED),
    )
    ran(book, wanted, MONDAY + 7 * DAY, ("2.7", "pc", "2026-W46", Outcome.DONE))
    ran(book, wanted, MONDAY + 14 * DAY)
    now = MONDAY + 15 * DAY
    found = states(book, wanted, now)
    assert found == states(WithoutBalance(book), wanted, now)
    assert found["2.7", "nb", "2026-W45"] is State.OVERDUE
    run = begun(book, NAME, now=now)
    book.write_off(run, [("2.7", "nb", "2026-W45")], now=now, reason="Reparatur")
    book.end_run(run, "carried out", now=now)
    assert states(book, wanted, now)["2.7", "nb", "2026-W45"] is State.WRITTEN_OFF


def test_a_balance_that_counted_the_stamps_of_a_wrong_clock_no_longer_holds(book: Book) -> None:
    wanted = customer()
    ran(book, wanted, MONDAY)
    ahead = MONDAY + 28 * DAY  # four weeks ahead: its balance takes its stamps, and those weeks for over
    ran(book, wanted, ahead, ("2.7", "pc", "2026-W45", Outcome.DONE))
    now = MONDAY + DAY
    acknowledge(book, NAME, who="anna", reason="Die Uhr ging vor", now=now, clock=None)
    found = states(book, wanted, now)
    assert found == states(WithoutBalance(book), wanted, now)
    assert found["2.7", "pc", "2026-W45"] is State.OPEN
    ran(book, wanted, now + DAY)
    later = MONDAY + 9 * DAY
    ran(book, wanted, later)
    assert states(book, wanted, later) == states(WithoutBalance(book), wanted, later)
    assert states(book, wanted, later)["2.7", "pc", "2026-W45"] is State.OVERDUE


def test_a_balance_that_is_too_large_is_left_out(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serviceheft.book.agreements.LIMIT_CARRIED", 10)
    wanted = customer()
    ran(book, wanted, MONDAY)
    assert book.carried_forward(NAME) is None
    assert states(book, wanted, MONDAY + 9 * DAY)["2.7", "pc", "2026-W45"] is State.OVERDUE


def test_when_a_balance_is_due() -> None:
    sunday, monday = parse_instant("2026-11-08 12:00").date(), parse_instant("2026-11-09 12:00").date()
    last = Carried(parse_instant("2026-11-01 12:00").date(), ())
    assert due_again(last, sunday) is None
    assert due_again(last, monday) == sunday
    assert due_again(None, sunday) == last.until


def test_a_book_without_agreements_is_taken_over(book: Book) -> None:
    """As older versions have written it: kept since its first stamp, and the same before and after the first run."""
    old = begun(book, NAME, now=MONDAY)
    stamped(book, old, Judgement(Outcome.DONE), "pc", period="2026-W45", now=MONDAY)
    book.end_run(old, "carried out", now=MONDAY)
    wanted, now = customer(), MONDAY + 15 * DAY
    before = states(book, wanted, now)
    ran(book, wanted, now)
    (agreed,) = book.agreements(NAME)
    assert (agreed.origin, agreed.kept_since) == ("taken over", MONDAY)
    assert states(book, wanted, now) == before
    assert before["2.7", "pc", "2026-W46"] is State.OVERDUE
