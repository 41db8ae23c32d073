"""A run that finds a host under another name: findings, tickets, deadlines and what is owed follow the machine."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from serviceheft import settings
from serviceheft.accounts import State
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.book import Book
from serviceheft.ledger import owed_by_book
from serviceheft.model.schema import Customer, Host, ReactionClock
from serviceheft.running import session
from serviceheft.running.agreeing import Approval, agree
from serviceheft.running.session import Order, open_session
from tests.book_cases import OUTDATED, judged, stamped
from tests.unit.test_entitlement import CATALOGUE, customer

MONDAY = datetime.fromisoformat("2026-11-16T10:00:00+01:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOARD = "7a1c2d3e-4f50-4a61-8b72-9c83ad94be05"
IDS = Judgement(Outcome.DONE, measured={"machine_ids": [BOARD]}, subject="computer")


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    monkeypatch.setenv("HEFT_DATA", str(tmp_path))
    monkeypatch.setenv("HEFT_VAR", str(tmp_path))
    monkeypatch.setenv("HEFT_BUILD", str(tmp_path))
    with Book.open(settings.book_url()) as opened:
        yield opened
    session._current = None


def inventory(*hosts: str, former: tuple[str, ...] = ()) -> Customer:
    """Clients of these names; the first one with its former names."""
    found = customer(hosts=dict.fromkeys(hosts, ("windows_clients",)))
    if former:
        first = found.hosts[hosts[0]]
        renamed: dict[str, Host] = {
            **found.hosts,
            first.name: first.model_copy(update={"variables": {"documentation_former_names": list(former)}}),
        }
        return found.model_copy(update={"hosts": renamed})
    return found


def visit(
    book: Book,
    monkeypatch: pytest.MonkeyPatch,
    wanted: Customer,
    at: datetime,
    findings: dict[str, Judgement],
    *,
    dry_run: bool = False,
) -> None:
    """A run that stamps 2.7 with these judgements, and the ids of the first host that is called so."""
    monkeypatch.setenv("HEFT_NOW", at.isoformat())
    opened = open_session(wanted, CATALOGUE, Order(None, dry_run))
    for host, judgement in findings.items():
        service = "2.6" if judgement is IDS else "2.7"
        stamped(
            book,
            opened.run,
            judgement,
            host,
            service=service,
            now=at,
            deadline=lambda start: start + timedelta(hours=8),
        )
    book.end_run(opened.run, "carried out", now=at)


def test_a_renamed_host_keeps_its_ticket_and_its_deadline(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(book, monkeypatch, inventory("pc-01"), MONDAY, {"pc-01": judged(OUTDATED)})
    (before,) = book.tickets("kunde", open_only=True)
    renamed = inventory("empfang", former=("pc-01",))
    visit(book, monkeypatch, renamed, MONDAY + DAY, {}, dry_run=True)
    assert book.former_names("kunde") == {}
    visit(book, monkeypatch, renamed, MONDAY + 2 * DAY, {"empfang": judged(OUTDATED)})
    (ticket,) = book.tickets("kunde", open_only=True)
    assert (ticket.number, ticket.deadline, ticket.opened_at) == (
        before.number,
        before.deadline,
        before.opened_at,
    )
    assert ticket.finding.host == "empfang"
    assert len(book.findings("kunde")) == 1
    lines = {
        line.service: line.state
        for line in owed_by_book(renamed, CATALOGUE, book, MONDAY + 2 * DAY)
        if line.host == "empfang"
    }
    assert lines["2.7"] is State.DONE
    visit(book, monkeypatch, renamed, MONDAY + 3 * DAY, {})  # recorded once
    assert len(book.agreements("kunde")) == 1  # what is agreed is the same, under another name
    assert book.verify() == []


def test_what_was_done_before_the_rename_counts_and_what_it_owed_stays(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(book, monkeypatch, inventory("pc-01", "pc-02"), MONDAY, {"pc-01": judged()})
    renamed = inventory("empfang", "pc-02", former=("pc-01",))
    visit(book, monkeypatch, renamed, MONDAY + DAY, {})
    now = MONDAY + DAY
    states = {(line.service, line.host): line.state for line in owed_by_book(renamed, CATALOGUE, book, now)}
    assert states["2.7", "empfang"] is State.DONE
    assert states["2.7", "pc-02"] is State.OPEN
    later = MONDAY + 14 * DAY
    visit(book, monkeypatch, renamed, later, {})
    again = inventory("zentrale", "pc-02", former=("empfang", "pc-01"))
    visit(book, monkeypatch, again, later + HOUR, {})
    left = [
        (line.host, line.period)
        for line in owed_by_book(again, CATALOGUE, book, later + HOUR)
        if line.service == "2.7" and not line.current
    ]
    assert left == [("pc-02", "2026-W47"), ("zentrale", "2026-W48"), ("pc-02", "2026-W48")]


def test_a_host_that_was_renamed_without_a_word_is_known_by_its_board(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(book, monkeypatch, inventory("pc-01"), MONDAY, {"pc-01": IDS})
    visit(book, monkeypatch, inventory("pc-01"), MONDAY + HOUR, {"pc-01": judged(OUTDATED)})
    (before,) = book.tickets("kunde", open_only=True)
    renamed = inventory("empfang")
    # Nobody knows yet who that is: what was found on pc-01 is kept until it has told its ids.
    visit(book, monkeypatch, renamed, MONDAY + DAY, {"empfang": IDS})
    assert [it.finding.host for it in book.tickets("kunde", open_only=True)] == ["pc-01"]
    visit(book, monkeypatch, renamed, MONDAY + 2 * DAY, {"empfang": judged(OUTDATED)})
    (ticket,) = book.tickets("kunde", open_only=True)
    assert (ticket.number, ticket.finding.host) == (before.number, "empfang")
    assert ticket.deadline == before.deadline


def test_a_host_that_was_replaced_takes_nothing_over(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    visit(book, monkeypatch, inventory("pc-01"), MONDAY, {"pc-01": IDS})
    visit(book, monkeypatch, inventory("pc-01"), MONDAY + HOUR, {"pc-01": judged(OUTDATED)})
    other = Judgement(Outcome.DONE, measured={"machine_ids": ["1" + BOARD[1:]]}, subject="computer")
    monkeypatch.setenv("HEFT_NOW", (MONDAY + DAY).isoformat())
    opened = open_session(inventory("empfang"), CATALOGUE, Order(None, dry_run=False))
    stamped(book, opened.run, other, "empfang", service="2.6", now=MONDAY + DAY)
    book.end_run(opened.run, "carried out", now=MONDAY + DAY)
    visit(book, monkeypatch, inventory("empfang"), MONDAY + 2 * DAY, {})
    assert book.tickets("kunde", open_only=True) == []
    assert {life.state for life in book.findings("kunde")} == {"dropped"}
    assert book.former_names("kunde") == {}


def test_heft_agree_says_who_is_called_what(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    visit(book, monkeypatch, inventory("pc-01", "pc-02"), MONDAY, {})
    monkeypatch.setenv("HEFT_NOW", (MONDAY + DAY).isoformat())
    renamed = inventory("empfang", "pc-02", former=("pc-01",))
    assert agree(renamed, CATALOGUE, Approval()) == "Recorded: pc-01 is called empfang."
    more = inventory("empfang", "pc-02", "pc-03", former=("pc-01",))
    monkeypatch.setenv("HEFT_NOW", (MONDAY + 2 * DAY).isoformat())
    assert agree(more, CATALOGUE, Approval()).endswith(" on: Devices added: pc-03.")
    again = inventory("zentrale", "pc-03", former=("empfang",))
    monkeypatch.setenv("HEFT_NOW", (MONDAY + 3 * DAY).isoformat())
    said = agree(again, CATALOGUE, Approval())
    assert said.endswith(" on: empfang is called zentrale; Devices no longer there: pc-02.")
    assert [len(it.terms.hosts) for it in book.agreements("kunde")] == [2, 3, 2]
    assert book.verify() == []


def test_no_change_of_terms_moves_a_deadline_or_closes_what_is_still_in_scope(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(book, monkeypatch, inventory("pc-01"), MONDAY, {"pc-01": judged(OUTDATED)})
    (before,) = book.tickets("kunde", open_only=True)
    clock = ReactionClock(closed_days=["11-18", "11-19"], holidays_of="provider")
    for days, wanted in enumerate(
        (
            customer("comfort", hosts={"pc-01": ("windows_clients",)}),
            customer(hosts={"pc-01": ("windows_servers",)}),
            customer(hosts={"pc-01": ("windows_clients",)}, clock=clock),
            customer(hosts={"pc-01": ("windows_clients",)}, start=date(2026, 11, 22)),  # a Sunday
            customer(hosts={"pc-01": ("windows_clients",)}, end=date(2026, 11, 22)),
        ),
        start=1,
    ):
        visit(book, monkeypatch, wanted, MONDAY + days * DAY, {})
        (ticket,) = book.tickets("kunde", open_only=True)
        assert (ticket.number, ticket.deadline) == (before.number, before.deadline)
    over = customer(hosts={"pc-01": ("windows_clients",)}, end=date(2026, 11, 22))
    visit(book, monkeypatch, over, MONDAY + 7 * DAY, {})
    assert book.tickets("kunde", open_only=True) == []
