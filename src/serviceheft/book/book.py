"""The book: every visit's evidence, appended in one transaction per step and never changed afterwards."""

import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Self

import sqlalchemy as sa

from serviceheft.book import (
    latest,
    postgresql_soundness,
    reading,
    renames,
    schema,
    sqlite_soundness,
    timing,
)
from serviceheft.book.appending import Appending, head_of
from serviceheft.book.chain import GENESIS, Break, Head, walk
from serviceheft.book.endings import endings, refuse_moved
from serviceheft.book.errors import ALTERED, BookUnavailable, BrokenText, RunRefused, place
from serviceheft.book.open_runs import open_run, shown
from serviceheft.book.processes import Process
from serviceheft.book.records import (
    FindingLife,
    LatestStamp,
    Run,
    RunOutcome,
    Snapshot,
    Stamp,
    Ticket,
    WriteOff,
)
from serviceheft.book.soundness import Soundness
from serviceheft.book.stamped_pages import StampedPages
from serviceheft.book.store import Store
from serviceheft.book.values import canonical

#: How long a writer waits for the others before it says that the book is locked.
BUSY_SECONDS = 30.0


class Book(StampedPages):
    """Append-only evidence of all customers. Any method may raise BookUnavailable: nothing was written."""

    @classmethod
    def open(cls, url: str, *, create: bool = True, busy_seconds: float = BUSY_SECONDS) -> Self:
        """The book at a SQLAlchemy URL; with `create` an empty database is laid out as a book."""
        return cls(Store(url, create=create, busy_seconds=busy_seconds))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connection back; the book can be used on."""
        self._store.close()

    @property
    def store(self) -> Store:
        """The database below, for what concerns the book as a whole (serviceheft.book.copying)."""
        return self._store

    @contextmanager
    def in_one_step(self, customer: str) -> Iterator[None]:
        """All that the block reads and writes of this customer is one transaction: others wait for it, and see either
        nothing of it or everything."""
        with self._store.in_one_step(customer):
            yield

    # --- runs ---

    def begin_run(
        self,
        customer: str,
        *,
        kind: str,
        who: str,
        commit: str,
        inventory_hash: str,
        dry_run: bool,
        now: datetime,
        tier: str | None,
        ticket: str | None = None,
        reason: str | None = None,
        limit: str | None = None,
        process: Process | None = None,
        clock: timing.Clock | None = None,
        rehearsed: bool = False,
        catch_up: bool = False,
        maximum_hosts: int | None = None,
    ) -> str:
        """The id of a new run, such as 20261122T203500Z-7f3a. Runs that were interrupted get their end first.

        `process` carries the run out (default: this one); `clock` is what its machine knows of time besides
        `now`; `rehearsed`: the time was made up. RunRefused for a real run while another is under way, for a
        clock that is wrong, and for a rehearsal among real runs.
        """
        process = process or Process.of()
        with self._store.writing(customer) as connection:
            ends = endings(connection)
            refuse_moved(ends)
            timing.refuse_mixing(connection, rehearsed=rehearsed)
            for end in ends:
                timing.refuse_behind(connection, end.customer, end.at, now)
            if clock and ends:
                newest = max(end.at for end in ends)
                timing.refuse_ahead(customer, newest, now, timing.last_clock(connection, customer), clock)
            for run in reading.runs(connection, customer, now, open_only=True):
                if run.state == "interrupted":
                    _end(connection, run, "interrupted", now)
                elif not (dry_run or run.dry_run):
                    raise RunRefused(_under_way(run))
            identifier = _new_identifier(connection, now)
            appending = Appending(connection, customer, identifier, now)
            body = {
                "kind": kind,
                "who": who,
                "commit": commit,
                "inventory_hash": inventory_hash,
                "dry_run": dry_run,
                "tier": tier,
                "ticket": ticket,
                "reason": reason,
                "limit": limit,
                "process": asdict(process),
                "rehearsed": rehearsed,
                "catch_up": catch_up,
                "maximum_hosts": maximum_hosts,
                "clock": clock.body if clock else None,
            }
            appending.append("run begun", body=body)
            appending.write()
        return identifier

    def end_run(
        self, run: str, outcome: RunOutcome, *, now: datetime, billable_minutes: tuple[int, int] | None = None
    ) -> None:
        """Say how a run ended. RunRefused when it has already ended.

        `billable_minutes`: inside and outside of service hours, when a ticket ordered the run.
        """
        customer = self._customer(run)
        with self._store.writing(customer) as connection:
            _end(connection, open_run(connection, run, now), outcome, now, billable_minutes)

    def close_interrupted(self, customer: str, *, now: datetime) -> list[str]:
        """Write the end of runs whose process is gone; their ids. begin_run does this by itself."""
        with self._store.writing(customer) as connection:
            runs = reading.runs(connection, customer, now, open_only=True)
            gone = [it for it in runs if it.state == "interrupted"]
            for run in gone:
                _end(connection, run, "interrupted", now)
        return [run.id for run in gone]

    # --- reading ---

    def runs(
        self,
        customer: str,
        limit: int | None = None,
        *,
        now: datetime | None = None,
        open_only: bool = False,
        kinds: Collection[str] | None = None,
    ) -> list[Run]:
        """The latest runs first; open_only leaves out those whose end was written. kinds: None means any.

        `now` decides whether a silent run of another machine still goes on.
        """
        with self._store.reading() as connection:
            return reading.runs(
                connection, customer, now or datetime.now(UTC), limit, open_only=open_only, kinds=kinds
            )

    def stamps(
        self,
        customer: str,
        since: datetime | None = None,
        service: str | None = None,
        host: str | None = None,
        run: str | None = None,
        hosts: Collection[str] | None = None,
    ) -> list[Stamp]:
        """Stamps in the order in which they were made, dry runs included; None means any.

        Those of a clock that was acknowledged as wrong are left out: they count for nothing.
        """
        with self._store.reading() as connection:
            found = reading.stamps(
                connection, customer, since=since, service=service, host=host, run=run, hosts=hosts
            )
            return timing.outside(timing.uncounted(connection, customer), found)

    def latest_stamps(
        self,
        customer: str,
        periods: Collection[str] | None = None,
        lines: Collection[tuple[str, str | None, str]] = (),
    ) -> list[LatestStamp]:
        """What each period has come to, by service and host, dry runs left out; in no order, and without a stamp read.

        `periods` leaves out all others, but for these `lines` (service, host, period).
        """
        with self._store.reading() as connection:
            spans = timing.uncounted(connection, customer)
            if self._store.version >= latest.SINCE_VERSION and not spans:
                try:
                    known = renames.read(connection, customer)
                    return list(latest.read(connection, customer, known, periods, lines))
                except (KeyError, TypeError, ValueError):
                    what = "a row of book_latest is none that any version wrote"
                    raise BookUnavailable(f"{place(self._store.url)} {ALTERED.format(what=what)}") from None
            entries = timing.outside(spans, reading.of_periods(connection, customer))
            if periods is not None:
                periods = {*periods, *(period for _, _, period in lines)}
            return list(latest.recounted(entries).stamps(periods))

    def write_offs(self, customer: str) -> list[WriteOff]:
        """What was closed with a reason instead of being carried out, in the order in which it was written."""
        with self._store.reading() as connection:
            return reading.write_offs(connection, customer)

    def findings(self, customer: str, *, open_only: bool = False) -> list[FindingLife]:
        """Findings by their opening; open_only leaves out those that have come to an end."""
        with self._store.reading() as connection:
            read = reading.open_lives if open_only else reading.lives
            lives, _ = read(connection, customer)
        return lives

    def tickets(self, customer: str, *, open_only: bool = False) -> list[Ticket]:
        """Tickets by their number."""
        with self._store.reading() as connection:
            read = reading.open_lives if open_only else reading.lives
            _, tickets = read(connection, customer)
        return [it for it in tickets if not (open_only and it.state == "closed")]

    def snapshots(
        self, customer: str, subject: str | None = None, *, telling: str | None = None
    ) -> list[Snapshot]:
        """The latest measured state of each subject on each host, or of one subject.

        `telling`: the latest one in which this field is not null, as a later measurement may have failed to tell it.
        """
        with self._store.reading() as connection:
            found = reading.snapshots(connection, customer, subject)
            if telling is None:
                return found
            older = (
                it
                if it.measured.get(telling) is not None
                else reading.last_telling(connection, customer, it, telling)
                for it in found
            )
            return [it for it in older if it is not None]

    def head(self, customer: str) -> Head:
        """Number and hash of the customer's last entry; (0, zeros) when there is none."""
        with self._store.reading() as connection:
            return head_of(connection, customer) or Head(0, GENESIS)

    # --- proof ---

    def verify(self, customer: str | None = None, against: tuple[int, str] | None = None) -> list[Break]:
        """Every changed, missing or inserted entry of a customer, or of all.

        `against` is (number, hash) as printed in a report of that customer: it also shows a chain that was
        written anew as a whole.
        """
        if against and customer is None:
            raise ValueError("A report's number and hash belong to one customer: name it.")
        with suppress(BrokenText):
            return self._verified(customer, against, broken_text=False)
        return self._verified(customer, against, broken_text=True)

    def _verified(
        self, customer: str | None, against: tuple[int, str] | None, *, broken_text: bool
    ) -> list[Break]:
        with self._store.reading(broken_text=broken_text) as connection:
            names = [customer] if customer else reading.customers(connection)
            return [found for name in names for found in self._proved(connection, name, against)]

    def _proved(
        self, connection: sa.Connection, customer: str, against: tuple[int, str] | None
    ) -> Iterator[Break]:
        recount = latest.Recount()
        rows = recount.passing(reading.entries(connection, schema.entries.c.customer == customer))
        broken = list(walk(customer, rows, head_of(connection, customer), against))
        yield from broken
        if not broken and self._store.version >= latest.SINCE_VERSION:
            yield from recount.compare(connection, customer)

    def soundness(self) -> Soundness:
        """Whether the book is laid out as it was made, and its indexes say what its tables say."""
        with self._store.reading(broken_text=True) as connection:
            sqlite = connection.dialect.name == "sqlite"
            examine = sqlite_soundness.examine if sqlite else postgresql_soundness.examine
            return examine(connection, self._store.version)

    def dump(self, customer: str) -> Iterator[str]:
        """Every entry as a line of JSON, all columns as they are hashed, for an audit by other means."""
        with self._store.reading() as connection:
            for entry in reading.entries(connection, schema.entries.c.customer == customer):
                yield canonical(entry._asdict())


def _end(
    connection: sa.Connection,
    run: Run,
    outcome: RunOutcome,
    now: datetime,
    billable_minutes: tuple[int, int] | None = None,
) -> None:
    appending = Appending(connection, run.customer, run.id, now)
    minutes = {"billable_minutes": list(billable_minutes)} if billable_minutes else {}
    appending.append("run ended", body={"outcome": outcome, **minutes})
    appending.write()


def _new_identifier(connection: sa.Connection, now: datetime) -> str:
    begun = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    while True:
        identifier = f"{begun}-{secrets.token_hex(2)}"
        if not list(reading.entries(connection, schema.entries.c.run == identifier)):
            return identifier


def _under_way(run: Run) -> str:
    return (
        f"{run.customer}: a {run.kind} run is under way: {run.id}, begun by {run.who} "
        f"on {run.process.machine} (process {run.process.pid}) at {shown(run.began_at)}. "
        "Wait until it has ended, or end that process first."
    )
