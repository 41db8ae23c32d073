"""The run that this process carries out: opened once by the callback, inherited by every forked task.

A run touches exactly one customer. Everything that can be refused is refused here, before a host is touched.
"""

import os
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from serviceheft import open_emergencies, settings, waiting
from serviceheft.accounts import Owed
from serviceheft.agreement import Agreed
from serviceheft.agreement_changes import changes
from serviceheft.book import Book, RunRefused, housing
from serviceheft.book.timing import Clock, shown
from serviceheft.entitlement import visit_on_order
from serviceheft.ledger import owed_hosts, owed_now, scope_now
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.schema import Customer
from serviceheft.reaction import reaction_deadline
from serviceheft.running import evidence, handing_over
from serviceheft.running.beginning import keep_up, kept_for_now
from serviceheft.running.stop import stop_reason
from serviceheft.screen import say

#: The one role that an emergency run carries out.
EMERGENCY_ROLE = "patch_management"

#: host -> {service number: period}
type Plan = dict[str, dict[str, str]]


class NoRun(Exception):
    """A task wants to record although no run is open."""


@dataclass(frozen=True)
class Order:
    """What was asked for on the command line."""

    #: Services of this cadence ("weekly"); None: all that is owed.
    cadence: str | None
    dry_run: bool
    limit: str | None = None
    ticket: str | None = None
    only_open: bool = False
    #: For hosts that could not be reached before (serviceheft.running.catching_up).
    catch_up: bool = False
    #: The article that is installed now, outside of rings, windows and freeze days: nothing but 3.2 is carried out.
    emergency: str | None = None
    #: Why; goes into the book.
    reason: str | None = None
    #: Instead of the customer's cap.
    maximum_hosts: int | None = None

    @property
    def kind(self) -> str:
        """The run's kind, as the book and the pages name it."""
        # One update is not the period's patch management, whoever makes the run: this comes first.
        if self.emergency:
            return open_emergencies.KIND
        return waiting.KIND if self.catch_up else self.cadence or "owed"


@dataclass
class Session:
    """An open run. `planned` is what it is to carry out, known (not None) once Ansible has applied its limit."""

    customer: Customer
    catalogue: Catalogue
    run: str
    order: Order
    owed: Plan
    began: datetime
    commit: str
    who: str
    planned: Plan | None = None
    #: What the periods that run now owe, as it was when the run began.
    account: Sequence[Owed] = ()
    #: What the run has recorded as agreed otherwise than before.
    changed: Agreed | None = None
    #: The same for the screen; "" when nothing has changed.
    changed_in_words: str = ""

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


def open_book(*, create: bool = False) -> Book:
    """The book of this installation. Raises BookUnavailable.

    Only what begins something may create it: a book that vanished in the middle of a run must be missed.
    """
    if told := housing.move_in():
        say(told, error=True)
    if create and not os.environ.get("HEFT_BOOK"):
        housing.make_data_directory()
    return Book.open(settings.book_url(), create=create)


def clock() -> Clock | None:
    """What this machine knows of time besides its clock; nothing where the time is made up."""
    return None if settings.rehearsed() else Clock.of_this_machine()


def customer_folder(sources: Sequence[str], scratch: Path | None = None) -> Path:
    """The one customer among Ansible's inventory sources. Raises RunRefused for none and for two.

    `scratch`: a test's folder, whose inventory counts for none (invocation.scratch_of_a_test).
    """
    shared = handing_over.SHARED
    folders = [Path(source).resolve() for source in sources]
    customers = [
        folder for folder in folders if folder != shared and not (scratch and folder.is_relative_to(scratch))
    ]
    if len(customers) != 1:
        raise handing_over.several_customers([folder.name for folder in customers])
    if shared not in folders:
        raise RunRefused("The provider's variables are missing. Call it with: -i inventories/_shared first.")
    return customers[0]


def open_session(customer: Customer, catalogue: Catalogue, order: Order) -> Session:
    """Work out what is owed, open the run in the book, and keep it for the tasks to come.

    Raises RunRefused, BookUnavailable; nothing was touched then.
    """
    global _current
    now = settings.now()
    if customer.contract.kind == "hourly" and not order.ticket:
        raise RunRefused(
            f"{customer.name} has no service contract: nothing runs by schedule. "
            "When the customer ordered this, name the ticket: --ticket NUMBER"
        )
    if order.emergency:
        check_emergency(order.emergency, order.reason)
    who, commit = evidence.technician(), evidence.commit(settings.REPOSITORY)
    # The first deadline imports the holiday library: once here instead of once in every forked task.
    reaction_deadline(customer, catalogue, now)
    settings.keep_time()
    with open_book(create=True) as book, book.in_one_step(customer.name):
        run = book.begin_run(
            customer.name,
            kind=order.kind,
            who=who,
            commit=commit,
            inventory_hash=customer.inventory_hash(),
            dry_run=order.dry_run,
            now=now,
            ticket=order.ticket,
            reason=_reason(order),
            limit=order.limit,
            tier=customer.contract.tier,
            clock=clock(),
            rehearsed=settings.rehearsed(),
            catch_up=order.catch_up,
            maximum_hosts=order.maximum_hosts,
        )
        changed = None if order.dry_run else keep_up(book, customer, catalogue, run, now)
        account, agreed, planned = _owed(customer, catalogue, book, order, now)
        if not order.dry_run:
            kept = kept_for_now(book, customer, agreed)
            book.drop(
                run,
                lambda service, host: host is None or (service, host) in agreed or host in kept,
                now=now,
            )
    _current = Session(
        customer=customer,
        catalogue=catalogue,
        run=run,
        order=order,
        owed=planned,
        began=now,
        commit=commit,
        who=who,
        account=account,
        changed=changed,
        changed_in_words=_in_words(book.agreements(customer.name)) if changed else "",
    )
    return _current


def _in_words(known: Sequence[Agreed]) -> str:
    """What the last agreement changed, and how it is confirmed; of the first one that it is the first."""
    last = known[-1]
    if len(known) == 1:
        return f"First agreement recorded; the book is kept since {shown(last.kept_since)}."
    what = "; ".join(it.text() for it in changes(known[-2].terms, last.terms)) or "wording"
    return (
        f"Agreed otherwise than before, recorded as entry {last.number}: {what}. When the customer has approved it: "
        'heft agree CUSTOMER --approved-by "..."'
    )


def _reason(order: Order) -> str | None:
    """Why the run is made, as the book keeps it."""
    if order.emergency is None:
        return order.reason
    return f"{order.emergency}: {order.reason}"


def check_emergency(kb: str, reason: str | None) -> None:
    """Raises RunRefused when the procedure must not be left out."""
    check_article(kb)
    if not (reason or "").strip():
        raise RunRefused(
            "An emergency leaves rings, windows and freeze days out: say why with --reason TEXT."
        )
    if stopped := stop_reason():
        raise RunRefused(
            f"The stop file {settings.stop_file()} is there ({stopped}): nothing is changed, in an emergency neither. "
            "Remove it first."
        )


def check_article(kb: str) -> None:
    """Raises RunRefused for what is no article."""
    if not re.fullmatch(r"KB[0-9]{6,8}", kb):
        raise RunRefused(f"{kb!r} is no article of Microsoft's knowledge base. Write it as KB5068861.")


def _owed(
    customer: Customer, catalogue: Catalogue, book: Book, order: Order, now: datetime
) -> tuple[list[Owed], Collection[tuple[str, str | None]], Plan]:
    """What is owed now, all that runs measure for this customer, and what of it this one is to carry out."""
    every = owed_now(customer, catalogue, book, now)
    agreed: Collection[tuple[str, str | None]]
    if customer.contract.kind == "hourly":
        found = visit_on_order(customer, catalogue, now)
        agreed = {(service, host) for host, services in found.items() for service in services}
    else:
        found = owed_hosts(every, again=not order.only_open)
        agreed = scope_now(customer, catalogue, book, now)
    planned = {
        host: wanted for host, periods in found.items() if (wanted := _of_cadence(periods, catalogue, order))
    }
    return every, agreed, planned


def _of_cadence(periods: dict[str, str], catalogue: Catalogue, order: Order) -> dict[str, str]:
    return {
        service: period
        for service, period in periods.items()
        if order.cadence in (None, catalogue.services[service].cadence)
        and (order.emergency is None or catalogue.services[service].role == EMERGENCY_ROLE)
    }
