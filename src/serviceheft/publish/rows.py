"""One row of a page or of the PDF each, made from the book's records; all texts in the reader's language."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from serviceheft.accounts import Owed, State, WriteOffLike
from serviceheft.assess.judgement import CAUSES, CheckResult, Outcome
from serviceheft.book import FindingLife, Stamp, Ticket
from serviceheft.i18n import N_
from serviceheft.publish import allowed, words
from serviceheft.publish.source import Source
from serviceheft.publish.words import Mark, Undeclared, mark


@dataclass(frozen=True)
class HostLink:
    """A device's name, and its page when it still has one."""

    name: str
    page: str | None


@dataclass(frozen=True)
class FindingRow:
    anchor: str
    severity: Mark
    rank: int
    state: Mark
    host: HostLink | None
    title: str
    sentence: str
    advice: str
    service: str
    opened_at: datetime
    last_seen_at: datetime
    closed_at: datetime | None
    ticket: str | None


@dataclass(frozen=True)
class TicketRow:
    number: str
    state: Mark
    host: HostLink | None
    title: str
    service: str
    opened_at: datetime
    deadline: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class StampRow:
    at: datetime
    service: str
    host: HostLink | None
    outcome: Mark
    why: str
    who: str
    commit: str
    dry_run: Mark | None


@dataclass(frozen=True)
class UncheckedRow:
    """Something owed that nobody could measure. `checks`: what of a visit is missing; "" for all of it."""

    service: str
    host: HostLink | None
    period: str
    why: str
    checks: str
    tried_at: datetime | None


def finding_row(source: Source, finding: FindingLife, host: HostLink | None) -> FindingRow:
    """Undeclared for causes and values that nobody allowed."""
    sentence = allowed.sentence(source.reader, finding.cause, finding.values)
    cause = CAUSES[finding.cause]
    severity = mark(words.SEVERITIES, finding.severity.value, source.reader)
    return FindingRow(
        anchor=f"f{finding.number}",
        severity=severity,
        rank=severity.order,
        state=mark(words.FINDING_STATES, finding.state, source.reader),
        host=host,
        title=source.reader.gettext(cause.title),
        sentence=sentence,
        advice=source.reader.gettext(cause.advice),
        service=source.service_title(finding.service),
        opened_at=finding.opened_at,
        last_seen_at=finding.last_seen_at,
        closed_at=finding.closed_at,
        ticket=finding.ticket,
    )


def ticket_row(source: Source, ticket: Ticket, host: HostLink | None) -> TicketRow:
    """Reporter and contact stay out: people are on the people page alone."""
    return TicketRow(
        number=ticket.number,
        state=mark(words.TICKETS, ticket_state(source, ticket), source.reader),
        host=host,
        title=cause_title(source, ticket.finding.cause),
        service=source.service_title(ticket.finding.service),
        opened_at=ticket.opened_at,
        deadline=ticket.deadline,
        closed_at=ticket.closed_at,
    )


def ticket_state(source: Source, ticket: Ticket) -> str:
    """The code in words.TICKETS: "overdue" is an open ticket past its deadline."""
    late = ticket.state == "open" and ticket.deadline < source.now
    return "overdue" if late else ticket.state


def stamp_row(source: Source, stamp: Stamp, host: HostLink | None) -> StampRow:
    return StampRow(
        at=stamp.at,
        service=source.service_title(stamp.service),
        host=host,
        outcome=mark(words.OUTCOMES, stamp.outcome.value, source.reader),
        why=allowed.reason(source.reader, stamp.reason),
        who=stamp.who,
        commit=stamp.commit,
        dry_run=mark(words.DRY_RUN, "dry run", source.reader) if stamp.dry_run else None,
    )


def cause_title(source: Source, cause: str) -> str:
    if cause not in CAUSES:
        raise Undeclared("The book holds a finding with a cause that is not registered.")
    return source.reader.gettext(CAUSES[cause].title)


def unmeasured_checks(source: Source, stamp: Stamp) -> str:
    """The checks of a visit that brought no data, in words."""
    missing = [key for key, result in stamp.checks.items() if result is CheckResult.NOT_MEASURED]
    return ", ".join(allowed.check(source.reader, key) for key in missing)


def unchecked_rows(source: Source, lines: Iterable[Owed], links: dict[str, HostLink]) -> list[UncheckedRow]:
    """What of these lines should be measured automatically, and was not; and the gaps in what was.

    A service that people carry out by hand is owed as well, but is nothing that a device could answer.
    """
    rows = []
    for one in lines:
        if one.kind != "automatic":
            continue
        stamp = telling_stamp(one)
        gaps = unmeasured_checks(source, stamp) if stamp else ""
        if (one.state is State.DONE or waits(one)) and not gaps:
            continue
        rows.append(
            UncheckedRow(
                service=source.service_title(one.service),
                host=host_link(links, one.host),
                period=one.period,
                why=_why(source, one, stamp),
                checks=gaps,
                tried_at=stamp.at if stamp else None,
            )
        )
    return rows


def all_checked(source: Source, lines: Iterable[Owed]) -> str:
    """What may be said of lines of which `unchecked_rows` lists none."""
    automatic = [one for one in lines if one.kind == "automatic"]
    if any(one.measured for one in automatic):
        return source.reader.gettext(N_("Everything that is measured automatically was measured."))
    if automatic:
        return source.reader.gettext(N_("Done by technicians; nothing of it is measured automatically yet."))
    return source.reader.gettext(N_("Nothing that is measured automatically was owed."))


def owed_code(source: Source, one: Owed) -> str:
    """The code in words.OWED: green only where the newest measurement found nothing, and nothing is open."""
    open_now = one.current and any(
        finding.is_open and finding.service == one.service for finding in source.findings_by_host[one.host]
    )
    found = one.state is State.DONE and (one.with_findings or open_now)
    return "done, with findings" if found else one.state.value


def waits(one: Owed) -> bool:
    """Whether it was measured, and only what is to be done about it waits for its time."""
    word = one.tried.word if one.tried else None
    return word is not None and word.word == Outcome.HELD


def telling_stamp(one: Owed) -> Stamp | None:
    """The stamp that decides the state of an owed service, as the book has it; else the newest."""
    found = one.tried and (one.tried.word or one.tried.last)
    return found if isinstance(found, Stamp) else None


def written_off(source: Source, off: WriteOffLike) -> str:
    """Who closed a line, when and why, in the technician's own words; and who of the customer agreed."""
    t = source.reader.gettext
    said = t(
        N_("Written off by {who} on {when}: {reason}"),
        who=off.who,
        when=source.reader.day(off.at),
        reason=off.reason,
    )
    return (
        f"{said}. {t(N_('Agreed by the customer: {consent}'), consent=off.consent)}" if off.consent else said
    )


def _why(source: Source, one: Owed, stamp: Stamp | None) -> str:
    if one.written_off is not None:
        return written_off(source, one.written_off)
    if stamp is None and not one.measured:
        return source.reader.gettext(N_("Not carried out automatically by this version yet"))
    if stamp is None:
        return source.reader.gettext(N_("No visit in this period yet"))
    if stamp.reason:
        return allowed.reason(source.reader, stamp.reason)
    if stamp.outcome in (Outcome.DONE, Outcome.FINDING):
        return source.reader.gettext(N_("The visit brought no data for this check"))
    return mark(words.OUTCOMES, stamp.outcome.value, source.reader).word


def host_link(links: dict[str, HostLink], host: str | None) -> HostLink | None:
    """The link to a device; a device that left the inventory keeps its name in the history."""
    return None if host is None else links.get(host) or HostLink(host, None)
