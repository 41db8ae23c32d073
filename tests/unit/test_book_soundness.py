"""`verify` names what was done to the layout of a book, and an index that lies about its table."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from serviceheft.book import Book, BookUnavailable
from tests.book_cases import OUTDATED, begun, judged, stamped
from tests.unit.test_book_latest import of_version_1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "heft.sqlite"
    with Book.open(f"sqlite:///{made}") as book:
        stamped(book, begun(book), judged(OUTDATED))
        assert book.soundness().faults == ()
    return made


def faults(path: Path) -> tuple[str, ...]:
    with Book.open(f"sqlite:///{path}", create=False) as book:
        return book.soundness().faults


def script(text: str) -> Callable[[Path], None]:
    def run(path: Path) -> None:
        connection = sqlite3.connect(path)
        connection.executescript(text)
        connection.close()

    return run


AS_VIEW = """
DROP TRIGGER book_heads_stay; DROP TRIGGER book_heads_kept; DROP TRIGGER book_heads_once;
ALTER TABLE book_heads RENAME TO book_old; CREATE VIEW book_heads AS SELECT * FROM book_old;
"""
COLLATED = """
PRAGMA writable_schema = on;
UPDATE sqlite_master SET sql = replace(sql, 'host TEXT', 'host TEXT COLLATE NOCASE') WHERE name = 'book_entries';
"""
RETYPED = """
PRAGMA writable_schema = on;
UPDATE sqlite_master SET sql = replace(sql, 'number INTEGER', 'number TEXT') WHERE name = 'book_heads';
"""
REWRITTEN = """
DROP TRIGGER book_entries_stay;
CREATE TRIGGER book_entries_stay BEFORE UPDATE ON book_entries WHEN false BEGIN SELECT 1; END;
"""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("DROP TRIGGER book_entries_kept", {"The trigger book_entries_kept is gone."}),
        ("DROP TRIGGER book_schema_stay", {"The trigger book_schema_stay is gone."}),
        (REWRITTEN, {"The trigger book_entries_stay was altered."}),
        (
            "CREATE TRIGGER quiet AFTER INSERT ON book_heads BEGIN SELECT 1; END",
            {"The trigger quiet was added; the book knows no such thing."},
        ),
        ("DROP INDEX book_entries_by_kind", {"The index book_entries_by_kind is gone."}),
        (
            "DROP INDEX book_entries_by_kind; "
            "CREATE INDEX book_entries_by_kind ON book_entries (customer, kind, number) WHERE number < 3",
            {"The index book_entries_by_kind was altered."},
        ),
        ("ALTER TABLE book_entries ADD COLUMN comment TEXT", {"The table book_entries was altered."}),
        ("CREATE TABLE bookmarks (url)", {"The table bookmarks was added; the book knows no such thing."}),
        ("CREATE VIEW shown AS SELECT 1", {"The view shown was added; the book knows no such thing."}),
        (COLLATED, {"The table book_entries was altered."}),
        (RETYPED, {"The table book_heads was altered."}),
        ("DROP TABLE book_latest", {"The table book_latest is gone."}),
        (
            AS_VIEW,
            {"The table book_heads is gone.", "The view book_heads was added; the book knows no such thing."},
        ),
        ("ANALYZE", set()),
        ("VACUUM", set()),
        ("REINDEX", set()),
    ],
)
def test_what_was_done_to_the_layout_is_named(path: Path, change: str, expected: set[str]) -> None:
    script(change)(path)
    found = set(faults(path))
    assert expected <= found
    if not expected:
        assert found == set()


def test_an_index_that_leaves_a_row_out_is_named(path: Path) -> None:
    """An open finding that no query finds: its row is whole, and so is the chain."""
    script(
        """
        PRAGMA writable_schema = on;
        UPDATE sqlite_master SET sql = sql || ' WHERE number < 4' WHERE name = 'book_entries_by_kind';
        """
    )(path)
    script("REINDEX book_entries_by_kind")(path)
    script(
        """
        PRAGMA writable_schema = on;
        UPDATE sqlite_master SET sql = replace(sql, ' WHERE number < 4', '') WHERE name = 'book_entries_by_kind';
        """
    )(path)
    with Book.open(f"sqlite:///{path}", create=False) as book:
        assert book.verify() == []
        assert book.soundness().faults == (
            "SQLite's check of the file: row 4 missing from index book_entries_by_kind.",
            "SQLite's check of the file: row 5 missing from index book_entries_by_kind.",
            "SQLite's check of the file: wrong # of entries in index book_entries_by_kind.",
        )


def test_a_page_that_was_overwritten_is_named(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * 5 :] = b"\xa5" * (len(content) - 4096 * 5)
    path.write_bytes(content)
    try:
        assert any(line.startswith("SQLite's check of the file: ") for line in faults(path))
    except BookUnavailable as refused:
        assert "is damaged" in str(refused)  # noqa: PT017 - which of the two depends on the page


def test_a_book_of_version_1(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    of_version_1(path)
    assert faults(path) == ()
    script("DROP INDEX book_entries_by_kind; CREATE TABLE more (x)")(path)
    assert faults(path) == (
        "The index book_entries_by_kind is gone.",
        "The table more was added; the book knows no such thing.",
    )


NO_VERSION = (
    "does not say which version it is: the table book_schema was emptied or altered. Put the book aside, take the "
    "last backup, and compare both with `heft verify`."
)
FREED = "DROP TRIGGER book_schema_stay; DROP TRIGGER book_schema_kept; DROP TRIGGER book_schema_once;"


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM book_schema",
        "INSERT INTO book_schema VALUES (2)",
        "UPDATE book_schema SET version = 'zwei'",
        "UPDATE book_schema SET version = 0",
        "UPDATE book_schema SET version = X'00'",
        "DROP TABLE book_schema; CREATE TABLE book_schema (other TEXT)",
        "DROP TABLE book_schema; CREATE TABLE book_schema (version INTEGER)",
    ],
)
def test_a_version_that_is_not_told(path: Path, change: str) -> None:
    """No traceback, and nothing is laid out anew."""
    script(FREED + change)(path)
    for create in (True, False):
        with pytest.raises(BookUnavailable) as refused:
            Book.open(f"sqlite:///{path}", create=create)
        assert str(refused.value) == f"The book {path} {NO_VERSION}"


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM book_schema",
        "UPDATE book_schema SET version = 1",
        "UPDATE book_schema SET version = NULL",
        "INSERT INTO book_schema VALUES (2)",
        "INSERT OR REPLACE INTO book_heads VALUES ('musterbau', 1, 'x')",
        "UPDATE OR REPLACE book_heads SET number = NULL",
        "DELETE FROM book_latest",
        "INSERT OR REPLACE INTO book_latest SELECT * FROM book_latest",
        "UPDATE book_latest SET word_at = '2020'",
        "UPDATE book_latest SET host = 'mb-pc-02'",
        "UPDATE book_latest SET number = number - 1",
    ],
)
def test_a_careless_statement_is_refused(path: Path, text: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="the book is append-only"):
        script(text)(path)
    assert faults(path) == ()


def test_a_book_that_says_it_is_older_is_not_brought_up_over_what_is_there(path: Path) -> None:
    script(FREED + "UPDATE book_schema SET version = 1")(path)
    assert "The table book_latest was added; the book knows no such thing." in faults(path)
    with (
        Book.open(f"sqlite:///{path}") as book,
        pytest.raises(BookUnavailable, match="was altered: table book_latest"),
    ):
        begun(book, "kanzlei")


def test_a_table_that_is_gone_is_said_in_one_message(path: Path) -> None:
    script("DROP TABLE book_latest")(path)
    with Book.open(f"sqlite:///{path}") as book, pytest.raises(BookUnavailable) as refused:
        book.latest_stamps("musterbau")
    assert str(refused.value) == (
        f"The book {path} was altered: no such table: book_latest. `heft verify` says what differs; put it aside, and "
        "take the last backup."
    )


def test_a_row_of_the_latest_that_nobody_wrote_is_said_in_one_message(path: Path) -> None:
    script("DROP TRIGGER book_latest_stay; UPDATE book_latest SET outcome = 'grün'")(path)
    with Book.open(f"sqlite:///{path}") as book, pytest.raises(BookUnavailable) as refused:
        book.latest_stamps("musterbau")
    assert str(refused.value) == (
        f"The book {path} was altered: a row of book_latest is none that any version wrote. `heft verify` says what "
        "differs; put it aside, and take the last backup."
    )
