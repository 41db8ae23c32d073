"""From a judgement to evidence: one stamp with its findings and tickets, written before the run goes on."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any, Self

from serviceheft import logs, settings
from serviceheft.assess.actions import ActionResult
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.assess.mending import before_mending
from serviceheft.assess.reasons import NO_COLLECTOR, NOT_JUDGED, NOT_ORDERED, STOPPED
from serviceheft.book import Book, Stamped, StampOrder
from serviceheft.entitlement import VISITED, clause, may_change
from serviceheft.model.schema import Customer
from serviceheft.reaction import reaction_deadline
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


def record_all(
    session: Session, role: str, judgements: Mapping[str, Judgement], book: Book | None = None
) -> list[Record]:
    """Stamp the service of a role on each of the hosts, in one step of the book; see `record`.

    What the book does not take of one host, since it is too large, costs that host and no other.
    """
    service = session.catalogue.carried_out_by(role).number
    orders = [(service, host, judged) for host, judged in judgements.items()]
    try:
        return _record(session, orders, book)
    except ValueError:
        return [one for order in orders for one in _record_alone(session, *order, book)]


def _record_alone(
    session: Session, service: str, host: str, judgement: Judgement, book: Book | None
) -> list[Record]:
    try:
        return _record(session, [(service, host, judgement)], book)
    except ValueError:
        refused = Judgement(Outcome.FAILED, subject=judgement.subject, reason=NOT_JUDGED)
        return _record(session, [(service, host, refused)], book)


def record(session: Session, service: str, host: str, judgement: Judgement) -> Record:
    """Stamp one service of one host, and write its line into the week's log where the catalogue asks for one.

    Raises BookUnavailable, RunRefused, LogUnavailable: the run must end then.
    """
    [made] = _record(session, [(service, host, judgement)])
    return made


def _record(
    session: Session, judged: Sequence[tuple[str, str, Judgement]], book: Book | None = None
) -> list[Record]:
    now = settings.now()
    customer, catalogue = session.customer, session.catalogue
    orders, mending = [], []
    for service, host, judgement in judged:
        held_for = _held_for(session, service, host, now)
        to_stamp, mends = before_mending(judgement, dry_run=session.order.dry_run, held_for=held_for)
        # One update is not the period's patch management.
        period = None if session.order.emergency else (session.planned or {}).get(host, {}).get(service)
        words = clause(catalogue.services[service], customer)
        orders.append(StampOrder(service, host, period, to_stamp, words))
        mending.append(mends)
    if not orders:
        return []
    with nullcontext(book) if book is not None else open_book() as opened:
        stamped = opened.stamp_many(
            session.run,
            orders,
            now=now,
            deadline=partial(reaction_deadline, customer, catalogue),
            contact=central_contact(customer),
        )
    if not session.order.dry_run:
        _log(session, orders, now)
    return [_told(*one) for one in zip(orders, stamped, mending, strict=True)]


def _log(session: Session, orders: Iterable[StampOrder], now: datetime) -> None:
    """A line for each stamp of a service of which the contract promises a log file."""
    for order in orders:
        declared = SERVICES.get(session.catalogue.services[order.service].role or "")
        if declared and declared.log_line and order.host:
            path = logs.log_file(session.customer.name, declared.subject.name, now)
            logs.append(path, declared.log_line(order.host, order.judgement, now))


def _told(order: StampOrder, stamped: Stamped, mends: bool) -> Record:
    judgement = order.judgement
    return Record(
        service=order.service,
        host=order.host or "",
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
) -> list[Record]:
    """Stamp every planned service of a host that has no stamp in this run yet: a host that left early."""
    done = set(stamped)
    planned = (session.planned or {}).get(host, {})
    return _record(session, [(it, host, judgement) for it in planned if (host, it) not in done])


def left_over(session: Session, host: str) -> Judgement:
    """What is stamped at the end for a service that no task has judged.

    That is as it should be only for devices which nothing collects from yet.
    """
    collected = not VISITED.isdisjoint(session.customer.hosts[host].groups)
    return Judgement(
        outcome=Outcome.NOT_MEASURED, reason="visit.section_missing" if collected else NO_COLLECTOR
    )
