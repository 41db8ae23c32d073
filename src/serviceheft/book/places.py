"""The second place, where anchors are kept outside of the book: a folder, a file, a git remote, a mailbox."""

import errno
import hashlib
import os
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, quote, urlsplit

from serviceheft import settings
from serviceheft.outside import mail

#: A place that answers so slowly counts as not there; what was not delivered stays in the outbox.
SECONDS = 30
_BRANCH = "anchors"


class Undelivered(Exception):
    """The place does not take or give anchors now; the message says why."""


class Place(Protocol):
    """Where anchors go. `name` is shown, so it holds no password."""

    @property
    def name(self) -> str: ...

    def deliver(self, lines: Mapping[str, Iterable[str]]) -> None:
        """Add each customer's lines; those that are there already are not added again. Raises Undelivered."""

    def read(self) -> Mapping[str, list[str]] | None:
        """What is there, by file; None for a place that cannot be read back. Raises Undelivered."""


def named(name: str) -> Place:
    """The place of a setting. Raises Undelivered for one that is none."""
    if name.startswith("git+"):
        return Git(name)
    if name.startswith("mailto:"):
        return Mail(name)
    if "://" in name:
        raise Undelivered(
            f"{shown(name)} is no place. Write a folder, a file.jsonl, git+URL or mailto:ADDRESS?smtp=SERVER."
        )
    return Files(Path(name).absolute())


@dataclass(frozen=True)
class Files:
    """A folder with a file for each customer, or (name.jsonl) one file for all."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def deliver(self, lines: Mapping[str, Iterable[str]]) -> None:
        try:
            for customer, some in lines.items():
                _append(self._file(customer), some)
        except OSError as error:
            raise Undelivered(f"{self.path} takes nothing: {error.strerror}") from None

    def read(self) -> Mapping[str, list[str]]:
        single = self.path.suffix == ".jsonl"
        try:
            files = [self.path] if single else sorted(self.path.glob("*.jsonl"))
            return {str(it): it.read_text("utf-8", "replace").splitlines() for it in files if it.exists()}
        except OSError as error:
            raise Undelivered(f"{self.path} cannot be read: {error.strerror}") from None

    def _file(self, customer: str) -> Path:
        if self.path.suffix == ".jsonl":
            return self.path
        return self.path / f"{quote(customer, safe='')}.jsonl"


def _append(path: Path, lines: Iterable[str]) -> None:
    """Add what is not there yet; a write that fails in the middle is taken back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b", buffering=0) as file:  # nothing is left in a buffer when the disk is full
        file.seek(0)
        there = file.read()
        known = set(there.decode("utf-8", "replace").splitlines())
        new = "".join(f"{line}\n" for line in lines if line not in known).encode()
        if not new:
            return
        if there and not there.endswith(b"\n"):
            new = b"\n" + new
        try:
            if file.write(new) != len(new):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                os.ftruncate(file.fileno(), len(there))
            raise


@dataclass(frozen=True)
class Git:
    """A branch of a git remote, one commit for each delivery: what was pushed there is not easily taken back."""

    address: str

    @property
    def name(self) -> str:
        return shown(self.address)

    @property
    def url(self) -> str:
        return self.address.removeprefix("git+")

    @property
    def folder(self) -> Path:
        """Our clone; nothing but a copy."""
        return settings.data_directory() / "git" / hashlib.sha256(self.address.encode()).hexdigest()[:16]

    def deliver(self, lines: Mapping[str, Iterable[str]]) -> None:
        kept = {customer: list(some) for customer, some in lines.items()}
        for last in (False, True):
            self._fetch()
            Files(self.folder).deliver(kept)
            self._git("add", "--all")
            if not self._git("status", "--porcelain"):
                return
            self._git("commit", "--quiet", "-m", f"Heads of {len(kept)} customer(s)")
            try:
                self._git("push", "--quiet", self.url, f"HEAD:refs/heads/{_BRANCH}")
            except Undelivered:  # a colleague may have been quicker by a moment
                if last:
                    raise
            else:
                return

    def read(self) -> Mapping[str, list[str]]:
        self._fetch()
        return Files(self.folder).read()

    def _fetch(self) -> None:
        if self.url.startswith("-"):
            raise Undelivered(f"{self.url} is no address of a git remote.")
        if not (self.folder / ".git").is_dir():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._git("init", "--quiet")
        if self._git("ls-remote", "--heads", self.url, _BRANCH):
            self._git("fetch", "--quiet", self.url, f"+refs/heads/{_BRANCH}:refs/remotes/place/{_BRANCH}")
            self._git("checkout", "--quiet", "--force", "-B", _BRANCH, f"refs/remotes/place/{_BRANCH}")
        else:
            self._git("symbolic-ref", "HEAD", f"refs/heads/new-{os.getpid()}")
            self._git("read-tree", "--empty")
            self._git("clean", "--quiet", "-fd")

    def _git(self, *arguments: str) -> str:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=10",
            "LC_ALL": "C",
        }
        identity = ("-c", "user.name=serviceheft", "-c", "user.email=serviceheft@localhost")
        unsigned = ("-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null")
        try:
            done = subprocess.run(  # noqa: S603 - the address was checked, all else is fixed
                ["git", *identity, *unsigned, *arguments],  # noqa: S607 - git stands where the technician has it
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            raise Undelivered(f"{shown(self.url)}: git did not answer") from None
        if done.returncode:
            raise Undelivered(f"{shown(self.url)}: git {arguments[0]} failed (exit code {done.returncode})")
        return done.stdout.strip()


def shown(url: str) -> str:
    """An address without its password."""
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", "@") if parts.password else url


@dataclass(frozen=True)
class Mail:
    """A mailbox that somebody else keeps: mailto:archive@example.org?smtp=mail.example.org:25"""

    name: str

    def deliver(self, lines: Mapping[str, Iterable[str]]) -> None:
        parts = urlsplit(self.name)
        server = parse_qs(parts.query).get("smtp", ["localhost"])[0]
        host, _, port = server.partition(":")
        message = EmailMessage()
        message["From"] = "serviceheft@localhost"
        message["To"] = parts.path
        message["Subject"] = f"Serviceheft: heads of {', '.join(sorted(lines))}"
        message.set_content("".join(f"{line}\n" for some in lines.values() for line in some))
        try:
            mail.hand_over(message, host, int(port or 25))
        except (mail.NotTaken, ValueError):
            raise Undelivered(f"the mail server {server} took nothing") from None

    def read(self) -> None:
        return None
