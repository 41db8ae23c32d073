"""Runs that end, are refused, or are killed; several writers at once; and forks as Ansible makes them."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from serviceheft.book import Book, Process, RunRefused
from tests.book_cases import NOW, OFF, OUTDATED, begun, judged, stamped

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/heft.sqlite"


@pytest.fixture
def book(url: str) -> Iterator[Book]:
    with Book.open(url) as book:
        yield book
    assert book.verify() == []


@pytest.fixture
def gone() -> Process:
    """A process that carried a run out and has ended."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = Process.of(child.pid)
    child.communicate(b"\n")
    return process


def test_a_run_is_read_back_as_it_was_begun(book: Book) -> None:
    run = begun(book, ticket="musterbau-000007", reason="Bestellung", limit="mb-pc-*", kind="owed")
    assert re.fullmatch(r"20261122T203500Z-[0-9a-f]{4}", run)
    book.end_run(run, "incomplete", now=NOW + timedelta(minutes=9))
    [found] = book.runs("musterbau")
    assert (found.id, found.customer, found.kind, found.who) == (run, "musterbau", "owed", "anna")
    assert (found.ticket, found.reason, found.limit, found.tier) == (
        "musterbau-000007",
        "Bestellung",
        "mb-pc-*",
        "comfort",
    )
    assert (found.began_at, found.ended_at, found.state) == (NOW, NOW + timedelta(minutes=9), "incomplete")
    assert (found.commit, found.inventory_hash, found.dry_run) == ("4f2a91c", "ab" * 32, False)


def test_billable_minutes_are_kept_with_the_end(book: Book) -> None:
    run = begun(book, ticket="werkstatt-000001", tier=None)
    assert book.runs("musterbau")[0].billable_minutes is None
    book.end_run(run, "carried out", now=NOW, billable_minutes=(25, 40))
    assert book.runs("musterbau")[0].billable_minutes == (25, 40)


def test_the_latest_runs_come_first(book: Book) -> None:
    runs = []
    for hour in range(4):
        runs.append(begun(book, now=NOW + timedelta(hours=hour)))
        book.end_run(runs[-1], "carried out", now=NOW + timedelta(hours=hour))
    begun(book, "praxis_sued", now=NOW + timedelta(hours=3))
    assert [it.id for it in book.runs("musterbau", 3)] == runs[:0:-1]


def test_a_second_run_is_refused_while_the_first_is_alive(book: Book) -> None:
    run = begun(book)
    process = Process.of()
    with pytest.raises(RunRefused) as refused:
        begun(book, who="berta")
    assert str(refused.value) == (
        f"musterbau: a weekly run is under way: {run}, begun by anna "
        f"on {process.machine} (process {process.pid}) at 2026-11-22 21:35. "
        "Wait until it has ended, or end that process first."
    )
    begun(book, "praxis_sued")
    begun(book, dry_run=True)
    book.end_run(run, "carried out", now=NOW)
    begun(book)


def test_a_dry_run_does_not_hold_up_a_real_one(book: Book) -> None:
    begun(book, dry_run=True)
    begun(book)


def test_a_run_whose_process_is_gone_counts_as_interrupted(book: Book, gone: Process) -> None:
    run = begun(book, process=gone)
    stamped(book, run, judged(OUTDATED))
    assert [(it.state, it.ended_at) for it in book.runs("musterbau")] == [("interrupted", None)]
    later = NOW + timedelta(days=1)
    begun(book, now=later)
    assert [(it.state, it.ended_at) for it in book.runs("musterbau")] == [
        ("running", None),
        ("interrupted", later),
    ]
    assert [it.run for it in book.stamps("musterbau")] == [run]


def test_interrupted_runs_can_be_closed_without_a_new_one(book: Book, gone: Process) -> None:
    run = begun(book, process=gone)
    assert book.close_interrupted("musterbau", now=NOW) == [run]
    assert book.close_interrupted("musterbau", now=NOW) == []
    assert [(it.state, it.ended_at) for it in book.runs("musterbau")] == [("interrupted", NOW)]


def test_a_later_process_of_the_same_id_is_another(book: Book) -> None:
    begun(book, process=replace(Process.of(), started="another boot 4711"))
    assert book.runs("musterbau")[0].state == "interrupted"


def test_a_zombie_carries_nothing_out() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = Process.of(child.pid)
    assert process.alive(lambda: NOW, NOW)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    assert not process.alive(lambda: NOW, NOW)
    child.communicate()


def test_a_run_of_another_machine_counts_as_gone_after_a_long_silence(book: Book) -> None:
    run = begun(book, process=Process("pult-9", 1, "boot 1"))
    stamped(book, run, judged(), now=NOW + timedelta(hours=5))
    assert book.runs("musterbau", now=NOW + timedelta(hours=16))[0].state == "running"
    with pytest.raises(RunRefused, match=r"on pult-9 \(process 1\)"):
        begun(book, now=NOW + timedelta(hours=16))
    assert book.runs("musterbau", now=NOW + timedelta(hours=18))[0].state == "interrupted"
    begun(book, now=NOW + timedelta(hours=18))


def _writer(url: str, run: str, worker: int, stamps: int) -> None:
    for visit in range(stamps):
        with Book.open(url) as book:
            stamped(book, run, judged(*((OUTDATED, OFF) if visit % 2 == 0 else ())), f"mb-pc-{worker:02d}")


def test_several_writers_at_once(url: str) -> None:
    with Book.open(url) as book:
        run = begun(book)
    workers = [FORK.Process(target=_writer, args=(url, run, worker, 6)) for worker in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * 6
    with Book.open(url, create=False) as book:
        assert book.verify() == []
        assert len(book.stamps("musterbau")) == 36
        tickets = book.tickets("musterbau")
        assert [it.number for it in tickets] == [f"musterbau-{n:06d}" for n in range(1, 37)]
        assert {it.state for it in tickets} == {"closed"}


def _opener(url: str, gate: Any, customer: str) -> None:
    gate.wait(60)
    with Book.open(url) as book:
        begun(book, customer)


def test_several_processes_create_one_book(url: str) -> None:
    gate = FORK.Barrier(6)
    openers = [FORK.Process(target=_opener, args=(url, gate, f"kunde_{n}")) for n in range(6)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join(120)
    assert [opener.exitcode for opener in openers] == [0] * 6
    with Book.open(url, create=False) as book:
        assert book.verify() == []
        assert sum(len(book.runs(f"kunde_{n}")) for n in range(6)) == 6


def _contender(url: str, gate: Any, answers: Any) -> None:
    with Book.open(url) as book:
        gate.wait(60)
        try:
            answers.put(begun(book))
        except RunRefused:
            answers.put(None)
        gate.wait(60)  # nobody leaves before all have asked: a run ends with its process


def test_of_several_runs_that_begin_at_once_one_is_let_in(url: str) -> None:
    Book.open(url).close()
    gate, answers = FORK.Barrier(5), FORK.Queue()
    contenders = [FORK.Process(target=_contender, args=(url, gate, answers)) for _ in range(5)]
    for contender in contenders:
        contender.start()
    got = [answers.get(timeout=60) for _ in contenders]
    for contender in contenders:
        contender.join(60)
    assert len([it for it in got if it]) == 1


def _inherits(book: Book, run: str, host: str) -> None:
    stamped(book, run, judged(OUTDATED), host)


def test_a_forked_process_uses_the_book_of_its_parent(book: Book) -> None:
    """As in an Ansible run: the parent has the book open, a worker is forked for each task, both go on."""
    run = begun(book)
    for n in range(3):
        child = FORK.Process(target=_inherits, args=(book, run, f"child-{n}"))
        child.start()
        stamped(book, run, judged(OUTDATED), f"parent-{n}")
        child.join(60)
        assert child.exitcode == 0
    assert len(book.stamps("musterbau")) == len(book.tickets("musterbau")) == 6


ENDLESS = """
import sys
from serviceheft.book import Book
from tests.book_cases import OFF, OUTDATED, begun, judged, stamped
book = Book.open(sys.argv[1])
run = begun(book)
print(run, flush=True)
for n in range(100_000):
    found = (OUTDATED, OFF) if n % 2 == 0 else ()
    number = stamped(book, run, judged(*found, measured={"x": "y" * 2000}), f"mb-pc-{n % 5}").number
    print(number, flush=True)
"""


@pytest.mark.parametrize("after", [1, 2, 3, 5, 8, 13, 21])
def test_kill_9_loses_nothing_that_was_acknowledged(url: str, after: int) -> None:
    """Killed when the n-th acknowledgement is read: the process is then somewhere within the next stamp."""
    child = subprocess.Popen([sys.executable, "-c", ENDLESS, url], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    run = child.stdout.readline().strip()
    shown = [int(child.stdout.readline()) for _ in range(after)]
    child.send_signal(signal.SIGKILL)
    shown += [int(line) for line in child.communicate()[0].splitlines() if line.strip()]
    assert child.returncode == -signal.SIGKILL
    with Book.open(url, create=False) as book:
        assert book.verify() == []
        kept = [it.number for it in book.stamps("musterbau", run=run)]
        assert kept[: len(shown)] == shown
        assert len(kept) <= len(shown) + 1  # the one that was written, but not yet shown
        assert book.runs("musterbau")[0].state == "interrupted"
        following = begun(book)
        stamped(book, following, judged(OUTDATED))
        assert [it.state for it in book.runs("musterbau")] == ["running", "interrupted"]
        numbers = [it.number for it in book.tickets("musterbau")]
        assert numbers == [f"musterbau-{n:06d}" for n in range(1, len(numbers) + 1)]
        assert book.verify() == []


def test_the_work_of_a_stamp_does_not_grow_with_the_book(book: Book) -> None:
    """Counted in steps of SQLite's virtual machine: a scan of the customer's entries would show."""
    run = begun(book)

    def steps() -> int:
        counted = 0

        def step() -> None:
            nonlocal counted
            counted += 1

        with book._store.reading() as connection:
            driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(step, 10)
        stamped(book, run, judged(), "mb-pc-new")
        driver.set_progress_handler(None, 10)
        return counted

    stamped(book, run, judged(), "mb-pc-new")
    before = steps()
    for n in range(150):
        stamped(book, run, judged(OUTDATED), f"mb-pc-{n}")
    assert 0 < steps() < before * 1.5
