"""heft weekly, heft run: carry out services on a customer's hosts."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from serviceheft.cli.customers import CustomerArgument, Refused, load
from serviceheft.screen import say

if TYPE_CHECKING:
    from serviceheft.running.command import PlaybookCall

Check = Annotated[bool, typer.Option("--check", help="Measure and judge, but change nothing on any host.")]
Diff = Annotated[
    bool, typer.Option("--diff", help="Show what changes (secrets of the vault are blacked out).")
]
Limit = Annotated[
    str | None, typer.Option(help="Only these hosts or groups, as ansible-playbook takes it: pc-01,switches")
]
Ticket = Annotated[
    str | None,
    typer.Option(help="The ticket that ordered this; billed by the hour. Needed without a service contract."),
]
Verbose = Annotated[
    int,
    typer.Option("--verbose", "-v", count=True, help="Say more of each task and connection (-v to -vvv)."),
]


def weekly(
    customer: CustomerArgument,
    check: Check = False,
    diff: Diff = False,
    limit: Limit = None,
    ticket: Ticket = None,
    verbose: Verbose = 0,
) -> None:
    """Carry out the week's services, also those already done this week.

    Exit code 0: carried out. 1: something failed or was not reached; a table says what. 2: bad input, nothing touched.

    [bold]Examples[/]

      heft weekly musterbau
      heft weekly musterbau --check --diff
      heft weekly musterbau --limit windows_laptops
      heft weekly werkstatt --ticket 2026-118
    """
    _carry_out("weekly", customer, check, diff, limit, ticket, only_open=False, verbose=verbose)


def run(
    customer: CustomerArgument,
    check: Check = False,
    diff: Diff = False,
    limit: Limit = None,
    ticket: Ticket = None,
    verbose: Verbose = 0,
) -> None:
    """Carry out all that is owed and still open in this period (see heft owed).

    Exit code 0: carried out. 1: something failed or was not reached; a table says what. 2: bad input, nothing touched.

    [bold]Examples[/]

      heft run musterbau
      heft run praxis_sued --limit ps-pc-01
    """
    _carry_out("site", customer, check, diff, limit, ticket, only_open=True, verbose=verbose)


def _carry_out(*arguments: Any, **options: Any) -> None:
    from serviceheft.running.command import PlaybookCall

    raise typer.Exit(carry_out(PlaybookCall(*arguments, **options)))


def carry_out(call: "PlaybookCall") -> int:
    """Print the line and carry it out; the exit code of heft. Raises Refused, InvalidInventory."""
    from serviceheft.model.vault import Locked
    from serviceheft.running import vault_password
    from serviceheft.running.command import NotStarted, end_in_words, exit_code
    from serviceheft.running.limit import refuse_empty

    customer = load(call.customer)  # all mistakes of the inventory at once, before Ansible starts
    try:
        vault_password.check(call.customer)
    except Locked as locked:
        raise Refused(f"The vault of {call.customer} cannot be opened: {locked}. {locked.advice}") from None
    if call.limit:
        refuse_empty(customer, call.limit)
    say(f"$ {call.line}")
    try:
        code = call.run()
    except NotStarted as error:
        say(error, error=True)
        return 1
    if said := end_in_words(code, call.customer):
        say(said, error=True)
    return exit_code(code)


def add_to(app: typer.Typer) -> None:
    app.command()(weekly)
    app.command()(run)
