"""A book that cannot be used says so in one message with what to do; nothing half-written stays behind."""

import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from serviceheft.book import Book, BookUnavailable, RunRefused
from tests.book_cases import NOW, OUTDATED, begun, judged, stamped

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts and other users need root")


def refusal(url: str, **more: Any) -> str:
    with pytest.raises(BookUnavailable) as refused:
        Book.open(url, **more)
    assert refused.value.__context__ is None or refused.value.__suppress_context__  # it may quote the address
    return str(refused.value)


@pytest.mark.parametrize(
    ("url", "more"),
    [
        ("heft.sqlite", ""),
        ("", ""),
        ("postgresql://heft:se@cret@db.example/heft", ""),
        ("postgresql://heft:secret@db.example:port/heft", ""),
        ("postgresql://heft:secret@db.example", ""),
        ("mysql://heft:secret@db.example/heft", " The book does not know mysql."),
        ("sqlite://", " A book in memory would be lost with the process."),
        ("sqlite:///:memory:", " A book in memory would be lost with the process."),
    ],
)
def test_an_address_that_cannot_be_used(url: str, more: str) -> None:
    assert refusal(url) == (
        "The address of the book (HEFT_BOOK) is not one that can be used. "
        "Write sqlite:////folder/heft.sqlite or postgresql://user:password@server/database, "
        "with @ : / in the password as %40 %3A %2F." + more
    )


def test_a_missing_folder_and_a_missing_book(tmp_path: Path) -> None:
    folder = tmp_path / "away"
    assert refusal(f"sqlite:///{folder}/heft.sqlite") == (
        f"The book {folder}/heft.sqlite has no folder. Create it: mkdir -p {folder}"
    )
    assert refusal(f"sqlite:///{folder}/heft.sqlite", create=False) == (
        f"The book {folder}/heft.sqlite does not exist yet. The first run of a customer creates it."
    )
    missing = f"The book {tmp_path}/heft.sqlite does not exist yet. The first run of a customer creates it."
    assert refusal(f"sqlite:///{tmp_path}/heft.sqlite", create=False) == missing
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "heft.sqlite").touch()
    assert refusal(f"sqlite:///{tmp_path}/heft.sqlite", create=False) == missing
    with Book.open(f"sqlite:///{tmp_path}/heft.sqlite") as book:
        assert book.verify() == []


def test_another_kind_of_file(tmp_path: Path) -> None:
    path = tmp_path / "heft.sqlite"
    path.write_text("Kein Buch, sondern ein Brief. " * 40)
    before = path.read_bytes()
    assert refusal(f"sqlite:///{path}") == (
        f"The book {path} is no SQLite database. "
        "Check the address of the book (HEFT_BOOK), or put the file aside."
    )
    assert path.read_bytes() == before


def test_another_programs_database(tmp_path: Path) -> None:
    path = tmp_path / "heft.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()
    assert refusal(f"sqlite:///{path}") == (
        f"The book {path} is a database with other contents. Give the book one of its own."
    )


def test_a_newer_book(tmp_path: Path) -> None:
    path = tmp_path / "heft.sqlite"
    Book.open(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE book_schema SET version = 99")
    connection.close()
    assert refusal(f"sqlite:///{path}") == (
        f"The book {path} was written by a newer Serviceheft (book version 99, this one knows 2). "
        "Update Serviceheft on this machine."
    )


def test_a_damaged_book(tmp_path: Path) -> None:
    path = tmp_path / "heft.sqlite"
    with Book.open(f"sqlite:///{path}") as book:
        stamped(book, begun(book), judged(OUTDATED))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(BookUnavailable, match=r"is damaged. Put it aside, take the last backup"):
        Book.open(f"sqlite:///{path}").verify()


def test_a_locked_book(tmp_path: Path) -> None:
    path = tmp_path / "heft.sqlite"
    book = Book.open(f"sqlite:///{path}", busy_seconds=0.05)
    run = begun(book)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(BookUnavailable) as refused:
        stamped(book, run, judged(OUTDATED))
    assert str(refused.value) == (
        f"The book {path} is locked: another program kept it busy for too long. See who has it open "
        f"(fuser -v {path}), then start again."
    )
    assert len(book.stamps("musterbau")) == 0  # readers are not held up
    other.execute("ROLLBACK")
    other.close()
    assert stamped(book, run, judged(OUTDATED)).tickets_opened == ("musterbau-000001",)
    assert book.verify() == []
    book.close()


def test_a_book_deleted_while_it_is_in_use_is_not_quietly_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "heft.sqlite"
    with Book.open(f"sqlite:///{path}") as book:
        run = begun(book)
        book.close()
        path.unlink()
        with pytest.raises(BookUnavailable, match="was moved, deleted or replaced while in use"):
            stamped(book, run, judged())
        assert not path.exists()


def test_what_is_too_large_or_no_value_leaves_nothing(tmp_path: Path) -> None:
    with Book.open(f"sqlite:///{tmp_path}/heft.sqlite") as book:
        run = begun(book)
        head = book.head("musterbau")
        with pytest.raises(ValueError, match=r"This stamp holds \d+ bytes, more than 65536\. Put measured"):
            stamped(book, run, judged(OUTDATED, measured={"programs": ["x" * 100] * 700}))
        with pytest.raises(
            ValueError, match=r"snapshot.programs is \{1\}; the book stores only plain JSON values"
        ):
            stamped(book, run, judged(OUTDATED, measured={"programs": {1}}))
        with pytest.raises(ValueError, match="A time without an offset"):
            stamped(book, run, judged(OUTDATED), deadline=lambda at: at.replace(tzinfo=None))
        with pytest.raises(ZeroDivisionError):
            stamped(book, run, judged(OUTDATED), deadline=lambda _: 1 / 0)
        assert book.head("musterbau") == head
        assert (book.stamps("musterbau"), book.findings("musterbau"), book.tickets("musterbau")) == (
            [],
            [],
            [],
        )
        stamped(book, run, judged(measured={"programs": ["x" * 100] * 600}))


def test_runs_that_are_unknown_or_over_take_no_stamp(tmp_path: Path) -> None:
    with Book.open(f"sqlite:///{tmp_path}/heft.sqlite") as book:
        with pytest.raises(
            RunRefused, match=r"The book knows no run 20261122T203500Z-beef\. Begin one first\."
        ):
            stamped(book, "20261122T203500Z-beef", judged())
        run = begun(book)
        book.end_run(run, "incomplete", now=NOW)
        ended = (
            f"musterbau: the run {run} ended at 2026-11-22 21:35 (incomplete). "
            "Nothing more can be written into it: begin a new run."
        )
        for attempt in (
            lambda: stamped(book, run, judged()),
            lambda: book.end_run(run, "carried out", now=NOW),
            lambda: book.mend(run, "2.7", "mb-pc-01", OUTDATED, now=NOW, note="-"),
        ):
            with pytest.raises(RunRefused) as refused:
                attempt()
            assert str(refused.value) == ended


@pytest.fixture
def mount() -> Iterator[Callable[[str], Path]]:
    """Mounts a small file system of its own and takes it away again."""
    folder = Path(tempfile.mkdtemp(prefix="heft-mount-"))
    mounted: list[Path] = []

    def tmpfs(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("this machine does not let root mount a tmpfs")
        mounted.append(folder)
        return folder

    yield tmpfs
    for path in mounted:
        subprocess.run(["umount", "--lazy", str(path)], check=True)
    folder.rmdir()


@as_root
def test_a_full_disk(mount: Callable[[str], Path]) -> None:
    folder = mount("size=400k")
    path = folder / "heft.sqlite"
    book = Book.open(f"sqlite:///{path}")
    run = begun(book)
    acknowledged, refused = 0, ""
    while not refused:
        try:
            stamped(book, run, judged(OUTDATED, measured={"x": "y" * 9000}), f"mb-pc-{acknowledged}")
            acknowledged += 1
        except BookUnavailable as error:
            refused = str(error)
    assert refused == (f"The book {path} cannot grow: the disk is full. Free some space, then start again.")
    book.close()
    subprocess.run(["mount", "-o", "remount,size=4m", str(folder)], check=True)
    with Book.open(f"sqlite:///{path}", create=False) as again:
        assert len(again.stamps("musterbau")) == len(again.tickets("musterbau")) == acknowledged > 0
        assert again.verify() == []
        stamped(again, run, judged())


@as_root
def test_a_full_disk_from_the_start(mount: Callable[[str], Path]) -> None:
    folder = mount("size=8k")
    assert refusal(f"sqlite:///{folder}/heft.sqlite") == (
        f"The book {folder}/heft.sqlite cannot grow: the disk is full. Free some space, then start again."
    )


@as_root
def test_a_read_only_disk(mount: Callable[[str], Path]) -> None:
    folder = mount("size=4m")
    path = folder / "heft.sqlite"
    with Book.open(f"sqlite:///{path}") as book:
        run = begun(book)
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    with pytest.raises(
        BookUnavailable, match=f"The book {path} (is read-only for this user|cannot be opened)"
    ):
        stamped(Book.open(f"sqlite:///{path}", create=False), run, judged())


def _as_nobody(url: str, run: str, answers: Any) -> None:
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    try:
        with Book.open(url) as book:
            stamped(book, run, judged())
        answers.put("written")
    except BookUnavailable as refused:
        answers.put(str(refused))


@as_root
@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "message"),
    [
        (
            0o755,
            0o644,
            "is read-only for this user. Check owner and mode of the file and of its folder, and the mount.",
        ),
        (0o755, None, "cannot be opened. Check that its folder exists and that this user may write into it."),
        (
            0o700,
            0o644,
            "cannot be opened. Check that its folder exists and that this user may write into it.",
        ),
        (
            0o777,
            0o600,
            "cannot be opened. Check that its folder exists and that this user may write into it.",
        ),
    ],
    ids=["file not writable", "folder not writable", "folder closed", "file closed"],
)
def test_another_users_book(folder_mode: int, file_mode: int | None, message: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="heft-user-", dir="/tmp"))
    path = folder / "heft.sqlite"
    try:
        run = "20261122T203500Z-beef"
        if file_mode is not None:
            with Book.open(f"sqlite:///{path}") as book:
                run = begun(book)
            path.chmod(file_mode)
        folder.chmod(folder_mode)
        context = multiprocessing.get_context("fork")
        answers = context.Queue()
        child = context.Process(target=_as_nobody, args=(f"sqlite:///{path}", run, answers))
        child.start()
        answer = answers.get(timeout=60)
        child.join()
        assert answer == f"The book {path} {message}"
    finally:
        shutil.rmtree(folder)
