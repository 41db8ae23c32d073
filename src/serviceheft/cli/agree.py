"""heft agree: what was agreed, since when, and who approved it."""

from typing import TYPE_CHECKING, Annotated

import typer

from serviceheft.cli.contract import local, table
from serviceheft.cli.customers import CustomerArgument, Refused, load
from serviceheft.cli.dates import day
from serviceheft.screen import Screen, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from serviceheft.agreement import Agreed

_ORIGINS = {
    "first": "the first one",
    "taken over": "taken over from an older book: earlier terms are taken for these",
    "run": "seen by a run",
    "agreed": "recorded with heft agree",
}


def agree(
    customer: CustomerArgument,
    approved_by: Annotated[
        str | None, typer.Option(help="Who of the customer approved it, and how. The customer reads it.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="From when it holds, if not from now on.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why, for us and for the customer.")] = None,
    kept_since: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="Of a book that is only begun: what was due before is none of it."),
    ] = None,
    show: Annotated[
        bool, typer.Option("--history", help="Show what was agreed when; write nothing.")
    ] = False,
) -> None:
    """Record what the inventory agrees on otherwise than the book, so that it holds from a day that you name.

    Every run does so by itself, from its own moment on. What earlier periods owed stays as it is.

    [bold]Examples[/]

      heft agree musterbau --history
      heft agree musterbau --from 2026-11-16 --approved-by "Sören Größl, Mail vom 13.11."
      heft agree neukunde --kept-since 2026-10-01
    """
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.running import agreeing

    found, catalogue = load(customer), load_catalogue()
    if show:
        if approved_by or since or reason or kept_since:
            raise Refused("--history only shows: leave the other options out.")
        _print_history(agreeing.history(found, catalogue))
        return
    approval = agreeing.Approval(
        since=None if since is None else day("--from", since),
        kept_since=None if kept_since is None else day("--kept-since", kept_since),
        approved_by=approved_by,
        reason=reason,
    )
    say(agreeing.agree(found, catalogue, approval))


def _print_history(known: "Sequence[Agreed]") -> None:
    from serviceheft.agreement_changes import changes

    made = table("What was agreed", "entry", "from", "recorded", "by", "approved by", "what")
    for number, agreed in enumerate(known):
        what = [it.text() for it in changes(known[number - 1].terms, agreed.terms)] if number else []
        if not agreed.number:
            what = [*what, "not recorded yet: the next run does it, or heft agree"]
        elif agreed.origin != "run":
            what = [*what, _ORIGINS[agreed.origin]]
        made.add_row(
            str(agreed.number or "-"),
            local(agreed.since),
            local(agreed.at) if agreed.number else "-",
            agreed.who or "-",
            agreed.approved_by or "-",
            "; ".join([*what, *([agreed.reason] if agreed.reason else [])]),
        )
    Screen().print(made)


def add_to(app: typer.Typer) -> None:
    app.command()(agree)
