"""heft publish: print the documentation from inventory and book."""

from typing import Annotated

import typer

from serviceheft import settings
from serviceheft.cli.customers import CustomerArgument, Refused, load
from serviceheft.screen import Screen, say, styled


def publish(
    customer: CustomerArgument,
    serve: Annotated[
        bool, typer.Option("--serve", help="Show the site on this machine until Ctrl-C.")
    ] = False,
    port: Annotated[int, typer.Option(help="For --serve.")] = 8800,
    period: Annotated[
        str | None, typer.Option(help="Period of the maintenance record; this week when left out: 2026-W47")
    ] = None,
    what_if: Annotated[
        bool,
        typer.Option("--what-if", help="Also what the last dry run would change, as a PDF to be approved."),
    ] = False,
    run: Annotated[
        str | None, typer.Option(help="For --what-if: this dry run instead of the last one.")
    ] = None,
) -> None:
    """Build the documentation site and the maintenance record (PDF).

    The site has a page on what would be changed as long as the last dry run (--check) is newer than the last run.

    [bold]Examples[/]

      heft publish musterbau
      heft publish musterbau --serve
      heft publish musterbau --what-if
      heft publish musterbau --what-if --run 20261118T110500Z-3f1c
    """
    if run and not what_if:
        raise Refused("--run names the dry run for --what-if. Add --what-if, or leave --run out.")
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.publish.approval import build_approval
    from serviceheft.publish.generator import SiteNotBuilt
    from serviceheft.publish.placing import NotPublished
    from serviceheft.publish.report import build_report
    from serviceheft.publish.serve import NothingToServe
    from serviceheft.publish.serve import serve as serve_site
    from serviceheft.publish.site import build_site
    from serviceheft.publish.whatif import NoDryRun
    from serviceheft.publish.words import Undeclared
    from serviceheft.running.session import open_book

    found, catalogue, now = load(customer), load_catalogue(), settings.now()
    book = open_book()
    try:
        with Screen().status(styled(f"Building the site and the record of {customer} ...")):
            # First: without a dry run nothing is to be written.
            approval = build_approval(found, catalogue, book, now=now, run=run) if what_if else None
            index = build_site(found, catalogue, book, now=now, dry_run=run)
            report = build_report(found, catalogue, book, now=now, period=period)
        say(f"Site:               {index}")
        say(f"Maintenance record: {report}")
        if approval:
            path, shown = approval
            say(f"To be approved:     {path}")
            for line in (shown.summary, *shown.warnings):
                say(f"                    {line}")
        if serve:
            serve_site(index.parent, port)
    except (NotPublished, SiteNotBuilt, Undeclared, NothingToServe, NoDryRun) as error:
        raise Refused(str(error)) from None


def add_to(app: typer.Typer) -> None:
    app.command()(publish)
