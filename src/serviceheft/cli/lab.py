"""heft lab: a fictional customer's site on loopback, from emulators and real services."""

from typing import Annotated

import typer

from serviceheft import settings
from serviceheft.cli.customers import CustomerArgument, Refused, known, load, names
from serviceheft.screen import Screen, say, styled

app = typer.Typer(
    help="A fictional customer's site on loopback. Its Windows hosts are emulated: they prove arguments and flow, "
    "never what Windows itself would do.",
    no_args_is_help=True,
)


@app.command()
def up(customer: CustomerArgument) -> None:
    """Raise the site; machines keep their state from the last time.

    [bold]Example[/]

      heft lab up musterbau
    """
    from lab import site
    from lab.control import LabError
    from lab.gravityzone.control import ConsoleError

    found = load(customer)
    try:
        with Screen().status(styled(f"Raising {customer} ...")):
            site.raise_site(found, settings.now())
    except (LabError, ConsoleError) as error:
        raise Refused(str(error)) from None
    planted = len(site.planted(customer))
    say(
        f"{customer}: {len(site.windows_hosts(found))} emulated Windows hosts are up, {planted} defects planted."
    )


@app.command()
def down(
    customer: Annotated[
        str | None, typer.Argument(metavar="[CUSTOMER]", help="Name of a folder under inventories/.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All customers' sites.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Also throw the machines' state away.")] = False,
) -> None:
    """Stop the site.

    [bold]Examples[/]

      heft lab down musterbau
      heft lab down --all --forget
    """
    from lab import site
    from lab.control import LabError
    from lab.gravityzone.control import ConsoleError

    if customer is None and not everything:
        raise Refused("Name a customer, or say --all.")
    for name in [known(customer)] if customer else names():
        try:
            site.lower_site(name, forget=forget)
        except (LabError, ConsoleError) as error:
            raise Refused(str(error)) from None
        say(f"{name}: down.")


@app.command()
def status(
    customer: Annotated[
        str | None, typer.Argument(metavar="[CUSTOMER]", help="Name of a folder under inventories/.")
    ] = None,
) -> None:
    """Say what is up.

    [bold]Example[/]

      heft lab status
    """
    from lab import site

    for name in [customer] if customer else names():
        found = site.status(load(name))
        console = (
            ""
            if found.console is None
            else f", GravityZone console (emulated) {'up' if found.console else 'down'}"
        )
        say(f"{name}: Windows hosts (emulated) {'up' if found.windows else 'down'}{console}")


@app.command()
def mend(
    customer: CustomerArgument,
    host: Annotated[str, typer.Argument(help="Name of the host.")],
    defect: Annotated[str, typer.Argument(help="A defect of lab/sites/CUSTOMER.yml.")],
) -> None:
    """Take a planted defect back, as a technician at the machine would. The next run closes its finding.

    [bold]Example[/]

      heft lab mend musterbau mb-pc-03 update_missing
    """
    from lab import site

    known(customer)
    if not any(one.host == host and one.defect == defect for one in site.planted(customer)):
        choices = ", ".join(f"{one.host} {one.defect}" for one in site.planted(customer))
        raise Refused(f"No defect {defect!r} is planted on {host!r}. Planted are: {choices or 'none'}.")
    site.mend(customer, host, defect, settings.now())
    say(f"{host}: {defect} is mended. Next: heft weekly {customer}")
