"""Which of today's hosts is which of those that the book knows: by what the inventory says, or by the machine's ids.

Pure functions. What was found is recorded in the book (serviceheft.book.renames); findings and tickets follow it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Device:
    """A host of today's inventory. former: its former names as the inventory says; ids: of its board and its system,
    from the inventory or measured; recorded: the names that the book knows it had."""

    former: tuple[str, ...] = ()
    ids: frozenset[str] = frozenset()
    recorded: frozenset[str] = frozenset()


def renames_between(before: Mapping[str, Collection[str]], now: Mapping[str, Device]) -> dict[str, str]:
    """Old name -> new name, of hosts whose rename is not recorded yet; never two old ones to one new, nor the reverse.

    before: every host that the book knows under that name, with the ids that were measured of it; now: today's hosts.
    A former name that is still somebody's is taken for given up: the inventory says that it was this host's.
    """
    found: dict[str, str] = {}
    for name, device in now.items():
        told = [old for old in device.former if old in before and old != name and old not in device.recorded]
        if free := [old for old in told if old not in found]:
            found[free[0]] = name
    taken = set(found.values())
    left = {name: frozenset(ids) for name, ids in before.items() if name not in now and name not in found}
    shared = Counter(one for ids in left.values() for one in ids)
    there = Counter(one for device in now.values() for one in device.ids)
    for name, device in now.items():
        same = [
            old
            for old, ids in left.items()
            if any(shared[one] == there[one] == 1 for one in ids & device.ids)
        ]
        if len(same) == 1 and name not in taken and same[0] not in found:
            found[same[0]] = name
            taken.add(name)
    return found


def may_be_another(host: str, groups: Iterable[str], unmeasured: Mapping[str, Collection[str]]) -> bool:
    """Whether a host that has left may be one of those that nobody has measured yet under their names (with their
    groups): what was found on it is kept until that is known."""
    own = set(groups)
    return any(name != host and not own.isdisjoint(others) for name, others in unmeasured.items())
