"""heft owed: the account of each customer, for the screen and as JSON."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from serviceheft import settings
from serviceheft.cli.contract import local
from serviceheft.cli.customers import known, load, names
from serviceheft.screen import Screen, say, styled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from serviceheft.accounts import Debt, Owed

_HOW = {
    "people": "by people",
    "assisted": "by technicians",
    "partly automatic": "automatic only in part",
    "not automatic yet": "not automatic yet",
}
_STYLES = {
    "done": "green",
    "done, with findings": "yellow",
    "overdue": "bold red",
    "not reached": "red",
    "waits as agreed": "cyan",
    "written off": "dim",
    "not begun": "dim",
}


def show_owed(
    customer: Annotated[str | None, typer.Argument(metavar="[CUSTOMER]", help="All when left out.")] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also what is done, waits as agreed from before, or was written off."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with the same sums.")] = False,
) -> None:
    """What is owed in this period and left from earlier ones, to which host, and how far it is, with the clause.

    Before that, the emergencies that hosts still owe (heft catch-up carries them on).

    What earlier periods left behind stays until it is recorded (heft record) or closed with a reason (heft write-off).

    [bold]Examples[/]

      heft owed
      heft owed musterbau --all
      heft owed musterbau --json
    """
    from serviceheft.ledger import owed_by_book
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.running.session import open_book
    from serviceheft.running.still_open import as_data as emergency_data
    from serviceheft.running.still_open import in_words as in_words_of
    from serviceheft.running.still_open import still_open

    catalogue, now = load_catalogue(), settings.now()
    customers = [load(known(customer))] if customer else [load(name) for name in names()]
    book = open_book()
    urgent = {one.name: still_open(one, catalogue, book, now) for one in customers}
    accounts = {one.name: owed_by_book(one, catalogue, book, now) for one in customers}
    if as_json:
        found = [
            as_data(name, lines, now, everything=everything)
            | {"emergencies": [emergency_data(one) for one in urgent[name]]}
            for name, lines in accounts.items()
        ]
        say(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for name, lines in accounts.items():
        for emergency in urgent[name]:
            Screen().print(
                styled((f"{name}: ", "bold"), (in_words_of(emergency), "bold red")), soft_wrap=True
            )
        print_owed(Screen(), name, lines, everything=everything)


def as_data(name: str, lines: "Sequence[Owed]", now: "datetime", *, everything: bool) -> dict[str, Any]:
    """One customer's account as plain data; the sums are those of all lines, listed or not."""
    from serviceheft.accounts import balance

    sums = balance(lines)
    return {
        "customer": name,
        "at": now.isoformat(),
        "current": sums.current.as_data(),
        "earlier": sums.earlier.as_data(),
        "lines": [_line(line) for line in lines if everything or _to_do(line)],
    }


def _line(line: "Owed") -> dict[str, Any]:
    off = line.written_off
    return {
        "service": line.service,
        "clause": line.clause,
        "host": line.host,
        "period": line.period,
        "current": line.current,
        "due": line.due.isoformat(),
        "state": line.state.name.lower(),
        "measured": line.measured,
        "last": {"outcome": line.last.outcome, "at": line.last.at.isoformat()} if line.last else None,
        "with_findings": line.with_findings,
        "written_off": {
            "who": off.who,
            "at": off.at.isoformat(),
            "reason": off.reason,
            "consent": off.consent,
        }
        if off
        else None,
    }


def _to_do(line: "Owed") -> bool:
    """What a technician wants to see. An agreed wait of an earlier period is taken up by the one that runs now."""
    from serviceheft.accounts import State

    return not line.state.settled and (line.current or line.state is not State.WAITS)


def print_owed(screen: Screen, name: str, lines: "Sequence[Owed]", *, everything: bool) -> None:
    """The sums, per clause of the periods that run now the hosts that are as far together, then what is left."""
    from serviceheft.accounts import balance, debts, in_words

    sums = balance(lines)
    screen.print(styled((name, "bold"), f": {in_words(sums.current)}"), soft_wrap=True)
    if sums.earlier.owed:
        screen.print(f"  of earlier periods {in_words(sums.earlier)}", soft_wrap=True)
    shown = [line for line in lines if everything or _to_do(line)]
    _print_current(screen, [line for line in shown if line.current])
    _print_debts(screen, debts(shown))
    screen.print()


def _print_current(screen: Screen, lines: "Iterable[Owed]") -> None:
    from serviceheft.entitlement import manner

    clauses: dict[str, list[Owed]] = {}
    for line in lines:
        clauses.setdefault(line.service, []).append(line)
    for rows in clauses.values():
        first = rows[0]
        how = _HOW.get(manner(first.kind, [row.measured for row in rows]), "")
        heading = f"{first.clause} ({first.period}, due {local(first.due)}{', ' if how else ''}{how})"
        screen.print(f"  {heading}")
        states: dict[str, list[str]] = {}
        for row in rows:
            state = "done, with findings" if row.with_findings else row.state.value
            states.setdefault(state, []).append(row.host or "the customer as a whole")
        grid = _grid()
        for state, hosts in states.items():
            grid.add_row(Text(state, style=_STYLES.get(state, "")), str(len(hosts)), ", ".join(hosts))
        screen.print(grid)


def _print_debts(screen: Screen, found: "Sequence[Debt]") -> None:
    """What earlier periods left, a row for the hosts that have the same periods: a year of it stays readable."""
    if not found:
        return
    screen.print(
        styled("  ", ("Left from earlier periods", "bold"), " (heft record or heft write-off closes it)"),
        soft_wrap=True,
    )
    clauses: dict[str, list[Debt]] = {}
    for debt in found:
        clauses.setdefault(f"{debt.service} {debt.title}", []).append(debt)
    for clause, rows in clauses.items():
        screen.print(f"  {clause}")
        grid = _grid()
        for debt in rows:
            grid.add_row(
                Text(debt.state.value, style=_STYLES.get(debt.state.value, "")),
                str(debt.lines),
                Text(
                    f"{spans(debt)}: {', '.join(host or 'the customer as a whole' for host in debt.hosts)}{_why(debt)}"
                ),
            )
        screen.print(grid)


def spans(debt: "Debt") -> str:
    """ "6 periods, 2026-W40 to 2026-W44, 2026-W46"; one alone by its name."""
    named = ", ".join(first if first == last else f"{first} to {last}" for first, last in debt.spans)
    return named if len(debt.periods) == 1 else f"{len(debt.periods)} periods, {named}"


def _why(debt: "Debt") -> str:
    off = debt.written_off
    consent = f"; with consent: {off.consent}" if off and off.consent else ""
    return f" ({off.who}, {local(off.at)}: {off.reason}{consent})" if off else ""


def _grid() -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=19, justify="right")
    grid.add_column(justify="right", min_width=3)
    grid.add_column(overflow="fold")
    return grid


def add_to(app: typer.Typer) -> None:
    app.command("owed")(show_owed)
