"""Whatever server, role, address and environment have set: the same book, or one message and nothing written."""

import multiprocessing
import os
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from serviceheft.book import Book, BookUnavailable
from tests.book_cases import NOW, OFF, OUTDATED, begun, judged, stamped
from tests.lab.test_book_postgres import RECORDED
from tests.lab.wire import wire
from tests.postgres import PASSWORD, Server

LATER = NOW + timedelta(days=1)  # than what the recorded book holds
pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]

FORK = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(name)


def refused(url: str, **more: Any) -> str:
    with pytest.raises(BookUnavailable) as error:
        Book.open(url, **more)
    assert PASSWORD not in str(error.value)
    return str(error.value)


def place(database: str, host: object) -> str:
    return f"The book (PostgreSQL database {database} on {host})"


def _writer(url: str, run: str, worker: int) -> None:
    with Book.open(url) as book:
        for visit in range(6):
            stamped(book, run, judged(*((OUTDATED, OFF) if visit % 2 == 0 else ())), f"mb-pc-{worker}")


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_isolation_is_not_inherited(postgres: Server, url: str, database: str, isolation: str) -> None:
    postgres.sql(f"ALTER DATABASE {database} SET default_transaction_isolation = '{isolation}'")
    postgres.sql(f"ALTER DATABASE {database} SET synchronous_commit = off")
    with Book.open(url) as book:
        run = begun(book)
        with book._store.writing("musterbau") as connection:
            shown = [
                connection.exec_driver_sql(f"SHOW {name}").scalar()
                for name in ("transaction_isolation", "synchronous_commit", "statement_timeout")
            ]
        assert shown == ["read committed", "on", "2min"]
    writers = [FORK.Process(target=_writer, args=(url, run, n)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0] * 4
    with Book.open(url, create=False) as book:
        assert len(book.stamps("musterbau")) == 24
        assert book.verify() == []


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_does_not_keep_every_text(postgres: Server, encoding: str) -> None:
    name = f"heft_{encoding.lower()}"
    postgres.sql(f"CREATE DATABASE {name} OWNER heft ENCODING '{encoding}' TEMPLATE template0 LOCALE 'C'")
    message = (
        f"{place(name, postgres.folder)} keeps text in {encoding}, which cannot hold all that is measured. Create one "
        "that keeps it in UTF-8: createdb --encoding=UTF8 --template=template0 NAME."
    )
    for create in (True, False):
        assert refused(postgres.url(name), create=create) == message
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'book%'", name) == "0"


def test_a_clients_encoding_is_not_inherited(
    postgres: Server, url: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    postgres.sql(f"ALTER ROLE heft IN DATABASE {database} SET client_encoding = 'SQL_ASCII'")
    with Book.open(url) as book:
        stamped(book, begun(book, who="Jürgen 木村 €"), judged())
        assert [it.who for it in book.runs("musterbau")] == ["Jürgen 木村 €"]
        assert book.verify() == []


def test_options_of_the_address_are_honoured(postgres: Server, url: str, database: str) -> None:
    postgres.sql("CREATE SCHEMA team AUTHORIZATION heft", database)
    team = f"{url}&options=-c%20search_path%3Dteam&application_name=werkstatt&connect_timeout=7"
    with Book.open(team) as book:
        begun(book)
        with book._store.reading() as connection:
            assert connection.exec_driver_sql("SELECT current_schema()").scalar() == "team"
            assert connection.exec_driver_sql("SHOW application_name").scalar() == "werkstatt"
    elsewhere = (
        f"{place(database, postgres.folder)} stands in the schema team, and this user's search_path leads elsewhere. "
        "Name it in the address of the book (HEFT_BOOK): ?options=-c%20search_path%3Dteam"
    )
    for create in (True, False):
        assert refused(url, create=create) == elsewhere
    postgres.sql(f"ALTER ROLE heft IN DATABASE {database} SET search_path = team")
    with Book.open(url, create=False) as book:
        assert len(book.runs("musterbau")) == 1
    assert refused(f"{url}&options=-c%20search_path%3Dteams") == (
        f"{place(database, postgres.folder)} has no schema that this user may use. Create the schema that search_path "
        "names, and grant the user USAGE and CREATE on it."
    )


def test_a_list_of_servers(postgres: Server, url: str, database: str) -> None:
    listed = f"postgresql://heft:{PASSWORD}@/{database}?host=/nowhere&host={postgres.folder}"
    with Book.open(listed) as book:
        begun(book)
    assert refused(f"postgresql://heft:{PASSWORD}@/{database}?host=/nowhere&host=/nobody") == (
        f"{place(database, '/nowhere')} does not answer. Check that the server runs and that this machine reaches it, "
        "and server, port, user and database in HEFT_BOOK."
    )
    with Book.open(f"{url}&target_session_attrs=read-write", create=False) as book:
        assert len(book.runs("musterbau")) == 1
    postgres.sql(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    assert refused(f"{url}&target_session_attrs=read-write") == (
        f"{place(database, postgres.folder)} is read-only: this is a standby, or the user may only read. Use the "
        "primary server."
    )


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("sslmode=verify", "has an address with a value that PostgreSQL's client refuses (sslmode)."),
        (
            "connect_timeout=soon",
            "has an address with a value that PostgreSQL's client refuses (connect_timeout).",
        ),
        (
            "target_session_attrs=any-one",
            "has an address with a value that PostgreSQL's client refuses (target_session_attrs).",
        ),
        (
            "options=-c%20serch_path%3Dx",
            "refuses the connection. Check user, password, database and options in HEFT_BOOK;",
        ),
        ("require_auth=none", "refuses the connection. "),
    ],
)
def test_an_option_with_a_wrong_value(
    postgres: Server, url: str, database: str, option: str, message: str
) -> None:
    assert refused(f"{url}&{option}").startswith(f"{place(database, postgres.folder)} {message}")


def test_a_port_that_is_none(url: str) -> None:
    for option in ("port=abc", "host=db.example:x"):
        assert refused(f"{url}&{option}").startswith(
            "The address of the book (HEFT_BOOK) is not one that can be used."
        )


def test_tls_that_is_asked_for_and_not_offered(postgres: Server, database: str) -> None:
    with wire(postgres.folder / ".s.PGSQL.5432") as link:
        url = f"postgresql://heft:{PASSWORD}@127.0.0.1:{link.port}/{database}"
        message = (
            f"{place(database, '127.0.0.1')} cannot be reached as its sslmode asks for: the server offers no TLS, or "
            "another certificate than sslrootcert vouches for, or that file is missing. Check both."
        )
        assert refused(f"{url}?sslmode=require") == message
        assert refused(f"{url}?sslmode=verify-full&sslrootcert=/nowhere/ca.pem") == message


def test_a_host_that_the_server_does_not_admit(postgres: Server, database: str) -> None:
    postgres.sql("CREATE ROLE stranger LOGIN")
    hba = postgres.folder / "data" / "pg_hba.conf"
    before = hba.read_text()
    try:
        hba.write_text("local all stranger reject\n" + before)
        postgres.sql("SELECT pg_reload_conf()")
        while postgres.sql("SELECT count(*) FROM pg_hba_file_rules WHERE user_name = '{stranger}'") != "1":
            pass
        assert refused(postgres.url(database, user="stranger", password="")) == (
            f"{place(database, postgres.folder)} refuses this user. Check user and password in HEFT_BOOK, and "
            "pg_hba.conf on the server."
        )
    finally:
        hba.write_text(before)
        postgres.sql("SELECT pg_reload_conf()")


RIGHTS = (
    "may not be changed by this user, or not be read. To read: GRANT SELECT ON ALL TABLES IN SCHEMA ... TO USER. "
    "To write: also INSERT, and UPDATE ON book_heads, book_latest. To begin a book, or to bring up an older one: be "
    "the tables' owner."
)


def test_users_with_few_rights(postgres: Server, url: str, database: str) -> None:
    postgres.sql(f"CREATE ROLE helper LOGIN PASSWORD '{PASSWORD}'")
    helper = postgres.url(database, user="helper")
    message = f"{place(database, postgres.folder)} {RIGHTS}"
    assert refused(helper) == message  # PostgreSQL 15: nobody but the owner creates in public
    with Book.open(url) as book:
        run = begun(book)
    assert refused(helper, create=False) == message
    postgres.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO helper", database)
    with Book.open(helper, create=False) as reader:
        assert (len(reader.runs("musterbau")), reader.latest_stamps("musterbau"), reader.verify()) == (
            1,
            [],
            [],
        )
        with pytest.raises(BookUnavailable) as error:
            stamped(reader, run, judged())
        assert str(error.value) == message
    postgres.sql("GRANT INSERT ON ALL TABLES IN SCHEMA public TO helper", database)
    postgres.sql("GRANT UPDATE ON book_heads, book_latest TO helper", database)
    with Book.open(helper) as writer:
        stamped(writer, run, judged())
        stamped(writer, run, judged(OUTDATED))
        assert writer.verify() == []


def test_who_could_write_a_book_of_version_1_can_write_it_after_it_was_brought_up(
    postgres: Server, url: str, database: str
) -> None:
    with psycopg.connect(url) as connection:
        for part in ("version_1.postgresql.sql", "version_1.rows.sql"):
            connection.execute((RECORDED / part).read_bytes())
    postgres.sql(f"CREATE ROLE \"Anna Bär\" LOGIN PASSWORD '{PASSWORD}'")
    postgres.sql('GRANT SELECT, INSERT ON book_entries, book_heads, book_schema TO "Anna Bär"', database)
    postgres.sql('GRANT UPDATE ON book_heads TO "Anna Bär"', database)
    anna = postgres.url(database, user="Anna Bär")
    with (
        Book.open(anna) as book,
        pytest.raises(BookUnavailable, match="To begin a book, or to bring up an older one"),
    ):
        begun(book, "kanzlei")
    with Book.open(url) as owner:
        begun(owner, "kanzlei", dry_run=True, now=LATER)
    with Book.open(anna) as book:
        run = begun(book, "kanzlei", now=LATER)
        for _ in range(2):
            stamped(book, run, judged(OUTDATED), now=LATER)
        assert book.verify() == []
