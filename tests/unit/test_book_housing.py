"""Where the book lives: outside of what is thrown away. An old one is moved there whole, whatever happens meanwhile."""

import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import pytest

from serviceheft import settings
from serviceheft.book import Book, BookUnavailable, copying, housing
from serviceheft.running.session import open_book
from tests.book_cases import NOW, OUTDATED, begun, judged, stamped

FORK = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout's var/ and a technician's home, as they are after an upgrade."""
    for name in ("HEFT_DATA", "HEFT_BOOK", "HEFT_NOW"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home ä"))
    monkeypatch.setenv("HEFT_VAR", str(tmp_path / "var"))
    (tmp_path / "var").mkdir()


def fill(path: Path, stamps: int = 1, *, end: bool = True, customer: str = "musterbau") -> None:
    with Book.open(f"sqlite:///{path}") as book:
        run = begun(book, customer)
        for number in range(stamps):
            stamped(book, run, judged(OUTDATED), f"pc-{number}")
        if end:
            book.end_run(run, "carried out", now=NOW)


def held(path: Path) -> dict[str, copying.Contents]:
    with Book.open(f"sqlite:///{path}", create=False) as book:
        return copying.contents(book)


def test_the_place_is_outside_of_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.book_url() == f"sqlite:///{tmp_path}/home ä/serviceheft/heft.sqlite"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")  # to be ignored, says the standard
    assert settings.data_directory() == Path.home() / ".local" / "share" / "serviceheft"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert settings.data_directory() == Path.home() / ".local" / "share" / "serviceheft"
    assert not settings.data_directory().is_relative_to(settings.REPOSITORY)
    monkeypatch.setenv("HEFT_DATA", str(tmp_path / "given"))
    assert settings.book_url() == f"sqlite:///{tmp_path}/given/heft.sqlite"


def test_folder_and_files_are_their_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        with open_book(create=True) as book:
            begun(book)
            shown = {it.name: oct(it.stat().st_mode & 0o777) for it in settings.data_directory().iterdir()}
    finally:
        os.umask(before)
    assert shown == dict.fromkeys(("heft.sqlite", "heft.sqlite-wal", "heft.sqlite-shm"), "0o600")
    assert oct(settings.data_directory().stat().st_mode & 0o777) == "0o700"


def test_an_old_book_is_moved_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    old, new = housing.old_book(), settings.book_file()
    fill(old, 3)
    before = held(old)
    with open_book() as book:
        assert book.verify() == []
    assert capsys.readouterr().err == (
        f"The book was moved from {old} to {new}: {before['musterbau'].entries} entries of 1 customer, "
        "proved before and after.\n"
    )
    assert held(new) == before
    assert list(old.parent.iterdir()) == []
    assert sorted(it.name for it in new.parent.iterdir()) == ["heft.sqlite", "lock"]
    with open_book():
        assert capsys.readouterr().err == ""


def test_what_stands_only_in_the_log_beside_the_file_is_moved_too(tmp_path: Path) -> None:
    """A killed process leaves its last commits in heft.sqlite-wal."""
    old = housing.old_book()
    process = FORK.Process(target=_fill_and_die, args=(old,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert old.with_name("heft.sqlite-wal").stat().st_size > 0
    with open_book() as book:
        assert len(book.stamps("musterbau")) == 5
        assert book.verify() == []


def _fill_and_die(path: Path) -> None:
    book = Book.open(f"sqlite:///{path}")
    run = begun(book)
    for number in range(5):
        stamped(book, run, judged(OUTDATED), f"pc-{number}")
    os.kill(os.getpid(), signal.SIGKILL)


def test_two_books_are_refused(tmp_path: Path) -> None:
    old, new = housing.old_book(), settings.book_file()
    new.parent.mkdir(parents=True)
    fill(old, 2)
    fill(new)
    before = held(old), held(new)
    with pytest.raises(BookUnavailable) as refused:
        open_book()
    assert str(refused.value) == (
        f"There are two books: {new}, and {old} from before books lived there, which has entries that the first lacks "
        f"(musterbau: entries 1 to {before[0]['musterbau'].entries}, from 2026-11-22 20:35 to 2026-11-22 20:35 UTC). "
        "Nothing was touched. Either keep them apart: HEFT_DATA=FOLDER for one of them. "
        f"Or look at the old one (HEFT_BOOK=sqlite:///{old} heft verify) and put it aside."
    )
    assert (held(old), held(new)) == before


def test_killed_after_the_copy_and_before_the_old_file_went(capsys: pytest.CaptureFixture[str]) -> None:
    old, new = housing.old_book(), settings.book_file()
    new.parent.mkdir(parents=True)
    fill(old, 2)
    with Book.open(f"sqlite:///{old}") as book:
        copying.copy_file(book.store, new)
    with Book.open(f"sqlite:///{new}") as book:
        begun(book)  # the new one went on meanwhile
    (new.parent / f".{new.name}.10938.new").touch()  # its place was taken, and it was killed before it went
    with open_book() as book:
        assert len(book.runs("musterbau")) == 2
    assert not old.exists()
    assert not list(new.parent.glob(".heft*"))
    assert "was there already, entry by entry; the old file was removed" in capsys.readouterr().err


@pytest.mark.parametrize("delay", [0, 0.005, 0.02, 0.04, 0.08])
def test_killed_at_any_moment_nothing_is_lost(delay: float) -> None:
    old, new = housing.old_book(), settings.book_file()
    fill(old, 40)
    before = held(old)
    process = FORK.Process(target=open_book)
    process.start()
    time.sleep(delay)
    process.kill()
    process.join()
    with open_book() as book:
        assert copying.contents(book) == before
    assert not old.exists()
    assert held(new) == before
    assert not list(new.parent.glob(".heft*"))  # what the killed copy left


def test_several_processes_at_once_move_it_once(capfd: pytest.CaptureFixture[str]) -> None:
    fill(housing.old_book(), 20)
    before = held(housing.old_book())
    processes = [FORK.Process(target=open_book) for _ in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [it.exitcode for it in processes] == [0] * 6
    assert held(settings.book_file()) == before
    assert capfd.readouterr().err.count("The book was moved from") == 1


def test_a_run_that_writes_to_the_old_place_is_waited_for() -> None:
    old = housing.old_book()
    fill(old, end=False)  # by this process, which lives
    with pytest.raises(BookUnavailable, match=r"a run writes to it: .* by anna. Wait until it has ended.$"):
        open_book()
    assert old.exists()
    assert not settings.book_file().exists()


def test_a_named_place_takes_no_book_by_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A rehearsal, a demo or a test must not swallow a technician's book."""
    old = housing.old_book()
    fill(old)
    monkeypatch.setenv("HEFT_DATA", str(tmp_path / "named"))
    with pytest.raises(BookUnavailable) as refused:
        open_book(create=True)
    assert str(refused.value) == (
        f"{old} is a book that an older version kept there, and {tmp_path}/named has none yet. Take it over with "
        f"`heft book restore {old}` and put the old file aside, or, without HEFT_DATA and HEFT_NOW, with "
        "`heft book where`. For a book that has nothing to do with it set HEFT_VAR as well."
    )
    (tmp_path / "named").mkdir()
    fill(tmp_path / "named" / "heft.sqlite", customer="werkstatt")
    with open_book() as book:
        assert list(copying.contents(book)) == ["werkstatt"]
    monkeypatch.delenv("HEFT_DATA")
    monkeypatch.setenv("HEFT_NOW", "2026-11-18T10:00:00+01:00")
    with pytest.raises(BookUnavailable, match="is a book that an older version kept there"):
        open_book()
    assert held(old)


def test_a_book_that_was_broken_is_moved_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    old = housing.old_book()
    fill(old)
    with sqlite3.connect(old) as connection:
        connection.execute("DROP TRIGGER book_entries_stay")
        connection.execute("UPDATE book_entries SET host = 'x' WHERE number = 2")
    connection.close()
    with open_book() as book:
        assert [it.number for it in book.verify()] == [2]
    assert (
        "It was broken before, and is now as it was: musterbau 2 (stamp, 2.7, x):" in capsys.readouterr().err
    )


def test_a_folder_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HEFT_DATA", str(tmp_path / "file"))
    with pytest.raises(BookUnavailable) as refused:
        open_book(create=True)
    assert str(refused.value) == (
        f"The folder {tmp_path}/file of the book cannot be made (File exists). "
        "Name another one with HEFT_DATA, or make it."
    )


# -- make clean -----------------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    made = tmp_path / "check out"
    for folder in ("tools", "var/demo/data", "var/log", "build/site", "build/anchors", ".venv"):
        (made / folder).mkdir(parents=True)
    shutil.copy(settings.REPOSITORY / "tools" / "clean", made / "tools" / "clean")
    (made / "build" / "anchors" / "musterbau.jsonl").touch()
    return made


def clean(checkout: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["tools/clean"], cwd=checkout, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("place", ["var/heft.sqlite", "var/data/heft.sqlite", "build/heft.sqlite"])
def test_clean_throws_no_book_away(checkout: Path, place: str) -> None:
    (checkout / place).parent.mkdir(exist_ok=True)
    (checkout / place).touch()
    done = clean(checkout)
    assert done.returncode == 1
    assert done.stdout == (
        f"Nothing was removed: this would throw a book away, which is evidence.\n    {place}\n"
        "Move it: .venv/bin/heft book where (var/heft.sqlite moves by itself then), or put it aside yourself.\n"
    )
    assert (checkout / place).exists()
    assert (checkout / ".venv").exists()


def test_clean_takes_the_demo_and_leaves_the_signed_heads(checkout: Path) -> None:
    (checkout / "var/demo/data/heft.sqlite").touch()
    assert clean(checkout).returncode == 0
    left = sorted(str(it.relative_to(checkout)) for it in checkout.rglob("*") if it.is_file())
    assert left == ["build/anchors/musterbau.jsonl", "tools/clean"]
    assert not (checkout / "var").exists()


def test_a_thread_of_this_process_does_not_hold_the_move_up() -> None:
    fill(housing.old_book())
    threads = [threading.Thread(target=lambda: open_book().close()) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert held(settings.book_file())
