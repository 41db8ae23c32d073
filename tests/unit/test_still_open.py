"""Open emergencies as the book keeps them: terms, renamed hosts, measurements, and a technician's end."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from serviceheft import settings
from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.book import Book, Process, reading
from serviceheft.book.chain import Entry
from serviceheft.book.renames import Renames
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.open_emergencies import KIND, OpenEmergency, Turn, Why
from serviceheft.running.by_hand import end_emergency
from serviceheft.running.still_open import as_data, in_words, still_open
from tests.book_cases import NOW, begun, stamped

CATALOGUE = load_catalogue()
CUSTOMER = load_customer(settings.REPOSITORY / "inventories" / "musterbau", CATALOGUE)
FIRST, SECOND = [name for name, host in CUSTOMER.hosts.items() if "windows_clients" in host.groups][:2]
KB = "KB5068861"
HOUR = timedelta(hours=1)
MISSING = {"kb": KB, "title": "2026-11 Cumulative Update", "category": "SecurityUpdates"}
AWAY = Judgement(Outcome.NOT_REACHED, reason="reach.no_route")
HELD = Judgement(
    Outcome.HELD,
    reason="patch.outside_window",
    actions=(
        Action("update.install", KB, ActionResult.DONE, None, {"title": "2026-11"}),
        Action("update.reboot", "Windows", ActionResult.HELD, "patch.outside_window"),
    ),
)


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    monkeypatch.setenv("HEFT_BOOK", f"sqlite:///{tmp_path}/heft.sqlite")
    monkeypatch.setenv("HEFT_WHO", "anna")
    with Book.open(settings.book_url()) as book:
        yield book
    assert book.verify() == []


def order(book: Book, *hosts: str, at: datetime = NOW, **more: Any) -> str:
    return begun(book, kind=KIND, reason=f"{KB}: exploited: now", limit=",".join(hosts), now=at, **more)


def measured(pending: bool | None = False, *missing: Any, left_out: Any = ()) -> Judgement:
    state = {"missing": list(missing), "left_out": list(left_out), "reboot_pending": pending}
    return Judgement(Outcome.DONE, measured=state, subject="updates")


def found(book: Book, at: datetime = NOW + 2 * HOUR) -> list[OpenEmergency]:
    return still_open(CUSTOMER, CATALOGUE, book, at)


def weekly(book: Book, host: str, judgement: Judgement, at: datetime = NOW + HOUR) -> None:
    run = begun(book, now=at)
    stamped(book, run, judgement, host, service="3.1", now=at)
    book.end_run(run, "carried out", now=at)


def test_the_book_keeps_the_terms(book: Book) -> None:
    run = order(book, FIRST, SECOND, maximum_hosts=7)
    for host in (FIRST, SECOND):
        stamped(book, run, AWAY, host, service="3.2", period=None)
    book.end_run(run, "incomplete", now=NOW)
    (one,) = found(book)
    assert (one.kb, one.reason, one.cap, one.maximum_hosts) == (KB, "exploited: now", 7, 7)
    assert {it.host: (it.why, it.turn) for it in one.owing} == dict.fromkeys(
        (FIRST, SECOND), (Why.NOT_REACHED, Turn.NOW)
    )
    assert in_words(one) == (
        f"{KB} (exploited: now) is still owed to 2 host(s): {FIRST} (not reached), {SECOND} (not reached)"
    )
    assert json.loads(json.dumps(as_data(one)))["hosts"][0]["why"] == "not_reached"
    again = order(book, FIRST, at=NOW + HOUR, catch_up=True, maximum_hosts=7)
    book.end_run(again, "carried out", now=NOW + HOUR)
    begins = book.runs("musterbau", kinds=[KIND])
    assert [it.catch_up for it in begins] == [True, False]
    assert book.runs("musterbau", kinds=["weekly"]) == book.runs("musterbau", kinds=[]) == []


def test_a_run_of_an_older_version_is_read_as_before() -> None:
    body = {
        "kind": KIND, "who": "a", "commit": "c", "inventory_hash": "h", "dry_run": False, "tier": None, "ticket": None,
        "reason": f"{KB}: x", "limit": "pc-1, pc-2:grp", "process": {"machine": "m", "pid": 1, "started": ""},
    }  # fmt: skip
    at = "2026-11-24T09:00:00.000000Z"
    begin = Entry("c", 1, "run begun", at, "r", None, None, None, json.dumps(body), "", "")
    end = begin._replace(number=2, kind="run ended", body='{"outcome":"incomplete"}')
    run = reading._run(None, begin, end, NOW, Renames([(5, {"pc-2": "pc-9"})]))  # type: ignore[arg-type]
    assert (run.catch_up, run.maximum_hosts, run.rehearsed) == (False, None, False)
    assert run.listed == ("pc-1", "pc-9", "grp")
    assert run.limit == "pc-1, pc-2:grp"


def test_a_host_that_was_renamed_still_owes_it(book: Book) -> None:
    run = order(book, "old-name")
    stamped(book, run, AWAY, "old-name", service="3.2", period=None)
    book.end_run(run, "incomplete", now=NOW)
    assert found(book) == []
    by_hand = begun(book, kind="by hand", now=NOW + HOUR)
    book.rename(by_hand, {"old-name": FIRST}, now=NOW + HOUR)
    book.end_run(by_hand, "carried out", now=NOW + HOUR)
    assert [it.host for one in found(book) for it in one.owing] == [FIRST]


@pytest.mark.parametrize(
    ("judgement", "settles"),
    [
        (measured(), True),
        (measured(True), False),
        (measured(None), False),
        (measured(False, MISSING), False),
        (measured(False, left_out=[MISSING | {"category": "Upgrades"}]), True),
        (
            Judgement(Outcome.DONE, measured={"missing": [], "reboot_pending": False}, subject="updates"),
            False,
        ),
    ],
)
def test_a_later_measurement_settles_it_where_it_saw_everything(
    book: Book, judgement: Judgement, settles: bool
) -> None:
    run = order(book, FIRST)
    stamped(book, run, HELD, FIRST, service="3.2", period=None)
    book.end_run(run, "carried out", now=NOW)
    weekly(book, FIRST, judgement)
    assert (found(book) == []) is settles


def test_who_was_cut_off_owes_it_and_a_technician_can_end_it(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    order(book, FIRST, process=Process("elsewhere", 1, "s"))
    late = NOW + timedelta(days=3)
    assert [it.why for one in found(book, late) for it in one.owing] == [Why.CUT_OFF]
    monkeypatch.setenv("HEFT_NOW", late.isoformat())
    monkeypatch.setattr(settings, "rehearsed", lambda: False)
    assert end_emergency(CUSTOMER, CATALOGUE, "KB5000001", "withdrawn") == []
    assert end_emergency(CUSTOMER, CATALOGUE, KB, "withdrawn") == [FIRST]
    assert found(book, late + HOUR) == []
    last = book.runs("musterbau")[0]
    assert (last.kind, last.who, last.reason, last.state) == (
        "emergency ended",
        "anna",
        f"{KB}: withdrawn",
        "carried out",
    )


def test_a_dry_run_is_no_order(book: Book) -> None:
    run = order(book, FIRST, dry_run=True)
    book.end_run(run, "carried out", now=NOW)
    assert found(book) == []
