"""What an inventory may say of patch_management: Windows updates, as they are installed (3.2)."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from serviceheft.model.fields import (
    DeviceName,
    Model,
    Slug,
)
from serviceheft.model.levels import CUSTOMER, At
from serviceheft.model.patching import FreezeDays, UpdateException
from serviceheft.model.problems import Problem, did_you_mean
from serviceheft.model.schema import Contract

if TYPE_CHECKING:
    from serviceheft.model.catalogue import Catalogue
    from serviceheft.model.draft import Draft
    from serviceheft.model.resolution import Setting

_AFTER, _STANDS_IN = "patch_management_after", "patch_management_stands_in"


class Wanted(Model):
    """Its variables."""

    patch_management_ring: Literal["pilot", "broad"]
    """Who gets updates first: pilot; the others, broad, once a pilot has them and is well with them. (3.2)"""
    patch_management_ring_wait_hours: Annotated[int, CUSTOMER, Field(ge=0, le=1000)]
    """Hours for which a pilot must have been well with an update before the others get it. (3.2)"""
    patch_management_windows: list[Slug] | None
    """Maintenance windows of the contract that hold for the device; null: all of them. (3.2)"""
    patch_management_reboot: Literal["never", "when_needed", "in_window", "nobody_logged_on"]
    """When a device may be restarted, in emergencies too; nobody_logged_on: in the window, nobody signed in. (3.2)"""
    patch_management_freeze: Annotated[list[FreezeDays], CUSTOMER]
    """Days on which no service changes anything on a device; an emergency update alone does. (3.2)"""
    patch_management_maximum_hosts: Annotated[int, CUSTOMER, Field(ge=1)]
    """At most so many devices are changed in one run. (3.2)"""
    patch_management_maximum_failed_percent: Annotated[int, CUSTOMER, Field(ge=0, le=100)]
    """When more of a ring's devices failed, no further ones are started in that run; one alone never counts. (3.2)"""
    patch_management_maximum_attempts: Annotated[int, CUSTOMER, Field(ge=1, le=20)]
    """After so many failures of the same update on a device it is a finding, and tried again once it changed. (3.2)"""
    patch_management_stands_in: Annotated[list[Slug], At(("provider", "group", "host"))]
    """Names of clusters or pairs: devices with the same name are never changed together. (3.2)"""
    patch_management_after: Annotated[list[DeviceName], At(("provider", "group", "host"))]
    """Devices whose turn comes before this one's, as the database server's before its application's. (3.2)"""
    patch_management_accept: list[UpdateException]
    """Updates that are installed although their category is not. (3.2)"""
    patch_management_reject: list[UpdateException]
    """Updates that are not installed, whatever else says so. (3.2)"""
    patch_management_timeout_seconds: Annotated[int, Field(ge=1)]
    """After so long an installation counts as hanging; more than the restart's time. (3.2)"""
    patch_management_reboot_timeout_seconds: Annotated[int, Field(ge=1)]
    """After so long a device counts as not come back from its restart. (3.2)"""


def check(draft: "Draft", catalogue: "Catalogue") -> Iterator[Problem]:  # noqa: ARG001
    """All problems with how hosts are to be brought up to date."""
    yield from _maintenance_windows(draft)
    yield from _update_timeouts(draft)
    yield from _pilots(draft)
    yield from _stand_ins(draft)
    yield from _turns(draft)


def _maintenance_windows(draft: "Draft") -> Iterator[Problem]:
    """A device's windows must be among those that were agreed."""
    contract: Contract | None = draft.sections.get("contract")
    if contract is None:
        return
    names = [window.name for window in contract.maintenance_windows]
    settings = [draft.settings[host].get("patch_management_windows") for host in draft.entries]
    for setting in {id(setting): setting for setting in settings if setting}.values():
        if not isinstance(setting.value, list):
            continue
        for name in (name for name in setting.value if name not in names):
            known = f"Write one of {', '.join(names)}" if names else "Agree one: contract.maintenance_windows"
            advice = f"{known}.{did_you_mean(str(name), names)}"
            yield setting.problem(f"there is no maintenance window {name!r}", advice)


def _update_timeouts(draft: "Draft") -> Iterator[Problem]:
    """Installations may take longer than a restart, or they would count as hanging when all is well."""
    told: set[int] = set()
    for settings in draft.settings.values():
        whole = settings.get("patch_management_timeout_seconds")
        restart = settings.get("patch_management_reboot_timeout_seconds")
        values = [setting.value for setting in (whole, restart) if setting]
        if not whole or not restart or not all(isinstance(value, int) for value in values):
            continue
        if whole.value <= restart.value and id(whole) not in told:
            told.add(id(whole))
            message = f"is no longer than the restart alone may take ({restart.value} seconds)"
            yield whole.problem(message, "Give the installation more time, or the restart less.")


def _pilots(draft: "Draft") -> Iterator[Problem]:
    """A pilot that is never restarted is never well with an update that wants it, so nobody would ever follow."""
    for name in draft.entries:
        settings = draft.settings[name]
        ring, reboot = settings.get("patch_management_ring"), settings.get("patch_management_reboot")
        if ring and reboot and (ring.value, reboot.value) == ("pilot", "never"):
            advice = "Agree a time for its restarts, or choose another pilot: the others would wait for ever."
            yield ring.problem(f"{name!r} is a pilot, but is never to be restarted", advice)


def _stand_ins(draft: "Draft") -> Iterator[Problem]:
    """A name that one device alone has is a slip of the pen: nothing stands in for it."""
    members: dict[str, list[tuple[str, Setting]]] = defaultdict(list)
    for name in draft.entries:
        setting = draft.settings[name].get(_STANDS_IN)
        for label in setting.value if setting and isinstance(setting.value, list) else ():
            if isinstance(label, str) and setting:
                members[label].append((name, setting))
    for label, found in members.items():
        if len(found) == 1:
            (name, setting), others = found[0], [other for other in members if other != label]
            advice = f"Give the other device the same name.{did_you_mean(label, others)}"
            yield setting.problem(f"nothing stands in for {name!r} in {label!r}", advice)


def _turns(draft: "Draft") -> Iterator[Problem]:
    """Who goes first must be there, and must not wait for whom waits for it."""
    after: dict[str, tuple[Setting, list[str]]] = {}
    for name in draft.entries:
        setting = draft.settings[name].get(_AFTER)
        if setting and isinstance(setting.value, list):
            after[name] = (setting, [first for first in setting.value if isinstance(first, str)])
    for name, (setting, firsts) in after.items():
        for first in firsts:
            if first == name:
                yield setting.problem(f"{name!r} would wait for itself", "Name another device.")
            elif first not in draft.entries:
                advice = did_you_mean(first, draft.entries).strip() or "Name a device of hosts.yml."
                yield setting.problem(f"there is no device {first!r}", advice)
    graph = {name: [it for it in firsts if it != name] for name, (_, firsts) in after.items()}
    circle = _circle(graph)
    if circle:
        way = " after ".join(repr(name) for name in circle)
        advice = "Take one of them out: each would wait for the others."
        yield after[circle[0]][0].problem(f"the order has no beginning: {way}", advice)


def _circle(graph: dict[str, list[str]]) -> list[str]:
    """The first circle, its first name repeated at the end; empty where there is none."""
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        for first in graph.get(name, ()):
            if found := walk(first, [*way, name]):
                return found
        done.add(name)
        return []

    return next((found for name in graph if (found := walk(name, []))), [])
