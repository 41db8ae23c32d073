"""`verify` on PostgreSQL names what was done to tables, guards and indexes; and the guards refuse what SQLite's do."""

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from serviceheft.book import Book, BookUnavailable
from tests.book_cases import NOW, OUTDATED, begun, judged, stamped
from tests.lab.test_book_postgres import RECORDED
from tests.postgres import Server

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]

NO_AMCHECK = (
    "whether the indexes say what the tables say. As a superuser: CREATE EXTENSION amcheck; "
    "GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO USER"
)


@pytest.fixture
def written(url: str) -> str:
    with Book.open(url) as book:
        stamped(book, begun(book), judged(OUTDATED))
        assert book.soundness().faults == ()
    return url


def faults(url: str) -> set[str]:
    with Book.open(url, create=False) as book:
        return set(book.soundness().faults)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            "ALTER TABLE book_entries DISABLE TRIGGER book_entries_kept",
            {"The trigger book_entries.book_entries_kept was altered."},
        ),
        (
            "ALTER TABLE book_heads ENABLE REPLICA TRIGGER book_heads_stay",
            {"The trigger book_heads.book_heads_stay was altered."},
        ),
        (
            "DROP TRIGGER book_schema_once ON book_schema",
            {"The trigger book_schema.book_schema_once is gone."},
        ),
        (
            "CREATE OR REPLACE FUNCTION book_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
            {"The function book_refuse was altered."},
        ),
        (
            "CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; "
            "CREATE TRIGGER quiet BEFORE INSERT ON book_heads FOR EACH ROW EXECUTE FUNCTION quiet()",
            {"The trigger book_heads.quiet was added; the book knows no such thing."},
        ),
        ("DROP INDEX book_entries_by_kind", {"The index book_entries_by_kind is gone."}),
        (
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'book_entries_by_kind'::regclass",
            {"The index book_entries_by_kind was altered."},
        ),
        (
            "DROP INDEX book_entries_by_kind; "
            "CREATE INDEX book_entries_by_kind ON book_entries (customer, kind, number) WHERE number < 3",
            {"The index book_entries_by_kind was altered."},
        ),
        (
            "ALTER TABLE book_heads DROP CONSTRAINT book_heads_pkey",
            {"The index book_heads_pkey is gone."},
        ),
        (
            "ALTER TABLE book_entries ADD COLUMN comment text",
            {"The column book_entries.comment was added; the book knows no such thing."},
        ),
        (
            "ALTER TABLE book_entries ALTER host TYPE varchar(40)",
            {"The column book_entries.host was altered."},
        ),
        (
            'ALTER TABLE book_entries ALTER host TYPE text COLLATE "C"',
            {"The column book_entries.host was altered."},
        ),
        ("ALTER TABLE book_entries ALTER kind DROP NOT NULL", {"The column book_entries.kind was altered."}),
        (
            "ALTER TABLE book_entries ALTER host SET DEFAULT 'x'",
            {"The column book_entries.host was altered."},
        ),
        ("ALTER TABLE book_entries ENABLE ROW LEVEL SECURITY", {"The table book_entries was altered."}),
        (
            "CREATE RULE quiet AS ON DELETE TO book_heads DO INSTEAD NOTHING",
            {"The table book_heads was altered."},
        ),
        (
            "CREATE TABLE book_more () INHERITS (book_entries)",
            {
                "The table book_entries was altered.",
                "The table book_more was added; the book knows no such thing.",
            },
        ),
        ("ALTER TABLE book_heads SET UNLOGGED", {"The table book_heads was altered."}),
        (
            "ALTER TABLE book_heads RENAME TO old_heads; CREATE VIEW book_heads AS SELECT * FROM old_heads; "
            "GRANT SELECT ON book_heads TO heft",
            {"The table book_heads was altered.", "The trigger book_heads.book_heads_stay is gone."},
        ),
        ("DROP TABLE book_latest", {"The table book_latest is gone."}),
        ("ANALYZE", set()),
        ("REINDEX TABLE book_entries", set()),
        ("CLUSTER book_entries USING book_entries_pkey", set()),
    ],
)
def test_what_was_done_to_the_layout_is_named(
    postgres: Server, written: str, database: str, change: str, expected: set[str]
) -> None:
    postgres.sql(change, database)
    found = faults(written)
    assert expected <= found
    if not expected:
        assert found == set()


def test_a_role_for_which_no_guard_works(postgres: Server, written: str, database: str) -> None:
    postgres.sql(f"ALTER ROLE heft IN DATABASE {database} SET session_replication_role = replica")
    assert faults(written) == {"The guards do not work for this user: session_replication_role is set."}


def test_a_book_in_a_schema_of_its_own(postgres: Server, url: str, database: str) -> None:
    postgres.sql('CREATE SCHEMA "Team Süd" AUTHORIZATION heft', database)
    with Book.open(f"{url}&options=-c%20search_path%3D%22Team%5C%20S%C3%BCd%22") as book:
        stamped(book, begun(book), judged(OUTDATED))
        assert (book.soundness().faults, book.verify()) == ((), [])


def test_indexes_are_read_against_their_tables_where_amcheck_is(
    postgres: Server, written: str, database: str
) -> None:
    with Book.open(written, create=False) as book:
        assert book.soundness().unproved == (NO_AMCHECK,)
    postgres.sql("CREATE EXTENSION amcheck", database)
    with Book.open(written, create=False) as book:
        assert book.soundness().unproved == (NO_AMCHECK,)
    postgres.sql("GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO heft", database)
    with Book.open(written, create=False) as book:
        assert (book.soundness().faults, book.soundness().unproved) == ((), ())


def test_an_index_that_leaves_rows_out_is_named(postgres: Server, written: str, database: str) -> None:
    """An open finding that no query finds: its row is whole, and so is the chain."""
    postgres.sql("CREATE EXTENSION amcheck", database)
    postgres.sql("GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO heft", database)
    full = file_of(postgres, database, "book_entries_by_kind")
    # The same index over fewer rows, its file put in the other's place while the server is down.
    postgres.sql("CREATE INDEX fewer ON book_entries (customer, kind, number) WHERE number < 4", database)
    part = file_of(postgres, database, "fewer")
    postgres.sql("CHECKPOINT")
    postgres.stop()
    full.write_bytes(part.read_bytes())
    postgres.start()
    postgres.sql("DROP INDEX fewer", database)
    with Book.open(written, create=False) as book:
        assert book.verify() == []
        assert book.soundness().faults == (
            "The index book_entries_by_kind does not say what its table says. "
            "On the server: REINDEX INDEX book_entries_by_kind.",
        )


def file_of(postgres: Server, database: str, relation: str) -> Path:
    return postgres.folder / "data" / postgres.sql(f"SELECT pg_relation_filepath('{relation}')", database)


def test_a_book_of_version_1(postgres: Server, url: str, database: str) -> None:
    with psycopg.connect(url) as connection:
        for part in ("version_1.postgresql.sql", "version_1.rows.sql"):
            connection.execute((RECORDED / part).read_bytes())
    assert faults(url) == set()
    with Book.open(url) as book:
        begun(book, "kanzlei", now=NOW + timedelta(days=1))
    assert faults(url) == set()
    assert postgres.sql("SELECT version FROM book_schema", database) == "2"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE book_entries SET host = 'x'",
        "DELETE FROM book_entries WHERE number = 1",
        "TRUNCATE book_entries",
        "INSERT INTO book_entries SELECT customer, 0, kind, at, NULL, service, host, subject, body, previous, hash "
        "FROM book_entries WHERE number = 2",
        "UPDATE book_heads SET number = 1",
        "UPDATE book_heads SET customer = 'kanzlei', number = 99",
        "DELETE FROM book_heads",
        "TRUNCATE book_heads",
        "INSERT INTO book_heads SELECT * FROM book_heads ON CONFLICT (customer) DO UPDATE SET number = 1",
        "DELETE FROM book_latest",
        "TRUNCATE book_latest",
        "UPDATE book_latest SET word_at = '2020'",
        "UPDATE book_latest SET period = '2026-W46'",
        "DELETE FROM book_schema",
        "TRUNCATE book_schema",
        "UPDATE book_schema SET version = 1",
        "INSERT INTO book_schema VALUES (3)",
    ],
)
def test_a_careless_statement_is_refused(
    postgres: Server, written: str, database: str, statement: str
) -> None:
    with pytest.raises(subprocess.CalledProcessError) as error:
        postgres.sql(statement, database)
    assert "the book is append-only" in error.value.stderr
    with Book.open(written) as book:
        assert (book.verify(), book.soundness().faults) == ([], ())


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM book_schema",
        "TRUNCATE book_schema",
        "INSERT INTO book_schema VALUES (2)",
        "ALTER TABLE book_schema ALTER version TYPE text",
        "ALTER TABLE book_schema RENAME version TO other; UPDATE book_schema SET other = -1",
    ],
)
def test_a_version_that_is_not_told(postgres: Server, written: str, database: str, change: str) -> None:
    postgres.sql(f"SET session_replication_role = replica; {change}", database)
    for create in (True, False):
        with pytest.raises(
            BookUnavailable, match="does not say which version it is: the table book_schema was"
        ):
            Book.open(written, create=create)


def test_a_table_that_is_gone_is_said_in_one_message(postgres: Server, written: str, database: str) -> None:
    postgres.sql("DROP TABLE book_latest", database)
    with Book.open(written) as book, pytest.raises(BookUnavailable) as refused:
        book.latest_stamps("musterbau")
    assert str(refused.value) == (
        f'The book (PostgreSQL database {database} on {postgres.folder}) was altered: relation "book_latest" does not '
        "exist. `heft verify` says what differs; put it aside, and take the last backup."
    )


def test_what_was_truncated_is_found(postgres: Server, written: str, database: str) -> None:
    def broken(table: str) -> list[Any]:
        postgres.sql(f"SET session_replication_role = replica; TRUNCATE {table}", database)
        with Book.open(written, create=False) as book:
            return [it.message for it in book.verify()]

    assert broken("book_latest") == [
        "musterbau 2 (2.7, mb-pc-01, 2026-W47): missing: the table of each period's latest stamp does not have it."
    ]
    assert broken("book_entries") == [
        "musterbau 1: missing: entries 1 to 5 are not in the book; the book's head says that it ends at 5."
    ]
