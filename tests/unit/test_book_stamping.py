"""Many stamps at once are as many single ones: the same entries, findings, tickets, periods and answers."""

import json
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serviceheft.assess.judgement import Judgement, Outcome, Severity
from serviceheft.book import Book, Contact, RunRefused, StampOrder
from serviceheft.book.records import Stamped
from serviceheft.carrying import Carried
from tests.book_cases import NOT_REACHED, NOW, OFF, OUTDATED, UNKNOWN, begun, judged, stamped

HOW: dict[str, Any] = {
    "now": NOW,
    "deadline": lambda at: at + timedelta(hours=6),
    "contact": Contact("Erika Beispiel", "erika@musterbau.example"),
}


def many(book: Book, run: str, orders: list[StampOrder], **more: Any) -> tuple[Stamped, ...]:
    return book.stamp_many(run, orders, **{**HOW, **more})


def singly(book: Book, run: str, orders: list[StampOrder], **more: Any) -> tuple[Stamped, ...]:
    made = []
    for it in orders:
        named = {"clause": it.clause, "note": it.note, "done_at": it.done_at, **HOW, **more}
        made.append(book.stamp(run, it.service, it.host, it.period, it.judgement, **named))
    return tuple(made)


def order(host: str | None = "mb-pc-01", judgement: Judgement | None = None, **more: Any) -> StampOrder:
    fields: dict[str, Any] = {"service": "2.7", "period": "2026-W47", "clause": "2.7", **more}
    return StampOrder(host=host, judgement=judgement or judged(), **fields)


judgements = st.one_of(
    st.lists(st.sampled_from([OUTDATED, OFF, UNKNOWN]), unique=True).map(lambda causes: judged(*causes)),
    st.sampled_from([NOT_REACHED, judged(not_measured=(OFF,)), judged(OFF, not_measured=(OUTDATED,))]),
)
orders = st.builds(
    StampOrder,
    st.sampled_from(["2.7", "3.1"]),
    st.sampled_from([None, "mb-pc-01", "mb-pc-02", "mb-pc-03"]),
    st.sampled_from([None, "2026-W47", "2026-11"]),
    judgements,
    st.sampled_from(["2.7", "A.2.7"]),
    st.sampled_from([None, "von Hand"]),
    st.sampled_from([None, NOW - timedelta(hours=2)]),
)
steps = st.lists(
    st.tuples(
        st.lists(orders, max_size=6), st.integers(-2, 2), st.sampled_from(["", "dry", "rename", "mend"])
    ),
    max_size=4,
)


def told(book: Book, runs: list[str]) -> list[dict[str, Any]]:
    """All entries, but for what two books cannot have in common: ids of runs, and the hashes over them."""
    lines = [json.loads(line) for line in book.dump("musterbau")]
    return [
        {**line, "run": runs.index(line["run"]), "previous": None, "hash": None}
        for line in lines
        if line["kind"] != "run begun"
    ]


@settings(max_examples=60)
@given(steps, st.sampled_from(Severity), st.booleans())
def test_many_are_as_many_single_ones(
    made: list[tuple[list[StampOrder], int, str]], least: Severity, with_deadline: bool
) -> None:
    found = []
    for write in (many, singly):
        with tempfile.TemporaryDirectory() as folder, Book.open(f"sqlite:///{folder}/heft.sqlite") as book:
            stamped(book, begun(book, "praxis_sued"), judged(OFF))
            runs = [begun(book), begun(book, dry_run=True)]
            answers = []
            for some, seconds, what in made:
                at = NOW + timedelta(seconds=45 * seconds)  # as clocks of several machines differ
                more: dict[str, Any] = {"now": at, "tickets_from": least}
                if not with_deadline:
                    more["deadline"] = lambda _: None
                answers.append(write(book, runs[what == "dry"], some, **more))
                if what == "rename":
                    book.rename(runs[0], {"mb-pc-01": "mb-pc-02", "mb-pc-02": "mb-pc-01"}, now=NOW)
                for life in book.findings("musterbau", open_only=True)[:1] if what == "mend" else ():
                    book.mend(runs[0], life.service, life.host, life.cause, now=NOW, note="eingeschaltet")
            assert book.verify() == []
            findings, tickets = book.findings("musterbau"), book.tickets("musterbau")
            latest, snapshots = set(book.latest_stamps("musterbau")), len(book.snapshots("musterbau"))
            found.append((told(book, runs), answers, findings, tickets, latest, snapshots))
    assert found[0] == found[1]


def visited(book: Book, write: Callable[..., tuple[Stamped, ...]]) -> tuple[Any, Any]:
    """Three visits of more places than are asked for one by one; beside a balance, and others that are not stamped."""
    hosts = [f"mb-pc-{number:03}" for number in range(150)]
    first = [order(host, judged(OUTDATED) if n % 3 else judged()) for n, host in enumerate(hosts)]
    second = [order(host, judged(OFF) if n % 2 else judged()) for n, host in enumerate(hosts[:-30])]
    run = begun(book)
    answers = [write(book, run, first)]
    assert book.carry_forward(run, Carried(NOW.date(), ()), now=NOW)
    answers += [write(book, run, second), write(book, run, second[:25])]
    assert book.verify() == []
    assert sum(len(it.closed) for it in answers[1]) == 80
    return told(book, [run]), answers


def test_more_places_than_are_asked_for_one_by_one(tmp_path: Path) -> None:
    found = []
    for write in (many, singly):
        with Book.open(f"sqlite:///{tmp_path}/{write.__name__}.sqlite") as book:
            found.append(visited(book, write))
    assert found[0] == found[1]


def test_what_is_refused_leaves_nothing_of_its_call_and_all_of_earlier_ones(tmp_path: Path) -> None:
    with Book.open(f"sqlite:///{tmp_path}/heft.sqlite") as book:
        run = begun(book)
        many(book, run, [order("mb-pc-01"), order("mb-pc-02", judged(OUTDATED))])
        before = (book.head("musterbau"), book.latest_stamps("musterbau"), book.tickets("musterbau"))
        large = judged(measured={"log": "x" * 70_000})
        with pytest.raises(ValueError, match=r"This stamp holds 7\d{4} bytes, more than 65536"):
            many(book, run, [order("mb-pc-03", judged(OFF)), order("mb-pc-04", large), order("mb-pc-05")])
        with pytest.raises(ValueError, match="stores only plain JSON"):
            many(book, run, [order("mb-pc-03"), order("mb-pc-04", judged(measured={"days": object()}))])
        assert (book.head("musterbau"), book.latest_stamps("musterbau"), book.tickets("musterbau")) == before
        book.end_run(run, "carried out", now=NOW)
        with pytest.raises(RunRefused, match=f"the run {run} ended at"):
            many(book, run, [order("mb-pc-03")])
        with pytest.raises(RunRefused, match="The book knows no run 20261122T203500Z-none"):
            many(book, "20261122T203500Z-none", [order()])
        assert len(book.stamps("musterbau")) == 2
        assert book.verify() == []


def test_each_stamp_is_measured_by_itself(tmp_path: Path) -> None:
    """Many that are of a usual size may be larger together than one may be."""
    with Book.open(f"sqlite:///{tmp_path}/heft.sqlite") as book:
        run = begun(book)
        orders = [order(f"mb-pc-{n}", judged(measured={"log": "x" * 40_000})) for n in range(4)]
        assert len(many(book, run, orders)) == 4
        assert book.verify() == []


def test_none_at_all_writes_nothing(tmp_path: Path) -> None:
    with Book.open(f"sqlite:///{tmp_path}/heft.sqlite") as book:
        run = begun(book)
        before = book.head("musterbau")
        assert many(book, run, []) == ()
        assert book.head("musterbau") == before


def test_the_deadline_is_worked_out_once_for_all_tickets(tmp_path: Path) -> None:
    asked: list[datetime] = []

    def deadline(at: datetime) -> datetime:
        asked.append(at)
        return at + timedelta(hours=6)

    with Book.open(f"sqlite:///{tmp_path}/heft.sqlite") as book:
        many(book, begun(book), [order(f"mb-pc-{n}", judged(OFF)) for n in range(3)], deadline=deadline)
        assert asked == [NOW]
        assert [it.number for it in book.tickets("musterbau")] == [f"musterbau-00000{n}" for n in (1, 2, 3)]


def test_a_name_written_in_parts_is_the_same_host(tmp_path: Path) -> None:
    """As a device composes its letters, so does not another: the book keeps one form, in all of its tables."""
    with Book.open(f"sqlite:///{tmp_path}/heft.sqlite") as book:
        run = begun(book)
        stamped(book, run, judged(OFF), host="bu\u0308ro-pc")
        assert stamped(book, run, judged(OFF), host="b\u00fcro-pc").seen == (OFF,)
        assert stamped(book, run, judged(), host="bu\u0308ro-pc").closed == (OFF,)
        assert [(it.host, it.outcome) for it in book.latest_stamps("musterbau")] == [
            ("b\u00fcro-pc", Outcome.DONE)
        ]
        assert book.verify() == []
