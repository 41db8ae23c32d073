"""The documentation site of one customer."""

from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from serviceheft import settings
from serviceheft.book import Book
from serviceheft.i18n import N_
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.schema import Customer
from serviceheft.publish import generator, whatif
from serviceheft.publish.escaping import escape
from serviceheft.publish.imprint import marked
from serviceheft.publish.source import Source, read
from serviceheft.publish.view import BookView


def build_site(
    customer: Customer,
    catalogue: Catalogue,
    book: Book,
    out: Path | None = None,
    now: datetime | None = None,
    dry_run: str | None = None,
) -> Path:
    """Print the customer's part of the book as a site; returns the path of its index.html.

    A page shows what the named dry run would change, or without a name the last one, as long as no device was
    visited for real after it.

    `out` is the build folder (by default settings.build_directory()): the site goes to site/<customer>/, its
    sources to site-src/<customer>/. Only files that differ are written. Raises BookUnavailable, Undeclared
    (something is about to be published that nobody allowed; nothing is written then), NoDryRun (likewise) and
    SiteNotBuilt.
    """
    out = out or settings.build_directory()
    source = read(customer, catalogue, book, now or settings.now())
    pages = render(source, dry_run)
    folder, site = out / "site-src" / customer.name, out / "site" / customer.name
    footer = source.reader.gettext(
        N_("As of {when} · Serviceheft · head of the chain {number}"),
        when=source.reader.moment(source.now),
        number=source.head.number,
    )
    generator.write_changed(folder / "docs", {**pages, **generator.assets()})
    footer = marked(source, footer)
    title = marked(source, source.reader.gettext(N_("Service book {company}"), company=customer.company.name))
    navigation = generator.navigation(what_if="whatif.md" in pages)
    settings_file = generator.configuration(source.reader, title, footer, navigation)
    generator.write_if_changed(folder / "zensical.toml", settings_file.encode())
    generator.run_zensical(folder, site)
    return site / "index.html"


def render(source: Source, dry_run: str | None = None) -> dict[str, str]:
    """All pages as Markdown, by their path below docs/. Raises Undeclared, NoDryRun before anything is returned."""
    environment = _environment()
    run = whatif.choose(source, dry_run) if dry_run else whatif.pending(source)
    view = BookView(source, run)
    values = {
        "_": source.reader.gettext,
        "reader": source.reader,
        "now": source.now,
        "book": view,
    }
    pages = {
        f"{page}.md": environment.get_template(f"{page}.md.j2").render(values)
        for page, _name in generator.navigation(what_if=run is not None)
    }
    host_page = environment.get_template("hosts/host.md.j2")
    for host in view.hosts:
        pages[f"hosts/{host.page}.md"] = host_page.render(values, host=host)
    return pages


@cache
def _environment() -> Environment:
    """Every printed expression is escaped; a misspelt name is an error."""
    return Environment(
        loader=PackageLoader("serviceheft.publish"),
        autoescape=True,
        finalize=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
