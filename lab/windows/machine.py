"""One emulated machine: its state on disk, the faults asked of it, and what modules may do to it."""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lab.windows.failures import DiskFull, ModuleFailure
from lab.windows.faults import Faults
from lab.windows.filesystem import FileSystem
from lab.windows.registry import Registry
from lab.windows.state_file import Json, iso, write_json
from serviceheft import settings

__all__ = ["DiskFull", "Faults", "Json", "Machine", "ModuleFailure", "iso", "write_json"]


class UnreadableState(Exception):
    """The machine's file is gone or no JSON; the message names it."""


@dataclass
class Machine:
    """A machine's state while one request is served. `state` is the JSON of machines/<name>.json.

    Changes are kept by `save()`, which rewrites the file only when something really changed. `memory` lasts
    as long as the server: background jobs, Ansible's temporary files.
    """

    name: str
    state: Json
    path: Path | None = None
    faults: Faults = field(default_factory=Faults)
    now: datetime = field(default_factory=settings.now)
    memory: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._loaded = json.dumps(self.state)
        self.files = FileSystem(self.state, self.memory, self.now, self.require_space)
        self.registry = Registry(self.state["registry"], self.require_space)

    @classmethod
    def load(cls, directory: Path, name: str, faults: Faults, memory: Json) -> "Machine":
        """The machine `name` of the lab in `directory` (machines/<name>.json). Raises UnreadableState."""
        path = directory / "machines" / f"{name}.json"
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UnreadableState(f"{path} cannot be read: {error}") from error
        return cls(name, state, path, faults, memory=memory)

    def save(self) -> bool:
        """Replace the state file if the state differs from what was loaded; whether it did."""
        current = json.dumps(self.state)
        if current == self._loaded or self.state == json.loads(self._loaded):
            return False
        if self.path is not None:
            write_json(self.path, self.state)
        self._loaded = current
        return True

    def account(self, user: str) -> Json | None:
        """The enabled account that `user` names: name, COMPUTER\\name, DOMAIN\\name, .\\name, name@domain."""
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

    @property
    def boot_time(self) -> datetime:
        """When the machine last started."""
        return datetime.fromisoformat(self.state["boot_time"])

    def reboot(self) -> None:
        """Start again now, strictly later than the last time, so that it shows."""
        started = max(self.now.astimezone(UTC), self.boot_time + timedelta(seconds=1))
        self.state["boot_time"] = iso(started)
        self.state["updates"]["reboot_required"] = False
        for service in self.state["services"]:
            if service["start_mode"] in ("auto", "delayed"):
                service["state"] = "running"

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
