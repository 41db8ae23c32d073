"""A machine's files: flat entries by path, names without regard to case, as NTFS has them.

Ansible's own temporary folders live in the machine's memory and never in its state: what a task leaves behind
is what the state file shows.
"""

import base64
from collections.abc import Callable, Iterator
from datetime import datetime

from lab.windows.failures import ModuleFailure
from lab.windows.state_file import Json, iso

_TEMPORARY = "\\ansible-tmp-"
_ALWAYS_THERE = (
    r"C:\Windows\System32",
    r"C:\Windows\Temp",
    r"C:\Program Files",
    r"C:\Program Files (x86)",
    r"C:\ProgramData",
    r"C:\Users\Public",
    r"C:\Temp",
)


class FileSystem:
    """Files and folders of one machine. Paths are absolute Windows paths; "/" is taken for a backslash.

    `state` is the machine's, `memory` what it forgets; `require_space` raises when nothing more fits onto the disk.
    """

    def __init__(self, state: Json, memory: Json, now: datetime, require_space: Callable[[], None]) -> None:
        self._state, self._memory, self._now = state, memory, now
        self._require_space = require_space

    def kind(self, path: str) -> str | None:
        """ "file", "directory" or None."""
        entry = self.entry(path)
        if entry:
            return str(entry["kind"])
        wanted = normal(path).casefold()
        if wanted in (f"{volume['letter']}".casefold() for volume in self._state["volumes"]):
            return "directory"
        profiles = [rf"C:\Users\{account['name']}\AppData\Local\Temp" for account in self._state["accounts"]]
        known = [*_ALWAYS_THERE, *profiles]
        below = f"{wanted}\\"
        known_or_above = (name.casefold() == wanted or name.casefold().startswith(below) for name in known)
        if any(known_or_above) or any(name.casefold().startswith(below) for name in self._names(path)):
            return "directory"
        return None

    def entry(self, path: str) -> Json | None:
        """What the state holds for the path; the entry itself, to read or change."""
        store = self._store(path)
        name = self._name(path)
        return store[name] if name is not None else None

    def name(self, path: str) -> str:
        """The path as it is written on the disk."""
        return self._name(path) or normal(path)

    def read(self, path: str) -> bytes:
        """Content of a file; ModuleFailure in Windows' words when there is none."""
        entry = self.entry(path)
        if entry is None or entry["kind"] != "file":
            raise ModuleFailure(f"Could not find file '{path}'.")
        return base64.b64decode(entry.get("content_base64") or "")

    def write(self, path: str, content: bytes) -> None:
        """Create or replace a file. Raises DiskFull, or ModuleFailure when its folder is missing."""
        if self.kind(parent(path)) != "directory":
            raise ModuleFailure(f"Could not find a part of the path '{path}'.")
        self._require_space()
        entry = {
            "kind": "file",
            "content_base64": base64.b64encode(content).decode("ascii"),
            "modified": iso(self._now),
        }
        self._store(path)[self.name(path)] = entry

    def make_directory(self, path: str) -> None:
        """Create a folder and those above it that are missing."""
        if self.kind(path) is not None:
            return
        above = parent(path)
        if above == normal(path):
            raise ModuleFailure(f"Cannot find drive. A drive with the name '{path[:1]}' does not exist.")
        self.make_directory(above)
        self._store(path)[normal(path)] = {"kind": "directory", "modified": iso(self._now)}

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        store = self._store(path)
        wanted = normal(path).casefold()
        for name in [
            name for name in store if name.casefold() == wanted or name.casefold().startswith(f"{wanted}\\")
        ]:
            del store[name]

    def children(self, path: str) -> list[str]:
        """Full paths of what lies directly in a folder."""
        start = normal(path)
        found: dict[str, str] = {}
        for name in self._names(path):
            if name.casefold().startswith(f"{start}\\".casefold()):
                first = name[len(start) + 1 :].partition("\\")[0]
                found.setdefault(first.casefold(), f"{start}\\{first}")
        return [found[key] for key in sorted(found)]

    def walk(self, path: str) -> Iterator[str]:
        """All files below a folder."""
        for child in self.children(path):
            if self.kind(child) == "directory":
                yield from self.walk(child)
            else:
                yield child

    def size(self, path: str) -> int:
        """Bytes in a file, or in all files below a folder."""
        if self.kind(path) == "file":
            return len(self.read(path))
        return sum(len(self.read(name)) for name in self.walk(path))

    def _store(self, path: str) -> dict[str, Json]:
        if _TEMPORARY in normal(path).casefold():
            store: dict[str, Json] = self._memory.setdefault("temporary_files", {})
        else:
            store = self._state["files"]
        return store

    def _names(self, path: str) -> list[str]:
        return list(self._store(path))

    def _name(self, path: str) -> str | None:
        wanted = normal(path).casefold()
        return next((name for name in self._store(path) if name.casefold() == wanted), None)


def normal(path: str) -> str:
    """The path with backslashes only, none doubled, none at the end."""
    parts = [part for part in path.replace("/", "\\").split("\\") if part and part != "."]
    return "\\".join(parts)


def parent(path: str) -> str:
    """The folder above; a drive is its own."""
    above, separator, _ = normal(path).rpartition("\\")
    return above if separator else normal(path)


def join(folder: str, name: str) -> str:
    """A path below a folder."""
    return normal(f"{folder}\\{name}")


def base_name(path: str) -> str:
    """The last part of a path."""
    return normal(path).rpartition("\\")[2]
