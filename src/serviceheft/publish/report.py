"""The maintenance record ("Wartungsprotokoll") of one period as a PDF."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from serviceheft import clock, settings
from serviceheft.accounts import Key, Tried, tried
from serviceheft.assess.judgement import CheckResult
from serviceheft.book import Book, FindingLife, Found, Stamp
from serviceheft.i18n import N_
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.schema import Customer
from serviceheft.publish import actions, agreement, allowed, pdf, words
from serviceheft.publish.actions import ActionRow
from serviceheft.publish.debts import DebtRow, debt_rows
from serviceheft.publish.imprint import age_of_data, marked, responsible, versions
from serviceheft.publish.rows import (
    UncheckedRow,
    all_checked,
    ticket_state,
    unchecked_rows,
    unmeasured_checks,
)
from serviceheft.publish.source import Source, read
from serviceheft.publish.tally import further_lines, tally
from serviceheft.publish.words import mark
from serviceheft.settings import BERLIN

FILE_NAMES = {"de": "wartungsprotokoll", "en": "maintenance-record"}

type Actions = dict[tuple[str, str | None, str | None], list[ActionRow]]


def build_report(
    customer: Customer,
    catalogue: Catalogue,
    book: Book,
    out: Path | None = None,
    now: datetime | None = None,
    period: str | None = None,
) -> Path:
    """Write the record of a period ("2026-W47", "2026-11"; by default this week); returns the PDF's path.

    It goes to reports/<customer>/ below `out` (by default settings.build_directory()). Raises
    BookUnavailable, Undeclared, and clock.ClockError for a text that is no period.
    """
    now = now or settings.now()
    period = period or clock.period_of("weekly", now) or ""
    source = read(customer, catalogue, book, now, done_since=clock.days_of(period)[0])
    folder = (out or settings.build_directory()) / "reports" / customer.name
    name = f"{FILE_NAMES[source.reader.language]}-{period}.pdf"
    return pdf.write("report.typ", report_data(source, period), folder / name, now)


def report_data(source: Source, period: str) -> dict[str, Any]:
    """Everything that the template prints, as plain data. People of the customer do not appear.

    The source's account must hold what is done since the period's first day.
    """
    reader, t = source.reader, source.reader.gettext
    stamps = stamps_of(source, period)
    done = _actions(source, period)
    lines = [line for line in source.owed if _covers(period, line.period)]
    unchecked = unchecked_rows(source, lines, {})
    first = clock.days_of(period)[0]
    earlier = [line for line in source.owed if clock.days_of(line.period)[1] < first]
    further = tally(source, further_lines(source, lines, _stamped(source, period)))
    return {
        "language": reader.language,
        "title": marked(source, t(N_("Maintenance record {period}"), period=_short(source, period))),
        "company": source.customer.company.name,
        "provider": source.customer.provider.name,
        "left": [
            (
                t(N_("Customer")),
                f"{source.customer.company.name} ({source.customer.company.customer_number})",
            ),
            (t(N_("Contract")), agreement.contract_in_words(source)),
            (t(N_("Period")), reader.period(period)),
            (t(N_("Age of the data")), age_of_data(source, [it.at for it in stamps if it.outcome.measured])),
        ],
        "right": [*responsible(source), (t(N_("Printed")), reader.moment(source.now))],
        "tally": tally(source, lines),
        "further": {
            **further,
            "title": t(N_("Further visits: ordered, of a longer period, or of what is no longer agreed")),
        },
        "labels": [
            t(N_("Device")),
            t(N_("Result")),
            t(N_("Deviations, and what was done")),
            t(N_("Ticket, react by")),
            t(N_("Technician")),
            t(N_("When")),
        ],
        "sections": [
            {"title": source.service_title(service), "rows": [_row(source, stamp, done) for stamp in rows]}
            for service, rows in _by_service(stamps)
        ],
        "nothing": t(N_("No service was stamped in this period.")),
        "unchecked": {
            "title": t(N_("Not checked")),
            "lead": t(N_("What the contract owes in this period and nobody could measure.")),
            "none": all_checked(source, lines),
            "labels": [
                t(N_("Service")),
                t(N_("Device")),
                t(N_("Why it was not checked")),
                t(N_("Last tried")),
            ],
            "rows": [_unchecked(source, row, period) for row in unchecked],
        },
        "earlier": {
            "title": t(N_("Left from earlier periods")),
            "lead": t(N_("What was owed before and is not done, as of this print.")),
            "labels": [t(N_("Service")), t(N_("State")), t(N_("Number")), t(N_("Periods")), t(N_("Devices"))],
            "rows": [_earlier(source, row) for row in debt_rows(source, earlier, {})],
        },
        "agreement": {
            "title": t(N_("Changes of what was agreed")),
            "labels": [t(N_("From")), t(N_("What changed")), t(N_("Agreed by"))],
            "rows": [
                [reader.moment(row.since), row.what, row.approved]
                for row in agreement.history(source)[:-1]
                if first <= row.since.astimezone(BERLIN).date() <= clock.days_of(period)[1]
            ],
        },
        "evidence": {
            "title": t(N_("Evidence")),
            "lead": t(
                N_(
                    "Every entry of the book carries the hash of the entry before it. "
                    "Number and hash of the head prove that nothing before it was changed later."
                )
            ),
            "rows": versions(source, [it.commit for it in stamps], [it.inventory_hash for it in stamps]),
        },
        "footer": t(N_("Serviceheft · printed from the book, head {number}"), number=source.head.number),
        "page_of": t(N_("Page {page} of {pages}")),
    }


def stamps_of(source: Source, period: str) -> list[Stamp]:
    """The stamp of every service on every device in the period that decides its state, dry runs left out.

    A weekly service shows up in a month's record once per week.
    """
    found = [it.word or it.last for it in _stamped(source, period).values()]
    stamps = [it for it in found if isinstance(it, Stamp)]
    return sorted(stamps, key=lambda it: (_order(source, it.service), it.host or "", it.at))


def _stamped(source: Source, period: str) -> dict[Key, Tried]:
    """What was tried, by service, host and period ("" for what has none)."""
    made = list(_made_in(source, period))
    outside = {(it.service, it.host, ""): Tried(it, it) for it in made if it.period is None}
    return {**tried(made), **outside}


def _made_in(source: Source, period: str) -> Iterator[Stamp]:
    """A stamp belongs to the record that covers its own period, whenever it was made.

    What has no period, or a longer one than the record, belongs to the record of its day.
    """
    first, last = clock.days_of(period)
    for stamp in source.stamps:
        if stamp.dry_run:
            continue
        if stamp.period is not None and _length(stamp.period) <= _length(period):
            if _covers(period, stamp.period):
                yield stamp
        elif first <= (stamp.done_at or stamp.at).astimezone(BERLIN).date() <= last:
            yield stamp


def _actions(source: Source, period: str) -> Actions:
    """What was done by all visits of the period that lie behind a row, not only by the last one."""
    behind: dict[tuple[str, str | None, str | None], list[Stamp]] = {}
    for stamp in _made_in(source, period):
        behind.setdefault((stamp.service, stamp.host, stamp.period), []).append(stamp)
    return {
        key: sorted(actions.history(source, stamps), key=lambda row: row.at) for key, stamps in behind.items()
    }


def _order(source: Source, service: str) -> int:
    numbers = list(source.catalogue.services)
    return numbers.index(service) if service in numbers else len(numbers)


def _by_service(stamps: Sequence[Stamp]) -> list[tuple[str, list[Stamp]]]:
    grouped: dict[str, list[Stamp]] = {}
    for stamp in stamps:
        grouped.setdefault(stamp.service, []).append(stamp)
    return list(grouped.items())


def _row(source: Source, stamp: Stamp, done: Actions) -> dict[str, Any]:
    reader = source.reader
    result = mark(words.OUTCOMES, stamp.outcome.value, reader)
    deviations = [allowed.sentence(reader, found.cause, found.values) for found in stamp.findings]
    missing = CheckResult.NOT_MEASURED in stamp.checks.values()
    if missing:
        deviations.append(
            reader.gettext(N_("Not measured: {checks}"), checks=unmeasured_checks(source, stamp))
        )
    if stamp.reason:
        deviations.append(allowed.reason(reader, stamp.reason))
    return {
        "host": stamp.name_then or stamp.host or reader.gettext(N_("whole customer")),
        "result": {"word": result.word, "tone": result.tone},
        "deviations": deviations,
        "actions": [
            action_data(source, row, stamp) for row in done.get((stamp.service, stamp.host, stamp.period), ())
        ],
        "tickets": [
            ticket for found in stamp.findings if (ticket := _ticket(source, stamp, found)) is not None
        ],
        "who": stamp.who,
        "at": reader.moment(stamp.done_at or stamp.at),
    }


def action_data(source: Source, row: ActionRow, stamp: Stamp | None = None) -> dict[str, Any]:
    """One action as the templates print it; with its own time where it is not that of the given stamp."""
    earlier = stamp is not None and row.at < stamp.at
    return {
        "result": {"word": row.result.word, "tone": row.result.tone},
        "what": row.what,
        "why": row.why,
        "at": source.reader.moment(row.at) if earlier else "",
    }


def _ticket(source: Source, stamp: Stamp, found: Found) -> dict[str, str] | None:
    life = _life(source, stamp, found)
    if life is None or life.ticket is None:
        return None
    ticket = next(it for it in source.tickets if it.number == life.ticket)
    state = mark(words.TICKETS, ticket_state(source, ticket), source.reader).word
    return {"number": ticket.number, "state": f"{source.reader.moment(ticket.deadline)}, {state}"}


def _life(source: Source, stamp: Stamp, found: Found) -> FindingLife | None:
    """The finding that this stamp opened or saw again."""
    lives = [
        life
        for life in source.findings_by_host[stamp.host]
        if (life.service, life.cause) == (stamp.service, found.cause) and life.opened_at <= stamp.at
    ]
    return max(lives, key=lambda life: life.opened_at, default=None)


def _unchecked(source: Source, row: UncheckedRow, period: str) -> dict[str, str]:
    reader = source.reader
    host = source.name_then(row.host.name if row.host else None, period)
    return {
        "service": row.service,
        "host": host or reader.gettext(N_("whole customer")),
        "why": f"{row.why} ({row.checks})" if row.checks else row.why,
        "tried": reader.moment(row.tried_at) if row.tried_at else reader.gettext(N_("never")),
    }


def _earlier(source: Source, row: DebtRow) -> dict[str, Any]:
    reader = source.reader
    hosts = ", ".join(host.name if host else reader.gettext(N_("whole customer")) for host in row.hosts)
    return {
        "service": row.service,
        "state": {"word": row.state.word, "tone": row.state.tone},
        "lines": reader.number(row.lines),
        "periods": row.periods,
        "hosts": f"{hosts}. {row.why}" if row.why else hosts,
    }


def _covers(period: str, part: str) -> bool:
    """Whether a period (a month) holds the last day of another one (a week), which is no longer than it is."""
    first, last = clock.days_of(period)
    return first <= clock.days_of(part)[1] <= last and _length(part) <= _length(period)


def _length(period: str) -> int:
    """How long such a period is at least, in days: February is no shorter than another month."""
    first, last = clock.days_of(period)
    return next(days for days in (365, 90, 28, 7) if (last - first).days + 1 >= days)


def _short(source: Source, period: str) -> str:
    """ "Kalenderwoche 47/2026", without the dates."""
    return source.reader.period(period).partition(" (")[0]
