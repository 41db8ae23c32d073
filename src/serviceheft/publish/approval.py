"""What a dry run would change as a PDF that the customer signs."""

from datetime import datetime
from pathlib import Path
from typing import Any

from serviceheft import settings
from serviceheft.book import Book
from serviceheft.i18n import N_
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.schema import Customer
from serviceheft.publish import pdf
from serviceheft.publish.agreement import contract_in_words
from serviceheft.publish.hosts import links
from serviceheft.publish.imprint import responsible
from serviceheft.publish.report import action_data
from serviceheft.publish.rows import HostLink
from serviceheft.publish.source import Source, read
from serviceheft.publish.whatif import WhatIf, choose, what_if

FILE_NAMES = {"de": "was-geaendert-wuerde", "en": "what-would-change"}


def build_approval(
    customer: Customer,
    catalogue: Catalogue,
    book: Book,
    out: Path | None = None,
    now: datetime | None = None,
    run: str | None = None,
) -> tuple[Path, WhatIf]:
    """Write what a dry run (by default the last one) would change; returns the PDF's path and what it says.

    It goes to reports/<customer>/ below `out` (by default settings.build_directory()). Raises
    BookUnavailable, NoDryRun and Undeclared; nothing is written then.
    """
    now = now or settings.now()
    source = read(customer, catalogue, book, now)
    found = what_if(source, choose(source, run), links(customer.hosts))
    folder = (out or settings.build_directory()) / "reports" / customer.name
    name = f"{FILE_NAMES[source.reader.language]}-{found.run}.pdf"
    return pdf.write("approval.typ", approval_data(source, found), folder / name, now), found


def approval_data(source: Source, found: WhatIf) -> dict[str, Any]:
    """Everything that the template prints, as plain data. People of the customer do not appear."""
    reader, t = source.reader, source.reader.gettext
    company, number = source.customer.company.name, source.customer.company.customer_number
    return {
        "language": reader.language,
        "title": t(N_("What would be changed")),
        "company": company,
        "provider": source.customer.provider.name,
        "left": [
            (t(N_("Customer")), f"{company} ({number})"),
            (t(N_("Contract")), contract_in_words(source)),
            *responsible(source),
        ],
        "right": [
            (t(N_("Dry run")), f"{reader.moment(found.at)}, {found.state.word}"),
            (t(N_("Carried out by")), found.who),
            (t(N_("Printed")), reader.moment(source.now)),
        ],
        "lead": t(
            N_("A dry run looked at the devices and changed nothing. This is what it would have done.")
        ),
        "summary": found.summary,
        "warnings": list(found.warnings),
        "labels": [t(N_("Result")), t(N_("Action")), t(N_("Service"))],
        "plans": [
            {
                "host": " · ".join(filter(None, (_name(source, plan.host), plan.title))),
                "rows": [action_data(source, row) | {"service": row.service} for row in plan.rows],
            }
            for plan in found.plans
        ],
        "nothing": t(N_("Nothing would be changed, and nothing waits.")),
        "unchanged": {
            "title": t(N_("Nothing to do")),
            "hosts": [_name(source, host) for host in found.unchanged],
        },
        "unmeasured": {
            "title": t(N_("Not measured")),
            "lead": t(N_("Whether something would be changed there is not known.")),
            "none": found.all_measured,
            "labels": [t(N_("Service")), t(N_("Why it was not checked")), t(N_("Devices"))],
            "rows": [
                {
                    "service": row.service,
                    "why": row.why,
                    "hosts": [_name(source, host) for host in row.hosts],
                }
                for row in found.unmeasured
            ],
        },
        "approval": {
            "title": t(N_("Approval")),
            "valid": t(
                N_("Valid for this commit and this inventory. When either changes, a new dry run is needed.")
            ),
            "rows": [
                (t(N_("Run")), found.run),
                (t(N_("Rules (commit)")), found.commit),
                (t(N_("Inventory (hash)")), found.inventory_hash),
            ],
            "all": t(N_("Approved as described")),
            "some": t(N_("Approved, except for:")),
            "date": t(N_("Place, date")),
            "signature": t(N_("Name and signature for {company}"), company=company),
        },
        "footer": t(N_("Serviceheft · printed from the book, head {number}"), number=source.head.number),
        "page_of": t(N_("Page {page} of {pages}")),
    }


def _name(source: Source, host: HostLink | None) -> str:
    return host.name if host else source.reader.gettext(N_("whole customer"))
