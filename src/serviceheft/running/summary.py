"""The lines below a task and the one-screen summary at the end of a run."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from serviceheft import settings
from serviceheft.accounts import Attempt, add_up, carried_on, in_words
from serviceheft.assess.judgement import CAUSES, TALLIED, Outcome
from serviceheft.assess.reasons import REASONS
from serviceheft.running.recording import Record
from serviceheft.running.session import Session
from serviceheft.screen import Screen

_STYLES = {Outcome.DONE: "green", Outcome.FINDING: "yellow", Outcome.HELD: "yellow"}
#: Fields of a task's result that -v shows: an allow-list, for all else may hold what a host was sent.
_DECLARED = (
    "changed",
    "failed",
    "unreachable",
    "rc",
    "reboot_required",
    "found_update_count",
    "milliseconds",
)
_NAMED = 8  # so many hosts are named before the rest is only counted


def complete(session: Session, records: Sequence[Record]) -> bool:
    """Whether everything planned was carried out; decides the exit code."""
    if session.planned is None:
        return False
    stamped = {(record.host, record.service) for record in records}
    planned = {(host, service) for host, services in session.planned.items() for service in services}
    return planned <= stamped and all(record.carried_out for record in latest(records))


def latest(records: Sequence[Record]) -> list[Record]:
    """One record per host and service: a service that was measured again counts as measured last."""
    return list({(record.service, record.host): record for record in records}.values())


def render(console: Screen, session: Session, records: Sequence[Record], changed: Sequence[str]) -> None:
    """Per service what became of it, then what is new, then what was not carried out and why."""
    if session.planned is None:
        console.print("The task open_run was left out, so nothing was done.")
        return
    if not session.planned:
        console.print("Nothing was owed to these hosts, and nothing was done.")
        return
    _services(console, session, latest(records))
    if session.order.dry_run:
        console.print("Check mode: hosts, findings and tickets stay as they were.")
    else:
        opened = sum(len(record.opened) for record in records)
        closed = sum(len(record.closed) for record in records)
        tickets = sum(len(record.tickets_opened) for record in records)
        tickets_closed = sum(len(record.tickets_closed) for record in records)
        console.print(
            f"Findings: {opened} new, {closed} closed by measurement. "
            f"Tickets: {tickets} opened, {tickets_closed} closed.",
            soft_wrap=True,
        )
    if session.order.dry_run:
        _planned(console, session, latest(records), changed)
    else:
        console.print(f"Changed on hosts: {_some(changed) or 'nothing'}.", soft_wrap=True)
    carried_on_by = "catch-up" if session.order.emergency else "run"
    _shortfall(console, carried_on_by, [record for record in latest(records) if not record.carried_out])
    if session.account and not session.order.dry_run:
        sums = add_up(carried_on(session.account, _attempts(session, records), settings.now()))
        console.print(f"In the periods that run now: {in_words(sums)}.", soft_wrap=True)


def _attempts(session: Session, records: Sequence[Record]) -> list[Attempt]:
    """What was stamped, as the account takes it. An emergency's stamps belong to no period."""
    if session.order.emergency:
        return []
    plan, now = session.planned or {}, settings.now()
    return [
        Attempt(it.service, it.host, plan.get(it.host, {}).get(it.service), it.outcome, now, reason=it.reason)
        for it in records
    ]


def _planned(console: Screen, session: Session, records: Sequence[Record], changed: Sequence[str]) -> None:
    """How much the run would change: what services plan stands in the lines above, `changed` is what modules said."""
    actions = sum(len(record.planned) for record in records)
    hosts = len({record.host for record in records if record.planned})
    if changed or not actions:
        console.print(f"Would be changed on hosts: {_some(changed) or 'nothing'}.", soft_wrap=True)
    if not actions:
        return
    console.print(
        f"Would be changed: {actions} thing(s) on {hosts} host(s). For approval: "
        f"heft publish {session.customer.name} --what-if",
        soft_wrap=True,
    )


def finding_line(record: Record) -> str:
    """What a stamp brought to light, for the line below a task: new findings first."""
    known = (*record.opened, *record.seen)
    parts = [f"found: {CAUSES[cause].title}" for cause in record.found if cause not in known]
    parts += [f"new: {CAUSES[cause].title}" for cause in record.opened]
    parts += [f"still: {CAUSES[cause].title}" for cause in record.seen]
    parts += [f"mended: {CAUSES[cause].title}" for cause in record.closed]
    parts += [f"ticket {number}" for number in record.tickets_opened]
    parts += [f"would: {text}" for text in record.planned]
    if not record.carried_out:
        parts.append(f"{record.outcome.value}: {why(record.reason)}")
    return ", ".join(parts)


def declared(result: Mapping[str, Any]) -> str:
    """The declared fields of a task's result, for -v."""
    shown = {name: result[name] for name in _DECLARED if name in result}
    return ", ".join(f"{name}: {value}" for name, value in shown.items()) or "ok"


def why(code: str | None) -> str:
    """The fixed sentence of a reason code."""
    return REASONS[code].title if code is not None and code in REASONS else "no reason was recorded"


def _services(console: Screen, session: Session, records: Sequence[Record]) -> None:
    title = f"{session.customer.company.name}: run {session.run}"
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("service", overflow="fold")
    counted = {record.outcome for record in records}
    # A screen is narrow: what did not happen to any service needs no column.
    columns = [it for it in (*TALLIED, Outcome.OUT_OF_CONTRACT) if it is Outcome.DONE or it in counted]
    table.add_column("hosts", justify="right")
    for outcome in columns:
        table.add_column(outcome.value, justify="right")
    if silent := _without_stamp(session, records):
        table.add_column("no stamp", justify="right")
    for service in sorted({record.service for record in records} | set(silent)):
        counts = Counter(record.outcome for record in records if record.service == service)
        cells = [Text(str(counts.total() + silent[service]))]
        for outcome in columns:
            style = _STYLES.get(outcome, "red") if counts[outcome] else "dim"
            cells.append(Text(str(counts[outcome]), style=style))
        if silent:
            cells.append(Text(str(silent[service]), style="red" if silent[service] else "dim"))
        table.add_row(f"{service} {session.catalogue.services[service].title.de}", *cells)
    console.print(table)


def _without_stamp(session: Session, records: Sequence[Record]) -> Counter[str]:
    """Per service the planned hosts of which the run says nothing: each stands in exactly one column."""
    stamped = {(record.host, record.service) for record in records}
    return Counter(
        service
        for host, services in (session.planned or {}).items()
        for service in services
        if (host, service) not in stamped
    )


def _shortfall(console: Screen, carried_on_by: str, records: Sequence[Record]) -> None:
    """What was not carried out, one row per reason: a site that is off must not fill the screen with its hosts."""
    if not records:
        return
    table = Table(
        title=f"Not carried out; heft {carried_on_by} takes it up",
        title_justify="left",
        title_style="bold",
        show_lines=True,
    )
    for column in ("hosts", "services", "outcome", "why", "what to do"):
        table.add_column(column, overflow="fold")
    alike: dict[tuple[Outcome, str | None], list[Record]] = {}
    for record in records:
        alike.setdefault((record.outcome, record.reason), []).append(record)
    for (outcome, reason), group in alike.items():
        hosts = list(dict.fromkeys(record.host for record in group))
        services = sorted({record.service for record in group})
        advice = REASONS[reason].advice if reason is not None and reason in REASONS else ""
        table.add_row(_some(hosts), ", ".join(services), outcome.value, why(reason), advice)
    console.print(table)


def _some(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more
