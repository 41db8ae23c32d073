"""What people carried out: a meeting or a talk is stamped, a mended finding noted until it is measured again, and what
nobody will do any more is written off."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from serviceheft import settings
from serviceheft.accounts import Owed
from serviceheft.assess.judgement import CAUSES, Judgement, Outcome
from serviceheft.book import Book, RunRefused, outbox
from serviceheft.clock import RECURRING, days_of, reaction_deadline
from serviceheft.entitlement import clause, measures
from serviceheft.ledger import owed_by_book
from serviceheft.model.catalogue import Catalogue, CatalogueService
from serviceheft.model.problems import did_you_mean
from serviceheft.model.schema import Customer
from serviceheft.running import evidence, typed
from serviceheft.running.recording import central_contact
from serviceheft.running.session import clock, open_book
from serviceheft.screen import say

_NAMED = 8  # so many periods are named before the rest is only counted


def record_by_hand(
    customer: Customer,
    catalogue: Catalogue,
    service: str,
    host: str | None,
    note: str,
    period: str | None = None,
) -> str:
    """Stamp a service as done, with a note; returns for what. Raises RunRefused, BookUnavailable, ClockError.

    What comes round is stamped for one period that still owes it: the given one, or the only one. What a role measures
    on a host cannot be stamped by hand: its evidence is the measurement.
    """
    known = _service(catalogue, service)
    _host(customer, host)
    measured = [name for name, it in customer.hosts.items() if measures(known, it.groups)]
    if (host is None and measured) or host in measured:
        raise RunRefused(f"{service} is stamped by measurement only: heft weekly {customer.name}")
    note = _sentence("--note", note, "what was done")
    now = settings.now()
    begin = _beginning(customer, now)
    with open_book(create=True) as book:
        with book.in_one_step(customer.name):
            if known.cadence in RECURRING:
                lines = [line for line in _left(customer, catalogue, book, service, now) if line.host == host]
                period = _only(customer, service, lines, host, period)
            elif period is not None:
                raise RunRefused(f"{service} has no periods: leave --period out.")
            run = begin(book)
            book.stamp(
                run,
                service,
                host,
                period,
                Judgement(outcome=Outcome.DONE),
                now=now,
                deadline=partial(reaction_deadline, customer, catalogue),
                clause=clause(known, customer),
                contact=central_contact(customer),
                note=note,
            )
            book.end_run(run, "carried out", now=now)
        _anchor(book, customer, run, now)
    return f"{host or customer.company.name}, {period or now.date().isoformat()}"


def write_off(
    customer: Customer,
    catalogue: Catalogue,
    service: str,
    periods: Sequence[str],
    host: str | None,
    reason: str,
) -> list[Owed]:
    """Close what nobody will carry out any more; returns the lines. Raises RunRefused, BookUnavailable, ClockError.

    Without a host: all lines of the service in these periods that are still open. All are written, or none.
    """
    _service(catalogue, service)
    _host(customer, host)
    reason = _sentence("--reason", reason, "why nobody will do it any more")
    now = settings.now()
    begin = _beginning(customer, now)
    with open_book() as book:
        with book.in_one_step(customer.name):
            left = _left(customer, catalogue, book, service, now)
            found = [line for line in left if host is None or line.host == host]
            for period in periods:
                days_of(period)
                if not any(line.period == period for line in found):
                    raise RunRefused(_nothing_open(customer, service, found, host, period))
            lines = [line for line in found if line.period in periods]
            run = begin(book)
            book.write_off(run, [line.key for line in lines], now=now, reason=reason)
            book.end_run(run, "carried out", now=now)
        _anchor(book, customer, run, now)
    return lines


def _left(customer: Customer, catalogue: Catalogue, book: Book, service: str, now: datetime) -> list[Owed]:
    """What somebody still has to do of a service."""
    every = owed_by_book(customer, catalogue, book, now)
    return [line for line in every if line.service == service and not line.state.settled]


def _only(
    customer: Customer, service: str, lines: Sequence[Owed], host: str | None, period: str | None
) -> str:
    """The one period that is meant."""
    if period is not None:
        days_of(period)
    found = [line.period for line in lines if period in (None, line.period)]
    if not found:
        raise RunRefused(_nothing_open(customer, service, lines, host, period))
    if len(found) > 1:
        raise RunRefused(f"{service} is open in {_listed(found)}. Say which one it was: --period {found[0]}")
    return found[0]


def _nothing_open(
    customer: Customer, service: str, lines: Sequence[Owed], host: str | None, period: str | None
) -> str:
    where = host or customer.name
    when = f" in {period}" if period else ""
    open_in = list(dict.fromkeys(line.period for line in lines))
    advice = f"It is open in {_listed(open_in)}." if open_in else f"See heft owed {customer.name} --all."
    return f"{service} is not open{when} for {where}. {advice}"


def _listed(periods: Sequence[str]) -> str:
    """The newest ones by name."""
    more = f" and {len(periods) - _NAMED} earlier ones" if len(periods) > _NAMED else ""
    return ", ".join(periods[-_NAMED:]) + more


def _service(catalogue: Catalogue, number: str) -> CatalogueService:
    known = catalogue.services.get(number)
    if known is None:
        raise RunRefused(
            f"The catalogue has no service {number!r}.{did_you_mean(number, catalogue.services)}"
        )
    return known


def _host(customer: Customer, host: str | None) -> None:
    if host is not None and host not in customer.hosts:
        raise RunRefused(f"{customer.name} has no host {host!r}.{did_you_mean(host, customer.hosts)}")


def note_mended(customer: Customer, ticket: str, note: str) -> str:
    """Note on the finding of an open ticket that somebody mended it; returns for what.

    Ticket and finding stay open until the next measurement. Raises RunRefused, BookUnavailable.
    """
    note = _sentence("--note", note, "what was done")
    now = settings.now()
    begin = _beginning(customer, now)
    with open_book() as book:
        with book.in_one_step(customer.name):
            known = {it.number: it for it in book.tickets(customer.name, open_only=True)}
            found = known.get(ticket)
            if found is None:
                listed = f"Open are {', '.join(known)}." if known else "None is open."
                raise RunRefused(f"{customer.name} has no open ticket {ticket!r}. {listed}")
            finding, run = found.finding, begin(book)
            book.mend(run, finding.service, finding.host, finding.cause, now=now, note=note)
            book.end_run(run, "carried out", now=now)
        _anchor(book, customer, run, now)
    title = CAUSES[finding.cause].title if finding.cause in CAUSES else finding.cause
    return f"{finding.host or customer.company.name}: {title}"


def _sentence(option: str, text: str, what: str) -> str:
    """What a person says, for the book. Raises RunRefused for none, NotAccepted for what is no readable line."""
    if not text.strip():
        raise RunRefused(f"Say in a sentence {what}: {option} TEXT")
    return typed.one_line(option, text)


def _beginning(customer: Customer, now: datetime) -> Callable[[Book], str]:
    """What begins the run. Who it is and which commit is asked before the book is held."""
    who, commit = evidence.technician(), evidence.commit(settings.REPOSITORY)
    return lambda book: book.begin_run(
        customer.name,
        kind="by hand",
        who=who,
        commit=commit,
        inventory_hash=customer.inventory_hash(),
        dry_run=False,
        now=now,
        tier=customer.contract.tier,
        clock=clock(),
        rehearsed=settings.rehearsed(),
    )


def _anchor(book: Book, customer: Customer, run: str, now: datetime) -> None:
    """Sign what was written, once nobody waits for it any more."""
    if told := outbox.anchor(book, customer.name, run, now):
        say(told, error=True)
