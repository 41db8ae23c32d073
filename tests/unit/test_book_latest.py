"""What is kept of each period says what its stamps say, whatever came, and in a book of version 1 as well."""

import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.book import Book, LatestStamp, Stamp
from tests.book_cases import NOW, OFF, OUTDATED, UNKNOWN, begun, judged, stamped

RECORDED = Path(__file__).parents[1] / "recordings" / "book"
DECISIVE = {Outcome.DONE, Outcome.FINDING, Outcome.HELD, Outcome.FAILED}


def of_version_1(path: Path) -> str:
    """The URL of a book that version 1 wrote."""
    connection = sqlite3.connect(path)
    for part in ("version_1.sqlite.sql", "version_1.rows.sql"):
        connection.executescript((RECORDED / part).read_text())
    connection.close()
    return f"sqlite:///{path}"


def by_hand(stamps: Iterable[Stamp]) -> set[LatestStamp]:
    """The same, worked out of all stamps."""
    periods: dict[tuple[str, str | None, str | None], list[Stamp]] = {}
    for stamp in stamps:
        if not stamp.dry_run:
            periods.setdefault((stamp.service, stamp.host, stamp.period), []).append(stamp)
    found = set()
    for (service, host, period), row in periods.items():
        last = max(row, key=lambda it: (it.at, it.number))
        first = min(it.at for it in row)
        say = [it for it in row if it.outcome in DECISIVE]
        word = max(say, key=lambda it: (it.at, it.number)) if say else None
        told = (word.outcome, word.at, word.reason) if word else (None, None, None)
        found.add(LatestStamp(service, host, period, last.outcome, last.at, last.number, first, *told))
    return found


visits = st.tuples(
    st.sampled_from(["2.7", "3.1"]),
    st.sampled_from([None, "mb-pc-01", "mb-pc-02"]),
    st.sampled_from([None, "2026-W47", "2026-11"]),
    st.sampled_from(Outcome),
    st.integers(-3, 3),
    st.booleans(),
)


@settings(max_examples=25)
@given(st.lists(visits, max_size=14))
def test_it_says_what_all_stamps_say(
    made: list[tuple[str, str | None, str | None, Outcome, int, bool]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, Book.open(f"sqlite:///{folder}/heft.sqlite") as book:
        runs = {dry: begun(book, dry_run=dry) for dry in (False, True)}
        stamped(book, begun(book, "praxis_sued"), judged())
        for service, host, period, outcome, steps, dry in made:
            judgement = (
                judged(OUTDATED) if outcome is Outcome.FINDING else Judgement(outcome, reason="reach.timeout")
            )
            at = NOW + timedelta(seconds=45 * steps)  # as clocks of several machines differ
            stamped(book, runs[dry], judgement, host, service=service, period=period, now=at)
        found = book.latest_stamps("musterbau")
        assert len(found) == len(set(found))
        assert set(found) == by_hand(book.stamps("musterbau"))
        asked = book.latest_stamps("musterbau", ["2026-W47"])
        assert set(asked) == {it for it in found if it.period == "2026-W47"}
        assert book.verify() == []


def test_a_book_of_version_1_is_read_as_it_is_and_brought_up_by_the_first_writer(tmp_path: Path) -> None:
    path = tmp_path / "heft.sqlite"
    url = of_version_1(path)
    before = path.read_bytes()
    with Book.open(url, create=False) as book:
        read = {name: set(book.latest_stamps(name)) for name in ("musterbau", "praxis_sued")}
        dumps = {name: list(book.dump(name)) for name in read}
        assert book.verify() == []
        assert read == {name: by_hand(book.stamps(name)) for name in read}
        assert {(it.host, it.outcome, it.word) for it in read["musterbau"]} == {
            ("mb-pc-01", "not reached", "finding"),
            ("mb-pc-02", "not reached", None),
            (None, "done", "done"),
        }
        assert version(path) == 1
        later = NOW + timedelta(days=1)  # its last run was killed on another machine
        stamped(book, begun(book, now=later), judged(), "mb-pc-02", now=later)
        assert version(path) == 2
        assert book.verify() == []
        assert set(book.latest_stamps("musterbau")) == by_hand(book.stamps("musterbau"))
        assert set(book.latest_stamps("praxis_sued")) == read["praxis_sued"]
        for name, lines in dumps.items():
            assert list(book.dump(name))[: len(lines)] == lines
    assert path.read_bytes() != before


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, "mb-pc-01", "mb-pc-02"]),
            st.sampled_from(["2.7", "3.1"]),
            st.sets(st.sampled_from([OUTDATED, OFF, UNKNOWN])),
            st.sampled_from(["stamp", "mend", "drop"]),
        ),
        max_size=12,
    )
)
def test_what_is_open_is_read_without_the_rest(
    made: list[tuple[str | None, str, set[str], str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, Book.open(f"sqlite:///{folder}/heft.sqlite") as book:
        stamped(book, begun(book, "praxis_sued"), judged(OFF))
        run = begun(book)
        for host, service, causes, what in made:
            if what == "stamp":
                stamped(book, run, judged(*sorted(causes)), host, service=service)
            elif what == "drop":
                book.drop(run, lambda its, at, gone=(service, host): (its, at) != gone, now=NOW)
            else:
                for cause in causes:
                    with suppress(ValueError):  # it is not open
                        book.mend(run, service, host, cause, now=NOW, note="eingeschaltet")
        findings, tickets = book.findings("musterbau"), book.tickets("musterbau")
        assert book.findings("musterbau", open_only=True) == [it for it in findings if it.is_open]
        assert book.tickets("musterbau", open_only=True) == [it for it in tickets if it.state == "open"]


def test_open_runs_are_read_without_the_rest(tmp_path: Path) -> None:
    with Book.open(f"sqlite:///{tmp_path}/heft.sqlite") as book:
        runs = [begun(book, dry_run=True, now=NOW + timedelta(hours=n)) for n in range(5)]
        for run in runs[:3]:
            book.end_run(run, "carried out", now=NOW + timedelta(hours=4))
        stamped(book, runs[3], judged(), now=NOW + timedelta(hours=4))
        assert [it.id for it in book.runs("musterbau", open_only=True)] == [runs[4], runs[3]]
        assert book.runs("musterbau", limit=3) == book.runs("musterbau")[:3]
        assert [it.state for it in book.runs("musterbau", limit=3)] == ["running", "running", "carried out"]
        assert [it.run for it in book.stamps("musterbau", hosts=["mb-pc-01"])] == [runs[3]]
        assert book.stamps("musterbau", hosts=["mb-pc-02"]) == []


def version(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        return int(connection.execute("SELECT version FROM book_schema").fetchone()[0])


def objects(path: Path) -> dict[str, str]:
    """Whatever a file is laid out of, without how it is indented."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: "".join(sql.split()) for name, sql in rows}


def test_a_book_brought_up_is_laid_out_as_a_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old.sqlite", tmp_path / "new.sqlite"
    with Book.open(of_version_1(old)) as book:
        begun(book, "kanzlei", now=NOW + timedelta(hours=3))
    Book.open(f"sqlite:///{new}").close()
    assert objects(old) == objects(new)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "UPDATE book_latest SET outcome = 'done', word = 'done', word_at = at",
            "musterbau 2 (2.7, mb-pc-01, 2026-W47): changed: the table of each period's latest stamp says something "
            "else than the entries.",
        ),
        (
            "DELETE FROM book_latest",
            "musterbau 2 (2.7, mb-pc-01, 2026-W47): missing: the table of each period's latest stamp does not have it.",
        ),
        (
            "INSERT INTO book_latest SELECT customer, '2026-W46', service, host, number, at, 'done', at, 'done', at, "
            "'' FROM book_latest",
            "musterbau 2 (2.7, mb-pc-01, 2026-W46): inserted: the table of each period's latest stamp has it, and no "
            "entry says so.",
        ),
    ],
)
def test_a_row_that_says_something_else_is_found(tmp_path: Path, statement: str, message: str) -> None:
    """Green that is not true: what is owed is read from there."""
    path = tmp_path / "heft.sqlite"
    with Book.open(f"sqlite:///{path}") as book:
        stamped(book, begun(book), judged(not_measured=("testing.protection_off",)))
        connection = sqlite3.connect(path)
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
        connection.commit()
        connection.close()
        assert message in [it.message for it in book.verify()]
