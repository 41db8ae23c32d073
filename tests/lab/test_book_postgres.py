"""The book on a real PostgreSQL: the same promises as on SQLite, and a server's own ways to be away."""

import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from serviceheft.book import Book, BookUnavailable, RunRefused, copying, moving, outbox, proving
from tests.book_cases import NOW, OFF, OUTDATED, begun, judged, stamped
from tests.postgres import PASSWORD, Server
from tests.unit import test_book_renames, test_book_stamping, test_ledger_balance

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]

RECORDED = Path(__file__).parents[1] / "recordings" / "book"
FORK = multiprocessing.get_context("fork")


def refused(url: str, **more: Any) -> str:
    with pytest.raises(BookUnavailable) as error:
        Book.open(url, **more)
    assert PASSWORD not in str(error.value)
    assert error.value.__context__ is None or error.value.__suppress_context__
    return str(error.value)


def test_a_visit(url: str) -> None:
    with Book.open(url) as book:
        run = begun(book)
        first = stamped(book, run, judged(OUTDATED, OFF, measured={"name": "Büro \u0000 €"}))
        second = stamped(book, run, judged(OFF), None)
        third = stamped(book, run, judged(OFF))
        assert (first.opened, second.opened, third.closed) == ((OUTDATED, OFF), (OFF,), (OUTDATED,))
        book.mend(run, "2.7", None, OFF, now=NOW, note="eingeschaltet")
        assert [it.state for it in book.findings("musterbau")] == ["closed", "open", "mended"]
        assert [it.number for it in book.tickets("musterbau", open_only=True)] == [
            "musterbau-000002",
            "musterbau-000003",
        ]
        assert {it.host: dict(it.measured) for it in book.snapshots("musterbau")} == {
            "mb-pc-01": {"days": 4},
            None: {"days": 4},
        }
        assert len(book.stamps("musterbau", since=NOW, run=run)) == 3
        with pytest.raises(RunRefused, match="a weekly run is under way"):
            begun(book)
        book.end_run(run, "carried out", now=NOW)
        assert book.verify() == []
        assert book.verify("musterbau", book.head("musterbau")) == []
        assert len(list(book.dump("musterbau"))) == book.head("musterbau").number
    with Book.open(url, create=False) as again:
        assert [it.state for it in again.runs("musterbau")] == ["carried out"]


@pytest.mark.parametrize(
    "promise",
    [
        test_book_renames.test_finding_and_ticket_follow_their_host,
        test_book_renames.test_the_name_that_was_given_up_is_another_machines_from_then_on,
        test_book_renames.test_mended_and_dropped_under_the_new_name,
        test_ledger_balance.test_an_agreement_when_it_changes_and_a_balance_once_a_week,
        test_ledger_balance.test_a_balance_reads_as_the_whole_book_reads,
        test_ledger_balance.test_a_balance_that_counted_the_stamps_of_a_wrong_clock_no_longer_holds,
    ],
    ids=lambda it: it.__name__.removeprefix("test_"),
)
def test_names_agreements_and_balances(url: str, promise: Callable[[Book], None]) -> None:
    with Book.open(url) as book:
        promise(book)


def test_both_databases_hold_the_same_chain(url: str, tmp_path: Any) -> None:
    """What was proved on one is proved on the other: entries differ in nothing but the run's random id."""
    dumps = []
    for address in (url, f"sqlite:///{tmp_path}/heft.sqlite"):
        with Book.open(address) as book:
            run = begun(book)
            stamped(book, run, judged(OUTDATED, measured={"a": [1, 2.5, None, "ü"]}))
            dumps.append([line.partition('"hash"')[0].replace(run, "RUN") for line in book.dump("musterbau")])
    assert dumps[0] == dumps[1]


def test_many_stamps_at_once_are_as_many_single_ones(url: str, tmp_path: Path) -> None:
    with Book.open(url) as book, Book.open(f"sqlite:///{tmp_path}/heft.sqlite") as other:
        many = test_book_stamping.visited(book, test_book_stamping.many)
        assert many == test_book_stamping.visited(other, test_book_stamping.singly)


def test_a_book_of_version_1_is_read_as_it_is_and_brought_up_by_the_first_writer(url: str) -> None:
    with psycopg.connect(url) as connection:
        for part in ("version_1.postgresql.sql", "version_1.rows.sql"):
            connection.execute((RECORDED / part).read_bytes())
    later = NOW + timedelta(days=1)
    with Book.open(url, create=False) as book:
        read = set(book.latest_stamps("praxis_sued"))
        assert {(it.host, it.outcome, it.word) for it in read} == {
            ("mb-pc-01", "not reached", "finding"),
            ("mb-pc-02", "not reached", None),
            (None, "done", "done"),
        }
        assert (book.verify(), version(url)) == ([], 1)
        stamped(book, begun(book, now=later), judged(), "mb-pc-02", now=later)
        assert (book.verify(), version(url)) == ([], 2)
        assert set(book.latest_stamps("praxis_sued")) == read


def version(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT version FROM book_schema").fetchone()
    assert row
    return int(row[0])


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE book_entries SET host = 'x' WHERE number = 3", {(3, "changed")}),
        ("DELETE FROM book_entries WHERE number = 3", {(3, "missing")}),
        ("DELETE FROM book_entries WHERE number = 6", {(6, "missing")}),
        ("DELETE FROM book_heads", {(6, "missing")}),
        ("UPDATE book_heads SET number = 5", {(6, "inserted"), (5, "changed")}),
    ],
)
def test_tampering_is_refused_by_the_tables_and_found_by_verify(
    postgres: Server, url: str, database: str, statement: str, expected: set[tuple[int, str]]
) -> None:
    with Book.open(url) as book:
        run = begun(book)
        stamped(book, run, judged(OUTDATED))
        book.end_run(run, "carried out", now=NOW)
        with pytest.raises(subprocess.CalledProcessError) as error:
            postgres.sql(statement, database)
        assert "the book is append-only" in error.value.stderr
        postgres.sql(f"SET session_replication_role = replica; {statement}", database)
        assert {(it.number, it.kind) for it in book.verify()} == expected


def _writer(url: str, run: str, customer: str, worker: int) -> None:
    for visit in range(8):
        with Book.open(url) as book:
            stamped(book, run, judged(*((OUTDATED, OFF) if visit % 2 == 0 else ())), f"{customer}-{worker}")


def test_several_writers_at_once(url: str) -> None:
    customers = ("musterbau", "praxis_sued")
    with Book.open(url) as book:
        runs = {customer: begun(book, customer) for customer in customers}
    workers = [
        FORK.Process(target=_writer, args=(url, runs[it], it, n)) for it in customers for n in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * 8
    with Book.open(url, create=False) as book:
        assert book.verify() == []
        for customer in customers:
            assert len(book.stamps(customer)) == 32
            assert [it.number for it in book.tickets(customer)] == [
                f"{customer}-{n:06d}" for n in range(1, 33)
            ]


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


def _inherits(book: Book, run: str, host: str) -> None:
    stamped(book, run, judged(OUTDATED), host)


def test_a_forked_process_uses_the_book_of_its_parent(url: str) -> None:
    with Book.open(url) as book:
        run = begun(book)
        for n in range(3):
            child = FORK.Process(target=_inherits, args=(book, run, f"child-{n}"))
            child.start()
            stamped(book, run, judged(OUTDATED), f"parent-{n}")
            child.join(60)
            assert child.exitcode == 0
        assert len(book.tickets("musterbau")) == 6
        assert book.verify() == []


ENDLESS = """
import sys
from tests.book_cases import OFF, OUTDATED, begun, judged, stamped
from serviceheft.book import Book
book = Book.open(sys.argv[1])
run = begun(book)
for n in range(100_000):
    print(stamped(book, run, judged(*((OUTDATED, OFF) if n % 2 == 0 else ()))).number, flush=True)
"""


@pytest.mark.parametrize("after", [1, 4, 9])
def test_kill_9_loses_nothing_that_was_acknowledged(url: str, after: int) -> None:
    child = subprocess.Popen([sys.executable, "-c", ENDLESS, url], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    shown = [int(child.stdout.readline()) for _ in range(after)]
    child.kill()
    shown += [int(line) for line in child.communicate()[0].splitlines()]
    with Book.open(url, create=False) as book:
        following = begun(book)  # waits for the dead writer's lock, which the server gives up by itself
        stamped(book, following, judged(OUTDATED))
        kept = [it.number for it in book.stamps("musterbau")][:-1]
        assert kept[: len(shown)] == shown
        assert book.verify() == []
        assert [it.state for it in book.runs("musterbau")] == ["running", "interrupted"]


def test_a_locked_customer_and_another_one(url: str) -> None:
    """A transaction that hangs holds up its own customer only, and not for ever."""
    with Book.open(url, busy_seconds=0.2) as book, Book.open(url) as other:
        run, elsewhere = begun(book), begun(book, "praxis_sued")
        with other._store.writing("musterbau"):
            with pytest.raises(
                BookUnavailable, match="another writer kept this customer's book busy too long"
            ):
                stamped(book, run, judged(OUTDATED))
            stamped(book, elsewhere, judged(OUTDATED))
        stamped(book, run, judged(OUTDATED))
        assert book.verify() == []


def test_the_servers_ways_to_say_no(postgres: Server, url: str, database: str) -> None:
    place = f"The book (PostgreSQL database {database} on {postgres.folder})"
    assert (
        refused(url, create=False) == f"{place} does not exist yet. The first run of a customer creates it."
    )
    wrong = postgres.url(database, password="canary-wrong")
    message = (
        f"{place} refuses this user. Check user and password in HEFT_BOOK, and pg_hba.conf on the server."
    )
    assert refused(wrong) == message
    assert refused(postgres.url(database, user="nobody")) == message
    assert refused(postgres.url("away")) == (
        f"The book (PostgreSQL database away on {postgres.folder}) does not exist. "
        "Create it: createdb --encoding=UTF8 NAME."
    )
    away = f"postgresql://heft:{PASSWORD}@127.0.0.1:1/{database}"
    assert refused(away) == (
        f"The book (PostgreSQL database {database} on 127.0.0.1) does not answer. Check that the server runs "
        "and that this machine reaches it, and server, port, user and database in HEFT_BOOK."
    )
    postgres.sql("CREATE TABLE bookmarks (url text)", database)
    assert refused(url) == f"{place} is a database with other contents. Give the book one of its own."


def test_a_user_who_may_not_write(postgres: Server, url: str, database: str) -> None:
    with Book.open(url) as book:
        run = begun(book)
    postgres.sql(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    with Book.open(url, create=False) as reader:
        with pytest.raises(
            BookUnavailable, match="is read-only: this is a standby, or the user may only read"
        ):
            stamped(reader, run, judged())
        assert reader.verify() == []
    postgres.sql(f"ALTER DATABASE {database} RESET default_transaction_read_only")
    postgres.sql("REVOKE INSERT ON book_entries FROM heft", database)
    with Book.open(url) as book, pytest.raises(BookUnavailable, match="may not be changed by this user"):
        stamped(book, run, judged())


def test_a_server_that_goes_away_and_comes_back(postgres: Server, url: str) -> None:
    with Book.open(url) as book:
        run = begun(book)
        stamped(book, run, judged(OUTDATED))
        postgres.stop()
        for _ in range(2):
            with pytest.raises(BookUnavailable, match="does not answer"):
                stamped(book, run, judged())
        postgres.start()
        assert stamped(book, run, judged()).tickets_closed == ("musterbau-000001",)
        assert book.verify() == []


def test_backup_restore_and_move_there_and_back(url: str, tmp_path: Path) -> None:
    file, restored = tmp_path / "heft.sqlite", tmp_path / "restored.sqlite"
    for customer in ("musterbau", "werkstatt"):
        with Book.open(f"sqlite:///{file}") as book:
            run = begun(book, customer)
            stamped(book, run, judged(OUTDATED, measured={"name": "Büro \u0000 €"}))
            book.end_run(run, "carried out", now=NOW)
            before = copying.contents(book)
    moving.move(f"sqlite:///{file}", url, now=NOW)
    with Book.open(url, create=False) as book:
        assert copying.contents(book) == before
        assert book.verify() == []
        assert [it.number for it in book.tickets("musterbau")] == ["musterbau-000001"]
        with pytest.raises(RunRefused, match=r"holds entries that are not of this book \(musterbau: entry 7"):
            moving.move(url, f"sqlite:///{file}", now=NOW)
        run = begun(book)
        stamped(book, run, judged())
        book.end_run(run, "carried out", now=NOW)
    moving.back_up(url, tmp_path / "backup.sqlite")
    moving.restore(f"sqlite:///{restored}", tmp_path / "backup.sqlite")
    moving.move(url, f"sqlite:///{tmp_path}/back.sqlite", now=NOW)
    with Book.open(f"sqlite:///{tmp_path}/back.sqlite") as book, Book.open(f"sqlite:///{restored}") as other:
        assert copying.contents(book) == copying.contents(other)
        assert book.verify() == []
    with (
        Book.open(url) as book,
        pytest.raises(RunRefused, match=r"This book was moved: The book .*back.sqlite is the"),
    ):
        begun(book)
    with pytest.raises(RunRefused, match="is append-only, and only a file can be replaced"):
        moving.restore(url, tmp_path / "backup.sqlite", lose_newer=True)


def test_nobody_writes_while_the_book_is_moved(url: str, tmp_path: Path) -> None:
    """What is written meanwhile is either in the new book or refused: nothing is acknowledged and then lost."""
    with Book.open(url) as book:
        book.end_run(begun(book, "musterbau"), "carried out", now=NOW)
    writers = [FORK.Process(target=_begins_and_ends, args=(url, f"kunde_{n}")) for n in range(3)]
    for writer in writers:
        writer.start()
    moved = None
    while moved is None:
        try:
            moved = moving.move(url, f"sqlite:///{tmp_path}/new.sqlite", now=NOW)
        except RunRefused as busy:
            if "is under way" not in str(busy):
                raise
    for writer in writers:
        writer.join(60)
    assert [it.exitcode for it in writers] == [0] * 3
    with Book.open(f"sqlite:///{tmp_path}/new.sqlite") as new, Book.open(url) as old:
        assert all(
            it.first == it.last for it in copying.lacking(new, old)
        )  # the entries that say where it went
        assert new.verify() == old.verify() == []


def _begins_and_ends(url: str, customer: str) -> None:
    try:
        for visit in range(40):
            now = NOW + timedelta(seconds=visit)
            with Book.open(url) as book:
                book.end_run(begun(book, customer, now=now), "carried out", now=now)
    except RunRefused as refused:
        if "This book was moved" not in str(refused):
            raise


ATTACKS = {
    "cut off": (
        "DELETE FROM book_entries WHERE number > 5; UPDATE book_heads SET number = 5, "
        "hash = (SELECT hash FROM book_entries WHERE number = 5)",
        "musterbau: the book ends at entry 5, and had entry 8 when anchor 1 was given (22.11.2026 21:35): it was cut "
        "off or rolled back.",
    ),
    "deleted": (
        "DELETE FROM book_entries; DELETE FROM book_heads; DELETE FROM book_latest",
        "musterbau: the book has no entry of it, and had 8 when anchor 1 was given (22.11.2026 21:35): it was deleted.",
    ),
    "moved": (
        "UPDATE book_entries SET customer = 'werkstatt'; UPDATE book_heads SET customer = 'werkstatt'",
        "musterbau: the book has no entry of it, and had 8 when anchor 1 was given (22.11.2026 21:35): it was deleted.",
    ),
    "written anew": (
        "UPDATE book_entries SET hash = repeat('0', 64) WHERE number = 8",
        "musterbau: entry 8 had another hash when anchor 1 was given (22.11.2026 21:35): it, or an entry before "
        "it, was written anew, moved or changed.",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_anchors_show_what_was_done_to_the_book(
    postgres: Server, url: str, database: str, attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEFT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HEFT_ANCHORS", str(tmp_path / "anchors"))
    (tmp_path / "data").mkdir()
    statement, expected = ATTACKS[attack]
    with Book.open(url) as book:
        run = begun(book)
        stamped(book, run, judged(OUTDATED, OFF))
        book.end_run(run, "carried out", now=NOW)
        assert outbox.anchor(book, "musterbau", run, NOW) == ""

        def found() -> list[str]:
            outside = proving.gathered(outbox.places(), outbox.own_copy())
            return [it for proof in proving.prove(book, outside) for it in proof.contradictions]

        assert found() == []
        postgres.sql(f"SET session_replication_role = replica; {statement}", database)
        assert expected in found()
