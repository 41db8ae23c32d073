"""Rules about patch management: times that were agreed, who goes first, who stands in for whom."""

from collections import defaultdict
from collections.abc import Iterator

from serviceheft.model.draft import Draft
from serviceheft.model.problems import Problem, did_you_mean
from serviceheft.model.resolution import Setting
from serviceheft.model.schema import Contract

_AFTER, _STANDS_IN = "patch_management_after", "patch_management_stands_in"


def check(draft: Draft) -> Iterator[Problem]:
    """All problems with how hosts are to be brought up to date."""
    yield from _maintenance_windows(draft)
    yield from _update_timeouts(draft)
    yield from _pilots(draft)
    yield from _stand_ins(draft)
    yield from _turns(draft)


def _maintenance_windows(draft: Draft) -> Iterator[Problem]:
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


def _update_timeouts(draft: Draft) -> Iterator[Problem]:
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


def _pilots(draft: Draft) -> Iterator[Problem]:
    """A pilot that is never restarted is never well with an update that wants it, so nobody would ever follow."""
    for name in draft.entries:
        settings = draft.settings[name]
        ring, reboot = settings.get("patch_management_ring"), settings.get("patch_management_reboot")
        if ring and reboot and (ring.value, reboot.value) == ("pilot", "never"):
            advice = "Agree a time for its restarts, or choose another pilot: the others would wait for ever."
            yield ring.problem(f"{name!r} is a pilot, but is never to be restarted", advice)


def _stand_ins(draft: Draft) -> Iterator[Problem]:
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


def _turns(draft: Draft) -> Iterator[Problem]:
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
