"""Which entry of a console's list is which host of the inventory?

A name that fits identifies; hardware addresses tell entries of one name apart; an IP address identifies nobody, since
it is somebody else's tomorrow. What may be the host without being it for sure is told as that, never guessed.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

AMBIGUOUS = "console.ambiguous"
UNCLEAR = "console.identity_unclear"
NETBIOS_LENGTH = 15

type Entry = Mapping[str, Any]


@dataclass(frozen=True)
class WantedHost:
    """A host to look for: the names that it goes by (where some were measured, those only), and its MACs."""

    name: str
    names: frozenset[str] = frozenset()
    macs: frozenset[str] = frozenset()

    @classmethod
    def from_data(cls, data: str | Mapping[str, Any]) -> Self:
        """From a plain name, or {"name", "names"?, "macs"?}; ValueError for anything else."""
        if isinstance(data, str):
            data = {"name": data}
        if not isinstance(data, Mapping) or not isinstance(data.get("name"), str) or not data["name"]:
            raise ValueError("A host to look for needs a name.")
        known = {"name", "names", "macs"}
        if unknown := sorted(set(data) - known):
            raise ValueError(
                f"A host to look for has no {', '.join(unknown)}; it has {', '.join(sorted(known))}."
            )
        return cls(
            name=data["name"],
            names=frozenset(map(_plain_name, data.get("names") or [data["name"]])),
            macs=frozenset(_plain_mac(mac) for mac in data.get("macs", [])),
        )


@dataclass(frozen=True)
class Match:
    """The one entry that is the host; or why that cannot be told; or neither: nobody listed is the host."""

    entry: Entry | None = None
    reason: str | None = None


def identify(host: WantedHost, entries: Iterable[Entry]) -> Match:
    """The entry that is this host, as far as the list tells."""
    listed = list(entries)
    named = [entry for entry in listed if is_named(host, entry)]
    if len(named) > 1:
        named = _of_this_hardware(host, named) or named
    if len(named) == 1:
        return Match(entry=named[0])
    if named:
        return Match(reason=AMBIGUOUS)
    if any(_ours(host) & _short(_names(entry)) or _macs(entry) & host.macs for entry in listed):
        return Match(reason=UNCLEAR)
    return Match()


def is_named(host: WantedHost, entry: Entry) -> bool:
    """Whether the entry goes by the host's name: full names must be equal where both sides have one."""
    theirs = _names(entry)
    ours_full, theirs_full = _full(host.names), _full(theirs)
    if ours_full and theirs_full:
        return bool(ours_full & theirs_full)
    # An entry with two different names is nobody's for sure.
    return bool(theirs) and _short(theirs) <= _ours(host)


def has_name(entry: Entry) -> bool:
    return bool(_names(entry))


def _of_this_hardware(host: WantedHost, entries: list[Entry]) -> list[Entry]:
    """The only entry with the host's MAC, when all others tell theirs and have none of it; else nothing."""
    ours = [entry for entry in entries if _macs(entry) & host.macs]
    return ours if len(ours) == 1 and all(_macs(entry) for entry in entries) else []


def _names(entry: Entry) -> frozenset[str]:
    return frozenset(
        _plain_name(value)
        for key in ("fqdn", "name")
        if isinstance(value := entry.get(key), str) and value.strip()
    )


def _ours(host: WantedHost) -> set[str]:
    """The host's short names, also as NetBIOS cuts them off."""
    return {name[:length] for name in _short(host.names) for length in (len(name), NETBIOS_LENGTH)}


def _full(names: Collection[str]) -> set[str]:
    return {name for name in names if "." in name}


def _short(names: Collection[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def _macs(entry: Entry) -> set[str]:
    macs = entry.get("macs")
    if not isinstance(macs, list):
        return set()
    return {plain for mac in macs if isinstance(mac, str) and (plain := _plain_mac(mac))}


def _plain_name(name: str) -> str:
    return name.strip().rstrip(".").casefold()


def _plain_mac(mac: str) -> str:
    return re.sub(r"[^0-9a-f]", "", mac.casefold())
