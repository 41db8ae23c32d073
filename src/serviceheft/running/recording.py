"""From a judgement to evidence: one stamp with its findings and tickets, written before the run goes on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any, Self

from serviceheft import logs, settings
from serviceheft.assess.actions import ActionResult
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.assess.mending import before_mending
from serviceheft.assess.reasons import NO_COLLECTOR, NOT_ORDERED, STOPPED
from serviceheft.clock import reaction_deadline
from serviceheft.entitlement import VISITED, clause, may_change
from serviceheft.model.schema import Customer
from serviceheft.running.change_times import held_now
from serviceheft.running.session import Session, open_book
from serviceheft.running.stop import stop_reason
from serviceheft.services import SERVICES
from serviceheft.tickets import Contact

_CHANGES = ("found", "opened", "seen", "closed", "tickets_opened", "tickets_closed", "planned", "groups")


@dataclass(frozen=True)
class Record:
    """What was stamped, as the screen shows it: codes, numbers and declared sentences."""

    service: str
    host: str
    outcome: Outcome
    reason: str | None
    found: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    tickets_opened: tuple[str, ...] = ()
    tickets_closed: tuple[str, ...] = ()
    #: The actions that a dry run would take, in words.
    planned: tuple[str, ...] = ()
    #: Whether the host is to be mended now.
    mends: bool = False
    #: Of the run, into which it is put.
    groups: tuple[str, ...] = ()

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
            mends=data["mends"],
            **{name: tuple(data[name]) for name in _CHANGES},
        )


def central_contact(customer: Customer) -> Contact:
    """The customer's person who sees all tickets (2.5)."""
    theirs = customer.people.theirs
    person = next(one for one in theirs.authorised_reporters if one.email == theirs.central_contact)
    return Contact(person.name, person.email)


def record_all(session: Session, role: str, judgements: Mapping[str, Judgement]) -> list[Record]:
    """Stamp the service of a role on each of the hosts; see `record`."""
    service = session.catalogue.carried_out_by(role).number
    return [record(session, service, host, judgement) for host, judgement in judgements.items()]


def record(session: Session, service: str, host: str, judgement: Judgement) -> Record:
    """Stamp one service of one host, and write its line into the week's log where the catalogue asks for one.

    Raises BookUnavailable, RunRefused, LogUnavailable: the run must end then.
    """
    now = settings.now()
    customer = session.customer
    known = session.catalogue.services[service]
    judgement, mends = before_mending(
        judgement, dry_run=session.order.dry_run, held_for=_held_for(session, service, host, now)
    )
    with open_book() as book:
        stamped = book.stamp(
            session.run,
            service,
            host,
            # One update is not the period's patch management.
            None if session.order.emergency else (session.planned or {}).get(host, {}).get(service),
            judgement,
            now=now,
            deadline=partial(reaction_deadline, customer, session.catalogue),
            clause=clause(known, customer),
            contact=central_contact(customer),
        )
    declared = SERVICES.get(known.role or "")
    if declared and declared.log_line and not session.order.dry_run:
        path = logs.log_file(customer.name, declared.subject.name, now)
        logs.append(path, declared.log_line(host, judgement, now))
    return Record(
        service=service,
        host=host,
        outcome=judgement.outcome,
        reason=judgement.reason,
        found=tuple(finding.cause for finding in judgement.findings),
        opened=stamped.opened,
        seen=stamped.seen,
        closed=stamped.closed,
        tickets_opened=stamped.tickets_opened,
        tickets_closed=stamped.tickets_closed,
        planned=tuple(it.english for it in judgement.actions if it.result is ActionResult.PLANNED),
        mends=mends,
    )


def _held_for(session: Session, service: str, host: str, now: datetime) -> str | None:
    """Why the service must not change the host now: it was only ordered to look, the provider stopped all changes, or
    it is not the time."""
    known, customer = session.catalogue.services[service], session.customer
    if not may_change(known, customer):
        return NOT_ORDERED
    if not session.order.dry_run and stop_reason():
        return STOPPED
    return held_now(known.role or "", customer.hosts[host].variables, customer.contract, now)


def record_missing(
    session: Session, host: str, judgement: Judgement, stamped: Iterable[tuple[str, str]]
) -> Iterator[Record]:
    """Stamp every planned service of a host that has no stamp in this run yet: a host that left early."""
    done = set(stamped)
    for service in (session.planned or {}).get(host, {}):
        if (host, service) not in done:
            yield record(session, service, host, judgement)


def left_over(session: Session, host: str) -> Judgement:
    """What is stamped at the end for a service that no task has judged.

    That is as it should be only for devices which nothing collects from yet.
    """
    collected = not VISITED.isdisjoint(session.customer.hosts[host].groups)
    return Judgement(
        outcome=Outcome.NOT_MEASURED, reason="visit.section_missing" if collected else NO_COLLECTOR
    )
