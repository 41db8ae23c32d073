"""heft validate, heft new; and how every command finds its customer."""

from typing import Annotated

import typer
from rich.console import Console

from serviceheft import settings
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.layout import customer_names
from serviceheft.model.load import load_customer
from serviceheft.model.schema import Customer


class Refused(Exception):
    """A command cannot be carried out; the message says why and what to do."""


def names() -> list[str]:
    """The customers that this checkout has an inventory for."""
    return customer_names(settings.inventories_directory())


def load(name: str) -> Customer:
    """The validated customer. Raises Refused for an unknown name, InvalidInventory for a faulty inventory."""
    if name not in names():
        from serviceheft.model.problems import did_you_mean

        raise Refused(
            f"There is no customer {name!r}.{did_you_mean(name, names())} "
            f"This checkout has: {', '.join(names()) or 'none; heft new NAME makes one'}."
        )
    return load_customer(settings.inventories_directory() / name, load_catalogue())


CustomerArgument = Annotated[
    str, typer.Argument(metavar="CUSTOMER", help="Folder name under inventories/.", autocompletion=names)
]


def validate(
    customers: Annotated[
        list[str] | None, typer.Argument(metavar="[CUSTOMER]...", help="All of them when left out.")
    ] = None,
) -> None:
    """Check inventories: every mistake at once, with file, line and what to do. Touches nothing.

    [bold]Examples[/]

      heft validate
      heft validate musterbau
    """
    console = Console(highlight=False)
    for name in customers or names():
        customer = load(name)
        console.print(
            f"{name}: valid. {customer.company.name}, {len(customer.hosts)} hosts, "
            f"{customer.contract.tier or 'by the hour'}, inventory {customer.inventory_hash()[:12]}"
        )


def new(
    customer: Annotated[str, typer.Argument(metavar="NAME", help="Lower case letters, digits, underscores.")],
) -> None:
    """Make a new customer's inventory from the template, with a vault of its own.

    Then fill in what `heft validate NAME` lists, line by line.

    [bold]Example[/]

      heft new baeckerei_ost
    """
    from serviceheft.model.scaffold import new_customer

    created = new_customer(customer, load_catalogue())
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"Made {created.root}. The vault's password lies in {created.vault_password_file}: keep a copy."
    )
    console.print(f"To be filled in ({len(created.to_fill_in)}); heft validate {customer} lists it again:")
    for problem in created.to_fill_in:
        console.print(f"  {problem}", markup=False)


def add_to(app: typer.Typer) -> None:
    app.command()(validate)
    app.command()(new)
