"""Which customers' hosts lack one named update, by what was measured of them last; and of which nobody knows."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from serviceheft.book import Book, Snapshot
from serviceheft.entitlement import contained
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.schema import Customer
from serviceheft.open_emergencies import KIND
from serviceheft.services.patch_management.hosts import ROLE, in_scope, policy_of
from serviceheft.services.patch_management.policy import Reboot
from serviceheft.services.update_check import judging as updates
from serviceheft.services.update_check.state import MOST_ROWS
from serviceheft.settings import BERLIN

#: The category of what makes another Windows of it; nobody gets that in an emergency.
NEXT_WINDOWS = "Upgrades"


class Known(StrEnum):
    """What is known of one host, in words for the technician; every host in scope is in exactly one of these."""

    LACKS = "lack it"
    OLDER = "measured before it was published, as far as is known: may lack it"
    NEVER = "never measured completely: may lack it"
    WELL = "do not lack it"

    @property
    def touched(self) -> bool:
        """Whether the visit goes there: it looks first, and installs only what is missing."""
        return self is not Known.WELL


@dataclass(frozen=True)
class Standing:
    """One customer: its hosts in the scope of patch management, by what is known of them.

    why_not: why nothing is done there; None where the update may be installed. restarts: each host's own terms.
    """

    customer: str
    hosts: Mapping[Known, Sequence[str]]
    why_not: str | None = None
    restarts: Mapping[str, Reboot] = field(default_factory=dict)

    @property
    def touched(self) -> list[str]:
        return [host for known in Known if known.touched for host in self.hosts[known]]


@dataclass
class Published:
    """Since when an update exists: as the technician says, else by any measured offer or the first emergency for it."""

    kb: str
    at: datetime | None = None
    told: bool = field(default=False)

    @classmethod
    def on(cls, kb: str, day: date | None) -> "Published":
        """day: the whole of it may still have been before. None: not said."""
        at = datetime.combine(day + timedelta(days=1), time(), BERLIN) if day else None
        return cls(kb, at, told=day is not None)

    def learn(self, moment: datetime) -> None:
        """The earliest that was seen counts, unless it was said."""
        if not self.told and (self.at is None or moment < self.at):
            self.at = moment


def learn(published: Published, book: Book, customer: str) -> None:
    """What the book of a customer says of the update's age. Raises BookUnavailable."""
    for snapshot in last_measured(book, customer).values():
        for row in rows_of(snapshot.measured, published.kb):
            if isinstance(told := row.get("published_at"), str):
                published.learn(datetime.fromisoformat(told))
    for run in book.runs(customer, kinds=[KIND]):
        if (run.reason or "").startswith(f"{published.kb}:"):
            published.learn(run.began_at)


def standing(
    customer: Customer, catalogue: Catalogue, book: Book, published: Published, now: datetime
) -> Standing:
    """What the book says of the customer's hosts. Raises BookUnavailable."""
    hosts = in_scope(customer, catalogue)
    return Standing(
        customer.name,
        partition(hosts, last_measured(book, customer.name), published),
        why_not(customer, catalogue, now),
        {host: policy_of(customer, host).reboot for host in hosts},
    )


def why_not(customer: Customer, catalogue: Catalogue, now: datetime) -> str | None:
    """Why nothing may be installed at the customer; None where it may."""
    agreed = {clause.service for clause in contained(customer, catalogue) if clause.standing.contained}
    contract, today = customer.contract, now.astimezone(BERLIN).date()
    if catalogue.carried_out_by(ROLE).number not in agreed:
        return "patch management is not agreed"
    if today < contract.start:
        return f"the contract begins on {contract.start:%d.%m.%Y}"
    if contract.end is not None and today > contract.end:
        return f"the contract ended on {contract.end:%d.%m.%Y}"
    return None


def partition(
    hosts: Iterable[str], measured: Mapping[str | None, Snapshot], published: Published
) -> dict[Known, list[str]]:
    """Every host in exactly one list, in the given order."""
    found: dict[Known, list[str]] = {known: [] for known in Known}
    for host in hosts:
        found[_known(measured.get(host), published)].append(host)
    return found


def _known(snapshot: Snapshot | None, published: Published) -> Known:
    if snapshot is None:
        return Known.NEVER
    if any(rows_of(snapshot.measured, published.kb)):
        return Known.LACKS
    if not is_whole(snapshot.measured):
        return Known.NEVER
    if published.at is None or snapshot.at < published.at:
        return Known.OLDER
    return Known.WELL


def is_whole(measured: Mapping[str, Any]) -> bool:
    """Whether the search looked at updates of all categories, and all that it found was kept."""
    missing, left_out = (measured.get(name) for name in ("missing", "left_out"))
    return (
        isinstance(missing, list) and isinstance(left_out, list) and len(missing) + len(left_out) < MOST_ROWS
    )


def last_measured(book: Book, customer: str) -> dict[str | None, Snapshot]:
    """By host the last measurement whose search told what is missing. Raises BookUnavailable."""
    return {it.host: it for it in book.snapshots(customer, updates.SUBJECT.name, telling="missing")}


def rows_of(measured: Mapping[str, Any], kb: str) -> list[Mapping[str, Any]]:
    """What was missing of this update when somebody looked last, of whatever category but the next Windows, which can
    have the same article as a cumulative update."""
    tables = [measured.get(name) for name in ("missing", "left_out")]
    article = re.compile(rf"{kb}(?![0-9])")
    return [
        row
        for table in tables
        if isinstance(table, list)
        for row in table
        if isinstance(row, dict)
        and row.get("category") != NEXT_WINDOWS
        and any(article.search(str(row.get(name))) for name in ("kb", "title"))
    ]
