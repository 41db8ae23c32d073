"""The order of time: a wrong clock is refused or told, no period is done before it comes, and the book goes on."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from serviceheft import settings
from serviceheft.book import Book, RunRefused, timing
from serviceheft.book.acknowledging import acknowledge
from serviceheft.book.timing import Clock
from tests.book_cases import NOW, OFF, begun, judged, stamped

HERE = Clock("this start", 1_000_000.0, synchronised=False)
WEEK = timedelta(days=7)


def later(clock: Clock, passed: timedelta) -> Clock:
    return replace(clock, uptime=clock.uptime + passed.total_seconds())


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book.open(f"sqlite:///{tmp_path}/heft.sqlite")


def visit(book: Book, now: datetime = NOW, customer: str = "musterbau", **more: object) -> None:
    run = begun(book, customer, now=now, **more)
    stamped(book, run, judged(), now=now)
    book.end_run(run, "carried out", now=now)


def test_a_clock_that_is_behind(book: Book) -> None:
    visit(book)
    visit(book, NOW - timedelta(minutes=5))  # another machine's, a little behind
    head = book.head("musterbau")
    for wrong in (timedelta(minutes=6), WEEK):
        with pytest.raises(RunRefused) as refused:
            visit(book, NOW - timedelta(minutes=5) - wrong)
    assert str(refused.value) == (
        "musterbau: the clock of this machine says 15.11.2026 21:30, and the last entry of the book was made at "
        "22.11.2026 21:30. Nothing was written. Check the clock and NTP (timedatectl). If it is right, the last "
        'entries were made by a clock that was ahead: heft book acknowledge musterbau --reason "..."'
    )
    with pytest.raises(RunRefused, match=r"^musterbau: the clock"):
        begun(book, "werkstatt", now=NOW - WEEK)  # the whole book counts
    assert book.head("musterbau") == head


def test_no_entry_of_a_run_is_older_than_the_one_before(book: Book) -> None:
    run = begun(book)
    stamped(book, run, judged(OFF))
    for act in (
        lambda now: stamped(book, run, judged(), now=now),
        lambda now: book.end_run(run, "carried out", now=now),
        lambda now: book.mend(run, "2.7", "mb-pc-01", OFF, now=now, note="x"),
    ):
        with pytest.raises(RunRefused, match="the clock of this machine says"):
            act(NOW - timedelta(hours=1))
        assert book.verify() == []
    book.end_run(run, "carried out", now=NOW)


def test_a_clock_that_is_a_week_ahead_since_the_last_run(book: Book) -> None:
    """The same start of the machine: it has counted a minute, and its clock a week."""
    visit(book, clock=HERE)
    with pytest.raises(RunRefused) as refused:
        visit(book, NOW + WEEK, clock=later(HERE, timedelta(hours=1)))
    assert str(refused.value) == (
        "musterbau: the clock of this machine says 29.11.2026 21:35; since the last run at 22.11.2026 21:35 this "
        "machine has counted 1.0 hours, and its clock 7 days. Nothing was written. Check the clock and NTP "
        '(timedatectl). If it is right: heft book acknowledge musterbau --reason "..."'
    )
    visit(book, NOW + WEEK, clock=later(HERE, WEEK - timedelta(minutes=4)))
    far = NOW + 30 * WEEK
    visit(book, far, clock=later(HERE, 30 * WEEK))  # a long silence, and the machine was on


def test_after_a_restart_a_long_silence_is_asked_about(book: Book) -> None:
    visit(book, clock=HERE)
    other = Clock("another start", 60.0, synchronised=False)
    visit(book, NOW + timedelta(days=8), clock=other)
    third = Clock("a third start", 60.0, synchronised=False)
    now = NOW + timedelta(days=30)
    with pytest.raises(RunRefused) as refused:
        visit(book, now, clock=third)
    assert (
        "the last entry of the book was made at 30.11.2026 21:35, 22 days ago, and no NTP holds this clock"
        in str(refused.value)
    )
    visit(book, now, clock=replace(third, synchronised=True))


def test_a_clock_that_is_right_is_acknowledged(book: Book) -> None:
    visit(book, clock=HERE)
    now, clock = NOW + 5 * WEEK, Clock("another start", 60.0, synchronised=False)
    assert acknowledge(book, "musterbau", who="anna", reason="Betriebsferien", now=now, clock=clock) == 0
    visit(book, now + timedelta(minutes=1), clock=later(clock, timedelta(minutes=1)))
    assert len(book.stamps("musterbau")) == 2
    assert book.verify() == []


def test_after_a_wrong_clock_the_book_is_not_stuck(book: Book) -> None:
    visit(book)
    visit(book, NOW + WEEK)  # nothing showed it
    wrong = book.head("musterbau").number
    now = NOW + timedelta(hours=1)
    with pytest.raises(RunRefused, match="heft book acknowledge musterbau"):
        visit(book, now)
    made = acknowledge(book, "musterbau", who="anna", reason="Batterie leer", now=now, clock=None)
    assert made == 4
    visit(book, now)
    assert [it.at for it in book.stamps("musterbau")] == [NOW, now]
    assert [(it.number, it.at) for it in book.latest_stamps("musterbau")] == [
        (book.head("musterbau").number - 2, now)
    ]
    assert book.verify() == []
    said = [json.loads(line) for line in book.dump("musterbau")][wrong]
    assert said["kind"] == "clock acknowledged"
    assert json.loads(said["body"]) == {
        "who": "anna",
        "reason": "Batterie leer",
        "first": 5,
        "last": 8,
        "clock": None,
    }


def test_an_acknowledgement_needs_a_reason_and_a_customer(book: Book) -> None:
    visit(book)
    with pytest.raises(RunRefused, match="Say in a sentence what was wrong"):
        acknowledge(book, "musterbau", who="anna", reason=" ", now=NOW, clock=None)
    with pytest.raises(RunRefused, match="The book has no entry of werkstatt"):
        acknowledge(book, "werkstatt", who="anna", reason="x", now=NOW, clock=None)


def test_the_change_from_summer_time_is_none(book: Book) -> None:
    """At 3:00 the clocks say 2:00 again: half an hour later is half an hour later."""
    before = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)  # 2:45, the first time
    visit(book, before.astimezone(settings.BERLIN), clock=HERE)
    after = (before + timedelta(minutes=30)).astimezone(settings.BERLIN)  # 2:15, the second time
    assert after.strftime("%H:%M") == "02:15"
    visit(book, after, clock=later(HERE, timedelta(minutes=30)))


def test_rehearsals_and_real_runs_do_not_mix(tmp_path: Path) -> None:
    with Book.open(f"sqlite:///{tmp_path}/real.sqlite") as book:
        visit(book)
        for customer in ("musterbau", "werkstatt"):
            with pytest.raises(RunRefused) as refused:
                visit(book, NOW + WEEK, customer, rehearsed=True)
        assert str(refused.value) == (
            "HEFT_NOW is set, and this book holds real runs: a rehearsal would stamp what nobody did. Nothing was "
            "written. Leave HEFT_NOW out, or rehearse in a book of its own: HEFT_DATA=FOLDER HEFT_VAR=FOLDER"
        )
    with Book.open(f"sqlite:///{tmp_path}/rehearsal.sqlite") as book:
        visit(book, rehearsed=True)
        assert [run.rehearsed for run in book.runs("musterbau")] == [True]
        with pytest.raises(RunRefused, match="This book was begun as a rehearsal"):
            visit(book, NOW + WEEK)
        for now in (NOW + WEEK, NOW - WEEK):  # it proves nothing, so it may go back
            visit(book, now, rehearsed=True)
        assert book.verify() == []


def test_a_run_counts_its_time_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sets the clock in the middle of a run: its entries stay in order, and the end tells it."""
    monkeypatch.delenv("HEFT_NOW", raising=False)
    monkeypatch.setattr(settings, "_began", None)
    settings.keep_time()
    began, counted = settings._began or (NOW, 0.0)
    assert abs(settings.clock_jumped()) < timedelta(seconds=30)
    monkeypatch.setattr(
        settings, "_began", (began + WEEK, counted)
    )  # as if the clock had been set back by a week
    assert settings.now() > began + WEEK - timedelta(minutes=1)
    assert timedelta(days=-8) < settings.clock_jumped() < timedelta(days=-6)
    monkeypatch.setenv("HEFT_NOW", "2026-11-18T10:00:00+01:00")
    assert settings.clock_jumped() == timedelta()


def test_this_machine_tells_its_time() -> None:
    clock = Clock.of_this_machine()
    assert clock is not None
    assert clock.uptime > 0
    again = Clock.of_this_machine()
    assert again is not None
    assert again.boot == clock.boot
    assert again.uptime >= clock.uptime
    assert timing.shown(NOW) == "22.11.2026 21:35"
