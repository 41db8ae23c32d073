"""heft agree: what is agreed now goes into the book, with from when it holds and who approved it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from serviceheft import settings
from serviceheft.agreement import Agreed
from serviceheft.agreement_changes import Changed, changes
from serviceheft.book import Book, RunRefused
from serviceheft.book.timing import shown
from serviceheft.entitlement import terms_of
from serviceheft.ledger import history_by_book, next_agreed
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.schema import Customer
from serviceheft.running import by_hand
from serviceheft.running.beginning import found_renames, keep_up, refuse_renamed
from serviceheft.running.session import open_book
from serviceheft.settings import BERLIN


@dataclass(frozen=True, slots=True)
class Approval:
    """What a technician says beside the inventory. since: the day from which it holds, None for now; kept_since: the
    day from which a book without any agreement is kept."""

    since: date | None = None
    kept_since: date | None = None
    approved_by: str | None = None
    reason: str | None = None


def history(customer: Customer, catalogue: Catalogue) -> list[Agreed]:
    """What the book has, and last (with number 0) what the inventory says otherwise. Raises BookUnavailable."""
    with open_book(create=True) as book:
        return history_by_book(customer, catalogue, book, settings.now())


def differences(known: Sequence[Agreed]) -> list[Changed]:
    """What the last of these changes; nothing for the first one."""
    return changes(known[-2].terms, known[-1].terms) if len(known) > 1 else []


def agree(customer: Customer, catalogue: Catalogue, approval: Approval) -> str:
    """Record what the inventory says otherwise than the book, or who approved what is recorded; says what was done.

    Raises RunRefused, BookUnavailable. Nothing was written then.
    """
    now = settings.now()
    who = by_hand.sentence("--approved-by", approval.approved_by, "who of the customer approved it")
    why = by_hand.sentence("--reason", approval.reason, "why")
    approval = replace(approval, approved_by=who, reason=why)
    begin = by_hand.beginning(customer, now)
    with open_book(create=True) as book:
        with book.in_one_step(customer.name):
            said = _recorded(book, customer, catalogue, approval, now, begin)
        if said.run:
            by_hand.anchor(book, customer, said.run, now)
    return said.text


@dataclass(frozen=True, slots=True)
class _Said:
    text: str
    run: str | None = None


def _recorded(
    book: Book,
    customer: Customer,
    catalogue: Catalogue,
    approval: Approval,
    now: datetime,
    begin: by_hand.Beginning,
) -> _Said:
    refuse_renamed(book, customer)
    renamed = found_renames(book, customer)
    run = begin(book) if renamed else None
    if run:
        book.rename(run, renamed, now=now)  # what follows sees them under their present names
    known = book.agreements(customer.name)
    terms = terms_of(customer, catalogue)
    if approval.kept_since is not None and known:
        raise RunRefused(
            f"The book of {customer.name} is kept since {shown(known[0].kept_since)}; that cannot be changed. Close "
            f"what was settled before: heft write-off {customer.name} --before DAY --reason TEXT"
        )
    if known and known[-1].terms == terms and not renamed:
        return _approved(book, known[-1], approval, now, begin)
    called = "; ".join(f"{old} is called {new}" for old, new in renamed.items())
    if known and known[-1].terms == terms:
        assert run
        book.end_run(run, "carried out", now=now)
        return _Said(f"Recorded: {called}.", run)
    agreed = _agreed(book, customer, catalogue, approval, now)
    run = run or begin(book)
    made = book.agree(run, agreed, now=now)
    keep_up(book, customer, catalogue, run, now)
    book.end_run(run, "carried out", now=now)
    what = "; ".join(it.text() for it in changes(known[-1].terms, terms)) if known else "the first agreement"
    what = f"{called}; {what}" if called else what
    return _Said(f"Recorded as entry {made.number}, from {shown(agreed.since)} on: {what}.", run)


def _approved(book: Book, last: Agreed, approval: Approval, now: datetime, begin: by_hand.Beginning) -> _Said:
    """Nothing has changed since: only the approval can be new."""
    if approval.since is not None:
        raise RunRefused(
            f"The inventory says nothing else than entry {last.number} of {shown(last.at)}: there is nothing to record "
            "with --from."
        )
    if approval.approved_by is None:
        return _Said(f"Nothing has changed since entry {last.number} of {shown(last.at)}.")
    run = begin(book)
    book.approve(run, last.number, now=now, approved_by=approval.approved_by, reason=approval.reason)
    book.end_run(run, "carried out", now=now)
    return _Said(f"Entry {last.number} of {shown(last.at)} is approved by {approval.approved_by}.", run)


def _agreed(
    book: Book, customer: Customer, catalogue: Catalogue, approval: Approval, now: datetime
) -> Agreed:
    known = history_by_book(customer, catalogue, book, now)
    since = _midnight(approval.since, now)
    if len(known) == 1:
        if since is not None:
            raise RunRefused(
                "The first agreement holds from the contract's first day: leave --from out. From when its book is kept "
                "is said with --kept-since DAY."
            )
        kept = _midnight(approval.kept_since, now)
        agreed = replace(known[0], kept_since=kept) if kept else known[0]
    else:
        if since is not None and since < known[-2].since:
            raise RunRefused(
                f"--from {approval.since} lies before the last agreement, which holds from {shown(known[-2].since)}."
            )
        agreed = next_agreed(known[-2], known[-1].terms, now, since)
    origin = agreed.origin if agreed.origin == "taken over" else "agreed"
    return replace(agreed, origin=origin, approved_by=approval.approved_by, reason=approval.reason)


def _midnight(day: date | None, now: datetime) -> datetime | None:
    """The beginning of a day that has come."""
    if day is None:
        return None
    begin = datetime.combine(day, time(), BERLIN)
    if begin > now:
        raise RunRefused(
            f"{day} has not come yet, and the inventory says what holds now: change it on that day, or record it then "
            "with --from."
        )
    return begin
