"""Whose turn it is: hosts that stand in for each other one at a time, what others depend on before them, and of the
rest whoever has waited longest."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from serviceheft.patching.policy import DIRECTORY, HostPolicy

_NEVER = datetime.min.replace(tzinfo=UTC)


def goes_alone(host: str, policies: Mapping[str, HostPolicy]) -> bool:
    """Whether no other host may be changed at the same time: one stands in for it, or waits for it, or it for one."""
    return bool(policies[host].after) or any(
        host in other.after or (name != host and policies[host].stands_in & other.stands_in)
        for name, other in policies.items()
    )


def in_turn(
    hosts: Iterable[str], policies: Mapping[str, HostPolicy], tried_at: Mapping[str, datetime | None]
) -> list[str]:
    """The order of hosts: domain controllers, other servers, clients; of each first whoever was not touched for
    longest; but nobody before those that its `after` names. A circle, which `validate` refuses, ends in that order."""
    plain = sorted(
        hosts, key=lambda host: (_rank(policies[host]), tried_at.get(host) or _NEVER, host.casefold(), host)
    )
    placed: list[str] = []
    on_the_way: set[str] = set()

    def place(host: str) -> None:
        if host in placed or host in on_the_way:
            return
        on_the_way.add(host)
        for first in plain:
            if first in policies[host].after:
                place(first)
        placed.append(host)

    for host in plain:
        place(host)
    return placed


def _rank(policy: HostPolicy) -> int:
    if DIRECTORY in policy.stands_in:
        return 0
    return 1 if policy.kind == "server" else 2


def others_wait(
    host: str,
    policies: Mapping[str, HostPolicy],
    unwell: Collection[str],
    earlier: Sequence[str],
) -> str | None:
    """The reason code why a host must wait for others; None: it need not.

    `unwell`: who was not measured well when last looked at. `earlier`: who is to be changed before it in this run and
    was not yet.
    """
    partners = {
        name
        for name, other in policies.items()
        if name != host and policies[host].stands_in & other.stands_in
    }
    first = set(policies[host].after)
    if partners & set(unwell):
        return "patch.partner_unwell"
    if first & set(unwell):
        return "patch.first_unwell"
    return "patch.others_first" if (partners | first) & set(earlier) else None
