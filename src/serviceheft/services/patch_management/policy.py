"""What was agreed and is wanted about updates: of the customer as a whole, and of one host."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Self

from serviceheft.model.patching import FreezeDays, UpdateException
from serviceheft.model.schema import MaintenanceWindow

type Ring = Literal["pilot", "broad"]
type Kind = Literal["client", "server"]

#: Domain controllers stand in for each other by what they are; it is their group in the inventory.
DIRECTORY = "domain_controllers"

#: The rings in the order in which they get updates.
RINGS: tuple[Ring, ...] = ("pilot", "broad")

#: Groups of the run, in the order of the plays that act on them: in a ring, beside others or one after the other.
TURNS = tuple(f"patching_{ring}{alone}" for ring in RINGS for alone in ("", "_alone"))


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
