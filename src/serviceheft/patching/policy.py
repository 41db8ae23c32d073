"""What was agreed and is wanted about updates: of the customer as a whole, and of one host."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Self

from serviceheft.model.patching import FreezeDays, UpdateException
from serviceheft.model.schema import MaintenanceWindow

type Ring = Literal["pilot", "broad"]
type Kind = Literal["client", "server"]

#: Domain controllers stand in for each other by what they are; it is their group in the inventory.
DIRECTORY = "domain_controllers"

#: As Microsoft's titles give it, in any language: "(Version 1.443.331.0)", "(26200.7171)"; also "Version 5.135".
_VERSION = re.compile(r"\((?:\w+:? )?([0-9]+(?:\.[0-9]+)+)\)|\bVersion:? ?([0-9]+(?:\.[0-9]+)*)(?=\)|\s|$)")

#: The rings in the order in which they get updates.
RINGS: tuple[Ring, ...] = ("pilot", "broad")

#: Articles under which Microsoft keeps publishing the same small things: definitions, scanner, removal tool.
EVERGREEN = frozenset(
    {"KB2267602", "KB4052623", "KB890830", "KB5007651", "KB925673", "KB2461484", "KB2310138"}
)

#: The category of a new release of Windows; it often shares its article with a cumulative update.
UPGRADES = "Upgrades"


class Reboot(StrEnum):
    """When a host may be restarted."""

    NEVER = "never"
    WHEN_NEEDED = "when_needed"
    IN_WINDOW = "in_window"
    NOBODY_LOGGED_ON = "nobody_logged_on"


@dataclass(frozen=True)
class CustomerPolicy:
    """What holds for all hosts of a run. `emergency`: the article that is installed now, outside of the procedure.

    carried_on: an earlier emergency is carried on, so that a host which only waits for its restart gets it, too.
    """

    windows: tuple[MaintenanceWindow, ...] = ()
    freeze: tuple[FreezeDays, ...] = ()
    ring_wait_hours: int = 48
    maximum_hosts: int = 30
    maximum_failed_percent: int = 20
    maximum_attempts: int = 3
    emergency: str | None = None
    carried_on: bool = False

    @classmethod
    def from_variables(
        cls,
        variables: Mapping[str, Any],
        windows: tuple[MaintenanceWindow, ...],
        *,
        emergency: str | None = None,
        carried_on: bool = False,
        maximum_hosts: int | None = None,
    ) -> Self:
        """From any host's resolved variables, as these are the same for all; `maximum_hosts` overrides the cap."""
        prefix = "patch_management_"
        return cls(
            windows=windows,
            freeze=tuple(FreezeDays(**entry) for entry in variables[f"{prefix}freeze"]),
            ring_wait_hours=variables[f"{prefix}ring_wait_hours"],
            maximum_hosts=maximum_hosts or variables[f"{prefix}maximum_hosts"],
            maximum_failed_percent=variables[f"{prefix}maximum_failed_percent"],
            maximum_attempts=variables[f"{prefix}maximum_attempts"],
            emergency=emergency,
            carried_on=carried_on,
        )


@dataclass(frozen=True)
class HostPolicy:
    """What is wanted on one host. `windows`: names of the maintenance windows that hold for it; None: all.

    stands_in: names of the sets whose members stand in for each other. after: hosts whose turn comes first.
    """

    ring: Ring = "broad"
    kind: Kind = "client"
    windows: tuple[str, ...] | None = None
    reboot: Reboot = Reboot.NOBODY_LOGGED_ON
    accept: tuple[UpdateException, ...] = ()
    reject: tuple[UpdateException, ...] = ()
    stands_in: frozenset[str] = frozenset()
    after: tuple[str, ...] = ()

    @classmethod
    def from_variables(cls, variables: Mapping[str, Any], groups: Collection[str] = ()) -> Self:
        """From a host's resolved variables patch_management_*, and its groups: what it is."""
        prefix = "patch_management_"
        windows = variables[f"{prefix}windows"]
        return cls(
            ring=variables[f"{prefix}ring"],
            kind=kind_of(groups),
            windows=None if windows is None else tuple(windows),
            reboot=Reboot(variables[f"{prefix}reboot"]),
            accept=tuple(UpdateException(**entry) for entry in variables[f"{prefix}accept"]),
            reject=tuple(UpdateException(**entry) for entry in variables[f"{prefix}reject"]),
            stands_in=frozenset(variables[f"{prefix}stands_in"]) | ({DIRECTORY} & set(groups)),
            after=tuple(variables[f"{prefix}after"]),
        )


def kind_of(groups: Collection[str]) -> Kind:
    """Clients and servers are offered different updates: one cannot try them out for the other."""
    return "server" if "windows_servers" in groups else "client"


@dataclass(frozen=True)
class Update:
    """An update that a host was offered. `wanted`: its category is one of the accepted ones.

    `key` and `revision` are the Windows Update Agent's own: what it is, and which version of it. `categories`: by the
    names of serviceheft.model.categories. `definitions`: it holds virus definitions only. `hidden`: somebody told this
    Windows not to offer it, so that nothing can install it. `published_at`: of this revision; None: not known.
    """

    title: str
    kbs: tuple[str, ...] = ()
    wanted: bool = True
    published_at: datetime | None = None
    hidden: bool = False
    key: str | None = field(default=None, compare=False)
    revision: int | None = field(default=None, compare=False)
    definitions: bool = False
    categories: tuple[str, ...] = ()

    @property
    def is_upgrade(self) -> bool:
        """Whether it is a new release of Windows."""
        return UPGRADES in self.categories

    @property
    def is_evergreen(self) -> bool:
        """Whether it is published again and again under one article, each time as an update of its own."""
        return self.definitions or not EVERGREEN.isdisjoint(self.kbs)

    def same_thing(self, other: Self) -> bool:
        """Whether both are the same update, in whatever version. An article alone tells that of small things only."""
        if self.key is not None and other.key is not None:
            return self.key == other.key or (self.is_evergreen and self._named_alike(other))
        if self.categories and other.categories and self.is_upgrade != other.is_upgrade:
            return False
        return self._named_alike(other)

    def same_version(self, other: Self) -> bool:
        """Whether both are the same version of the same update; what tells no version is the same one."""
        if not self.same_thing(other):
            return False
        if self.key is not None and self.key == other.key and None not in (self.revision, other.revision):
            return self.revision == other.revision
        mine, theirs = _VERSION.search(self.title), _VERSION.search(other.title)
        return mine.groups() == theirs.groups() if mine and theirs else True

    def _named_alike(self, other: Self) -> bool:
        return self.title == other.title or bool(set(self.kbs) & set(other.kbs))

    @property
    def name(self) -> str:
        """Its first article, else its title."""
        return self.kbs[0] if self.kbs else self.title
