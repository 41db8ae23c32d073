"""heft status, clock: what the contract says, and how far it is."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from serviceheft import settings
from serviceheft.cli.customers import CustomerArgument, Refused, load
from serviceheft.screen import Screen, say, styled

if TYPE_CHECKING:
    from serviceheft.book import Book


def local(moment: datetime | None) -> str:
    """Date and time as people here write it."""
    return moment.astimezone(settings.BERLIN).strftime("%d.%m.%Y %H:%M") if moment else "-"


def _short(moment: datetime) -> str:
    """Without the year, for what is open now."""
    return moment.astimezone(settings.BERLIN).strftime("%d.%m. %H:%M")


def table(title: str, *columns: str) -> Table:
    """A table whose cells are folded, never cut."""
    made = Table(title=title, title_justify="left", title_style="bold", show_edge=False, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def status(customer: CustomerArgument) -> None:
    """Tier, people, what is owed, emergencies that hosts still owe, last runs, open findings and tickets.

    [bold]Example[/]

      heft status musterbau
    """
    from serviceheft.accounts import balance, in_words
    from serviceheft.ledger import owed_by_book
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.running.session import open_book
    from serviceheft.running.still_open import in_words as in_words_of
    from serviceheft.running.still_open import still_open

    found, catalogue, screen = load(customer), load_catalogue(), Screen()
    book = open_book()
    contract, people = found.contract, found.people
    terms = contract.tier or "by the hour"
    since = f" ({customer}), {terms} since {contract.start:%d.%m.%Y}"
    screen.print(styled((found.company.name, "bold"), since))
    screen.print(f"  ours:   {people.ours.contact.name}, deputy {people.ours.deputy.name}")
    reporters = len(people.theirs.authorised_reporters)
    screen.print(f"  theirs: {people.theirs.central_contact}, {reporters} may report")
    every = owed_by_book(found, catalogue, book, settings.now())
    sums = balance(every)
    screen.print(f"  owed:   {in_words(sums.current)}", soft_wrap=True)
    if sums.earlier.owed:
        screen.print(f"          of earlier periods {in_words(sums.earlier)}", soft_wrap=True)
    for one in still_open(found, catalogue, book, settings.now()):
        screen.print(styled("  ", (in_words_of(one), "red")), soft_wrap=True)
    for made in (_runs(book, customer), _findings(book, customer)):
        screen.print("")
        screen.print(made if made.row_count else styled((str(made.title), "bold"), ": none"))


def _runs(book: "Book", customer: str) -> Table:
    made = table("Last runs", "run", "kind", "began", "who", "outcome")
    for run in book.runs(customer, limit=5):
        kind = f"{run.kind}, check mode" if run.dry_run else run.kind
        kind = f"{kind}, catch-up" if run.catch_up and run.kind != "catch-up" else kind
        kind = f"{kind}, rehearsed" if run.rehearsed else kind
        billed = (
            f", {run.billable_minutes[0]} + {run.billable_minutes[1]} min" if run.billable_minutes else ""
        )
        ticket = f" (ticket {run.ticket}{billed})" if run.ticket else ""
        made.add_row(run.id, kind + ticket, local(run.began_at), run.who, run.state)
    return made


def _findings(book: "Book", customer: str) -> Table:
    """Open findings with their tickets; a ticket past its deadline is red."""
    from serviceheft.assess.judgement import CAUSES

    tickets = {ticket.number: ticket for ticket in book.tickets(customer, open_only=True)}
    made = table("Open findings", "no", "host", "finding", "since", "ticket", "react by")
    for column in (made.columns[3], made.columns[4], made.columns[5]):
        column.no_wrap = True  # a number in two halves cannot be looked up
    for life in book.findings(customer, open_only=True):
        ticket = tickets.get(life.ticket or "")
        due = _short(ticket.deadline) if ticket else "-"
        late = ticket is not None and ticket.deadline < settings.now()
        title = CAUSES[life.cause].title if life.cause in CAUSES else life.cause
        state = " (mended, to be measured)" if life.state == "mended" else ""
        made.add_row(
            life.service,
            life.host or "-",
            title + state,
            _short(life.opened_at)[:6],
            life.ticket or "-",
            Text(due, style="red" if late else ""),
        )
    return made


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
    from serviceheft.clock import parse_instant, rows
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.reaction import calendar_for, reaction_hours

    found, catalogue = load(customer), load_catalogue()
    hours = reaction_hours(found, catalogue)
    if hours is None:
        raise Refused(f"{customer} is billed by the hour: no reaction time is agreed (2.2).")
    calendar, start = calendar_for(found), parse_instant(when)
    say(calendar.deadline(start, hours).isoformat())
    if explain:
        screen = Screen()
        screen.print(f"{hours} service hours ({found.contract.tier}, 2.2) from {start.isoformat()}:")
        made = table("", "from", "until", "counts", "why")
        for row in rows(calendar.explain(start, hours)):
            made.add_row(*row.cells)
        screen.print(made)


def add_to(app: typer.Typer) -> None:
    for command in (status, clock):
        app.command()(command)
