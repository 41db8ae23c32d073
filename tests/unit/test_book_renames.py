"""Hosts that got another name: one identity, whatever it was called, and never two in one."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft.assess.judgement import Outcome
from serviceheft.book import Book
from serviceheft.book.renames import Renames
from tests.book_cases import NOW, OUTDATED, begun, judged, stamped

NAMES = ("pc-01", "pc-02", "nb-01")
MINUTE = timedelta(minutes=1)


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[int, dict[str, str]]]:
    numbers = sorted(draw(st.sets(st.integers(1, 40), max_size=5)))
    found = []
    for number in numbers:
        old = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=3))
        new = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=len(old), max_size=len(old)))
        if renamed := {one: other for one, other in zip(old, new, strict=True) if one != other}:
            found.append((number, renamed))
    return found


@given(steps())
def test_law_every_entry_belongs_to_one_host_and_spans_say_the_same(
    found: list[tuple[int, dict[str, str]]],
) -> None:
    renames = Renames(found)
    written = {number for number, _ in found}
    for number in set(range(1, 42)) - written:  # the entry of a renaming is no host's
        for name in NAMES:
            owners = [
                present
                for present in NAMES
                for span, after, before in renames.spans(present)
                if span == name and after < number and (before is None or number < before)
            ]
            assert owners == [renames.present(name, number)]
            assert renames.of_key(renames.key(name, number)) == renames.present(name, number)


@given(steps(), st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 41)), min_size=2, max_size=2))
def test_law_one_key_is_one_bearer(
    found: list[tuple[int, dict[str, str]]], entries: list[tuple[str, int]]
) -> None:
    renames = Renames(found)
    keys = {renames.key(*entry) for entry in entries}
    if len(keys) == 1:
        assert len({renames.present(*entry) for entry in entries}) == 1


@pytest.mark.parametrize(
    ("found", "entry", "present"),
    [
        ([], ("a", 3), "a"),
        ([(5, {"a": "b"})], ("a", 3), "b"),
        ([(5, {"a": "b"})], ("a", 7), "a"),  # the name was given up, and another machine took it
        ([(5, {"a": "b"}), (9, {"b": "c"})], ("a", 3), "c"),
        ([(5, {"a": "b", "b": "a"})], ("a", 3), "b"),
        ([(5, {"a": "b"}), (9, {"b": "a"})], ("a", 3), "a"),
    ],
)
def test_present_names(
    found: Sequence[tuple[int, dict[str, str]]], entry: tuple[str, int], present: str
) -> None:
    assert Renames(found).present(*entry) == present


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book.open(f"sqlite:///{tmp_path / 'heft.sqlite'}")


def renamed(book: Book, names: dict[str, str], minutes: int) -> str:
    run = begun(book, now=NOW + minutes * MINUTE)
    book.rename(run, names, now=NOW + minutes * MINUTE)
    return run


def test_finding_and_ticket_follow_their_host(book: Book) -> None:
    first = begun(book)
    opened = stamped(book, first, judged(OUTDATED), "pc-01")
    book.end_run(first, "carried out", now=NOW)
    (before,) = book.tickets("musterbau")
    run = renamed(book, {"pc-01": "pc-09"}, 1)
    seen = stamped(book, run, judged(OUTDATED), "pc-09", now=NOW + 2 * MINUTE)
    assert (seen.opened, seen.seen) == ((), opened.opened)
    (ticket,) = book.tickets("musterbau", open_only=True)
    assert (ticket.number, ticket.deadline, ticket.finding.host) == (before.number, before.deadline, "pc-09")
    well = stamped(book, run, judged(), "pc-09", now=NOW + 3 * MINUTE)
    assert well.tickets_closed == (before.number,)
    assert book.tickets("musterbau", open_only=True) == []
    assert book.findings("musterbau", open_only=True) == []
    assert [it.host for it in book.stamps("musterbau", host="pc-09")] == ["pc-09"] * 3
    assert [it.name_then for it in book.stamps("musterbau", hosts=["pc-09"])] == ["pc-01", "pc-09", "pc-09"]
    assert book.stamps("musterbau", host="pc-01") == []
    (row,) = book.latest_stamps("musterbau")
    assert (row.host, row.outcome, row.first_at) == ("pc-09", Outcome.DONE, NOW)
    assert book.verify() == []


def test_the_name_that_was_given_up_is_another_machines_from_then_on(book: Book) -> None:
    first = begun(book)
    stamped(book, first, judged(OUTDATED, measured={"name": "alt"}), "pc-01")
    book.end_run(first, "carried out", now=NOW)
    run = renamed(book, {"pc-01": "pc-09"}, 1)
    new = stamped(book, run, judged(OUTDATED, measured={"name": "neu"}), "pc-01", now=NOW + 2 * MINUTE)
    assert (len(new.opened), new.seen) == (1, ())
    assert sorted(str(it.host) for it in book.findings("musterbau", open_only=True)) == ["pc-01", "pc-09"]
    assert {it.host: it.measured["name"] for it in book.snapshots("musterbau")} == {
        "pc-01": "neu",
        "pc-09": "alt",
    }
    rows = {row.host: row for row in book.latest_stamps("musterbau")}
    assert set(rows) == {"pc-01", "pc-09"}
    assert rows["pc-09"].at == NOW
    stamped(book, run, judged(), "pc-09", now=NOW + 3 * MINUTE)
    assert [it.host for it in book.findings("musterbau", open_only=True)] == ["pc-01"]
    book.end_run(run, "carried out", now=NOW + 4 * MINUTE)
    again = renamed(book, {"pc-01": "pc-09", "pc-09": "pc-01"}, 5)  # they swap
    assert [it.host for it in book.findings("musterbau", open_only=True)] == ["pc-09"]
    assert stamped(book, again, judged(), "pc-09", now=NOW + 6 * MINUTE).closed
    assert book.verify() == []


def test_what_is_no_new_name_is_refused(book: Book) -> None:
    run = begun(book)
    for names in ({"a": "a"}, {"a": "c", "b": "c"}):
        with pytest.raises(ValueError, match="These are no new names"):
            book.rename(run, names, now=NOW)
    dry = begun(book, dry_run=True)
    with pytest.raises(ValueError, match="A dry run renames nothing"):
        book.rename(dry, {"a": "b"}, now=NOW)


def test_mended_and_dropped_under_the_new_name(book: Book) -> None:
    first = begun(book)
    stamped(book, first, judged(OUTDATED), "pc-01")
    stamped(book, first, judged(OUTDATED), "pc-02")
    book.end_run(first, "carried out", now=NOW)
    run = renamed(book, {"pc-01": "pc-09", "pc-02": "pc-01"}, 1)
    for life in book.findings("musterbau", open_only=True):
        book.mend(run, life.service, life.host, life.cause, now=NOW + 2 * MINUTE, note="Agent neu")
    assert {it.state for it in book.findings("musterbau")} == {"mended"}
    gone = book.drop(run, lambda service, host: host != "pc-01", now=NOW + 3 * MINUTE)
    assert [it.host for it in gone] == ["pc-01"]
    assert [it.host for it in book.findings("musterbau", open_only=True)] == ["pc-09"]
