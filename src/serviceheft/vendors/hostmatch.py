"""Which entry of a console's list is which host of the inventory?"""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class WantedHost:
    """A host to look for: any of its names, addresses and MACs."""

    name: str
    names: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    macs: frozenset[str] = frozenset()

    @classmethod
    def from_data(cls, data: str | Mapping[str, Any]) -> Self:
        """From a plain name, or {"name", "names"?, "addresses"?, "macs"?}; ValueError for anything else."""
        if isinstance(data, str):
            data = {"name": data}
        if not isinstance(data, Mapping) or not isinstance(data.get("name"), str) or not data["name"]:
            raise ValueError("A host to look for needs a name.")
        known = {"name", "names", "addresses", "macs"}
        if unknown := sorted(set(data) - known):
            raise ValueError(
                f"A host to look for has no {', '.join(unknown)}; it has {', '.join(sorted(known))}."
            )
        return cls(
            name=data["name"],
            names=frozenset(map(str.casefold, [data["name"], *data.get("names", [])])),
            addresses=frozenset(data.get("addresses", [])),
            macs=frozenset(_plain_mac(mac) for mac in data.get("macs", [])),
        )


def match(host: WantedHost, items: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The endpoints with one of the host's names; only without any, those with its MAC, then its address.

    Names are compared without case; two full names must be equal, a short one fits any full one.
    """
    listed = list(items)
    for key in (_names_fit, _macs_fit, _addresses_fit):
        if found := [item for item in listed if key(host, item)]:
            return found
    return []


def _names_fit(host: WantedHost, item: Mapping[str, Any]) -> bool:
    theirs = [
        value.casefold() for key in ("fqdn", "name") if isinstance(value := item.get(key), str) and value
    ]
    full = [name for name in theirs if "." in name]
    for ours in host.names:
        if "." in ours and full:
            if ours in full:
                return True
        elif any(name.partition(".")[0] == ours.partition(".")[0] for name in theirs):
            return True
    return False


def _macs_fit(host: WantedHost, item: Mapping[str, Any]) -> bool:
    macs = item.get("macs")
    if not isinstance(macs, list):
        return False
    return any(_plain_mac(mac) in host.macs for mac in macs if isinstance(mac, str))


def _addresses_fit(host: WantedHost, item: Mapping[str, Any]) -> bool:
    try:
        theirs = ipaddress.ip_address(str(item.get("ip")))
    except ValueError:
        return False
    return any(str(theirs) == address for address in host.addresses)


def _plain_mac(mac: str) -> str:
    return re.sub(r"[^0-9a-f]", "", mac.casefold())
