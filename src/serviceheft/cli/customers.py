"""heft validate, heft new; and how every command finds its customer."""

from typing import TYPE_CHECKING, Annotated

import typer

from serviceheft import settings
from serviceheft.screen import say

if TYPE_CHECKING:
    from serviceheft.model.schema import Customer


class Refused(Exception):
    """A command cannot be carried out; the message says why and what to do."""


def names() -> list[str]:
    """The customers that this installation has an inventory for."""
    from serviceheft.model.layout import customer_names

    return customer_names(settings.inventories_directory())


def known(name: str) -> str:
    """The name itself. Raises Refused when there is no such customer."""
    from serviceheft.model.problems import did_you_mean

    if name not in (every := names()):
        raise Refused(
            f"There is no customer {name!r}.{did_you_mean(name, every)} "
            f"Customers are: {', '.join(every) or 'none yet; heft new NAME makes one'}."
        )
    return name


def load(name: str) -> "Customer":
    """The validated customer. Raises Refused for an unknown name, InvalidInventory for a faulty inventory."""
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.model.load import load_customer

    return load_customer(settings.inventories_directory() / known(name), load_catalogue())


CustomerArgument = Annotated[
    str, typer.Argument(metavar="CUSTOMER", help="Name of a folder under inventories/.")
]


def validate(
    customers: Annotated[
        list[str] | None, typer.Argument(metavar="[CUSTOMER]...", help="All of them when left out.")
    ] = None,
    without_vault: Annotated[
        bool, typer.Option("--without-vault", help="Leave the vaults shut, as where no password is (CI).")
    ] = False,
) -> None:
    """Check inventories and their vaults: every mistake at once, with file, line and what to do. Touches nothing.

    [bold]Examples[/]

      heft validate
      heft validate musterbau
      heft validate --without-vault
    """
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.model.load import load_inventory
    from serviceheft.model.problems import InvalidInventory
    from serviceheft.running.vault_password import opener

    problems = []
    for name in customers or names():
        try:
            root = settings.inventories_directory() / known(name)
            customer = (
                load(name) if without_vault else load_inventory(root, load_catalogue(), opener(name)).customer
            )
        except InvalidInventory as error:
            problems += error.problems
            continue
        tier = customer.contract.tier or "by the hour"
        say(
            f"{name}: valid. {customer.company.name}, {len(customer.hosts)} hosts, {tier}, "
            f"inventory {customer.inventory_hash()[:12]}"
            + (". Not checked: whether its vault opens and has what is referred to" if without_vault else "")
        )
    if problems:
        raise InvalidInventory(problems)


def new(
    customer: Annotated[str, typer.Argument(metavar="NAME", help="Lower case letters, digits, underscores.")],
) -> None:
    """Make a new customer's inventory from the template, with a vault of its own.

    [bold]Example[/]

      heft new baeckerei_ost
    """
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.model.scaffold import new_customer

    made = new_customer(customer, load_catalogue(), settings.inventories_directory())
    say(f"Made {made.root}.")
    say(f"Its vault opens with {made.vault_password_file}: keep a copy of that file.")
    say(f"\nTo fill in, {len(made.to_fill_in)} places (heft validate {customer} lists what is left):")
    for problem in made.to_fill_in:
        say(f"  {problem}")


def add_to(app: typer.Typer) -> None:
    app.command()(validate)
    app.command()(new)
