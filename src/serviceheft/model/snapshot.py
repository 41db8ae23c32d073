"""A folder as it was at one moment: every file is read once, and nothing is read but regular files.

What is checked, handed to Ansible and hashed for the book are these bytes, so that they cannot be three things.
"""

import errno
import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from serviceheft.model.problems import Problem

#: Nobody writes an inventory's file of this size; a disk image put into files/ by mistake is one.
LARGEST_FILE = 16 * 1024 * 1024
LARGEST_FOLDER = 4 * LARGEST_FILE
_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
}
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class Unreadable(Exception):
    """A file cannot be used; `message` and `advice` as a Problem has them."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.message, self.advice = message, advice


@dataclass
class Snapshot:
    """Contents of the regular files of a folder, by path inside it with slashes, and its folders' paths."""

    root: Path
    files: dict[str, bytes] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    """What is there, but was not read; a problem says why."""
    open_to_others: dict[str, int] = field(default_factory=dict)
    """Files and folders ("" for the folder itself) that others than the owner may change, with their mode."""

    size: int = 0
    """Bytes of all files."""

    def entries(self, folder: str = "") -> list[str]:
        """Names right below the folder, sorted."""
        start = f"{folder}/" if folder else ""
        every = [*self.files, *self.folders, *self.refused]
        below = {path.removeprefix(start) for path in every if path.startswith(start)}
        return sorted(name for name in below if "/" not in name)

    def note_mode(self, path: str, mode: int) -> None:
        if mode & _OTHERS_WRITE:
            self.open_to_others[path] = mode

    def digest(self) -> str:
        """SHA-256 (hex) over names and contents."""
        found = hashlib.sha256()
        for path in sorted(self.files, key=lambda path: path.split("/")):
            content = self.files[path]
            found.update(os.fsencode(path) + f"\0{len(content)}\0".encode())
            found.update(content)
        return found.hexdigest()


def is_hidden(name: str) -> bool:
    """What editors and systems leave behind: neither read nor handed to anybody."""
    return name.startswith(".") or name.endswith("~")


def read_file(path: Path, *, parent: int | None = None) -> tuple[bytes, int]:
    """Content and mode of a regular file. Raises Unreadable, and FileNotFoundError."""
    # Opened first and looked at then, so that nobody can exchange it in between; a pipe must not make us wait.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path.name if parent is not None else path, flags, dir_fd=parent)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(error) from None
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _not_regular(status.st_mode)
        try:
            content = stream.read(LARGEST_FILE + 1)
        except OSError as error:
            raise _unreadable(error) from None
    if len(content) > LARGEST_FILE:
        raise _too_large(LARGEST_FILE)
    return content, stat.S_IMODE(status.st_mode)


def _unreadable(error: OSError) -> Unreadable:
    if error.errno == errno.ELOOP:
        return _not_regular(stat.S_IFLNK)
    if error.errno == errno.ENXIO:
        return _not_regular(stat.S_IFSOCK)
    return Unreadable(f"cannot be read ({error.strerror or 'unknown reason'})", "Make it a readable file.")


def _not_regular(mode: int) -> Unreadable:
    kind = _KINDS.get(stat.S_IFMT(mode), "something else")
    return Unreadable(f"is {kind} and no file", "Only files and folders belong into an inventory.")


def take(root: Path, label: str, problems: list[Problem]) -> Snapshot:
    """Read the folder and all below it; what cannot be read becomes a problem. `label` is its name in messages."""
    found = Snapshot(root)
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (os.O_NOFOLLOW if folder else 0)
        try:
            descriptor = os.open(root / folder, flags)
        except OSError as error:
            reason = error.strerror or "unknown reason"
            where = f"{label}/{folder}" if folder else label
            problems.append(Problem(where, 0, "", f"cannot be read ({reason})", "Make it a readable folder."))
            continue
        try:
            found.note_mode(folder, stat.S_IMODE(os.fstat(descriptor).st_mode))
            for name in sorted(os.listdir(descriptor)):  # noqa: PTH208 - of the folder that was opened
                path = f"{folder}/{name}" if folder else name
                if not is_hidden(name) and _is_folder(found, path, descriptor, problems, label):
                    waiting.append(path)
        finally:
            os.close(descriptor)
    return found


def _is_folder(found: Snapshot, path: str, parent: int, problems: list[Problem], label: str) -> bool:
    """Note the entry; whether it is a folder to be looked into."""
    name = path.rpartition("/")[2]
    try:
        mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            found.folders.add(path)
            return True
        if stat.S_ISLNK(mode):
            raise _link(found.root / path, found.root)
        content, mode = read_file(Path(name), parent=parent)
        found.size += len(content)
        if found.size > LARGEST_FOLDER:
            raise _too_large(LARGEST_FOLDER, "makes the folder larger than")
    except FileNotFoundError:  # gone since it was listed
        return False
    except Unreadable as refusal:
        found.refused.add(path)
        problems.append(Problem(f"{label}/{path}", 0, "", refusal.message, refusal.advice))
        return False
    found.files[path] = content
    found.note_mode(path, mode)
    return False


def _too_large(limit: int, message: str = "is larger than") -> Unreadable:
    advice = "Move it to another place: it is no part of an inventory."
    return Unreadable(f"{message} {limit // 1024 // 1024} MB", advice)


def _link(path: Path, root: Path) -> Unreadable:
    advice = "Put a file of this customer's own here: nothing is shared between customers."
    if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        return Unreadable("is a link", "Put the file itself here: an inventory has no links.")
    return Unreadable("is a link that leads out of the inventory", advice)
