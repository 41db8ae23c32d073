"""Stamping what people carried out: the quarterly meeting, advice, a talk."""

from functools import partial

from serviceheft import settings
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.book import RunRefused
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
        run = book.begin_run(
            customer.name,
            kind="by hand",
            who=evidence.technician(),
            commit=evidence.commit(settings.REPOSITORY),
            inventory_hash=customer.inventory_hash(),
            dry_run=False,
            now=now,
            tier=customer.contract.tier,
        )
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
