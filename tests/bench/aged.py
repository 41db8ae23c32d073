"""A book as years leave it behind: stamps of many periods, findings that came and went, written in bulk."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from serviceheft.book import Book, schema
from serviceheft.book.chain import GENESIS, Entry, sealed
from serviceheft.book.latest import recounted
from serviceheft.book.reading import of_periods
from serviceheft.book.values import canonical, timestamp

HOSTS, SERVICES, WEEK = 25, ("2.6", "2.7", "3.1", "3.2"), timedelta(weeks=1)
_CHUNK = 5000


def fill(
    url: str,
    customer: str,
    stamps: int,
    until: datetime,
    hosts: int = HOSTS,
    services: Sequence[str] = SERVICES,
    missed: int = 0,
) -> None:
    """Weekly stamps of these hosts and services, the last in the week before `until`; every tenth found something
    that was gone a week later. Runs have ended. missed: every so manieth stamp did not reach its host."""
    with Book.open(url) as book, book.store.alone() as connection:
        rows = _chained(customer, _contents(stamps, until, hosts, services, missed))
        last: Entry | None = None
        while chunk := list(islice(rows, _CHUNK)):
            connection.execute(schema.entries.insert(), [row._asdict() for row in chunk])
            last = chunk[-1]
        assert last
        connection.execute(
            schema.heads.insert().values(customer=customer, number=last.number, hash=last.hash)
        )
        recounted(of_periods(connection, customer)).fill(connection, customer)


def period_before(until: datetime) -> str:
    """The last week of which there are stamps."""
    return _period(until.astimezone(UTC) - WEEK)


def _period(at: datetime) -> str:
    year, number, _ = at.isocalendar()
    return f"{year}-W{number:02}"


def _chained(customer: str, contents: Iterator[dict[str, object]]) -> Iterator[Entry]:
    previous = GENESIS
    for number, values in enumerate(contents, start=1):
        body = canonical(_numbered(values.pop("body"), number))
        row = Entry(customer, number, *(values.get(it) for it in _COLUMNS), body, previous, "")  # type: ignore[arg-type]
        row = sealed(row)
        previous = row.hash
        yield row


_COLUMNS = ("kind", "at", "run", "service", "host", "subject")


def _numbered(body: object, number: int) -> dict[str, object]:
    """A closing names the entry that opened, here always so many before it."""
    assert isinstance(body, dict)
    return {key: number - value if key == "finding" else value for key, value in body.items()}


def _contents(
    stamps: int, until: datetime, hosts: int, services: Sequence[str], missed: int
) -> Iterator[dict[str, object]]:
    weeks = -(-stamps // (hosts * len(services)))
    left = stamps
    for week in range(weeks):
        at = until.astimezone(UTC) - WEEK * (weeks - week)
        period, run, when = _period(at), f"{at:%Y%m%dT%H%M%SZ}-{week:04x}", timestamp(at)
        common: dict[str, object] = {"at": when, "run": run}
        process = {"machine": "bench", "pid": 1, "started": ""}
        yield {**common, "kind": "run begun", "body": {**_RUN, "process": process}}
        for host in range(hosts):
            for service in services:
                if left:
                    left -= 1
                    place = {**common, "service": service, "host": f"mb-pc-{host:02}"}
                    away = (
                        {"outcome": "not reached", "reason": "reach.no_route"}
                        if missed and not left % missed
                        else {}
                    )
                    yield {**place, "kind": "stamp", "body": {**_STAMP, "period": period, **away}}
                    if left % 10 == 0:
                        found = {**place, "subject": "testing.definitions_outdated"}
                        yield {**found, "kind": "finding opened", "body": _FOUND}
                        yield {**found, "kind": "finding closed", "body": {"finding": 1}}
        yield {**common, "kind": "run ended", "body": {"outcome": "carried out"}}


_RUN = {
    "kind": "weekly",
    "who": "anna",
    "commit": "4f2a91c",
    "inventory_hash": "ab" * 32,
    "dry_run": False,
    "tier": "comfort",
    "ticket": None,
    "reason": None,
    "limit": None,
}
_STAMP = {
    "outcome": "done",
    "clause": "2.7",
    "subject": "antivirus",
    "reason": None,
    "note": None,
    "findings": [],
    "checks": {f"testing.check_{n}": "ok" for n in range(6)},
    "actions": [],
}
_FOUND = {"check": "testing.definitions_outdated", "severity": "warning", "values": {"days": 4}}
