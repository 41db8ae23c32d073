"""Whatever is done to a row, `verify` names it: on the pure walk, and on a tampered SQLite file."""

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from serviceheft.book import Book, Break, Entry, Head
from serviceheft.book.chain import GENESIS, _Walk, digest, hashed, sealed, walk
from serviceheft.book.values import canonical, plain
from tests.book_cases import OUTDATED, begun, judged, stamped


def chain(length: int = 7, customer: str = "musterbau") -> list[Entry]:
    rows: list[Entry] = []
    for number in range(1, length + 1):
        host = None if number % 3 == 0 else f"mb-pc-{number:02d}"
        body = canonical({"outcome": "done", "note": "Grüße"})
        previous = rows[-1].hash if rows else GENESIS
        at = f"2026-11-22T20:35:{number:02d}.000000Z"
        entry = Entry(customer, number, "stamp", at, "run", "2.7", host, None, body, previous, "")
        rows.append(sealed(entry))
    return rows


ROWS = chain()
HEAD = Head(ROWS[-1].number, ROWS[-1].hash)
position = st.integers(0, len(ROWS) - 1)
values: dict[str, st.SearchStrategy[object]] = {
    column: st.one_of(st.none(), st.text(max_size=8), st.integers(-3, 12)) for column in Entry._fields
}


def proved(
    rows: list[Entry], head: Head | None = HEAD, against: tuple[int, str] | None = None
) -> list[Break]:
    return list(walk("musterbau", rows, head, against))


def test_an_untouched_chain_holds() -> None:
    assert proved(ROWS) == []
    assert proved([], None) == []
    assert proved(ROWS, HEAD, (3, ROWS[2].hash)) == []


@given(position, st.sampled_from([it for it in Entry._fields if it != "number"]), st.data())
def test_any_changed_column_is_found_and_only_that_row_named(
    at: int, column: str, data: st.DataObject
) -> None:
    value = data.draw(values[column])
    assume(value != getattr(ROWS[at], column))
    rows = [*ROWS]
    rows[at] = ROWS[at]._replace(**{column: value})
    found = proved(rows)
    assert {it.number for it in found} == {at + 1}
    assert {it.kind for it in found} == {"changed"}


@given(position, st.integers(-2, 12))
def test_a_changed_number_is_found(at: int, number: int) -> None:
    assume(number != at + 1)
    rows = sorted([*ROWS[:at], ROWS[at]._replace(number=number), *ROWS[at + 1 :]], key=lambda it: it.number)
    assert {number, at + 1} <= {it.number for it in proved(rows)}


@given(position, st.sampled_from(["service", "host", "body", "at"]), st.text(min_size=1, max_size=5))
def test_a_row_rewritten_with_a_fitting_hash_is_found(at: int, column: str, value: str) -> None:
    """Whoever knows how the hash is made still has to rewrite everything after it, and the head."""
    rows = [*ROWS]
    rows[at] = sealed(ROWS[at]._replace(**{column: value}))
    [found] = proved(rows)
    assert (found.number, found.kind) == (at + 1, "changed")


@given(position, position)
def test_any_missing_stretch_is_found(first: int, last: int) -> None:
    first, last = sorted((first, last))
    [found] = proved(ROWS[:first] + ROWS[last + 1 :])
    assert (found.number, found.kind) == (first + 1, "missing")


@given(position, position)
def test_any_swap_names_both(one: int, two: int) -> None:
    assume(one != two)
    rows = [*ROWS]
    rows[one], rows[two] = ROWS[two]._replace(number=one + 1), ROWS[one]._replace(number=two + 1)
    assert {one + 1, two + 1} <= {it.number for it in proved(rows)}


@given(st.integers(0, len(ROWS)))
def test_any_inserted_row_is_named(at: int) -> None:
    """Put in with a fitting hash and link, the rest renumbered; the last case is a row behind the head."""
    previous = ROWS[at - 1].hash if at else GENESIS
    new = sealed(ROWS[0]._replace(number=at + 1, host="never-there", previous=previous))
    rest = [it._replace(number=it.number + 1) for it in ROWS[at:]]
    found = proved([*ROWS[:at], new, *rest])
    assert (at + 1, "inserted", "never-there") in {(it.number, it.kind, it.host) for it in found}


@given(position)
def test_a_second_row_of_the_same_number_is_named(at: int) -> None:
    twin = sealed(ROWS[at]._replace(host="never-there"))
    for pair in ([ROWS[at], twin], [twin, ROWS[at]]):
        assert at + 1 in {
            it.number for it in proved(ROWS[:at] + pair + ROWS[at + 1 :]) if it.kind == "inserted"
        }


def test_a_tail_cut_off_together_with_its_head_needs_a_reports_anchor() -> None:
    cut, head = ROWS[:4], Head(4, ROWS[3].hash)
    assert proved(cut, head) == []
    [found] = proved(cut, head, (7, HEAD.hash))
    assert (
        found.message
        == "musterbau 7: missing: entry 7 is not in the book; a report knows it; the book ends at 4."
    )


def test_a_chain_rewritten_as_a_whole_needs_a_reports_anchor() -> None:
    other = [sealed(ROWS[0]._replace(host="other"))]
    for row in ROWS[1:]:
        other.append(sealed(row._replace(previous=other[-1].hash)))
    head = Head(7, other[-1].hash)
    assert proved(other, head) == []
    [found] = proved(other, head, (5, ROWS[4].hash))
    assert (found.number, found.kind) == (5, "changed")


@pytest.mark.parametrize(
    ("head", "kind", "number"),
    [
        (None, "missing", 7),
        (Head(9, HEAD.hash), "missing", 8),
        (Head(6, ROWS[5].hash), "inserted", 7),
        (Head(7, "f" * 64), "changed", 7),
    ],
    ids=["gone", "too far", "behind", "other hash"],
)
def test_a_changed_head_is_found(head: Head | None, kind: str, number: int) -> None:
    assert (number, kind) in {(it.number, it.kind) for it in proved(ROWS, head)}


def test_the_hash_is_what_the_documentation_says() -> None:
    """Pinned: a book of today must be provable by every later version."""
    assert digest(ROWS[0]) == "ca4ee03371d163b35083aac08033bd0cc20e2b02b6dcca62652015c1e90e3489"


def test_values_are_stored_in_one_form() -> None:
    assert (
        canonical(plain({"b": (1, 2.5), "a": "Bu\u0308ro", "c": None})) == '{"a":"Büro","b":[1,2.5],"c":null}'
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (float("nan"), "stamp.x is nan; the book stores only plain JSON values."),
        (b"x", "stamp.x is b'x'; the book stores only plain JSON values."),
        ({1: 2}, "a key of stamp.x is a int, not text."),
        (["\ud800"], "stamp.x[0] holds text that is not valid Unicode."),
        ({"\u00fc": 1, "u\u0308": 2}, "stamp.x has the key 'ü' twice."),
        (
            datetime(2026, 11, 22),  # noqa: DTZ001
            "A time without an offset cannot be written into the book.",
        ),
    ],
)
def test_other_values_are_refused(wrong: object, message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole message is compared
        plain({"x": wrong}, "stamp")
    assert str(refused.value) == message


type Tamper = Callable[[sqlite3.Connection], object]


def statement(text: str, *arguments: object) -> Tamper:
    return lambda connection: connection.execute(text, arguments)


CASES: dict[str, tuple[Tamper, set[tuple[int, str]]]] = {
    "outcome": (
        statement("UPDATE book_entries SET body = replace(body, 'finding', 'done') WHERE number = 2"),
        {(2, "changed")},
    ),
    "host to nothing": (statement("UPDATE book_entries SET host = NULL WHERE number = 3"), {(3, "changed")}),
    "bytes": (statement("UPDATE book_entries SET service = X'00ff' WHERE number = 3"), {(3, "changed")}),
    "broken text": (
        statement("UPDATE book_entries SET host = CAST(X'ff41' AS TEXT) WHERE number = 3"),
        {(3, "changed")},
    ),
    "other customer": (
        statement("UPDATE book_entries SET customer = 'praxis_sued' WHERE number = 4"),
        {(4, "missing"), (4, "changed")},
    ),
    "deleted": (statement("DELETE FROM book_entries WHERE number = 4"), {(4, "missing")}),
    "last deleted": (statement("DELETE FROM book_entries WHERE number = 6"), {(6, "missing")}),
    "all deleted": (statement("DELETE FROM book_entries"), {(1, "missing")}),
    "head deleted": (statement("DELETE FROM book_heads"), {(6, "missing")}),
    "number to text": (
        statement("UPDATE book_entries SET number = 'x' WHERE number = 2"),
        {(2, "missing"), ("x", "inserted")},  # type: ignore[arg-type]
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_tampered_file_is_found_out(tmp_path: Path, name: str) -> None:
    tamper, expected = CASES[name]
    path = tmp_path / "heft.sqlite"
    with Book.open(f"sqlite:///{path}") as book:
        stamped(book, begun(book), judged(OUTDATED))
        book.end_run(book.runs("musterbau")[0].id, "carried out", now=book.runs("musterbau")[0].began_at)
        assert (book.verify(), book.head("musterbau").number) == ([], 6)
    with sqlite3.connect(path) as connection:
        for (trigger,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        tamper(connection)
    connection.close()
    with Book.open(f"sqlite:///{path}", create=False) as book:
        found = {(it.number, it.kind) for it in book.verify()}
        assert expected <= found
        if len(expected) == 1:
            assert found == expected


def test_a_break_names_customer_number_kind_host_and_service() -> None:
    rows = [*ROWS[:1], ROWS[1]._replace(at="2026-01-01T00:00:00.000000Z"), *ROWS[2:]]
    assert proved(rows) == [
        Break(
            "musterbau",
            2,
            "changed",
            "musterbau 2 (stamp, 2.7, mb-pc-02): changed: its columns no longer give its hash.",
            "stamp",
            "2.7",
            "mb-pc-02",
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE book_entries SET host = 'x'",
        "DELETE FROM book_entries",
        "INSERT OR REPLACE INTO book_entries SELECT * FROM book_entries WHERE number = 1",
        "UPDATE book_heads SET number = 1",
        "DELETE FROM book_heads",
    ],
)
def test_a_careless_statement_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "heft.sqlite"
    with Book.open(f"sqlite:///{path}") as book:
        stamped(book, begun(book), judged())
        connection = sqlite3.connect(path)
        with pytest.raises(sqlite3.IntegrityError, match="the book is append-only"):
            connection.execute(text)
        connection.close()
        assert book.verify() == []


def test_verify_against_a_report_and_dump(tmp_path: Path) -> None:
    with Book.open(f"sqlite:///{tmp_path}/heft.sqlite") as book:
        stamped(book, begun(book), judged(OUTDATED))
        head = book.head("musterbau")
        stamped(book, book.runs("musterbau")[0].id, judged())
        assert book.verify("musterbau", head) == []
        [found] = book.verify("musterbau", (head.number, "0" * 64))
        assert (found.number, found.kind) == (head.number, "changed")
        with pytest.raises(ValueError, match="belong to one customer"):
            book.verify(against=head)
        lines = list(book.dump("musterbau"))
        assert len(lines) == book.head("musterbau").number
        assert lines[-1].startswith('{"at":"2026-11-22T20:35:00.000000Z","body":')


@given(st.data())
def test_what_is_hashed_is_the_canonical_json_of_all_columns_but_the_hash(data: st.DataObject) -> None:
    anything = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text())
    awkward = st.one_of(anything, st.text('"\\/\x00\x1f\x7f\u2028\udcff\r\n\tü€😀', max_size=9))
    entry = Entry(*(data.draw(awkward) for _ in Entry._fields))  # type: ignore[arg-type]
    columns = {name: value for name, value in entry._asdict().items() if name != "hash"}
    try:
        expected = canonical(columns)
    except ValueError:  # an infinite number
        with pytest.raises(ValueError, match="not JSON compliant"):
            hashed(entry)
    else:
        assert hashed(entry) == expected


@given(
    st.lists(
        st.tuples(
            position,
            st.one_of(
                st.sampled_from(["drop", "double", "reseal"]),
                st.tuples(st.sampled_from(Entry._fields), st.one_of(*values.values())),
            ),
        ),
        max_size=4,
    ),
    st.sampled_from([None, HEAD, Head(5, ROWS[4].hash), Head(9, HEAD.hash), Head(7, "f" * 64)]),
)
def test_the_short_way_of_usual_rows_says_what_the_long_one_says(
    done: list[tuple[int, str | tuple[str, object]]], head: Head | None
) -> None:
    rows = [*ROWS]
    for at, what in done:
        if at >= len(rows):
            continue
        if what == "drop":
            del rows[at]
        elif what == "double":
            rows.insert(at, rows[at])
        elif what == "reseal":
            rows[at] = sealed(rows[at])
        else:
            column, value = what
            rows[at] = rows[at]._replace(**{str(column): value})
    with patch.object(_Walk, "passes", lambda *_: False):
        expected = proved(rows, head)
    assert proved(rows, head) == expected
