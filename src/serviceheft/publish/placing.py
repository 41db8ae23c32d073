"""Putting what was made into its place as a whole: what stood there stays until all of the new is written."""

import ctypes
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from serviceheft import settings

_FROM_HERE = -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_EXCHANGE


class NotPublished(Exception):
    """What was made could not be written; the message says where, why and what to do."""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Tell of a full disk or a folder that cannot be written as NotPublished."""
    try:
        yield
    except OSError as error:
        raise NotPublished(
            f"{error.filename or path} cannot be written: {error.strerror or error}. "
            "What was published before stays as it is. Mend that, then publish again."
        ) from None


def put(path: Path, content: bytes) -> None:
    """Write a file as a whole, or leave the one that is there. Raises NotPublished."""
    draft = path.with_name(f".{path.name}.part")
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_bytes(content)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def put_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make the folder hold exactly these files, all at once, or leave it as it is. Raises NotPublished.

    Files that stay the same are the same files. Their modes are those of a published site (HEFT_SITE_UMASK).
    """
    folder = folder.resolve()  # a link to where a web server looks stays one
    draft = folder.with_name(f".{folder.name}.part")
    umask = _umask()
    with told(folder):
        shutil.rmtree(draft, ignore_errors=True)
        try:
            _open_up(folder.parent, umask)
            for name, content in files.items():
                _keep_or_write(folder / name, draft / name, content)
            for path in (draft, *draft.rglob("*")):
                path.chmod(_mode(path, umask))
            _exchange(draft, folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def _umask() -> int:
    try:
        return settings.site_umask()
    except ValueError:
        raise NotPublished("HEFT_SITE_UMASK takes an octal number, such as 027.") from None


def _open_up(parent: Path, umask: int) -> None:
    """Make the folder of all sites, where a web server may look for them if it may read any."""
    if not parent.is_dir():
        parent.mkdir(parents=True)
        parent.chmod(_mode(parent, umask))


def _keep_or_write(old: Path, new: Path, content: bytes) -> None:
    new.parent.mkdir(parents=True, exist_ok=True)
    if old.is_file() and not old.is_symlink() and old.read_bytes() == content:
        with suppress(OSError):  # a file system without hard links
            os.link(old, new)
            return
    new.write_bytes(content)


def _mode(path: Path, umask: int) -> int:
    """A folder keeps its set-group-id: so a web server's group is handed down."""
    known = path.stat().st_mode & 0o2000
    return (known | 0o777 if path.is_dir() else 0o666) & ~umask


def _exchange(new: Path, old: Path) -> None:
    """Let both folders take each other's place in one step; `new` then holds the old files, or does not exist.

    Where the file system cannot (NFS), in two.
    """
    if not old.exists():
        new.rename(old)
        return
    swap = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if swap and swap(_FROM_HERE, os.fsencode(new), _FROM_HERE, os.fsencode(old), _EXCHANGE) == 0:
        return
    aside = old.with_name(f".{old.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    old.rename(aside)
    new.rename(old)
    shutil.rmtree(aside)
