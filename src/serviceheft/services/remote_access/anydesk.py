"""The clients of AnyDesk on a computer, by name.

There may be several side by side: the public one, and clients with somebody's own look (AnyDesk-ad_1234abcd, installed
by an MSI AnyDesk-ad_1234abcd_msi). Each has a service, a program file and an entry among the programs of its own.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Any

from serviceheft.assess.parts import told_rows
from serviceheft.assess.reading import mapping, text

type Row = Mapping[str, Any]

_MSI = re.compile(r"_?msi$")


@dataclass(frozen=True)
class Client:
    """One client: the rows of its service and its program file; None where it has none, or it was not told."""

    name: str
    service: Row | None = None
    file: Row | None = None

    @property
    def id(self) -> str | None:
        """What it answered when it was asked for its id."""
        return text(mapping(self.file, "Answers"), "Id")


@dataclass(frozen=True)
class Clients:
    """All clients of a host, and which of the three sources were read: one that was not may hold another client."""

    found: tuple[Client, ...]
    services_read: bool
    files_read: bool
    programs_read: bool

    @property
    def complete(self) -> bool:
        return self.services_read and self.files_read and self.programs_read

    def named(self, name: str) -> tuple[Client, ...]:
        """The very same; else its MSI, of which there may be two."""
        wanted = _key(name)
        exact = tuple(one for one in self.found if _key(one.name) == wanted)
        return exact or tuple(one for one in self.found if _MSI.sub("", _key(one.name)) == wanted)


def read_clients(section: object) -> Clients:
    """From the visit's raw section anydesk. A source with a row that names nobody counts as not read."""
    services = _by_name(told_rows(section, "Services"), lambda row: text(row, "Name"))
    files = _by_name(told_rows(section, "Installations"), _name_of_file)
    programs = _by_name(told_rows(section, "Programs"), lambda row: text(row, "DisplayName"))
    spelled: dict[str, str] = {}
    for source in (programs, files, services):
        spelled.update({key: name for key, (name, _) in (source or {}).items()})
    return Clients(
        tuple(
            Client(name, _only((services or {}).get(key)), _file((files or {}).get(key)))
            for key, name in sorted(spelled.items())
        ),
        services_read=services is not None,
        files_read=files is not None,
        programs_read=programs is not None,
    )


def _by_name(
    rows: Iterable[Row] | None, name_of: Callable[[Row], str | None]
) -> dict[str, tuple[str, list[Row]]] | None:
    """Key -> name as it is spelled, and all rows of that name; None where they were not all read."""
    if rows is None:
        return None
    found: dict[str, tuple[str, list[Row]]] = {}
    for row in rows:
        name = name_of(row)
        if name is None:
            return None
        found.setdefault(_key(name), (name, []))[1].append(row)
    return found


def _only(entry: tuple[str, list[Row]] | None) -> Row | None:
    """The row, if it is one; of two nothing tells which is meant."""
    return entry[1][0] if entry and len(entry[1]) == 1 else None


def _file(entry: tuple[str, list[Row]] | None) -> Row | None:
    """The file that the service starts, though copies of it lie elsewhere; else the only one."""
    started = [row for row in entry[1] if text(row, "Service")] if entry else []
    return started[0] if len(started) == 1 else _only(entry)


def _name_of_file(row: Row) -> str | None:
    """The service that starts it, else its own name."""
    path = text(row, "Path")
    return text(row, "Service") or (PureWindowsPath(path).stem if path else None)


def _key(name: str) -> str:
    """Programs write "AnyDesk MSI" where the service is AnyDeskMSI."""
    return "".join(name.split()).casefold()
