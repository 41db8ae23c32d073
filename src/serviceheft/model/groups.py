"""The standard groups of hosts: what a device is, and what it cannot be at the same time."""

from collections.abc import Iterable
from typing import Literal, get_args

type Group = Literal[
    "windows_clients",
    "windows_laptops",
    "windows_servers",
    "domain_controllers",
    "linux_servers",
    "switches",
    "routers",
    "access_points",
    "printers",
    "nas",
    "ip_phones",
    "backup_systems",
]

STANDARD_GROUPS: tuple[str, ...] = get_args(Group.__value__)

#: Which group a group is part of.
PARENTS: dict[str, str] = {"windows_laptops": "windows_clients", "domain_controllers": "windows_servers"}

# A box may be router, switch, access point and file store at once; these are what they are.
_NOTHING_ELSE = frozenset({"windows_clients", "windows_servers", "printers", "ip_phones"})

#: Devices of which Windows itself is asked.
WINDOWS = ("windows_clients", "windows_servers")

#: Hosts that cannot be visited together with the others: each is visited by a task of its own.
VISITING_ALONE = "visiting_alone"


def run_group(purpose: Literal["owed", "mending"], service: str) -> str:
    """The group that a run fills for a service of the catalogue: "owed_2_7"; it is part of the group `purpose`."""
    return f"{purpose}_{service.replace('.', '_')}"


def with_parents(groups: Iterable[str]) -> tuple[str, ...]:
    """The groups and their parents in the order in which Ansible applies their variables.

    Parents before children, names of one depth in alphabetical order; of two values the later one holds.
    """
    every = set(groups)
    every |= {PARENTS[group] for group in every if group in PARENTS}
    return tuple(sorted(every, key=lambda group: (group in PARENTS, group)))


def contradiction(groups: Iterable[str]) -> tuple[str, str] | None:
    """Two of these groups that no single device can be in, or None."""
    families = sorted({PARENTS.get(group, group) for group in groups})
    for one in families:
        for other in families:
            if (
                one < other
                and _NOTHING_ELSE & {one, other}
                and {one, other} != {"backup_systems", "windows_servers"}
            ):
                return one, other
    return None
