"""Entries by their key, each declared once by a service: what the book holds is read back by these.

Whoever looks something up finds what all services declare, whichever of them were imported before.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Protocol

#: Importing it adds what every service declares.
_DECLARED_IN = "serviceheft.services"


class Keyed(Protocol):
    """Anything with a key of its own."""

    @property
    def key(self) -> str: ...


class Registry[Entry: Keyed](Mapping[str, Entry]):
    """What the services declare of one kind, in the order in which they do."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._entries: dict[str, Entry] = {}

    def add(self, *entries: Entry) -> None:
        """ValueError for a key that another entry has already."""
        for entry in entries:
            if self._entries.setdefault(entry.key, entry) != entry:
                raise ValueError(f"The {self._kind} {entry.key!r} is declared twice with different contents.")

    def __getitem__(self, key: str) -> Entry:
        if key not in self._entries:
            import_module(_DECLARED_IN)
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        import_module(_DECLARED_IN)
        return iter(self._entries)

    def __len__(self) -> int:
        import_module(_DECLARED_IN)
        return len(self._entries)
