"""What people add to the book by hand: one after the other, whole or not at all, and in readable text."""

import multiprocessing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.generated import Elsewhere, write_customer
from serviceheft import settings
from serviceheft.assess.judgement import Outcome
from serviceheft.book import Book, RunRefused
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.model.schema import Customer
from serviceheft.running.by_hand import note_mended, record_by_hand, write_off
from serviceheft.running.typed import NotAccepted
from tests.book_cases import OUTDATED, begun, judged, stamped

FORK = multiprocessing.get_context("fork")
CATALOGUE = load_catalogue()


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """A customer with one open ticket."""
    made = write_customer(tmp_path, hosts=1)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HEFT_NOW", "2026-11-18T10:00:00+01:00")
    now = settings.now()
    with Book.open(settings.book_url()) as book:
        run = begun(book, made.name, now=now - timedelta(hours=1), rehearsed=True)
        stamped(book, run, judged(OUTDATED), "pc-001", now=now - timedelta(hours=1))
        book.end_run(run, "carried out", now=now)
    return made


@pytest.fixture
def customer(written: Elsewhere) -> Customer:
    return load_customer(settings.inventories_directory() / written.name, CATALOGUE)


def _mends(customer: Customer, gate: Any, worker: int) -> None:
    gate.wait(60)
    for attempt in range(3):
        note_mended(customer, CATALOGUE, f"{customer.name}-000001", f"neu gestartet, {worker}-{attempt}")


def test_many_at_once_wait_for_each_other(customer: Customer) -> None:
    gate = FORK.Barrier(8)
    workers = [FORK.Process(target=_mends, args=(customer, gate, n)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * 8
    with Book.open(settings.book_url(), create=False) as book:
        assert sum(run.kind == "by hand" for run in book.runs(customer.name)) == 24
        assert {run.state for run in book.runs(customer.name)} == {"carried out"}
        (ticket,) = book.tickets(customer.name)
        assert len({text for _, text in ticket.comments}) == 24
        assert book.verify() == []


def _records(customer: Customer, gate: Any, answers: Any) -> None:
    gate.wait(60)
    try:
        answers.put(record_by_hand(customer, CATALOGUE, "1.2", None, "am Telefon"))
    except RunRefused as refused:
        answers.put(str(refused))


def test_what_is_owed_once_is_stamped_once(customer: Customer) -> None:
    gate, answers = FORK.Barrier(4), FORK.Queue()
    workers = [FORK.Process(target=_records, args=(customer, gate, answers)) for _ in range(4)]
    for worker in workers:
        worker.start()
    told = sorted(answers.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join(60)
    assert [text for text in told if "2026-Q4" in text and "is not open" not in text] == [
        "Lichtblick GmbH, 2026-Q4"
    ]
    assert sum(text.startswith("1.2 is not open for lichtblick.") for text in told) == 3
    with Book.open(settings.book_url(), create=False) as book:
        assert [it.outcome for it in book.stamps(customer.name, service="1.2")] == [Outcome.DONE]


def _two_steps(book: Book, customer: str, other: str) -> None:
    with book.in_one_step(customer):
        begun(book, customer, now=settings.now(), rehearsed=True)
        begun(book, other, now=settings.now(), dry_run=True, rehearsed=True)
        raise ValueError("again")


def test_what_is_refused_leaves_no_run(customer: Customer) -> None:
    with Book.open(settings.book_url(), create=False) as book:
        head = book.head(customer.name)
        with pytest.raises(RunRefused, match="has no open ticket"):
            note_mended(customer, CATALOGUE, f"{customer.name}-000099", "x")
        for other, error in (
            (customer.name, "again"),
            ("kanzlei", f"A step of {customer.name} cannot write for"),
        ):
            with pytest.raises(ValueError, match=error):
                _two_steps(book, customer.name, other)
            assert book.head(customer.name) == head
        assert book.verify() == []


NOTES = {
    "64 KB": ("x" * 65536, "takes at most 2000 characters, and these are 65536."),
    "a lone surrogate": ("Kabel \udcff getauscht", "takes one line of readable text, and this is none: "),
    "a zero": ("Kabel\0", "takes one line of readable text, and this is none: "),
    "an escape": ("Kabel \x1b[31m", "takes one line of readable text, and this is none: "),
    "a second line": ("Kabel\ngetauscht", "takes one line of readable text, and this is none: "),
}


@pytest.mark.parametrize("name", NOTES)
def test_a_note_that_nobody_can_read_is_refused_before_anything_is_written(
    customer: Customer, name: str
) -> None:
    note, message = NOTES[name]
    with Book.open(settings.book_url(), create=False) as book:
        head = book.head(customer.name)
        for option, attempt in {
            "--note": lambda: record_by_hand(customer, CATALOGUE, "1.2", None, note),
            "--note ": lambda: note_mended(customer, CATALOGUE, f"{customer.name}-000001", note),
            "--reason": lambda: write_off(customer, CATALOGUE, "1.2", ["2026-Q4"], None, note),
        }.items():
            with pytest.raises(NotAccepted) as refused:
                attempt()
            assert str(refused.value).startswith(f"{option.strip()} {message}")
        assert book.head(customer.name) == head


@pytest.mark.parametrize("note", ["", " ", "\n", "\u00a0"])
def test_an_empty_note_is_refused(customer: Customer, note: str) -> None:
    for attempt in (
        lambda: record_by_hand(customer, CATALOGUE, "1.2", None, note),
        lambda: note_mended(customer, CATALOGUE, f"{customer.name}-000001", note),
    ):
        with pytest.raises(RunRefused) as refused:
            attempt()
        assert str(refused.value) == "Say in a sentence what was done: --note TEXT"


def test_a_note_in_any_language_is_kept_as_it_is(customer: Customer) -> None:
    note = "Größe geprüft, 12 € – 木村さん 👍"
    record_by_hand(customer, CATALOGUE, "1.2", None, f" {note} ")
    with Book.open(settings.book_url(), create=False) as book:
        assert [it.note for it in book.stamps(customer.name, service="1.2")] == [note]
