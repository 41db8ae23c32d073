"""heft catch-up: carry out what is owed to hosts that could not be reached, as soon as they answer."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from serviceheft import settings
from serviceheft.cli.customers import Refused, known, load, names
from serviceheft.screen import Screen, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from serviceheft.open_emergencies import OpenEmergency
    from serviceheft.running.command import PlaybookCall
    from serviceheft.waiting import Waiting


def catch_up(
    customer: Annotated[str | None, typer.Argument(metavar="[CUSTOMER]", help="All when left out.")] = None,
    only_list: Annotated[bool, typer.Option("--list", help="Show who waits; touch nothing.")] = False,
) -> None:
    """Visit hosts that could not be reached, as soon as they answer. Made for cron or a timer: docs/catch-up.md.

    First the emergencies: whoever still owes one gets its update at once, outside of rings, windows and freeze days,
    in a run for each emergency. A restart follows the device's own terms. Then all else that is owed, as ever.

    Silent when there is nothing to do. Exit code 0: nobody waits, nobody answers, somebody else is at it already, or
    all was carried out. 1: something failed. 2: bad input, nothing touched.

    [bold]Examples[/]

      heft catch-up
      heft catch-up musterbau --list
    """
    wanted = [known(customer)] if customer else names()
    if only_list:
        for name in wanted:
            _show(name)
        return
    from serviceheft.running.session import open_book

    open_book().close()  # without a book nobody knows who waits: said once, and not by each customer
    code = 0
    for name in wanted:
        try:
            code = max(code, _carry_out(name))
        except Exception as error:
            # One customer's faulty inventory must not keep the others waiting.
            if customer or not _is_refusal(error):
                raise
            say(f"{name}: {error}", error=True)
            code = 1
    raise typer.Exit(code)


def _carry_out(name: str) -> int:
    from serviceheft.cli.visits import carry_out
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.running import catching_up

    found, catalogue, code = load(name), load_catalogue(), 0

    def visit(call: "PlaybookCall") -> int:
        ended = carry_out(call)
        if ended == 2:
            catching_up.refuse_two(name)  # somebody else was quicker by a moment
        return max(code, ended)

    try:
        with catching_up.alone(name):
            for urgent in catching_up.emergency_calls(found, catalogue, settings.now()):
                code = visit(urgent)
            call = catching_up.call(found, catalogue, settings.now())
            return visit(call) if call else code
    except catching_up.UnderWay as busy:
        say(busy)
        return code


def _is_refusal(error: Exception) -> bool:
    from serviceheft.book import BookUnavailable, RunRefused
    from serviceheft.model.problems import InvalidInventory

    return isinstance(error, InvalidInventory | RunRefused | BookUnavailable | Refused)


def _show(name: str) -> None:
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.running import catching_up

    customer, catalogue, now = load(name), load_catalogue(), settings.now()
    urgent = catching_up.emergencies(customer, catalogue, now)
    found = catching_up.queue(customer, catalogue, now)
    for one in urgent:
        _show_emergency(name, one)
    if found:
        _show_queue(name, found, now)
    elif not urgent:
        say(f"{name}: nobody waits.")


def _show_emergency(name: str, emergency: "OpenEmergency") -> None:
    from serviceheft.cli.contract import local, table
    from serviceheft.running.stop import stop_reason
    from serviceheft.running.summary import why

    title = f"{name}: emergency {emergency.kb} of {local(emergency.began_at)}: {emergency.reason}"
    made = table(title, "host", "owed because", "last reason", "tried", "visited")
    for one in emergency.owing:
        turn = "not while the stop file is there" if stop_reason() else one.turn.value
        made.add_row(one.host, one.why.value, why(one.reason) if one.reason else "-", local(one.tried), turn)
    Screen().print(made)


def _show_queue(name: str, found: "Sequence[Waiting]", now: "datetime") -> None:
    from serviceheft.cli.contract import local, table
    from serviceheft.running.summary import why

    made = table(name, "host", "services", "since", "age", "deadline", "last reason", "visited")
    for one in found:
        late = local(one.deadline)
        made.add_row(
            one.host,
            ", ".join(one.services),
            local(one.since),
            f"{one.age(now).days} d {one.age(now).seconds // 3600} h",
            Text(late, style="red" if one.deadline < now else ""),
            why(one.reason),
            one.turn.value,
        )
    Screen().print(made)


def add_to(app: typer.Typer) -> None:
    app.command("catch-up")(catch_up)
