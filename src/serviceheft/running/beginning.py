"""What a run brings the book up to before anything else: the agreement of today, and once a week a balance."""

from datetime import datetime

from serviceheft import settings
from serviceheft.accounts import State
from serviceheft.agreement import Agreed
from serviceheft.book import Book, RunRefused
from serviceheft.carrying import due_again, to_carry
from serviceheft.i18n import N_, translations
from serviceheft.ledger import history_by_book, owed_by_book, scope_now
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.layout import customer_names
from serviceheft.model.schema import Customer
from serviceheft.settings import BERLIN

#: Why a line is closed that had been put off as agreed, on a host or of a service that has left the agreement since.
LEFT = N_("It was put off as agreed, and is no longer part of the agreement")


def keep_up(book: Book, customer: Customer, catalogue: Catalogue, run: str, now: datetime) -> Agreed | None:
    """Record what was agreed otherwise than the book knows, and return it; carry the balance forward once a week.

    The caller makes one step of this and the beginning of the run. Raises BookUnavailable, RunRefused.
    """
    refuse_renamed(book, customer)
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
