"""A stamp that cannot be written ends the run before anything more is changed on a host."""

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.lab.rehearsal import Rehearsal, rehearse, until

pytestmark = pytest.mark.lab

KEY = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU"
HOSTS = ("pc-001", "pc-002")
END = "The run ends here: what cannot be recorded is not done."


def switch_updating_off(state: dict[str, Any]) -> None:
    state["registry"][KEY]["NoAutoUpdate"] = {"type": "dword", "data": 1}


@pytest.fixture(scope="module")
def site_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearse(tmp_path_factory.mktemp("unrecorded"), 4, hosts=2) as raised:
        for host in HOSTS:
            raised.change(host, switch_updating_off)  # a run that goes on would change this
        # The visit takes long enough for the test to break the book while it lasts.
        raised.faults("pc-002", slow_seconds=0.5)
        yield raised


@contextmanager
def under_way(site_up: Rehearsal, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """A weekly run that has begun and is visiting."""
    process = site_up.start("weekly", "lichtblick", **environment)
    try:
        for line in process.stdout or []:
            if "Visit the Windows hosts" in line:
                break
        yield process
    finally:
        process.kill()
        process.wait()


def ended(process: "subprocess.Popen[str]", before: dict[str, bytes], site_up: Rehearsal) -> str:
    output = process.communicate(timeout=150)[0]
    assert process.returncode == 1, output
    assert END in output
    assert "Traceback" not in output
    assert site_up.machines() == before
    return output


def test_a_locked_book(site_up: Rehearsal) -> None:
    before = site_up.machines()
    with under_way(site_up) as process:
        other = sqlite3.connect(site_up.book_file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            output = ended(process, before, site_up)
        finally:
            other.execute("ROLLBACK")
            other.close()
    assert f"The book {site_up.book_file} is locked: another program kept it busy for too long." in output
    assert site_up.book.runs("lichtblick")[0].state == "interrupted"


def test_a_book_that_vanishes_is_missed_and_not_made_anew(site_up: Rehearsal, tmp_path: Path) -> None:
    before = site_up.machines()
    with under_way(site_up) as process:
        kept = tmp_path / "kept"
        kept.mkdir()
        for path in site_up.book_file.parent.glob("heft.sqlite*"):
            path.rename(kept / path.name)
        try:
            output = ended(process, before, site_up)
            assert not site_up.book_file.exists()
        finally:
            for path in kept.iterdir():
                path.rename(site_up.book_file.parent / path.name)
    assert f"The book {site_up.book_file}" in output
    assert site_up.book.verify() == []


def test_a_second_run_at_the_same_time_is_refused(site_up: Rehearsal) -> None:
    with under_way(site_up) as process:
        second = site_up.heft("weekly", "lichtblick")
        assert second.returncode == 2
        assert "lichtblick: a weekly run is under way:" in second.stderr
        assert "begun by anna" in second.stderr
        assert "Nothing was touched." in second.stderr
        check = site_up.heft("weekly", "lichtblick", "--check", "--limit", "pc-001")
        assert check.returncode == 0, check.stdout + check.stderr
        until(lambda: process.poll() is not None or bool(process.communicate()))


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own; needs root and the right to mount."""
    if not shutil.which("mount"):
        pytest.skip("needs the program mount")
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"needs the right to mount: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk(site_up: Rehearsal, tmp_path: Path) -> None:
    before = site_up.machines()
    with small_disk(tmp_path / "disk", "2m") as disk:
        url = f"sqlite:///{disk / 'heft.sqlite'}"
        with under_way(site_up, HEFT_BOOK=url) as process:
            fill(disk / "other")
            output = ended(process, before, site_up)
    assert "cannot grow: the disk is full. Free some space, then start again." in output


def test_a_full_disk_for_the_log(site_up: Rehearsal, tmp_path: Path) -> None:
    """The week's log of 2.7 is owed, too: a run that cannot write it does not go on."""
    before = site_up.machines()
    logs = site_up.elsewhere.base / "var" / "log"
    shutil.rmtree(logs, ignore_errors=True)
    with small_disk(tmp_path / "disk", "64k") as disk:
        logs.symlink_to(disk)
        try:
            with under_way(site_up) as process:
                fill(disk / "other")
                output = ended(process, before, site_up)
        finally:
            logs.unlink()
    assert "antivirus-2026-W47.log cannot be written" in output


def test_a_read_only_book_is_refused_before_anything(site_up: Rehearsal, tmp_path: Path) -> None:
    before = site_up.machines()
    with small_disk(tmp_path / "disk", "4m") as disk:
        for path in site_up.book_file.parent.glob("heft.sqlite*"):
            shutil.copy(path, disk)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        done = site_up.heft("weekly", "lichtblick", HEFT_BOOK=f"sqlite:///{disk / 'heft.sqlite'}")
    assert done.returncode == 2, done.stdout
    assert "is read-only for this user." in done.stderr
    assert "Nothing was touched." in done.stderr
    assert site_up.machines() == before


def fill(path: Path) -> None:
    """Take all the space that is left, down to the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (65536, 512, 1):
            attempt: Callable[[], int | None] = lambda size=size: file.write(b"x" * size)  # noqa: E731
            try:
                while attempt():
                    pass
            except OSError:
                continue
