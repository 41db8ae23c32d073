"""Backup, restore and move on SQLite: proved before and after, nothing overwritten unasked, nothing half done."""

import multiprocessing
import os
import sqlite3
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from lab.generated import Elsewhere
from serviceheft import settings
from serviceheft.book import Book, BookUnavailable, RunRefused, copying, moving
from tests.book_cases import NOW, OFF, OUTDATED, begun, judged, stamped
from tests.unit.test_cli_commands import heft

FORK = multiprocessing.get_context("fork")


def url_of(path: Path) -> str:
    return f"sqlite:///{path}"


def visit(path: Path, customer: str = "musterbau", days: int = 0, *, end: bool = True) -> None:
    now = NOW + timedelta(days=days)
    with Book.open(url_of(path)) as book:
        run = begun(book, customer, now=now)
        stamped(book, run, judged(OUTDATED, OFF), now=now)
        if end:
            book.end_run(run, "carried out", now=now)


def held(path: Path) -> dict[str, copying.Contents]:
    with Book.open(url_of(path), create=False) as book:
        return copying.contents(book)


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "heft.sqlite"
    visit(path)
    visit(path, "werkstatt")
    return path


# -- backup ---------------------------------------------------------------------------------------------------


def test_a_backup_holds_the_same(book: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup €.sqlite"
    done = moving.back_up(url_of(book), target)
    assert (done.where, done.held, done.broken) == (str(target), "16 entries of 2 customers", ())
    assert held(target) == held(book)
    assert oct(target.stat().st_mode & 0o777) == "0o600"
    with pytest.raises(RunRefused) as refused:
        moving.back_up(url_of(book), target)
    assert str(refused.value) == f"{target} is there already. A backup replaces nothing: name another file."


def _write(path: Path, customer: str, visits: int) -> None:
    for _ in range(visits):
        visit(path, customer)


def test_a_backup_while_others_write(book: Path, tmp_path: Path) -> None:
    """Each is a state that the book had: no chain has a break, none ends in the middle of a step."""
    writers = [FORK.Process(target=_write, args=(book, f"c{number}", 8)) for number in range(2)]
    for writer in writers:
        writer.start()
    for number in range(4):
        assert moving.back_up(url_of(book), tmp_path / f"{number}.sqlite").broken == ()
    for writer in writers:
        writer.join()
    assert [it.exitcode for it in writers] == [0, 0]
    with Book.open(url_of(book)) as now:
        for number in range(4):
            with Book.open(url_of(tmp_path / f"{number}.sqlite"), create=False) as then:
                assert copying.lacking(now, then) == []


def test_a_backup_of_a_broken_book_says_so(book: Path, tmp_path: Path) -> None:
    with sqlite3.connect(book) as connection:
        connection.execute("DROP TRIGGER book_entries_stay")
        connection.execute("UPDATE book_entries SET host = 'x' WHERE number = 2 AND customer = 'musterbau'")
    connection.close()
    done = moving.back_up(url_of(book), tmp_path / "b.sqlite")
    assert done.broken == ("musterbau 2 (stamp, 2.7, x): changed: its columns no longer give its hash.",)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a small file system of its own")
def test_a_backup_to_a_full_disk_leaves_nothing(book: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "none", disk], check=False).returncode:
        pytest.skip("nothing may be mounted here")
    try:
        with pytest.raises(BookUnavailable, match=r"could not be copied to|cannot be written"):
            moving.back_up(url_of(book), disk / "b.sqlite")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)


# -- restore --------------------------------------------------------------------------------------------------


def test_restoring_into_nothing(book: Path, tmp_path: Path) -> None:
    moving.back_up(url_of(book), tmp_path / "b.sqlite")
    done = moving.restore(url_of(tmp_path / "new.sqlite"), tmp_path / "b.sqlite")
    assert done.held == "16 entries of 2 customers"
    assert held(tmp_path / "new.sqlite") == held(book)


def test_restoring_over_an_older_one_adds_what_it_lacks(book: Path, tmp_path: Path) -> None:
    older = tmp_path / "older.sqlite"
    moving.back_up(url_of(book), older)
    visit(book, days=1)
    moving.back_up(url_of(book), tmp_path / "b.sqlite")
    moving.restore(url_of(older), tmp_path / "b.sqlite")
    assert held(older) == held(book)


def test_what_the_backup_lacks_is_not_lost_unasked(book: Path, tmp_path: Path) -> None:
    backup = tmp_path / "b.sqlite"
    moving.back_up(url_of(book), backup)
    visit(book, days=2)
    visit(book, "praxis_sued", days=2)
    before = held(book)
    with pytest.raises(moving.WouldBeLost) as refused:
        moving.restore(url_of(book), backup)
    assert str(refused.value) == (
        f"{backup} lacks entries that the book has. Nothing was touched. These would be lost:\n"
        "  musterbau: entries 9 to 14, from 2026-11-24 20:35 to 2026-11-24 20:35 UTC\n"
        "  praxis_sued: entries 1 to 8, from 2026-11-24 20:35 to 2026-11-24 20:35 UTC\n"
        "If that is what you want, say --lose-newer: the present book is put aside as a file before."
    )
    assert held(book) == before
    done = moving.restore(url_of(book), backup, lose_newer=True)
    assert held(book) == held(backup)
    assert done.aside is not None
    assert held(done.aside) == before


def test_a_book_open_elsewhere_sees_what_was_restored(book: Path, tmp_path: Path) -> None:
    backup = tmp_path / "b.sqlite"
    moving.back_up(url_of(book), backup)
    with Book.open(url_of(book)) as other:
        visit(book, days=2)
        assert other.head("musterbau").number == 14
        moving.restore(url_of(book), backup, lose_newer=True)
        assert other.head("musterbau").number == 8
        stamped(other, begun(other), judged())
        assert other.verify() == []


def test_a_run_under_way_is_waited_for(book: Path, tmp_path: Path) -> None:
    backup = tmp_path / "b.sqlite"
    moving.back_up(url_of(book), backup)
    visit(book, days=1, end=False)
    for act in (
        lambda: moving.restore(url_of(book), backup, lose_newer=True),
        lambda: moving.move(url_of(book), url_of(tmp_path / "new.sqlite"), now=NOW),
    ):
        with pytest.raises(RunRefused, match=r"^musterbau: the weekly run .* is under way. Wait until"):
            act()


def test_what_is_no_backup(book: Path, tmp_path: Path) -> None:
    letter = tmp_path / "letter"
    letter.write_text("Kein Buch, sondern ein Brief. " * 40)
    before = held(book)
    for path, why in (
        (letter, "is no SQLite database"),
        (tmp_path / "gone", "does not exist yet"),
        (book, "itself"),
    ):
        with pytest.raises((BookUnavailable, RunRefused), match=why):
            moving.restore(url_of(book), path)
    tampered = tmp_path / "tampered.sqlite"
    moving.back_up(url_of(book), tampered)
    with sqlite3.connect(tampered) as connection:
        connection.execute("DROP TRIGGER book_entries_kept")
        connection.execute("DELETE FROM book_entries WHERE number = 3")
    connection.close()
    with pytest.raises(RunRefused, match="was tampered with, and nothing was touched: musterbau 3: missing"):
        moving.restore(url_of(book), tampered, lose_newer=True)
    assert held(book) == before


# -- move -----------------------------------------------------------------------------------------------------


def test_a_moved_book_goes_on_in_one_place_only(book: Path, tmp_path: Path) -> None:
    target = tmp_path / "new.sqlite"
    before = held(book)
    done = moving.move(url_of(book), url_of(target), now=NOW)
    assert (done.where, done.held) == (f"The book {target}", "16 entries of 2 customers")
    assert held(target) == before
    for customer in ("musterbau", "a new one"):
        with Book.open(url_of(book)) as old, pytest.raises(RunRefused) as refused:
            begun(old, customer)
        assert str(refused.value) == (
            f"This book was moved: The book {target} is the book. Set HEFT_BOOK to its address, or finish the move: "
            "heft book move URL"
        )
    visit(target, days=1)
    with Book.open(url_of(book)) as old:
        assert old.verify() == []
        assert len(old.stamps("musterbau")) == 1


def test_a_move_that_was_interrupted_is_finished(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "new.sqlite"
    before = held(book)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(moving.endings, "say_moved", killed)
        with pytest.raises(KeyboardInterrupt):
            moving.move(url_of(book), url_of(target), now=NOW)
    assert held(book) == before  # still the book
    visit(book, days=1)
    moving.move(url_of(book), url_of(target), now=NOW + timedelta(days=1))
    assert held(target)["musterbau"].entries == 14
    assert moving.move(url_of(book), url_of(target), now=NOW).held == "22 entries of 2 customers"
    with pytest.raises(RunRefused, match=f"was moved before: The book {target} is the book"):
        moving.move(url_of(book), url_of(tmp_path / "third.sqlite"), now=NOW)


def test_a_move_replaces_no_other_book(book: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    visit(other)
    before = held(book), held(other)
    with pytest.raises(RunRefused) as refused:
        moving.move(url_of(book), url_of(other), now=NOW)
    assert str(refused.value) == (
        f"The book {other} holds entries that are not of this book (musterbau: entries 1 to 8, from "
        "2026-11-22 20:35 to 2026-11-22 20:35 UTC). Nothing was touched. Name an empty database, or a file that is not "
        "there yet."
    )
    assert (held(book), held(other)) == before
    with pytest.raises(RunRefused, match=r"^The book is there already.$"):
        moving.move(url_of(book), url_of(book), now=NOW)


def test_a_broken_book_is_not_moved(book: Path, tmp_path: Path) -> None:
    with sqlite3.connect(book) as connection:
        connection.execute("DROP TRIGGER book_entries_stay")
        connection.execute("UPDATE book_entries SET host = 'x' WHERE number = 2")
    connection.close()
    with pytest.raises(RunRefused, match="The book was tampered with, and nothing was touched: musterbau 2"):
        moving.move(url_of(book), url_of(tmp_path / "new.sqlite"), now=NOW)


# -- the commands ---------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Elsewhere:
    made = Elsewhere(tmp_path / "home", "musterbau")
    made.book_file.parent.mkdir(parents=True)
    visit(made.book_file)
    return made


def test_the_commands(home: Elsewhere, tmp_path: Path) -> None:
    environment = home.environment | {"HEFT_NOW": "2026-12-01T10:00:00+01:00"}  # after what the book holds
    shown = heft("book", "where", **environment)
    assert shown.stdout.splitlines()[0] == f"The book {home.book_file}: 8 entries of 1 customer."
    backup = tmp_path / "b.sqlite"
    assert heft("book", "backup", str(backup), **environment).stdout == (
        f"8 entries of 1 customer copied to {backup}, proved by reading it back.\n"
    )
    visit(home.book_file, days=1)
    refused = heft("book", "restore", str(backup), **environment)
    assert refused.returncode == 2
    assert "  musterbau: entries 9 to 14, from 2026-11-23 20:35 to 2026-11-23 20:35 UTC\n" in refused.stderr
    assert heft("book", "restore", str(backup), "--lose-newer", **environment).returncode == 0
    target = tmp_path / "elsewhere.sqlite"
    moved = heft("book", "move", url_of(target), **environment)
    assert moved.stdout.splitlines()[0] == (
        f"The book {target} is the book now: 8 entries of 1 customer, proved before and after."
    )
    shown = heft("book", "where", **environment)
    assert shown.stdout.splitlines()[0] == f"The book {target}: 8 entries of 1 customer."
    pointer = home.base / "data" / "book.url"
    assert oct(pointer.stat().st_mode & 0o777) == "0o600"
    back = heft("book", "move", url_of(home.book_file), **environment)
    assert back.returncode == 2  # what lies there is the old one
    assert "holds entries that are not of this book (musterbau: entry 9" in back.stderr
    home.book_file.unlink()
    assert heft("book", "move", url_of(home.book_file), **environment).returncode == 0
    assert not pointer.exists()


def test_no_password_is_shown(home: Elsewhere) -> None:
    done = heft("book", "move", "postgresql://heft:canary-77@127.0.0.1:1/heft", **home.environment)
    assert done.returncode == 2
    assert "does not answer" in done.stderr
    assert "canary-77" not in done.stdout + done.stderr
    assert not (home.base / "data" / "book.url").exists()


def test_a_read_only_place(home: Elsewhere) -> None:
    done = heft("book", "backup", "/proc/b.sqlite", **home.environment)
    assert done.returncode == 2
    assert "\n/proc/b.sqlite cannot be written: " in done.stderr
    assert settings.data_directory() != home.base / "data"
