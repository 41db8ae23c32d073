"""From a judgement to evidence: one stamp with its findings and tickets, written before the run goes on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Self

from serviceheft import settings
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.assess.reasons import NO_COLLECTOR
from serviceheft.clock import reaction_deadline
from serviceheft.entitlement import clause
from serviceheft.model.schema import Customer
from serviceheft.running.session import Session, open_book
from serviceheft.tickets import Contact

_CHANGES = ("opened", "seen", "closed", "tickets_opened", "tickets_closed")


@dataclass(frozen=True)
class Record:
    """What was stamped, as the summary shows it; causes and ticket numbers only, no free text."""

    service: str
    host: str
    outcome: Outcome
    reason: str | None
    opened: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    tickets_opened: tuple[str, ...] = ()
    tickets_closed: tuple[str, ...] = ()

    @property
    def carried_out(self) -> bool:
        """Whether the service was carried out; what no collector exists for yet is open, not failed."""
        if self.outcome is Outcome.NOT_MEASURED:
            return self.reason == NO_COLLECTOR
        return self.outcome not in (Outcome.FAILED, Outcome.NOT_REACHED)

    def as_data(self) -> dict[str, Any]:
        return {**asdict(self), "outcome": self.outcome.value}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            service=data["service"],
            host=data["host"],
            outcome=Outcome(data["outcome"]),
            reason=data["reason"],
            **{name: tuple(data[name]) for name in _CHANGES},
        )


def central_contact(customer: Customer) -> Contact:
    """The customer's person who sees all tickets (2.5)."""
    theirs = customer.people.theirs
    person = next(one for one in theirs.authorised_reporters if one.email == theirs.central_contact)
    return Contact(person.name, person.email)


def record(session: Session, service: str, host: str, judgement: Judgement) -> Record:
    """Stamp one service of one host. Raises BookUnavailable: the run must end then."""
    now = settings.now()
    period = session.planned.get(host, {}).get(service)
    customer = session.customer
    with open_book() as book:
        stamped = book.stamp(
            session.run,
            service,
            host,
            period,
            judgement,
            now=now,
            deadline=partial(reaction_deadline, customer, session.catalogue),
            clause=clause(session.catalogue.services[service], customer),
            contact=central_contact(customer),
        )
    return Record(
        service=service,
        host=host,
        outcome=judgement.outcome,
        reason=judgement.reason,
        opened=stamped.opened,
        seen=stamped.seen,
        closed=stamped.closed,
        tickets_opened=stamped.tickets_opened,
        tickets_closed=stamped.tickets_closed,
    )


def record_missing(
    session: Session, host: str, judgement: Judgement, stamped: Iterable[tuple[str, str]]
) -> Iterator[Record]:
    """Stamp every planned service of a host that has no stamp in this run yet: a host that left early."""
    done = set(stamped)
    for service in session.planned.get(host, {}):
        if (host, service) not in done:
            yield record(session, service, host, judgement)
