"""heft emergency: one named update to every customer that lacks it, now."""

from typing import Annotated

import typer

from serviceheft.cli.customers import load, names
from serviceheft.cli.visits import Check, Verbose, carry_out
from serviceheft.screen import confirm, say


def emergency(
    kb: Annotated[str, typer.Argument(metavar="KB", help="Article of the update, as KB5068861.")],
    reason: Annotated[
        str, typer.Option(help="Why rings, windows and freeze days are left out; it goes into the book.")
    ],
    customer: Annotated[
        list[str] | None, typer.Option(help="Only this customer; can be given more than once.")
    ] = None,
    check: Check = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    maximum_hosts: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="At most so many hosts of a customer, instead of its own cap."),
    ] = None,
    verbose: Verbose = 0,
) -> None:
    """Install one update now on every host that lacked it when it was measured last.

    One run for each customer, outside of rings, maintenance windows and freeze days. The stop file, rejected updates,
    the restart policy and the cap on hosts still hold. First it lists what it will touch, and asks.

    Exit code 0: carried out. 1: something failed or was not reached; a table says what. 2: bad input, nothing touched.

    [bold]Examples[/]

      heft emergency KB5068861 --reason "exploited since this morning" --check
      heft emergency KB5068861 --reason "exploited since this morning" --customer musterbau
    """
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.model.problems import InvalidInventory
    from serviceheft.running.command import Emergency, PlaybookCall
    from serviceheft.running.emergency import find_lacking
    from serviceheft.running.session import check_emergency, open_book
    from serviceheft.running.typed import whole_number

    cap = None if maximum_hosts is None else whole_number("--maximum-hosts", maximum_hosts)

    check_emergency(kb, reason)
    catalogue, found, broken = load_catalogue(), [], []
    with open_book() as book:
        for name in customer or names():
            try:
                found.append(find_lacking(load(name), catalogue, book, kb))
            except InvalidInventory as error:
                if customer:
                    raise
                broken.append(name)  # one customer's mistake must not keep the others waiting
                say(f"{name}: its inventory has mistakes, nothing is done there:\n{error}", error=True)
    concerned = [one for one in found if one.hosts and one.contained]
    for one in found:
        if one.hosts:
            todo = "" if one.contained else " (patch management is not agreed: nothing is done)"
            say(f"{one.customer}: {len(one.hosts)} to touch{todo}: {', '.join(one.hosts)}")
        if one.unmeasured:
            say(f"{one.customer}: {len(one.unmeasured)} never measured: {', '.join(one.unmeasured)}")
    if not concerned:
        say(f"No host is known to lack {kb}. Nothing was touched.")
        raise typer.Exit(1 if broken else 0)
    if not (check or yes):
        confirm(f"Install {kb} on these hosts now?")
    order = Emergency(kb, reason.strip(), cap)
    codes = [
        carry_out(
            PlaybookCall(
                "emergency", one.customer, check, limit=",".join(one.hosts), emergency=order, verbose=verbose
            )
        )
        for one in concerned
    ]
    raise typer.Exit(2 if set(codes) == {2} else 1 if any(codes) or broken else 0)


def add_to(app: typer.Typer) -> None:
    app.command()(emergency)
