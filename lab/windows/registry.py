"""A machine's registry: keys and values without regard to case, hives by their short or long names."""

from collections.abc import Callable
from typing import Any

from lab.windows.state_file import Json

_HIVES = {
    "hklm": "HKLM:",
    "hkey_local_machine": "HKLM:",
    "hkcu": "HKCU:",
    "hkey_current_user": "HKCU:",
    "hkcr": "HKCR:",
    "hkey_classes_root": "HKCR:",
    "hku": "HKU:",
    "hkey_users": "HKU:",
    "hkcc": "HKCC:",
    "hkey_current_config": "HKCC:",
}
#: The default value of a key, which PowerShell shows under this name.
DEFAULT_VALUE = "(default)"


class Registry:
    """Keys are paths such as HKLM:\\SOFTWARE\\Vendor; a value is {"type", "data"}.

    `require_space` raises when nothing more fits onto the disk.
    """

    def __init__(self, keys: dict[str, dict[str, Json]], require_space: Callable[[], None]) -> None:
        self._keys = keys
        self._require_space = require_space

    def has_key(self, path: str) -> bool:
        """Whether the key is there, if only because a key below it is."""
        wanted = normal(path).casefold()
        return any(key.casefold() == wanted or key.casefold().startswith(f"{wanted}\\") for key in self._keys)

    def values(self, path: str) -> dict[str, Json]:
        """Values of a key by name; empty when there is no such key."""
        name = self._key(path)
        return self._keys[name] if name else {}

    def value(self, path: str, name: str | None) -> Json | None:
        """One value, as {"type", "data"}."""
        found = self._value(path, name)
        return self.values(path)[found] if found else None

    def data(self, path: str, name: str | None, default: Any = None) -> Any:
        """Only the data of a value."""
        value = self.value(path, name)
        return default if value is None else value["data"]

    def subkeys(self, path: str) -> list[str]:
        """Names of the keys directly below."""
        start = f"{normal(path)}\\"
        found = {
            key[len(start) :].partition("\\")[0]
            for key in self._keys
            if key.casefold().startswith(start.casefold())
        }
        return sorted(found, key=str.casefold)

    def create_key(self, path: str) -> None:
        """Add a key; those above are implied."""
        self._require_space()
        if self._key(path) is None:
            self._keys[normal(path)] = {}

    def set_value(self, path: str, name: str | None, kind: str, data: Any) -> None:
        """Add or replace a value (and its key)."""
        self.create_key(path)
        self.values(path)[self._value(path, name) or name or DEFAULT_VALUE] = {"type": kind, "data": data}

    def remove_value(self, path: str, name: str | None) -> None:
        """Remove one value, if it is there."""
        found = self._value(path, name)
        if found:
            del self.values(path)[found]

    def remove_key(self, path: str) -> None:
        """Remove a key and all below it."""
        wanted = normal(path).casefold()
        for key in [
            key for key in self._keys if key.casefold() == wanted or key.casefold().startswith(f"{wanted}\\")
        ]:
            del self._keys[key]

    def _key(self, path: str) -> str | None:
        wanted = normal(path).casefold()
        return next((key for key in self._keys if key.casefold() == wanted), None)

    def _value(self, path: str, name: str | None) -> str | None:
        wanted = (name or DEFAULT_VALUE).casefold()
        return next((value for value in self.values(path) if value.casefold() == wanted), None)


def hive(path: str) -> str | None:
    """The hive of a path in its short form ("HKLM:"), None when there is no such hive."""
    first = path.replace("/", "\\").partition("\\")[0].rstrip(":").casefold()
    return _HIVES.get(first)


def normal(path: str) -> str:
    """HKLM:\\A\\B for HKEY_LOCAL_MACHINE\\A\\B\\ and the like."""
    _, _, rest = path.replace("/", "\\").partition("\\")
    return f"{hive(path) or path.partition('\\')[0]}\\{rest.strip('\\')}".rstrip("\\")
