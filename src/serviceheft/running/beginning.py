"""What a run brings the book up to before anything else: the agreement of today, and once a week a balance."""

from collections.abc import Collection
from datetime import datetime

from serviceheft import settings
from serviceheft.accounts import State
from serviceheft.agreement import Agreed
from serviceheft.book import Book, RunRefused
from serviceheft.carrying import due_again, to_carry
from serviceheft.i18n import N_, translations
from serviceheft.identities import Device, may_be_another, renames_between
from serviceheft.ledger import history_by_book, owed_by_book, scope_now
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.layout import customer_names
from serviceheft.model.schema import Customer, Host
from serviceheft.services.documentation import judging as computer
from serviceheft.settings import BERLIN

FORMER_NAMES = "documentation_former_names"
#: Why a line is closed that had been put off as agreed, on a host or of a service that has left the agreement since.
LEFT = N_("It was put off as agreed, and is no longer part of the agreement")


def keep_up(book: Book, customer: Customer, catalogue: Catalogue, run: str, now: datetime) -> Agreed | None:
    """Record what was agreed otherwise than the book knows, and return it; carry the balance forward once a week.

    The caller makes one step of this and the beginning of the run. Raises BookUnavailable, RunRefused.
    """
    refuse_renamed(book, customer)
    if renamed := found_renames(book, customer):
        book.rename(run, renamed, now=now)
    known = history_by_book(customer, catalogue, book, now)
    changed = None if known[-1].number else book.agree(run, known[-1], now=now)
    until = due_again(book.carried_forward(customer.name), now.astimezone(BERLIN).date())
    if changed or until:
        lines = owed_by_book(customer, catalogue, book, now)
        scope = scope_now(customer, catalogue, book, now)
        left = [
            line.key
            for line in lines
            if line.state is State.WAITS and not line.current and (line.service, line.host) not in scope
        ]
        if left:
            reason = translations(customer.company.language).gettext(LEFT)
            book.write_off(run, left, now=now, reason=reason)
            lines = owed_by_book(customer, catalogue, book, now)
        if until:
            book.carry_forward(run, to_carry(lines, until), now=now)
    return changed


def refuse_renamed(book: Book, customer: Customer) -> None:
    """Raise RunRefused for a customer without a book whose book is kept under a name that no inventory has any more."""
    if book.agreements(customer.name):
        return
    there = {customer.name, *customer_names(settings.inventories_directory())}
    number = customer.company.customer_number
    for name, known in book.customer_numbers().items():
        if known == number and name not in there:
            raise RunRefused(
                f"{customer.name} has customer number {number}, and so has {name}, of which the book holds "
                f"{book.head(name).number} entries and no inventory is left. A book belongs to the folder's name: if "
                f"{name} was renamed, give the folder that name back, and the people's name goes into company.name. "
                "If it is somebody else, correct company.customer_number."
            )


def found_renames(book: Book, customer: Customer) -> dict[str, str]:
    """Which hosts of the book are called otherwise in today's inventory, and not recorded so yet."""
    agreed = book.agreements(customer.name)
    before = {name for it in agreed for name in it.terms.hosts}
    left = before - customer.hosts.keys()
    named = any(host.variables.get(FORMER_NAMES) for host in customer.hosts.values())
    if not (left or named):
        return {}
    ids = measured_ids(book, customer.name)
    recorded = book.former_names(customer.name)
    return renames_between(
        {name: ids.get(name, frozenset()) for name in before},
        {
            name: Device(
                tuple(host.variables.get(FORMER_NAMES) or ()),
                ids.get(name, frozenset()) | _ids_wanted(host),
                recorded.get(name, frozenset()),
            )
            for name, host in customer.hosts.items()
        },
    )


def _ids_wanted(host: Host) -> frozenset[str]:
    wanted = host.variables.get("documentation_machine_id")
    return frozenset({str(wanted).casefold()} if wanted else ())


def measured_ids(book: Book, customer: str) -> dict[str, frozenset[str]]:
    """By host the ids of its board and its system, as they were measured last."""
    return {
        str(snapshot.host): frozenset(map(str, told))
        for snapshot in book.snapshots(customer, computer.SUBJECT.name)
        if isinstance(told := snapshot.measured.get("machine_ids"), list)
    }


def kept_for_now(book: Book, customer: Customer, now: Collection[tuple[str, str | None]]) -> frozenset[str]:
    """Hosts that have left, and that may be one which nobody has measured under its new name yet.

    What was found on them is kept until the new one has told its ids.
    """
    agreed = book.agreements(customer.name)
    groups = {name: those for it in agreed for name, those in it.terms.hosts.items()}
    left = groups.keys() - customer.hosts.keys()
    if not left:
        return frozenset()
    known, visited = measured_ids(book, customer.name), {host for _, host in now}
    unmeasured = {
        name: host.groups for name, host in customer.hosts.items() if name in visited and name not in known
    }
    return frozenset(
        name for name in left if name in known and may_be_another(name, groups[name], unmeasured)
    )
