"""One emulated machine: its state on disk, the faults asked of it, and what modules may do to it."""

import base64
import copy
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from serviceheft import settings

type Json = dict[str, Any]


class ModuleFailure(Exception):
    """What a module reports as failed: its message, and further result keys."""

    def __init__(self, message: str, **result: Any) -> None:
        super().__init__(message)
        self.result = result


class DiskFull(ModuleFailure):
    """Windows has no room left (ERROR_DISK_FULL)."""

    def __init__(self, prefix: str = "") -> None:
        super().__init__(f"{prefix}There is not enough space on the disk.\r\n")


@dataclass(frozen=True)
class Faults:
    """What is wrong with a machine on purpose; read from faults/<host>.json at every connection and task."""

    off: bool = False
    wrong_password: bool = False
    expired_certificate: bool = False
    cut_after_bytes: int | None = None
    slow_seconds: float = 0.0
    disk_full: bool = False
    reboot_never_ends: bool = False

    @classmethod
    def read(cls, path: Path) -> "Faults":
        """Faults in the file at `path`, none when there is no such file; ValueError for an unknown fault."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        unknown = set(data) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"{path}: unknown fault {', '.join(sorted(unknown))}")
        return cls(**data)


@dataclass
class Machine:
    """A machine's state while one request is served. `state` is the JSON described in docs; helpers keep it tidy.

    Changes are kept by `save()`, which rewrites the file only when something really changed.
    """

    name: str
    state: Json
    path: Path | None = None
    faults: Faults = field(default_factory=Faults)
    now: datetime = field(default_factory=settings.now)

    def __post_init__(self) -> None:
        self._loaded = json.dumps(self.state)

    @classmethod
    def load(cls, directory: Path, name: str) -> "Machine":
        """The machine `name` of the lab in `directory` (machines/<name>.json, faults/<name>.json)."""
        path = directory / "machines" / f"{name}.json"
        state = json.loads(path.read_text(encoding="utf-8"))
        return cls(name, state, path, Faults.read(directory / "faults" / f"{name}.json"))

    def save(self) -> bool:
        """Replace the state file if the state differs from what was loaded; whether it did."""
        current = json.dumps(self.state)
        if current == self._loaded or self.state == json.loads(self._loaded):
            return False
        if self.path is not None:
            write_json(self.path, self.state)
        self._loaded = current
        return True

    # Accounts -------------------------------------------------------------------------------------------------

    def account(self, user: str) -> Json | None:
        """The enabled account that `user` names: plain, COMPUTER\\user, DOMAIN\\user, .\\user or user@domain."""
        domain, separator, name = user.rpartition("\\")
        if not separator and "@" in user:
            name, _, domain = user.rpartition("@")
        if domain.casefold() not in self._domains():
            return None
        for account in self.state["accounts"]:
            if account["name"].casefold() == name.casefold() and account.get("enabled", True):
                return dict(account)
        return None

    def _domains(self) -> set[str]:
        domain = str(self.state.get("domain") or "")
        own = self.state["computer_name"]
        return {"", ".", own.casefold(), domain.casefold(), domain.partition(".")[0].casefold()}

    def spellings(self, account: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Every (domain, user) pair under which NTLM may name the account."""
        domain = str(self.state.get("domain") or "")
        name = str(account["name"])
        pairs = [("", name), (".", name), (self.state["computer_name"], name)]
        if domain:
            pairs += [(domain, name), (domain.partition(".")[0].upper(), name), ("", f"{name}@{domain}")]
        return pairs

    # Power ----------------------------------------------------------------------------------------------------

    @property
    def boot_time(self) -> datetime:
        return datetime.fromisoformat(self.state["boot_time"])

    def reboot(self) -> None:
        """Start again now; pending work of updates is done. Strictly later than the last start, so it shows."""
        previous = self.boot_time
        started = max(self.now.astimezone(UTC), previous + timedelta(seconds=1))
        self.state["boot_time"] = iso(started)
        self.state["updates"]["reboot_required"] = False
        for service in self.state["services"]:
            if service["start_mode"] in ("auto", "delayed"):
                service["state"] = "running"

    # Disk -----------------------------------------------------------------------------------------------------

    def require_space(self, prefix: str = "") -> None:
        """Raise DiskFull when the machine is asked to have a full disk."""
        if self.faults.disk_full:
            raise DiskFull(prefix)

    def volumes(self) -> list[Json]:
        """Volumes as they show; a full disk has nothing free on C:."""
        volumes: list[Json] = copy.deepcopy(self.state["volumes"])
        if self.faults.disk_full:
            for volume in volumes:
                if volume["letter"] == "C:":
                    volume["free_bytes"] = 0
        return volumes


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with seconds, as all state holds it."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def write_json(path: Path, data: Any) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1, ensure_ascii=False)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def sha1(content: bytes) -> str:
    """Hex SHA-1, which is what Ansible compares files by."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def decode(content: str) -> bytes:
    """Bytes of a base64 text."""
    return base64.b64decode(content)
