"""The book's own tickets behind the interface that outside systems will share."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from serviceheft.assess.judgement import Severity
from serviceheft.book import Book
from serviceheft.tickets import Contact, TicketOrder, TicketSystem
from serviceheft.tickets.in_book import BookTickets
from tests.book_cases import NOW, OFF, OUTDATED, begun, judged, stamped

ORDER = TicketOrder(
    customer="musterbau",
    finding=4,
    service="2.7",
    host="mb-pc-01",
    cause=OUTDATED,
    severity=Severity.WARNING,
    clause="2.7",
    opened_at=NOW,
    deadline=NOW + timedelta(hours=6),
    reporter="Serviceheft",
    contact=Contact("Erika Beispiel", "erika@musterbau.example"),
)


class Paper:
    """The entries of one transaction, on a list."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str | None, str | None, str | None, Mapping[str, object]]] = []

    def append(
        self,
        kind: str,
        *,
        service: str | None = None,
        host: str | None = None,
        subject: str | None = None,
        body: Mapping[str, object],
    ) -> int:
        self.rows.append((kind, service, host, subject, body))
        return len(self.rows)

    def count(self, kind: str) -> int:
        return sum(row[0] == kind for row in self.rows)


def test_a_ticket_from_opening_to_closing() -> None:
    paper = Paper()
    tickets: TicketSystem = BookTickets(paper, "2.7", "mb-pc-01")
    number = tickets.open(ORDER)
    tickets.comment(number, "Definitionen geladen")
    tickets.close(number, "Measured well again.")
    assert number == "musterbau-000001"
    assert tickets.open(replace(ORDER, finding=9)) == "musterbau-000002"
    assert [row[:4] for row in paper.rows[:3]] == [
        (f"ticket {what}", "2.7", "mb-pc-01", number) for what in ("opened", "commented", "closed")
    ]
    assert paper.rows[0][4] == {
        "finding": 4,
        "cause": OUTDATED,
        "severity": Severity.WARNING,
        "clause": "2.7",
        "deadline": NOW + timedelta(hours=6),
        "reporter": "Serviceheft",
        "contact_name": "Erika Beispiel",
        "contact_email": "erika@musterbau.example",
    }


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with Book.open(f"sqlite:///{tmp_path}/heft.sqlite") as book:
        yield book
    assert book.verify() == []


def test_the_reference_of_an_outside_system_is_an_entry_of_the_book(book: Book) -> None:
    stamped(book, begun(book), judged(OUTDATED, OFF))
    book.mirror("musterbau", "musterbau-000002", "request tracker", "4711", now=NOW)
    assert [dict(it.outside) for it in book.tickets("musterbau")] == [{}, {"request tracker": "4711"}]
    with pytest.raises(ValueError, match=r"musterbau has no ticket praxis_sued-000001\."):
        book.mirror("musterbau", "praxis_sued-000001", "request tracker", "1", now=NOW)


def test_a_ticket_number_is_not_used_up_by_a_stamp_that_failed(book: Book) -> None:
    run = begun(book)
    with pytest.raises(ValueError, match="more than 65536"):
        stamped(book, run, judged(OUTDATED, measured={"x": "y" * 70_000}))
    assert stamped(book, run, judged(OUTDATED)).tickets_opened == ("musterbau-000001",)
