"""Which emergencies are still open at a customer: what the book says, what is agreed today, and both as words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from serviceheft import maintenance
from serviceheft.book import Book, Snapshot
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.schema import Customer
from serviceheft.open_emergencies import KIND, KINDS, OpenEmergency, Terms, followed
from serviceheft.running.emergency import is_whole, last_measured, rows_of, why_not
from serviceheft.services.patch_management.hosts import ROLE, in_scope, policy_of
from serviceheft.services.patch_management.policy import Reboot


def still_open(customer: Customer, catalogue: Catalogue, book: Book, now: datetime) -> list[OpenEmergency]:
    """The emergencies of which hosts still owe the update, the latest first. Raises BookUnavailable."""
    runs = book.runs(customer.name, now=now, kinds=KINDS)
    if not runs:
        return []
    ids = {run.id for run in runs if run.kind == KIND and not run.dry_run}
    since = min(run.began_at for run in runs)
    number = catalogue.carried_out_by(ROLE).number
    stamps = [it for it in book.stamps(customer.name, since=since, service=number) if it.run in ids]
    seen = last_measured(book, customer.name)
    found = followed(runs, stamps, lambda kb: _well_at(seen, kb), _terms(customer, catalogue, now), now)
    return [one for one in found if one.owing]


def in_words(emergency: OpenEmergency) -> str:
    """In one line, for the screen."""
    hosts = ", ".join(f"{one.host} ({one.why.value})" for one in emergency.owing)
    return f"{emergency.kb} ({emergency.reason}) is still owed to {len(emergency.owing)} host(s): {hosts}"


def as_data(emergency: OpenEmergency) -> dict[str, Any]:
    """For --json."""
    return {
        "kb": emergency.kb,
        "reason": emergency.reason,
        "since": emergency.began_at.isoformat(),
        "maximum_hosts": emergency.cap,
        "hosts": [
            {
                "host": one.host,
                "why": one.why.name.lower(),
                "reason": one.reason,
                "tried": one.tried.isoformat() if one.tried else None,
                "turn": one.turn.name.lower(),
            }
            for one in emergency.owing
        ],
    }


def _terms(customer: Customer, catalogue: Catalogue, now: datetime) -> Terms:
    if why_not(customer, catalogue, now) is not None or customer.contract.kind == "hourly":
        return Terms({}, {}, 1)
    hosts = in_scope(customer, catalogue)
    variables = next(iter(customer.hosts.values())).variables if customer.hosts else {}
    return Terms(
        groups={host: customer.hosts[host].groups for host in hosts},
        may_restart={host: _may_restart(customer, host, now) for host in hosts},
        cap=variables.get("patch_management_maximum_hosts", 1),
    )


def _may_restart(customer: Customer, host: str, now: datetime) -> bool:
    """Whether it is worth a visit for the restart alone; whether it is made the visit decides."""
    policy = policy_of(customer, host)
    if policy.reboot is Reboot.NEVER:
        return False
    return policy.reboot is Reboot.WHEN_NEEDED or maintenance.is_open(
        customer.contract.maintenance_windows, policy.windows, now
    )


def _well_at(seen: Mapping[str | None, Snapshot], kb: str) -> dict[str, datetime]:
    """When a host was measured last, where that was whole and found neither the update nor a pending restart."""
    return {
        host: it.at
        for host, it in seen.items()
        if host is not None
        and is_whole(it.measured)
        and not rows_of(it.measured, kb)
        and it.measured.get("reboot_pending") is False
    }
