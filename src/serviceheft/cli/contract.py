"""heft owed, status, clock, record, verify: what the contract says and what the book holds."""

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from serviceheft import settings
from serviceheft.assess.judgement import CAUSES
from serviceheft.cli.customers import CustomerArgument, Refused, load, names
from serviceheft.clock import calendar_for, parse_instant, reaction_hours, rows
from serviceheft.entitlement import State, owed
from serviceheft.model.catalogue import load_catalogue
from serviceheft.running.session import open_book

_STATE_STYLES = {State.DONE: "green", State.OPEN: "", State.OVERDUE: "bold red", State.NOT_REACHED: "red"}


def _console() -> Console:
    return Console(highlight=False)


def _local(moment: datetime | None) -> str:
    return moment.astimezone(settings.BERLIN).strftime("%d.%m.%Y %H:%M") if moment else "-"


def show_owed(
    customer: Annotated[str | None, typer.Argument(metavar="[CUSTOMER]", help="All when left out.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is done already.")] = False,
) -> None:
    """What is owed in this period, to which host, and how far it is, with the clause.

    [bold]Examples[/]

      heft owed
      heft owed musterbau --all
    """
    catalogue, console = load_catalogue(), _console()
    book = open_book()
    for name in [customer] if customer else names():
        found = owed(load(name), catalogue, book.stamps(name), settings.now())
        counts = {state: sum(line.state is state for line in found) for state in State}
        table = Table(title=f"{name}: " + ", ".join(f"{counts[state]} {state.value}" for state in State))
        for column in ("clause", "host", "period", "due", "state", "how"):
            table.add_column(column, overflow="fold")
        for line in found:
            if everything or line.state is not State.DONE:
                state = (
                    f"[{_STATE_STYLES[line.state]}]{line.state.value}[/]"
                    if _STATE_STYLES[line.state]
                    else line.state.value
                )
                host = line.host or "(customer)"
                table.add_row(line.clause, host, line.period, _local(line.due), state, line.kind)
        console.print(table)


def status(customer: CustomerArgument) -> None:
    """Tier, people, last runs, open findings and tickets.

    [bold]Example[/]

      heft status musterbau
    """
    found, console = load(customer), _console()
    book = open_book()
    contract, people = found.contract, found.people
    console.print(
        f"[bold]{found.company.name}[/] ({customer}), {contract.tier or 'by the hour'} since {contract.start}"
    )
    console.print(f"  ours:   {people.ours.contact.name}, deputy {people.ours.deputy.name}")
    console.print(
        f"  theirs: {people.theirs.central_contact}, {len(people.theirs.authorised_reporters)} may report"
    )
    runs = Table(title="Last runs", title_justify="left")
    for column in ("run", "kind", "began", "who", "commit", "outcome"):
        runs.add_column(column, overflow="fold")
    for run in book.runs(customer, limit=5):
        kind = f"{run.kind}, check mode" if run.dry_run else run.kind
        runs.add_row(run.id, kind, _local(run.began_at), run.who, run.commit, run.state)
    findings = Table(title="Open findings", title_justify="left")
    for column in ("service", "host", "finding", "since", "last seen", "ticket"):
        findings.add_column(column, overflow="fold")
    for life in book.findings(customer, open_only=True):
        title = CAUSES[life.cause].title
        findings.add_row(
            life.service,
            life.host or "-",
            title,
            _local(life.opened_at),
            _local(life.last_seen_at),
            life.ticket or "-",
        )
    tickets = Table(title="Open tickets", title_justify="left")
    for column in ("ticket", "host", "cause", "opened", "deadline"):
        tickets.add_column(column, overflow="fold")
    now = settings.now()
    for ticket in book.tickets(customer, open_only=True):
        deadline = _local(ticket.deadline)
        late = f"[red]{deadline}[/]" if ticket.deadline < now else deadline
        tickets.add_row(
            ticket.number,
            ticket.finding.host or "-",
            CAUSES[ticket.finding.cause].title,
            _local(ticket.opened_at),
            late,
        )
    for table in (runs, findings, tickets):
        console.print(table if table.row_count else f"{table.title}: none")


def clock(
    customer: CustomerArgument,
    when: Annotated[
        str, typer.Argument(metavar='"2026-11-20 16:00"', help="When the report came in, local time.")
    ],
    explain: Annotated[
        bool, typer.Option("--explain", help="Every counted and every skipped interval.")
    ] = False,
) -> None:
    """Until when we owe a reaction to something reported at this time (ISO 8601 first).

    [bold]Example[/]

      heft clock musterbau "2026-11-20 16:00" --explain
    """
    found, catalogue = load(customer), load_catalogue()
    hours = reaction_hours(found, catalogue)
    if hours is None:
        raise Refused(f"{customer} is billed by the hour: no reaction time is agreed (2.2).")
    calendar, start = calendar_for(found), parse_instant(when)
    deadline = calendar.deadline(start, hours)
    typer.echo(deadline.isoformat())
    if explain:
        console = _console()
        console.print(f"{hours} service hours ({found.contract.tier}, 2.2) from {start.isoformat()}:")
        table = Table()
        for column in ("from", "until", "counts", "why"):
            table.add_column(column)
        for row in rows(calendar.explain(start, hours)):
            table.add_row(*row.cells)
        console.print(table)


def record(
    customer: CustomerArgument,
    service: Annotated[str, typer.Argument(help="Number in the catalogue, such as 1.2.")],
    note: Annotated[str, typer.Option(help="What was done, in a sentence. Goes into the book as it is.")],
    host: Annotated[
        str | None, typer.Option(help="For one host; left out: for the customer as a whole.")
    ] = None,
) -> None:
    """Stamp a service that people carried out, such as the quarterly meeting.

    [bold]Example[/]

      heft record musterbau 1.2 --note "Quartalsmeeting am Telefon, Protokoll verschickt"
    """
    from serviceheft.running.by_hand import record_by_hand

    stamped = record_by_hand(load(customer), load_catalogue(), service, host, note)
    typer.echo(f"{service} stamped for {stamped}.")


def verify(
    customer: Annotated[str | None, typer.Argument(metavar="[CUSTOMER]", help="All when left out.")] = None,
    against: Annotated[
        str | None, typer.Option(metavar="NUMBER:HASH", help="A chain head printed in a report or on a site.")
    ] = None,
) -> None:
    """Prove that no row of the book was changed, taken out or put in.

    [bold]Examples[/]

      heft verify
      heft verify musterbau --against 412:9f86d081884c7d65
    """
    anchor = None
    if against:
        number, _, digest = against.partition(":")
        if not (number.isdecimal() and digest) or customer is None:
            raise Refused("--against takes NUMBER:HASH as a report prints it, together with a customer.")
        anchor = (int(number), digest)
    book = open_book()
    wanted = [customer] if customer else names()
    broken = book.verify(customer, against=anchor)
    for one in broken:
        typer.echo(f"{one.customer} entry {one.number}: {one.kind}: {one.message}")
    for name in wanted:
        head = book.head(name)
        typer.echo(f"{name}: {head.number} entries, head {head.number}:{head.hash}")
    typer.echo("The book was tampered with." if broken else "The book is whole.")
    raise typer.Exit(1 if broken else 0)


def add_to(app: typer.Typer) -> None:
    app.command("owed")(show_owed)
    for command in (status, clock, record, verify):
        app.command()(command)
