"""Stamps per second on SQLite, one by one and in bulk, with one and with several writers; entries verified per second;
what the start of a run reads of an old book, and how fast it is stamped and verified."""

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import batched
from pathlib import Path
from statistics import median
from typing import Any

from serviceheft.assess.judgement import Judgement
from serviceheft.book import Book, Contact, StampOrder
from serviceheft.ledger import owed_by_book, owed_now, scope_now
from serviceheft.model.schema import Customer
from serviceheft.running.beginning import keep_up
from tests.bench import aged
from tests.bench.harness import BenchFailed, Cost, middle, table, timed, title
from tests.book_cases import NOW, OUTDATED, begun, judged, stamped
from tests.unit.test_entitlement import CATALOGUE, customer

STAMPS, QUICK_STAMPS = 1000, 40
BULK, AT_ONCE = 10, (6, 200, 1200)
ROUNDS = 3
OLD, QUICK_OLD = (10_000, 100_000), (400,)
VERY_OLD = (10_000, 100_000, 1_000_000)
WRITERS = 4
_TICK = 0.01  # seconds: finer the system does not tell CPU
CUSTOMER = "musterbau"
CONTACT = Contact("Erika Beispiel", "erika@musterbau.example")


def run(*, quick: bool) -> None:
    """Print the rates."""
    count = QUICK_STAMPS if quick else STAMPS
    rounds = 1 if quick else ROUNDS
    title(
        f"book: {count} stamps on SQLite, each on disk before the next; {count * BULK} in bulk; "
        f"the median of {rounds}"
    )
    rows = [
        _row("one writer", count, _alone, rounds),
        _row("one writer, the book opened for each stamp", count, _opened_each_time, rounds),
        _row(f"{WRITERS} writers at once", count, _together, rounds),
        *(_row(f"{size} in one transaction", count * BULK, partial(_bulk, size), rounds) for size in AT_ONCE),
    ]
    table(["", "stamps per second", "CPU per stamp in ms", "entries verified per second of CPU"], rows)
    for old in QUICK_OLD if quick else OLD:
        _asked(old)
    for old in QUICK_OLD if quick else VERY_OLD:
        _accounts(old, rounds)


def _accounts(stamps: int, rounds: int) -> None:
    """What an account and the start of a run cost, with a balance carried forward and beside it without one."""
    hosts = {f"mb-pc-{number:02}": ("windows_clients",) for number in range(200)}
    wanted = customer("standard", start=date(2009, 1, 1), hosts=hosts).model_copy(update={"name": CUSTOMER})
    title(f"book: what is owed, of {stamps:,} stamps of 200 hosts")
    with tempfile.TemporaryDirectory(prefix="heft-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'heft.sqlite'}"
        aged.fill(url, CUSTOMER, stamps, NOW, len(hosts), WEEKLY, missed=5003)
        with Book.open(url, create=False) as book:
            run = begun(book)
            first, _ = timed(lambda: keep_up(book, wanted, CATALOGUE, run, NOW))
            book.end_run(run, "carried out", now=NOW)
        rows = [["the first run: agreement and balance", "", f"{first.cpu * 1000:,.0f}"]]
        for name, question in QUESTIONS.items():
            costs = []
            for _ in range(rounds):
                with Book.open(url, create=False) as book:
                    cost, found = timed(lambda question=question: question(wanted, book))
                costs.append(cost)
            rows.append([name, f"{found:,}", f"{middle(costs).cpu * 1000:,.0f}"])
    table(["", "lines", "CPU in ms"], rows)


class FromTheBeginning:
    """The same book as if no balance had been carried forward."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def __getattr__(self, name: str) -> Any:
        return getattr(self._book, name)

    def carried_forward(self, customer: str) -> None:
        return None


def _begin(wanted: Customer, book: Book) -> int:
    """What the start of a run asks and writes, besides Ansible."""
    run = begun(book)
    keep_up(book, wanted, CATALOGUE, run, NOW)
    found = owed_now(wanted, CATALOGUE, book, NOW)
    scope = scope_now(wanted, CATALOGUE, book, NOW)
    book.drop(run, lambda service, host: host is None or (service, host) in scope, now=NOW)
    book.end_run(run, "carried out", now=NOW)
    return len(found)


WEEKLY = ("2.4", "2.6", "2.7", "3.1", "3.2", "3.3")
QUESTIONS: dict[str, Callable[[Customer, Book], int]] = {
    "owed": lambda wanted, book: len(owed_by_book(wanted, CATALOGUE, book, NOW)),
    "beside it: owed, from the first page on": lambda wanted, book: len(
        owed_by_book(wanted, CATALOGUE, FromTheBeginning(book), NOW)
    ),
    "the start of a run": _begin,
}


def _asked(stamps: int) -> None:
    """Questions at the start of a run and of `heft owed`, beside reading all stamps for them."""
    title(f"book: what the start of a run reads of {stamps:,} stamps of one customer")
    with tempfile.TemporaryDirectory(prefix="heft-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'heft.sqlite'}"
        aged.fill(url, CUSTOMER, stamps, NOW)
        with Book.open(url, create=False) as book:
            entries = book.head(CUSTOMER).number
            questions: dict[str, Callable[[], Sequence[object]]] = {
                "what each period has come to": lambda: book.latest_stamps(CUSTOMER),
                "the same, of one period": lambda: book.latest_stamps(CUSTOMER, [aged.period_before(NOW)]),
                "open findings": lambda: book.findings(CUSTOMER, open_only=True),
                "open runs": lambda: book.runs(CUSTOMER, open_only=True),
                "one host's stamps of 60 days": lambda: book.stamps(
                    CUSTOMER, since=NOW - timedelta(days=60), hosts=["mb-pc-01"]
                ),
                "beside it: all stamps": lambda: book.stamps(CUSTOMER),
                "what is broken, of all entries": lambda: book.verify(CUSTOMER),
            }
            rows = []
            for name, question in questions.items():
                cost, found = timed(question)
                rows.append([name, f"{len(found):,}", f"{cost.cpu * 1000:,.0f}"])
    table([f"{entries:,} entries", "rows", "CPU in ms"], rows)


def _row(name: str, count: int, work: Callable[[str, str, int], Cost], rounds: int) -> list[str]:
    """Measure one way of stamping, each time in a new book."""
    costs, rates = zip(*(_once(name, count, work) for _ in range(rounds)), strict=True)
    cost = middle(costs)
    return [name, f"{count / cost.wall:,.0f}", f"{cost.cpu / count * 1000:.2f}", f"{median(rates):,.0f}"]


def _once(name: str, count: int, work: Callable[[str, str, int], Cost]) -> tuple[Cost, float]:
    """What it cost, and how many entries a second of CPU verifies; proves that all of it is there."""
    with tempfile.TemporaryDirectory(prefix="heft-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'heft.sqlite'}"
        with Book.open(url) as book:
            run = begun(book)
        cost = work(url, run, count)
        with Book.open(url) as book:
            checking, breaks = timed(lambda: book.verify(CUSTOMER))
            entries = book.head(CUSTOMER).number
            written = len(book.stamps(CUSTOMER))
    if breaks or written != count:
        raise BenchFailed(f"{name}: {written} of {count} stamps, {len(breaks)} breaks of the chain.")
    return cost, entries / max(checking.cpu, _TICK)


def _alone(url: str, run: str, count: int) -> Cost:
    return timed(lambda: _write(url, run, 0, count))[0]


def _opened_each_time(url: str, run: str, count: int) -> Cost:
    """As Ansible's workers do it."""
    return timed(lambda: [_write(url, run, number, 1) for number in range(count)])[0]


def _bulk(size: int, url: str, run: str, count: int) -> Cost:
    """As one task stamps many hosts: all of a transaction are on disk before the next."""
    with Book.open(url) as book:
        return timed(lambda: [_stamp_many(book, run, some) for some in batched(range(count), size)])[0]


def _together(url: str, run: str, count: int) -> Cost:
    share = count // WRITERS
    with multiprocessing.get_context("spawn").Pool(WRITERS) as pool:
        nothing = [(url, run, 0, 0)] * WRITERS  # starting and importing is not to be measured
        pool.starmap(_write, nothing, chunksize=1)
        shares = [(url, run, share * writer, share) for writer in range(WRITERS)]
        cost, each = timed(lambda: pool.starmap(_write, shares, chunksize=1))
        return Cost(cost.wall, sum(each))


def _write(url: str, run: str, first: int, count: int) -> float:
    """The seconds of CPU that it took: of a process that still runs nobody else can tell."""
    before = time.process_time()
    with Book.open(url) as book:
        for number in range(first, first + count):
            _stamp(book, run, number)
    return time.process_time() - before


def _stamp_many(book: Book, run: str, numbers: Sequence[int]) -> None:
    orders = [
        StampOrder("2.7", f"mb-pc-{number:04}", "2026-W47", _judgement(number), "2.7") for number in numbers
    ]
    book.stamp_many(run, orders, now=NOW, deadline=lambda at: at + timedelta(hours=6), contact=CONTACT)


def _stamp(book: Book, run: str, number: int) -> None:
    stamped(book, run, _judgement(number), host=f"mb-pc-{number:04}")


def _judgement(number: int) -> Judgement:
    """Every tenth host has a finding, and so a ticket."""
    return judged(OUTDATED) if number % 10 == 0 else judged()
