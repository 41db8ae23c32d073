"""The run's spool: what hosts told (raw visits) and what services decided, between the tasks of one run.

A private folder of the run beside the book, for its owner alone, gone with the run. Raw state is read from here by the
processes that judge it: it never travels by Ansible's results and variables, where it would be copied to each host,
shown, or taken for a template.

    <data>/spool-<uid>/<run>/alive             locked as long as a process of the run lives
                             visit-<host>-1    first visit of a host, JSON; -2 the next one
                             kept-<name, host> what a service keeps, JSON

Names of hosts come from outside: a file bears their SHA-256, so none is ever a path.
"""

import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Self

from serviceheft import settings
from serviceheft.book import BookUnavailable

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_RUN = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+-]{0,99}")
_ALIVE = "alive"


class SpoolUnavailable(BookUnavailable):
    """The spool cannot be made, read or written. It counts as the book does: the run ends."""


def folder() -> Path:
    """Where the spools of this user's runs are; installations that several people share have one of each."""
    return settings.data_directory() / f"spool-{os.getuid()}"


@dataclass(frozen=True)
class Spool:
    """The spool of one run. Every method raises SpoolUnavailable.

    Safe for several processes and threads at once; of one host there is one visit at a time.
    """

    path: Path
    #: File descriptor of the lock, in the process that began the run and in its children; None elsewhere.
    _lock: int | None = field(default=None, repr=False, compare=False)

    @classmethod
    def begin(cls, run: str) -> Self:
        """Make the spool of a run that begins, and remove those that killed runs of this user left behind.

        It counts as alive until this process and all that it forks have ended, or until `remove`.
        """
        path = _path(run)
        with _told(path):
            path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                path.parent.mkdir(mode=0o700)
            with _opened(path.parent) as parent, _alone(parent):
                _remove_left_behind(parent)
                os.mkdir(run, mode=0o700, dir_fd=parent)
                with _opened(path) as inside:
                    lock = os.open(_ALIVE, _NEW, mode=0o600, dir_fd=inside)
                fcntl.flock(lock, fcntl.LOCK_EX)
        return cls(path, lock)

    @classmethod
    def of_run(cls, run: str) -> Self:
        """The spool that the run has, for a process of it."""
        path = _path(run)
        with _told(path), _opened(path):
            return cls(path)

    def put(self, host: str, visit: Mapping[str, Any]) -> None:
        """Append a visit: raw state, or a failed or unreachable result as Ansible returns it.

        ValueError or TypeError for what is no JSON.
        """
        text = _json(visit)
        with _told(self.path), _opened(self.path) as inside, _written(inside, text) as temporary:
            for number in count(1):
                with suppress(FileExistsError):
                    os.link(temporary, _visit(host, number), src_dir_fd=inside, dst_dir_fd=inside)
                    return

    def visits(self, host: str) -> tuple[dict[str, Any], ...]:
        """All visits of the host in order; empty when there was none."""
        return tuple(self._read_all(host))

    def keep(self, name: str, host: str, data: Any) -> None:
        """Keep what a service decided of a host (JSON), in the place of what it kept before under that name.

        ValueError or TypeError for what is no JSON.
        """
        text = _json(data)
        with _told(self.path), _opened(self.path) as inside, _written(inside, text) as temporary:
            os.rename(temporary, _kept(name, host), src_dir_fd=inside, dst_dir_fd=inside)

    def kept(self, name: str, host: str) -> Any:
        """What was kept last; None when nothing was."""
        with _told(self.path), _opened(self.path) as inside:
            return _read(inside, _kept(name, host))

    def remove(self) -> None:
        """Throw the spool away; nothing happens when it is gone. Never raises: the next run removes what stays."""
        with suppress(OSError, SpoolUnavailable), _opened(self.path.parent) as parent, _alone(parent):
            shutil.rmtree(self.path.name, dir_fd=parent)
        if self._lock is not None:
            with suppress(OSError):
                os.close(self._lock)

    def _read_all(self, host: str) -> Iterator[dict[str, Any]]:
        with _told(self.path), _opened(self.path) as inside:
            for number in count(1):
                if (visit := _read(inside, _visit(host, number))) is None:
                    return
                yield visit


def _path(run: str) -> Path:
    """ValueError for an id that no run has."""
    if not _RUN.fullmatch(run):
        raise ValueError(f"{run!r} is no id of a run.")
    return folder() / run


def _visit(host: str, number: int) -> str:
    return f"visit-{_encoded(host)}-{number}"


def _kept(name: str, host: str) -> str:
    return f"kept-{_encoded(name, host)}"


def _encoded(*names: str) -> str:
    # JSON keeps ("a", "bc") and ("ab", "c") apart, and knows half a surrogate pair.
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()


def _json(data: object) -> bytes:
    try:
        return json.dumps(data).encode("ascii")
    except RecursionError:
        raise ValueError("Nested too deeply to be kept.") from None


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """An error of the file system as one message with what to do."""
    try:
        yield
    except FileNotFoundError:
        raise SpoolUnavailable(f"The run's spool {path} is gone: somebody removed it. Start again.") from None
    except OSError as error:
        raise SpoolUnavailable(
            f"The run's spool {path} cannot be used: {error.strerror or error}. It needs a folder of this user's own, "
            "and space on the disk."
        ) from None


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """The folder, if it is ours alone and no link. OSError, SpoolUnavailable."""
    found = os.open(path, _FOLDER)
    try:
        about = os.fstat(found)
        if about.st_uid != os.getuid() or about.st_mode & 0o077:
            raise SpoolUnavailable(
                f"The folder {path} holds what hosts told, and belongs to another user or is open to others. "
                "Remove it, then start again."
            )
        yield found
    finally:
        os.close(found)


@contextmanager
def _alone(parent: int) -> Iterator[None]:
    """One process at a time makes and removes spools; the lock goes with the process."""
    lock = os.open("lock", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, mode=0o600, dir_fd=parent)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _remove_left_behind(parent: int) -> None:
    for name in os.listdir(parent):
        if name != "lock" and not _lives(parent, name):
            with suppress(OSError):  # no reason to refuse the run that begins
                shutil.rmtree(name, dir_fd=parent)


def _lives(parent: int, name: str) -> bool:
    """Whether a process of the run holds its lock."""
    try:
        inside = os.open(name, _FOLDER, dir_fd=parent)
    except OSError:
        return True  # no folder of ours: left alone
    try:
        lock = os.open(_ALIVE, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=inside)
    except OSError:
        return False  # killed before it had one
    finally:
        os.close(inside)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


@contextmanager
def _written(inside: int, data: bytes) -> Iterator[str]:
    """A whole file under a passing name, for the name that it gets: nobody ever reads half of it."""
    name = f"new-{secrets.token_hex(8)}"
    try:
        with os.fdopen(os.open(name, _NEW, mode=0o600, dir_fd=inside), "wb") as file:
            file.write(data)
        yield name
    finally:
        with suppress(OSError):
            os.unlink(name, dir_fd=inside)


def _read(inside: int, name: str) -> Any:
    """The file's JSON; None when there is no such file."""
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=inside)
    except FileNotFoundError:
        return None
    with os.fdopen(file, "rb") as opened:
        try:
            return json.loads(opened.read())
        except ValueError:
            raise SpoolUnavailable("The run's spool holds something that this run has not written.") from None
