"""The commands of a technician. Each calls into the package and prints; nothing is decided here.

What takes long to import (the book's database, Ansible) is imported by the commands that need it.
"""

import os
import sys
from collections.abc import Sequence

import typer

from serviceheft import entry, screen, settings
from serviceheft.cli import (
    agree,
    anchor,
    book,
    catch_up,
    contract,
    customers,
    emergency,
    evidence,
    lab,
    owing,
    pages,
    visits,
)
from serviceheft.running import environment
from serviceheft.visible import visible

app = typer.Typer(
    help="The service book: carry out what a customer's contract contains, stamp it, publish it.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (visits, catch_up, emergency, owing, contract, agree, evidence, pages, customers):
    module.add_to(app)
app.add_typer(book.app, name="book")
app.add_typer(anchor.app, name="anchor")
app.add_typer(lab.app, name="lab")

BAD_INPUT = 2


def main() -> None:
    """Entry point of `heft`. Exit 0: carried out; 1: not everything; 2: bad input, nothing touched."""
    entry.enter()
    anchor.tell_what_waits()
    try:
        _refuse_unreadable(sys.argv[1:])
        environment.refuse_foreign(os.environ)
        if settings.rehearsed():
            screen.say("Rehearsal: HEFT_NOW sets the time.", error=True)
        app()
    except Exception as error:
        if not isinstance(error, _refusals()):
            raise
        message = str(error)
        if count := len(getattr(error, "problems", ())):
            message += f"\n{count} problem{'s' if count != 1 else ''} found. Nothing was touched."
        screen.say(message, error=True)
        sys.exit(BAD_INPUT)


def _refuse_unreadable(arguments: Sequence[str]) -> None:
    """Whatever the option: it is printed again in messages, and much of it goes into the book."""
    for one in arguments:
        if visible(one) != one:
            raise customers.Refused(f"An argument takes one line of readable text, and this is none: {one}")


def _refusals() -> tuple[type[Exception], ...]:
    """What says by its message what is wrong and what to do; everything else is a mistake of ours."""
    from serviceheft.book import BookUnavailable, RunRefused
    from serviceheft.book.places import Undelivered
    from serviceheft.clock import ClockError
    from serviceheft.model.problems import InvalidInventory
    from serviceheft.running.limit import NoHostLeft
    from serviceheft.running.typed import NotAccepted

    return (
        NotAccepted,
        InvalidInventory,
        RunRefused,
        BookUnavailable,
        Undelivered,
        ClockError,
        NoHostLeft,
        customers.Refused,
    )
