"""heft agree: what is agreed goes into the book, with from when it holds and who approved it; and nothing else does."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lab.generated import Elsewhere, write_customer
from serviceheft import settings
from serviceheft.book import Book, RunRefused
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.model.schema import Customer
from serviceheft.running.agreeing import Approval, agree, history
from serviceheft.running.by_hand import record_by_hand, recordable, write_off
from serviceheft.running.session import Order, open_session

CATALOGUE = load_catalogue()
NAME = "lichtblick"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    made = write_customer(tmp_path, hosts=2, tier="standard")
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HEFT_NOW", "2026-11-18T10:00:00+01:00")
    return made


def customer(**contract: Any) -> Customer:
    found = load_customer(settings.inventories_directory() / NAME, CATALOGUE)
    return found.model_copy(update={"contract": found.contract.model_copy(update=contract)})


def entries() -> list[tuple[str, str | None]]:
    """Who approved what, as the book has it."""
    with Book.open(settings.book_url()) as book:
        assert book.verify() == []
        return [(it.origin, it.approved_by) for it in book.agreements(NAME)]


def at(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    monkeypatch.setenv("HEFT_NOW", moment)


def test_the_first_agreement_and_what_follows(written: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    first = agree(customer(), CATALOGUE, Approval(approved_by="Frau Holz, Mail vom 17.11."))
    assert first.startswith("Recorded as entry 2, from ")
    assert first.endswith(" on: the first agreement.")
    assert (
        agree(customer(), CATALOGUE, Approval()) == "Nothing has changed since entry 2 of 18.11.2026 10:00."
    )
    at(monkeypatch, "2026-11-19T10:00:00+01:00")
    said = agree(customer(tier="comfort"), CATALOGUE, Approval(since=date(2026, 11, 19)))
    assert (
        ", from 19.11.2026 00:00 on: Contract: Standard, now Comfort; Time to react: 6 service hours; "
        in said
    )
    assert "; Services added: " in said
    assert entries() == [("agreed", "Frau Holz, Mail vom 17.11."), ("agreed", None)]
    late = agree(customer(tier="comfort"), CATALOGUE, Approval(approved_by="Frau Holz, am Telefon"))
    assert late.endswith(" of 19.11.2026 10:00 is approved by Frau Holz, am Telefon.")
    assert entries()[1] == ("agreed", "Frau Holz, am Telefon")


def test_a_run_records_what_it_sees_and_a_dry_run_does_not(
    written: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_session(customer(), CATALOGUE, Order(None, dry_run=True))
    assert entries() == []
    opened = open_session(customer(), CATALOGUE, Order(None, dry_run=False))
    assert opened.changed is not None
    with Book.open(settings.book_url()) as book:
        book.end_run(opened.run, "carried out", now=settings.now())
    again = open_session(customer(), CATALOGUE, Order(None, dry_run=False))
    assert again.changed is None
    assert entries() == [("first", None)]
    known = history(customer(tier="basic"), CATALOGUE)
    assert [it.number for it in known][1:] == [0]


REFUSALS: dict[str, tuple[Callable[[], object], str]] = {
    "a day to come": (
        lambda: agree(customer(tier="comfort"), CATALOGUE, Approval(since=date(2026, 11, 19))),
        "2026-11-19 has not come yet, and the inventory says what holds now: change it on that day, or record it then "
        "with --from.",
    ),
    "before the last one": (
        lambda: agree(customer(tier="comfort"), CATALOGUE, Approval(since=date(2020, 1, 1))),
        "--from 2020-01-01 lies before the last agreement, which holds from ",
    ),
    "nothing new": (
        lambda: agree(customer(), CATALOGUE, Approval(since=date(2026, 11, 17))),
        "The inventory says nothing else than entry 2 of 18.11.2026 10:00: there is nothing to record with --from.",
    ),
    "kept since, too late": (
        lambda: agree(customer(), CATALOGUE, Approval(kept_since=date(2026, 10, 1))),
        "The book of lichtblick is kept since ",
    ),
    "nobody": (
        lambda: agree(customer(), CATALOGUE, Approval(approved_by=" ")),
        "Say in a sentence who of the customer approved it: --approved-by TEXT",
    ),
    "a clause of another tier": (
        lambda: record_by_hand(customer(), CATALOGUE, "4.6", None, "x"),
        "4.6 is not part of what was agreed with lichtblick: not in tier.",
    ),
    "a contract that is over": (
        lambda: record_by_hand(customer(end=date(2026, 9, 30)), CATALOGUE, "1.2", None, "x", "2026-Q4"),
        "1.2 is not open in 2026-Q4 for lichtblick.",
    ),
    "a contract that has not begun": (
        lambda: record_by_hand(customer(start=date(2027, 1, 1)), CATALOGUE, "1.2", None, "x"),
        "1.2 is not open for lichtblick.",
    ),
    "a host that is out of scope": (
        lambda: record_by_hand(customer(), CATALOGUE, "1.2", "pc-001", "x"),
        "1.2 is not open for pc-001.",
    ),
    "a moment to come": (
        lambda: record_by_hand(
            customer(), CATALOGUE, "1.2", None, "x", None, moment("2026-11-18T10:01+01:00")
        ),
        "--at 18.11.2026 10:01 has not come yet. Say when it was done.",
    ),
    "two answers": (
        lambda: record_by_hand(
            customer(), CATALOGUE, "1.2", None, "x", "2026-Q3", moment("2026-11-17T10:00+01:00")
        ),
        "--at 17.11.2026 10:00 lies in 2026-Q4, not in 2026-Q3. Leave one of both out.",
    ),
    "no period": (
        lambda: write_off(customer(), CATALOGUE, "2.7", (), None, "x"),
        "Say which periods are meant: --period 2026-W46, or --before 2026-11-01 for all older ones.",
    ),
    "both": (
        lambda: write_off(customer(), CATALOGUE, "2.7", ("2026-W47",), None, "x", before=date(2026, 11, 1)),
        "Say which periods are meant: --period 2026-W46, or --before 2026-11-01 for all older ones.",
    ),
    "no service": (
        lambda: write_off(customer(), CATALOGUE, None, ("2026-W47",), None, "x"),
        "Say which service is meant, such as 2.7.",
    ),
    "nothing that old": (
        lambda: write_off(customer(), CATALOGUE, None, (), None, "x", before=date(2020, 1, 1)),
        "Nothing that is open for lichtblick was due before 2020-01-01.",
    ),
}


def moment(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text).astimezone(settings.BERLIN)


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_is_refused_and_nothing_is_written(written: Elsewhere, case: str) -> None:
    agree(customer(), CATALOGUE, Approval())
    with Book.open(settings.book_url()) as book:
        before = book.head(NAME)
    call, message = REFUSALS[case]
    with pytest.raises(RunRefused) as refused:
        call()
    assert str(refused.value).startswith(message)
    with Book.open(settings.book_url()) as book:
        assert book.head(NAME) == before


def test_a_first_agreement_takes_no_day_of_its_own(written: Elsewhere) -> None:
    with pytest.raises(
        RunRefused, match=r"leave --from out\. From when its book is kept is said with --kept-since DAY"
    ):
        agree(customer(), CATALOGUE, Approval(since=date(2026, 11, 17)))
    assert entries() == []


def test_a_book_that_is_kept_since_a_day_owes_what_was_due_from_then_on(written: Elsewhere) -> None:
    agree(customer(start=date(2020, 1, 1)), CATALOGUE, Approval(kept_since=date(2026, 11, 2)))
    lines = recordable(customer(start=date(2020, 1, 1)), CATALOGUE)
    assert ("1.2", "2026-Q4") in {(line.service, line.period) for line in lines}
    off = write_off(
        customer(start=date(2020, 1, 1)),
        CATALOGUE,
        None,
        (),
        None,
        "Anderswo nachgewiesen",
        consent="Frau Holz, am Telefon",
        before=date(2026, 11, 15),
    )
    assert {line.period for line in off} == {"2026-W45", "2026-W46"}
    with Book.open(settings.book_url()) as book:
        assert {it.consent for it in book.write_offs(NAME)} == {"Frau Holz, am Telefon"}


def test_a_meeting_of_last_quarter_is_recorded_for_its_day(
    written: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = customer(start=date(2026, 7, 1))
    at(monkeypatch, "2026-10-02T10:00:00+02:00")
    told = record_by_hand(
        wanted, CATALOGUE, "1.2", None, "beim Kunden", None, moment("2026-09-29T10:00+02:00")
    )
    assert told.endswith(", 2026-Q3")
    with Book.open(settings.book_url()) as book:
        (stamp,) = book.stamps(NAME, service="1.2")
        assert stamp.done_at == moment("2026-09-29T10:00+02:00")
    with pytest.raises(RunRefused, match=r"1\.2 is not open in 2026-Q3"):
        record_by_hand(wanted, CATALOGUE, "1.2", None, "noch einmal", "2026-Q3")
    assert ("1.2", "2026-Q4") in {(line.service, line.period) for line in recordable(wanted, CATALOGUE)}
