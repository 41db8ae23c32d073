"""The run that this process carries out: opened once by the callback, inherited by every forked task.

A run touches exactly one customer. Everything that can be refused is refused here, before a host is touched.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from serviceheft import settings
from serviceheft.book import Book, RunRefused
from serviceheft.entitlement import owed, owed_hosts, visit_on_order
from serviceheft.model.catalogue import Catalogue, load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.model.schema import Customer
from serviceheft.running import evidence

#: host -> {service number: period}
type Plan = dict[str, dict[str, str]]


class NoRun(Exception):
    """A task wants to record although no run is open."""


@dataclass(frozen=True)
class Order:
    """What was asked for on the command line."""

    kind: str  # "weekly", "owed", ...
    dry_run: bool
    limit: str | None = None
    ticket: str | None = None
    only_open: bool = False


@dataclass
class Session:
    """An open run. `planned` is what this run is to carry out, known once Ansible has applied its limit."""

    customer: Customer
    catalogue: Catalogue
    run: str
    order: Order
    owed: Plan
    began: datetime
    commit: str
    who: str
    planned: Plan = field(default_factory=dict)

    def plan(self, hosts: Iterable[str]) -> Plan:
        """What is to be carried out on these hosts (those that Ansible's limit leaves)."""
        return {host: self.owed[host] for host in hosts if host in self.owed}


_current: Session | None = None


def current() -> Session:
    """The open run of this process. Raises NoRun."""
    if _current is None:
        raise NoRun(
            "No run is open, so nothing can be recorded, and nothing was changed. A service playbook records through "
            "the callback 'heft': use this repository's ansible.cfg, leave ANSIBLE_STDOUT_CALLBACK unset, and do not "
            "skip the first play."
        )
    return _current


def open_book() -> Book:
    """The book of this installation. Raises BookUnavailable."""
    settings.var_directory().mkdir(parents=True, exist_ok=True)
    return Book.open(settings.book_url())


def customer_folder(sources: Sequence[str]) -> Path:
    """The one customer among Ansible's inventory sources. Raises RunRefused for none and for two."""
    shared = settings.REPOSITORY / "inventories" / "_shared"
    scratch = os.environ.get("MOLECULE_EPHEMERAL_DIRECTORY")  # molecule brings an inventory of its own
    folders = [Path(source).resolve() for source in sources]
    customers = [
        folder for folder in folders if folder != shared and not (scratch and folder.is_relative_to(scratch))
    ]
    if len(customers) != 1:
        named = ", ".join(folder.name for folder in customers) or "none"
        raise RunRefused(
            f"A run touches exactly one customer, and this one names {named}. "
            "Call it with: -i inventories/_shared -i inventories/CUSTOMER"
        )
    if shared not in folders:
        raise RunRefused("The provider's variables are missing. Call it with: -i inventories/_shared first.")
    return customers[0]


def open_session(sources: Sequence[str], order: Order) -> Session:
    """Validate, work out what is owed, open the run in the book, and keep it for the tasks to come.

    Raises RunRefused, InvalidInventory, BookUnavailable; nothing was touched then.
    """
    global _current
    catalogue = load_catalogue()
    customer = load_customer(customer_folder(sources), catalogue)
    now = settings.now()
    if customer.contract.kind == "hourly" and not order.ticket:
        raise RunRefused(
            f"{customer.name} has no service contract: nothing runs by schedule. "
            "When the customer ordered this, name the ticket: --ticket NUMBER"
        )
    who, commit = evidence.technician(), evidence.commit(settings.REPOSITORY)
    book = open_book()
    run = book.begin_run(
        customer.name,
        kind=order.kind,
        who=who,
        commit=commit,
        inventory_hash=customer.inventory_hash(),
        dry_run=order.dry_run,
        now=now,
        ticket=order.ticket,
        limit=order.limit,
        tier=customer.contract.tier,
    )
    _current = Session(
        customer=customer,
        catalogue=catalogue,
        run=run,
        order=order,
        owed=_owed(customer, catalogue, book, order, now),
        began=now,
        commit=commit,
        who=who,
    )
    return _current


def _owed(customer: Customer, catalogue: Catalogue, book: Book, order: Order, now: datetime) -> Plan:
    if order.ticket and customer.contract.kind == "hourly":
        return visit_on_order(customer, catalogue, now)
    found = owed(customer, catalogue, book.stamps(customer.name), now)
    return owed_hosts(found, again=not order.only_open)
