"""heft publish: print the documentation from inventory and book."""

from typing import Annotated

import typer
from rich.console import Console

from serviceheft import settings
from serviceheft.cli.customers import CustomerArgument, Refused, load


def publish(
    customer: CustomerArgument,
    serve: Annotated[
        bool, typer.Option("--serve", help="Show the site on this machine until Ctrl-C.")
    ] = False,
    port: Annotated[int, typer.Option(help="For --serve.")] = 8800,
    period: Annotated[
        str | None, typer.Option(help="Period of the maintenance record; this week when left out: 2026-W47")
    ] = None,
) -> None:
    """Build the documentation site and the maintenance record (PDF).

    [bold]Examples[/]

      heft publish musterbau
      heft publish musterbau --serve
    """
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.publish.generator import SiteNotBuilt
    from serviceheft.publish.report import build_report
    from serviceheft.publish.serve import NothingToServe
    from serviceheft.publish.serve import serve as serve_site
    from serviceheft.publish.site import build_site
    from serviceheft.publish.words import Undeclared
    from serviceheft.running.session import open_book

    found, catalogue, now = load(customer), load_catalogue(), settings.now()
    book = open_book(create=True)
    console = Console(highlight=False, soft_wrap=True)
    try:
        with console.status(f"Building the site and the record of {customer} ..."):
            index = build_site(found, catalogue, book, now=now)
            report = build_report(found, catalogue, book, now=now, period=period)
        console.print(f"Site:               {index}")
        console.print(f"Maintenance record: {report}")
        if serve:
            serve_site(index.parent, port)
    except (SiteNotBuilt, Undeclared, NothingToServe) as error:
        raise Refused(str(error)) from None


def add_to(app: typer.Typer) -> None:
    app.command()(publish)
