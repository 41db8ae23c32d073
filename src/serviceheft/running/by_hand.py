"""What people carried out: a meeting or a talk is stamped, a mended finding noted until it is measured again."""

from datetime import datetime
from functools import partial

from serviceheft import settings
from serviceheft.assess.judgement import CAUSES, Judgement, Outcome
from serviceheft.book import Book, RunRefused
from serviceheft.clock import period_of, reaction_deadline
from serviceheft.entitlement import clause
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.problems import did_you_mean
from serviceheft.model.schema import Customer
from serviceheft.running import evidence
from serviceheft.running.recording import central_contact
from serviceheft.running.session import open_book


def record_by_hand(
    customer: Customer, catalogue: Catalogue, service: str, host: str | None, note: str
) -> str:
    """Stamp a service of this period as done, with a note; returns for what. Raises RunRefused, BookUnavailable.

    Services that a role measures cannot be stamped by hand: their evidence is the measurement.
    """
    known = catalogue.services.get(service)
    if known is None:
        raise RunRefused(
            f"The catalogue has no service {service!r}.{did_you_mean(service, catalogue.services)}"
        )
    if known.kind == "automatic" and known.role:
        raise RunRefused(f"{service} is stamped by measurement only: heft weekly {customer.name}")
    if host is not None and host not in customer.hosts:
        raise RunRefused(f"{customer.name} has no host {host!r}.{did_you_mean(host, customer.hosts)}")
    if not note.strip():
        raise RunRefused("Say in a sentence what was done: --note TEXT")
    now = settings.now()
    period = period_of(known.cadence, now)
    with open_book(create=True) as book:
        run = _begin(book, customer, now)
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
            note=note.strip(),
        )
        book.end_run(run, "carried out", now=now)
    return f"{host or customer.company.name}, {period or now.date().isoformat()}"


def note_mended(customer: Customer, ticket: str, note: str) -> str:
    """Note on the finding of an open ticket that somebody mended it; returns for what.

    Ticket and finding stay open until the next measurement. Raises RunRefused, BookUnavailable.
    """
    if not note.strip():
        raise RunRefused("Say in a sentence what was done: --note TEXT")
    now = settings.now()
    with open_book() as book:
        known = {it.number: it for it in book.tickets(customer.name, open_only=True)}
        found = known.get(ticket)
        if found is None:
            listed = f"Open are {', '.join(known)}." if known else "None is open."
            raise RunRefused(f"{customer.name} has no open ticket {ticket!r}. {listed}")
        finding, run = found.finding, _begin(book, customer, now)
        book.mend(run, finding.service, finding.host, finding.cause, now=now, note=note.strip())
        book.end_run(run, "carried out", now=now)
    title = CAUSES[finding.cause].title if finding.cause in CAUSES else finding.cause
    return f"{finding.host or customer.company.name}: {title}"


def _begin(book: Book, customer: Customer, now: datetime) -> str:
    return book.begin_run(
        customer.name,
        kind="by hand",
        who=evidence.technician(),
        commit=evidence.commit(settings.REPOSITORY),
        inventory_hash=customer.inventory_hash(),
        dry_run=False,
        now=now,
        tier=customer.contract.tier,
    )
