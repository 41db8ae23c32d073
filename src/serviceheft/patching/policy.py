"""What was agreed and is wanted about updates: of the customer as a whole, and of one host."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Self

from serviceheft.model.patching import FreezeDays, UpdateException
from serviceheft.model.schema import MaintenanceWindow

type Ring = Literal["pilot", "broad"]

#: As Microsoft's titles give it, in any language: "(Version 1.443.331.0)", "(26200.7171)"; also "Version 5.135".
_VERSION = re.compile(r"\((?:\w+:? )?([0-9]+(?:\.[0-9]+)+)\)|\bVersion:? ?([0-9]+(?:\.[0-9]+)*)(?=\)|\s|$)")

#: The rings in the order in which they get updates.
RINGS: tuple[Ring, ...] = ("pilot", "broad")


class Reboot(StrEnum):
    """When a host may be restarted."""

    NEVER = "never"
    WHEN_NEEDED = "when_needed"
    IN_WINDOW = "in_window"
    NOBODY_LOGGED_ON = "nobody_logged_on"


@dataclass(frozen=True)
class CustomerPolicy:
    """What holds for all hosts of a run. `emergency`: the article that is installed now, outside of the procedure."""

    windows: tuple[MaintenanceWindow, ...] = ()
    freeze: tuple[FreezeDays, ...] = ()
    ring_wait_hours: int = 48
    maximum_hosts: int = 30
    maximum_failed_percent: int = 20
    emergency: str | None = None

    @classmethod
    def from_variables(
        cls,
        variables: Mapping[str, Any],
        windows: tuple[MaintenanceWindow, ...],
        *,
        emergency: str | None = None,
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
            emergency=emergency,
        )


@dataclass(frozen=True)
class HostPolicy:
    """What is wanted on one host. `windows`: names of the maintenance windows that hold for it; None: all."""

    ring: Ring = "broad"
    windows: tuple[str, ...] | None = None
    reboot: Reboot = Reboot.NOBODY_LOGGED_ON
    accept: tuple[UpdateException, ...] = ()
    reject: tuple[UpdateException, ...] = ()

    @classmethod
    def from_variables(cls, variables: Mapping[str, Any]) -> Self:
        """From a host's resolved variables patch_management_*."""
        prefix = "patch_management_"
        windows = variables[f"{prefix}windows"]
        return cls(
            ring=variables[f"{prefix}ring"],
            windows=None if windows is None else tuple(windows),
            reboot=Reboot(variables[f"{prefix}reboot"]),
            accept=tuple(UpdateException(**entry) for entry in variables[f"{prefix}accept"]),
            reject=tuple(UpdateException(**entry) for entry in variables[f"{prefix}reject"]),
        )


@dataclass(frozen=True)
class Update:
    """An update that a host was offered. `wanted`: its category is one of the accepted ones.

    What it is, and which version of it, are two things: definitions are published daily under one article. `key` and
    `revision` are the Windows Update Agent's own; `definitions`: it holds virus definitions only. `hidden`: somebody
    told this Windows not to offer it, so that nothing can install it.
    """

    title: str
    kbs: tuple[str, ...] = ()
    wanted: bool = True
    published_at: datetime | None = None
    hidden: bool = False
    key: str | None = field(default=None, compare=False)
    revision: int | None = field(default=None, compare=False)
    definitions: bool = False

    def same_thing(self, other: Self) -> bool:
        """Whether both are the same update, in whatever version."""
        if self.key is not None and self.key == other.key:
            return True
        return self.title == other.title or bool(set(self.kbs) & set(other.kbs))

    def same_version(self, other: Self) -> bool:
        """Whether both are the same version of the same update; what tells no version is the same one."""
        if not self.same_thing(other):
            return False
        mine, theirs = _VERSION.search(self.title), _VERSION.search(other.title)
        if mine and theirs:
            return mine.groups() == theirs.groups()
        if self.key is None or self.key != other.key or self.revision is None or other.revision is None:
            return True
        return self.revision == other.revision

    @property
    def name(self) -> str:
        """Its first article, else its title."""
        return self.kbs[0] if self.kbs else self.title
