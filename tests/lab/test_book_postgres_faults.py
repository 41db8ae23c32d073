"""A link that is cut or falls silent: one message, nothing half written, and the same Book goes on afterwards."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from serviceheft.book import Book, BookUnavailable, postgresql
from tests.book_cases import OUTDATED, begun, judged, stamped
from tests.lab.wire import Fault, Wire, wire
from tests.postgres import PASSWORD, Server

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]


@pytest.fixture
def link(postgres: Server) -> Iterator[Wire]:
    with wire(postgres.folder / ".s.PGSQL.5432") as made:
        yield made


@pytest.fixture
def address(link: Wire, database: str) -> str:
    return f"postgresql://heft:{PASSWORD}@127.0.0.1:{link.port}/{database}"


def away(database: str, host: object) -> str:
    return (
        f"The book (PostgreSQL database {database} on {host}) does not answer. Check that the server runs and that "
        "this machine reaches it, and server, port, user and database in HEFT_BOOK."
    )


def armed(link: Wire, sign: bytes, fault: Fault) -> Callable[[datetime], datetime]:
    """A deadline, as it is asked for in the middle of a stamp, that sets the fault for what the stamp sends next."""

    def deadline(at: datetime) -> datetime:
        link.faults[sign] = fault
        return at

    return deadline


def terminate(postgres: Server, database: str) -> None:
    postgres.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")


def restart(postgres: Server, _database: str) -> None:
    postgres.stop()
    postgres.start()


@pytest.mark.parametrize("cut", [terminate, restart])
def test_a_server_that_leaves_in_the_middle_of_a_step(
    postgres: Server, url: str, database: str, cut: Callable[[Server, str], None]
) -> None:
    with Book.open(url) as book:
        run = begun(book)
        before = stamped(book, run, judged())

        def deadline(at: Any) -> Any:
            cut(postgres, database)
            return at

        with pytest.raises(BookUnavailable) as refused:
            stamped(book, run, judged(OUTDATED), deadline=deadline)
        assert str(refused.value) == away(database, postgres.folder)
        assert [it.number for it in book.stamps("musterbau")] == [before.number]
        assert stamped(book, run, judged(OUTDATED)).tickets_opened == ("musterbau-000001",)
        assert book.verify() == []


@pytest.mark.parametrize("cut", [terminate, restart])
def test_a_server_that_was_restarted_between_two_steps(
    postgres: Server, url: str, database: str, cut: Callable[[Server, str], None]
) -> None:
    """The run goes on: nothing was under way."""
    with Book.open(url) as book:
        run = begun(book)
        cut(postgres, database)
        stamped(book, run, judged(OUTDATED))
        cut(postgres, database)
        assert book.verify() == []


NEXT = [b"SELECT count", b"INSERT INTO book_latest", b"INSERT INTO book_entries", b"COMMIT"]


@pytest.mark.parametrize("sign", NEXT)
def test_a_link_that_is_cut(link: Wire, address: str, database: str, sign: bytes) -> None:
    with Book.open(address) as book:
        run = begun(book)
        head = book.head("musterbau")
        with pytest.raises(BookUnavailable) as refused:
            stamped(book, run, judged(OUTDATED), deadline=armed(link, sign, "cut"))
        assert link.met == 1
        assert str(refused.value) == away(database, "127.0.0.1")
        assert book.head("musterbau") == head
        assert stamped(book, run, judged(OUTDATED)).number == head.number + 1
        assert book.verify() == []


def test_a_link_that_is_cut_before_the_commit_is_answered(link: Wire, address: str) -> None:
    """The server has written it: a message that nothing was would be false."""
    with Book.open(address) as book:
        run = begun(book)
        number = stamped(book, run, judged(OUTDATED), deadline=armed(link, b"COMMIT", "cut after")).number
        assert link.met == 1
        assert [it.number for it in book.stamps("musterbau")] == [number]
        assert book.verify() == []


def test_a_link_that_is_cut_at_the_commit_and_stays_down(link: Wire, address: str, database: str) -> None:
    with Book.open(address) as book:
        run = begun(book)
        with pytest.raises(BookUnavailable) as refused:
            stamped(book, run, judged(OUTDATED), deadline=armed(link, b"COMMIT", "cut after, and down"))
        assert str(refused.value) == (
            f"The book (PostgreSQL database {database} on 127.0.0.1) was cut off while something was being written. It "
            "stands in the book as a whole, or not at all: look there (heft status CUSTOMER) once it answers again, "
            "and repeat what is missing."
        )
        link.down = False
        assert len(book.stamps("musterbau")) == 1
        assert book.verify() == []


def test_a_link_that_is_cut_while_it_is_read(link: Wire, address: str, database: str) -> None:
    with Book.open(address) as book:
        stamped(book, begun(book), judged())
        link.faults[b"FROM book_heads"] = "cut"
        with pytest.raises(BookUnavailable) as refused:
            book.verify()
        assert (str(refused.value), link.met) == (away(database, "127.0.0.1"), 1)
        assert book.verify() == []
        link.faults[b"COMMIT"] = "cut"  # all was read
        assert book.verify() == []
        assert (link.met, book.verify()) == (2, [])


@pytest.mark.parametrize("sign", NEXT)
def test_a_link_that_falls_silent_is_not_waited_for_for_ever(
    link: Wire, address: str, database: str, sign: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TCP goes on acknowledging, as behind a firewall or a stopped server: only the client's own limit helps."""
    monkeypatch.setattr(postgresql, "STATEMENT_SECONDS", 0.5)
    monkeypatch.setattr(postgresql, "GRACE_SECONDS", 0.5)
    with Book.open(address) as book:
        run = begun(book)
        head = book.head("musterbau")
        with pytest.raises(BookUnavailable) as refused:
            stamped(book, run, judged(OUTDATED), deadline=armed(link, sign, "silent"))
        assert link.met == 1
        assert str(refused.value) == away(database, "127.0.0.1")
        assert book.head("musterbau") == head
        stamped(book, run, judged(OUTDATED))
        assert len(book.stamps("musterbau")) == 1
        assert book.verify() == []


def test_a_server_that_accepts_and_never_answers(link: Wire, address: str, database: str) -> None:
    link.faults[b"user"] = "silent"
    with pytest.raises(BookUnavailable) as refused:
        Book.open(f"{address}?connect_timeout=2&sslmode=disable")
    assert (str(refused.value), link.met) == (away(database, "127.0.0.1"), 1)


def test_a_statement_that_takes_too_long(postgres: Server, url: str, database: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(postgresql, "STATEMENT_SECONDS", 0.3)
    with Book.open(url) as book:
        run = begun(book)
        postgres.sql(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_sleep(5); RETURN NEW; END $$;"
            "CREATE TRIGGER slow BEFORE INSERT ON book_entries FOR EACH ROW EXECUTE FUNCTION slow()",
            database,
        )
        with pytest.raises(
            BookUnavailable, match="took too long to answer, or an administrator ended the query"
        ):
            stamped(book, run, judged())
        postgres.sql("DROP TRIGGER slow ON book_entries", database)
        stamped(book, run, judged())
        assert book.verify() == []


def test_a_writer_that_lies_dead_in_its_step_gives_the_lock_back(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Book.open(url, busy_seconds=20) as book, Book.open(url) as dead:
        run = begun(book)
        monkeypatch.setattr(postgresql, "IDLE_SECONDS", 0.3)

        def deadline(at: datetime) -> datetime:
            stamped(book, run, judged())  # waits until the server has given the other one up
            return at

        with pytest.raises(BookUnavailable, match="gave this writer up: it did nothing for too long"):
            stamped(dead, run, judged(OUTDATED), deadline=deadline)
        assert len(book.stamps("musterbau")) == 1
        assert book.verify() == []
