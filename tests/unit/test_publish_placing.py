"""What was published before stays whole until all of the new is there."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from serviceheft.publish import generator, placing
from serviceheft.publish.placing import NotPublished, put, put_folder


def held(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


FIRST = {"index.html": b"one", "assets/a.css": b"same"}
SECOND = {"index.html": b"two", "assets/a.css": b"same", "hosts/pc.html": b"new"}


@pytest.mark.parametrize("way", ["at once", "in two steps"])
def test_a_folder_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    if way == "in two steps":
        monkeypatch.setattr(placing.ctypes, "CDLL", lambda *_, **__: object())
    site = tmp_path / "site" / "x"
    put_folder(site, FIRST)
    same = (site / "assets/a.css").stat().st_ino
    put_folder(site, SECOND)
    assert held(site) == SECOND
    put_folder(site, FIRST)
    assert held(site) == FIRST
    assert (site / "assets/a.css").stat().st_ino == same
    assert [path.name for path in site.parent.iterdir()] == ["x"]


def full_after(monkeypatch: pytest.MonkeyPatch, files: int) -> None:
    """The disk is full after so many files."""
    written = Path.write_bytes
    left = [files]

    def write(path: Path, data: bytes) -> int:
        if not left[0]:
            raise OSError(28, "No space left on device", str(path))
        left[0] -= 1
        return written(path, data)

    monkeypatch.setattr(Path, "write_bytes", write)


@pytest.mark.parametrize("files", [0, 1])
def test_a_full_disk_leaves_the_old_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int) -> None:
    site = tmp_path / "x"
    put_folder(site, FIRST)
    full_after(monkeypatch, files)
    with pytest.raises(
        NotPublished, match=r"No space left on device\. What was published before stays as it is\."
    ):
        put_folder(site, SECOND)
    assert held(site) == FIRST
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "x.pdf", b"one")
    full_after(monkeypatch, 0)
    with pytest.raises(NotPublished, match=r"x\.pdf.* cannot be written: No space left on device"):
        put(tmp_path / "x.pdf", b"two")
    assert held(tmp_path) == {"x.pdf": b"one"}


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "build").write_text("x")
    with pytest.raises(NotPublished, match="cannot be written: "):
        put_folder(tmp_path / "build" / "site", FIRST)
    with pytest.raises(NotPublished, match="cannot be written: "):
        put(tmp_path / "build" / "x.pdf", b"")


def modes(folder: Path) -> set[str]:
    return {oct(stat.S_IMODE(path.stat().st_mode)) for path in (folder, *folder.rglob("*"))}


def test_a_site_is_for_its_owner_alone_or_for_a_web_server_by_a_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site" / "x"
    put_folder(site, FIRST)
    assert modes(site.parent) == {"0o700", "0o600"}
    monkeypatch.setenv("HEFT_SITE_UMASK", "027")
    put_folder(tmp_path / "public" / "x", FIRST)
    assert modes(tmp_path / "public") == {"0o750", "0o640"}
    monkeypatch.setenv("HEFT_SITE_UMASK", "0o9")
    with pytest.raises(NotPublished, match=r"^HEFT_SITE_UMASK takes an octal number"):
        put_folder(site, FIRST)


def test_a_link_to_where_a_web_server_looks_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "x").symlink_to(tmp_path / "www")
    put_folder(tmp_path / "x", FIRST)
    assert (tmp_path / "x").is_symlink()
    assert held(tmp_path / "www") == FIRST


def test_a_generator_that_fails_is_told_without_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Zensical does when the disk is full while it builds."""
    failing = tmp_path / "python"
    failing.write_text(
        "#!/bin/sh\necho Build started\n"
        "printf 'Traceback (most recent call last):\\n  File x\\n' >&2\n"
        "echo RuntimeError: No space left on device >&2\nexit 1\n"
    )
    failing.chmod(0o700)
    monkeypatch.setattr(generator.sys, "executable", str(failing))
    put_folder(tmp_path / "site", FIRST)
    with pytest.raises(generator.SiteNotBuilt) as told:
        generator.run_zensical(tmp_path / "src", tmp_path / "site")
    assert str(told.value) == (
        "Zensical could not build the site: RuntimeError: No space left on device\n"
        "What was published before stays as it is. Mend that, then publish again."
    )
    assert held(tmp_path / "site") == FIRST


def test_what_heft_makes_is_for_its_owner_alone(tmp_path: Path) -> None:
    code = (
        "from serviceheft.entry import enter; enter(); from pathlib import Path; "
        f"Path({str(tmp_path / 'made')!r}).write_text('x')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, preexec_fn=lambda: os.umask(0o022))
    assert modes(tmp_path / "made") == {"0o600"}
