"""heft publish: print the documentation from inventory and book."""

from typing import Annotated

import typer
from rich.console import Console

from serviceheft import settings
from serviceheft.cli.customers import CustomerArgument, load
from serviceheft.clock import period_of
from serviceheft.model.catalogue import load_catalogue
from serviceheft.running.session import open_book


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
    from serviceheft.publish import build_report, build_site, serve_directory

    found, catalogue, now = load(customer), load_catalogue(), settings.now()
    book = open_book()
    console = Console(highlight=False, soft_wrap=True)
    with console.status(f"Building the site of {customer} ..."):
        site = build_site(found, catalogue, book, settings.build_directory(), now)
        report = build_report(
            found, catalogue, book, settings.build_directory(), now, period or period_of("weekly", now)
        )
    console.print(f"Site:               {site / 'index.html'}")
    console.print(f"Maintenance record: {report}")
    if serve:
        serve_directory(site, port)


def add_to(app: typer.Typer) -> None:
    app.command()(publish)
