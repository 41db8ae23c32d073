"""What one judgement does to the findings and tickets of its service on its host."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from serviceheft.assess.judgement import CheckResult, Finding, Judgement, Severity
from serviceheft.book.appending import Appending
from serviceheft.book.records import FindingLife, Stamped
from serviceheft.tickets import REPORTER, Contact, TicketOrder
from serviceheft.tickets.in_book import BookTickets

MEASURED_WELL = "Measured well again."
NO_LONGER_THERE = "The host or the service is no longer part of what was agreed."


@dataclass(frozen=True)
class TicketPolicy:
    """Which findings open a ticket, until when it is due, and who of the customer sees it.

    Where no reaction time was agreed, `deadline` gives None, and no ticket is opened: the work that is under
    way was ordered by one already.
    """

    deadline: Callable[[datetime], datetime | None]
    contact: Contact
    least: Severity = Severity.WARNING


class Living:
    """Applies one judgement: appends the entries of findings and tickets to the stamp's transaction."""

    def __init__(
        self,
        appending: Appending,
        service: str,
        host: str | None,
        clause: str,
        policy: TicketPolicy,
        now: datetime,
    ) -> None:
        self._appending = appending
        self._service = service
        self._host = host
        self._clause = clause
        self._policy = policy
        self._now = now
        self._tickets = BookTickets(appending, service, host)

    def apply(self, number: int, judgement: Judgement, lives: Iterable[FindingLife]) -> Stamped:
        """`number` is the stamp's entry; `lives` are the open ones of this service on this host."""
        living = {life.cause: life for life in lives}
        scopes = {check.key: check.scope for check in judgement.checks}
        opened: list[str] = []
        seen: list[str] = []
        tickets_opened: list[str] = []
        for finding in judgement.findings:
            life = living.pop(finding.cause, None)
            (seen if life else opened).append(finding.cause)
            if ticket := self._found(finding, life, scopes.get(finding.definition.check, ())):
                tickets_opened.append(ticket)
        closed = [life for life in living.values() if _measured_well(life, judgement)]
        for life in closed:
            self._append("finding closed", life.cause, {"finding": life.number})
            if life.ticket:
                self._tickets.close(life.ticket, MEASURED_WELL)
        return Stamped(
            number=number,
            opened=tuple(opened),
            seen=tuple(seen),
            closed=tuple(life.cause for life in closed),
            tickets_opened=tuple(tickets_opened),
            tickets_closed=tuple(life.ticket for life in closed if life.ticket),
        )

    def _found(self, finding: Finding, life: FindingLife | None, scope: tuple[str, ...]) -> str | None:
        """Record the finding; the ticket that is opened for it. One life has at most one ticket."""
        cause = finding.definition
        body: dict[str, object] = {"severity": cause.severity, "check": cause.check, "values": finding.values}
        if scope:
            body["scope"] = list(scope)
        if life:
            number = life.number
            self._append("finding seen", cause.key, {**body, "finding": number})
        else:
            number = self._append("finding opened", cause.key, body)
        if (life and life.ticket) or cause.severity.rank < self._policy.least.rank:
            return None
        deadline = self._policy.deadline(self._now)
        if deadline is None:
            return None
        return self._tickets.open(
            TicketOrder(
                customer=self._appending.customer,
                finding=number,
                service=self._service,
                host=self._host,
                cause=cause.key,
                severity=cause.severity,
                clause=self._clause,
                opened_at=self._now,
                deadline=deadline,
                reporter=REPORTER,
                contact=self._policy.contact,
            )
        )

    def _append(self, kind: str, cause: str, body: dict[str, object]) -> int:
        return self._appending.append(kind, service=self._service, host=self._host, subject=cause, body=body)


def _measured_well(life: FindingLife, judgement: Judgement) -> bool:
    """Only a check that was really measured in a judgement that was really measured closes its causes, and only
    when it could have seen what was found then: what a narrower search leaves out is not gone."""
    check = next((it for it in judgement.checks if it.key == life.check), None)
    return (
        judgement.outcome.measured
        and check is not None
        and check.result is not CheckResult.NOT_MEASURED
        and life.scope <= set(check.scope)
    )
