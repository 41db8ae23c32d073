"""The commands of a technician. Each calls into the package and prints; nothing is decided here."""

import sys

import typer
from rich.console import Console

from serviceheft.book import BookUnavailable, RunRefused
from serviceheft.cli import contract, customers, lab, pages, visits
from serviceheft.clock import ClockError
from serviceheft.model.problems import InvalidInventory

app = typer.Typer(
    help="The service book: carry out what a customer's contract contains, stamp it, publish it.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (visits, contract, pages, customers):
    module.add_to(app)
app.add_typer(lab.app, name="lab")

BAD_INPUT = 2


def main() -> None:
    """Entry point of `heft`. Exit 0: carried out; 1: not everything; 2: bad input, nothing touched."""
    try:
        app()
    except InvalidInventory as error:
        problems = len(error.problems)
        _refuse(f"{error}\n{problems} problem{'s' if problems != 1 else ''} found. Nothing was touched.")
    except (RunRefused, BookUnavailable, ClockError, customers.Refused) as error:
        _refuse(str(error))


def _refuse(message: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(message, markup=False)
    sys.exit(BAD_INPUT)
