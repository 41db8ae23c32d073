"""Everything that a publication is made from, read once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property

from serviceheft import settings
from serviceheft.accounts import Owed
from serviceheft.agreement import Agreed
from serviceheft.book import Book, FindingLife, Head, Run, Snapshot, Stamp, Ticket
from serviceheft.book.signing import own_public
from serviceheft.clock import days_of
from serviceheft.ledger import history_by_book, owed_by_book
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.schema import Customer
from serviceheft.publish.reader import Reader
from serviceheft.publish.words import Undeclared

#: How far back pages look: the yearly services' period, and a little more.
LOOK_BACK = timedelta(days=400)


@dataclass(frozen=True)
class Source:
    """Inventory and book of one customer at one moment, in one reader's language."""

    customer: Customer
    catalogue: Catalogue
    reader: Reader
    now: datetime
    runs: Sequence[Run]
    stamps: Sequence[Stamp]
    findings: Sequence[FindingLife]
    tickets: Sequence[Ticket]
    snapshots: Sequence[Snapshot]
    owed: Sequence[Owed]
    head: Head
    #: The public key of this installation, that others can check signed heads by; None before the first one.
    key: str | None = None
    #: What was agreed, as the book has it; last, without a number, what no run has recorded yet.
    agreements: Sequence[Agreed] = ()
    #: Whether the time of a run, or of this publication, was made up (HEFT_NOW).
    rehearsed: bool = False

    @cached_property
    def open_findings(self) -> list[FindingLife]:
        return [finding for finding in self.findings if finding.is_open]

    @cached_property
    def findings_by_host(self) -> Mapping[str | None, list[FindingLife]]:
        return _by_host(self.findings)

    @cached_property
    def stamps_by_host(self) -> Mapping[str | None, list[Stamp]]:
        return _by_host(self.stamps)

    @cached_property
    def stamps_by_run(self) -> Mapping[str, list[Stamp]]:
        grouped: dict[str, list[Stamp]] = defaultdict(list)
        for stamp in self.stamps:
            grouped[stamp.run].append(stamp)
        return grouped

    @cached_property
    def snapshots_by_host(self) -> Mapping[str | None, list[Snapshot]]:
        return _by_host(self.snapshots)

    @cached_property
    def owed_by_host(self) -> Mapping[str | None, list[Owed]]:
        return _by_host(self.owed)

    def name_then(self, host: str | None, period: str) -> str | None:
        """What a host was called when a period ended: a record that is printed again names it as it did."""
        closes = datetime.combine(days_of(period)[1] + timedelta(days=1), time(), settings.BERLIN)
        then = [agreed for agreed in self.agreements if agreed.at < closes]
        return then[-1].former.get(host, host) if then and host else host

    def service_title(self, number: str) -> str:
        """ "2.7 Prüfung des Virenschutzes"; the number alone for a service that the catalogue dropped."""
        service = self.catalogue.services.get(number)
        return f"{number} {getattr(service.title, self.reader.language)}" if service else number


def read(
    customer: Customer, catalogue: Catalogue, book: Book, now: datetime, done_since: date | None = None
) -> Source:
    """Read the customer's part of the book. Raises BookUnavailable, Undeclared.

    `done_since`: the account lists what is done also in earlier periods that end on this day or later.
    """
    try:
        since = now - LOOK_BACK
        if done_since is not None:  # an old period is told as whole as a new one
            since = min(since, datetime.combine(done_since, time(), settings.BERLIN))
        stamps = book.stamps(customer.name, since=since)
    except ValueError:  # its text may quote what stands there
        raise Undeclared(
            "The book holds an action of a kind or with a value that this version does not declare. "
            "Publish with the version that wrote it, or a newer one."
        ) from None
    runs = book.runs(customer.name)
    return Source(
        customer=customer,
        catalogue=catalogue,
        reader=Reader(customer.company.language),
        now=now,
        runs=runs,
        stamps=stamps,
        findings=book.findings(customer.name),
        tickets=book.tickets(customer.name),
        snapshots=book.snapshots(customer.name),
        owed=owed_by_book(customer, catalogue, book, now, done_since, stamps),
        head=book.head(customer.name),
        key=own_public(),
        agreements=history_by_book(customer, catalogue, book, now),
        rehearsed=settings.rehearsed() or any(run.rehearsed for run in runs),
    )


def _by_host[T: (FindingLife, Stamp, Snapshot, Owed)](rows: Sequence[T]) -> Mapping[str | None, list[T]]:
    grouped: dict[str | None, list[T]] = defaultdict(list)
    for row in rows:
        grouped[row.host].append(row)
    return grouped
