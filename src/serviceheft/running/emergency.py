"""Which customers' hosts lack one named update, by what was measured of them last."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serviceheft.assess import updates
from serviceheft.book import Book
from serviceheft.entitlement import contained
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.schema import Customer
from serviceheft.running.pilots import SERVICE


@dataclass(frozen=True)
class Lacking:
    """One customer: hosts that lack the update, and hosts of which nobody measured it. `contained`: 3.2 is agreed."""

    customer: str
    hosts: tuple[str, ...]
    unmeasured: tuple[str, ...]
    contained: bool


def find_lacking(customer: Customer, catalogue: Catalogue, book: Book, kb: str) -> Lacking:
    """What the book says of the customer's hosts in the scope of patch management. Raises BookUnavailable."""
    scope = set(catalogue.services[SERVICE].scope)
    hosts = [name for name, host in customer.hosts.items() if scope & set(host.groups)]
    measured = {
        snapshot.host: snapshot.measured
        for snapshot in book.snapshots(customer.name, updates.SUBJECT.name, telling="missing")
    }
    agreed = {clause.service for clause in contained(customer, catalogue) if clause.standing.contained}
    return Lacking(
        customer=customer.name,
        hosts=tuple(name for name in hosts if _lacks(measured.get(name, {}), kb)),
        unmeasured=tuple(
            name
            for name in hosts
            # Without "left_out" the search looked at some categories only.
            if "left_out" not in measured.get(name, {}) and not _lacks(measured.get(name, {}), kb)
        ),
        contained=SERVICE in agreed,
    )


def _lacks(measured: Mapping[str, Any], kb: str) -> bool:
    """Whether the update was missing, of whatever category, when somebody looked last."""
    tables = [measured.get(name) for name in ("missing", "left_out")]
    rows = [row for table in tables if isinstance(table, list) for row in table]
    article = re.compile(rf"{kb}(?![0-9])")
    return any(
        isinstance(row, dict) and any(article.search(str(row.get(name))) for name in ("kb", "title"))
        for row in rows
    )
