"""The commands of a technician. Each calls into the package and prints; nothing is decided here.

What takes long to import (the book's database, Ansible) is imported by the commands that need it.
"""

import sys

import typer
from rich.console import Console

from serviceheft.cli import book, catch_up, contract, customers, emergency, evidence, lab, pages, visits

app = typer.Typer(
    help="The service book: carry out what a customer's contract contains, stamp it, publish it.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (visits, catch_up, emergency, contract, evidence, pages, customers):
    module.add_to(app)
app.add_typer(book.app, name="book")
app.add_typer(lab.app, name="lab")

BAD_INPUT = 2


def main() -> None:
    """Entry point of `heft`. Exit 0: carried out; 1: not everything; 2: bad input, nothing touched."""
    try:
        app()
    except Exception as error:
        if not isinstance(error, _refusals()):
            raise
        message = str(error)
        if count := len(getattr(error, "problems", ())):
            message += f"\n{count} problem{'s' if count != 1 else ''} found. Nothing was touched."
        Console(stderr=True, highlight=False, soft_wrap=True).print(message, markup=False)
        sys.exit(BAD_INPUT)


def _refusals() -> tuple[type[Exception], ...]:
    """What says by its message what is wrong and what to do; everything else is a mistake of ours."""
    from serviceheft.book import BookUnavailable, RunRefused
    from serviceheft.clock import ClockError
    from serviceheft.model.problems import InvalidInventory
    from serviceheft.running.limit import NoHostLeft

    return (InvalidInventory, RunRefused, BookUnavailable, ClockError, NoHostLeft, customers.Refused)
