"""Whose turn it is: hosts that stand in for each other one at a time, what others depend on before them, and of the
rest whoever has waited longest."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

from serviceheft.services.patch_management.policy import DIRECTORY, HostPolicy

_NEVER = datetime.min.replace(tzinfo=UTC)


class Turns:
    """The hosts of a customer as they depend on each other."""

    def __init__(self, policies: Mapping[str, HostPolicy]) -> None:
        self._policies = policies
        members: dict[str, set[str]] = defaultdict(set)
        for host, policy in policies.items():
            for label in policy.stands_in:
                members[label].add(host)
        self._partners = {
            host: frozenset().union(*(members[label] for label in policy.stands_in)) - {host}
            for host, policy in policies.items()
        }
        self._goes_first = {first for policy in policies.values() for first in policy.after}

    def goes_alone(self, host: str) -> bool:
        """Whether no other host may be changed at the same time: one stands in for it, or one waits for the other."""
        return bool(self._policies[host].after or self._partners[host] or host in self._goes_first)

    def in_turn(self, hosts: Iterable[str], tried_at: Mapping[str, datetime | None]) -> list[str]:
        """The order of hosts: domain controllers, other servers, clients; of each first whoever was not touched for
        longest; but nobody before those that its `after` names. A circle, which `validate` refuses, ends in that order.
        """
        plain = sorted(
            hosts,
            key=lambda host: (
                _rank(self._policies[host]),
                tried_at.get(host) or _NEVER,
                host.casefold(),
                host,
            ),
        )
        own, placed, on_the_way = set(plain), dict[str, None](), set[str]()

        def place(host: str) -> None:
            if host in placed or host in on_the_way:
                return
            on_the_way.add(host)
            for first in self._policies[host].after:
                if first in own:
                    place(first)
            placed[host] = None

        for host in plain:
            place(host)
        return list(placed)

    def others_wait(self, host: str, unwell: Collection[str], earlier: Collection[str]) -> str | None:
        """The reason code why a host must wait for others; None: it need not.

        `unwell`: who was not measured well when last looked at. `earlier`: who is to be changed before it in this run
        and was not yet.
        """
        partners, first = self._partners[host], self._policies[host].after
        if any(other in unwell for other in partners):
            return "patch.partner_unwell"
        if any(other in unwell for other in first):
            return "patch.first_unwell"
        return "patch.others_first" if any(other in earlier for other in (*partners, *first)) else None


def _rank(policy: HostPolicy) -> int:
    if DIRECTORY in policy.stands_in:
        return 0
    return 1 if policy.kind == "server" else 2
