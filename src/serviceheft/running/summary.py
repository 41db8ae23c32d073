"""The one-screen summary at the end of a run."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from serviceheft.assess.judgement import CAUSES, Outcome
from serviceheft.assess.reasons import REASONS
from serviceheft.running.recording import Record
from serviceheft.running.session import Session

_COLUMNS = (Outcome.DONE, Outcome.FINDING, Outcome.FAILED, Outcome.NOT_REACHED, Outcome.NOT_MEASURED)
_STYLES = {Outcome.DONE: "green", Outcome.FINDING: "yellow"}


def complete(session: Session, records: Sequence[Record]) -> bool:
    """Whether everything planned was carried out; decides the exit code."""
    stamped = {(record.host, record.service) for record in records}
    planned = {(host, service) for host, services in session.planned.items() for service in services}
    return planned <= stamped and all(record.carried_out for record in latest(records))


def latest(records: Sequence[Record]) -> list[Record]:
    """One record per host and service: a service that was measured again counts as measured last."""
    return list({(record.service, record.host): record for record in records}.values())


def render(console: Console, session: Session, records: Sequence[Record], changed: Sequence[str]) -> None:
    """Per service what became of it, then what is new, then what was not carried out and why."""
    if not session.planned:
        console.print("Nothing was owed to these hosts, and nothing was done.")
        return
    _services(console, session, latest(records))
    opened = sum(len(record.opened) for record in records)
    closed = sum(len(record.closed) for record in records)
    tickets = [number for record in records for number in record.tickets_opened]
    tickets_closed = [number for record in records for number in record.tickets_closed]
    if session.order.dry_run:
        console.print("Check mode: hosts, findings and tickets stay as they were.")
    else:
        console.print(
            f"Findings: {opened} new, {closed} closed by measurement. "
            f"Tickets: {len(tickets)} opened, {len(tickets_closed)} closed."
        )
    console.print(f"Changed on hosts: {', '.join(changed) if changed else 'nothing'}.")
    _shortfall(console, [record for record in latest(records) if not record.carried_out])


def finding_line(record: Record) -> str:
    """What a stamp brought to light, for the line below a task: new findings first."""
    parts = [f"new: {CAUSES[cause].title}" for cause in record.opened]
    parts += [f"still: {CAUSES[cause].title}" for cause in record.seen]
    parts += [f"mended: {CAUSES[cause].title}" for cause in record.closed]
    parts += [f"ticket {number}" for number in record.tickets_opened]
    if not record.carried_out:
        parts.append(f"{record.outcome.value}: {why(record.reason)}")
    return ", ".join(parts)


def why(code: str | None) -> str:
    """The fixed sentence of a reason code."""
    return REASONS[code].title if code in REASONS else "no reason was recorded"


def _services(console: Console, session: Session, records: Sequence[Record]) -> None:
    table = Table(title=f"{session.customer.company.name}: run {session.run}", title_justify="left")
    table.add_column("service", overflow="fold")
    for outcome in _COLUMNS:
        table.add_column(outcome.value, justify="right")
    for service in sorted({record.service for record in records}):
        counts = Counter(record.outcome for record in records if record.service == service)
        cells = []
        for outcome in _COLUMNS:
            style = _STYLES.get(outcome, "red") if counts[outcome] else "dim"
            cells.append(f"[{style}]{counts[outcome]}[/]")
        table.add_row(f"{service} {session.catalogue.services[service].title.de}", *cells)
    console.print(table)


def _shortfall(console: Console, records: Sequence[Record]) -> None:
    if not records:
        return
    table = Table(title="Not carried out; the next run takes it up", title_justify="left")
    for column in ("host", "service", "outcome", "why", "what to do"):
        table.add_column(column, overflow="fold")
    for record in records:
        table.add_row(
            record.host,
            record.service,
            record.outcome.value,
            why(record.reason),
            REASONS[record.reason].advice if record.reason in REASONS else "",
        )
    console.print(table)
