"""New entries of one customer, collected within a transaction and written at its end in one go."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from serviceheft.book import schema, timing
from serviceheft.book.chain import GENESIS, Entry, Head, sealed
from serviceheft.book.values import canonical, plain, text, timestamp

#: One step's entries together; a year of a customer with 25 hosts stays below 100 MB even at this size.
LIMIT_BYTES = 64 * 1024
#: Where a connection remembers which customer's head the transaction writes: proof, should nobody hear of its end.
WRITTEN = "heft_written"


def head_of(connection: sa.Connection, customer: str) -> Head | None:
    """The stored last entry of a customer's chain; None for an empty one."""
    row = connection.execute(
        sa.select(schema.heads.c.number, schema.heads.c.hash).where(schema.heads.c.customer == customer)
    ).one_or_none()
    return Head(*row) if row else None


class Appending:
    """Appends to a customer's chain. The caller holds the customer's lock (Store.writing)."""

    def __init__(
        self,
        connection: sa.Connection,
        customer: str,
        run: str | None,
        at: datetime,
        *,
        backwards: bool = False,
    ) -> None:
        """RunRefused for a time that is older than the last entry's, unless it may go `backwards`."""
        self.connection = connection
        self.customer = text(customer, "customer")
        self.run = run
        self.at = timestamp(at)
        self._stored = head_of(connection, self.customer)
        last = timing.last_at(connection, self.customer, self._stored) if self._stored else None
        if last and not backwards:
            timing.refuse_behind(connection, self.customer, last, at)
        self._head = self._stored or Head(0, GENESIS)
        self._entries: list[Entry] = []
        self._part = 0
        self._counts: dict[str, int] = {}

    @property
    def last_number(self) -> int:
        """Of the last entry, written or not; 0 for an empty chain."""
        return self._head.number

    def begin_part(self, limit: int = LIMIT_BYTES) -> None:
        """What follows is measured by itself. ValueError when what was appended since the last time is too large."""
        size = sum(len(entry.body.encode()) for entry in self.part())
        if size > limit:
            raise ValueError(
                f"This stamp holds {size} bytes, more than {limit}. Put measured "
                "state into the book in normal form, with allow-listed fields only."
            )
        self._part = len(self._entries)

    def part(self) -> Sequence[Entry]:
        """What was appended since the last begin_part()."""
        return self._entries[self._part :]

    def append(
        self,
        kind: str,
        *,
        service: str | None = None,
        host: str | None = None,
        subject: str | None = None,
        body: Mapping[str, object],
    ) -> int:
        """The number of the new entry. ValueError for a body that is no plain JSON."""
        entry = sealed(
            Entry(
                customer=self.customer,
                number=self._head.number + 1,
                kind=kind,
                at=self.at,
                run=self.run,
                service=None if service is None else text(service, "service"),
                host=None if host is None else text(host, "host"),
                subject=None if subject is None else text(subject, "subject"),
                body=canonical(plain(body, kind)),
                previous=self._head.hash,
                hash="",
            )
        )
        self._entries.append(entry)
        if kind in self._counts:
            self._counts[kind] += 1
        self._head = Head(entry.number, entry.hash)
        return entry.number

    def count(self, kind: str) -> int:
        """How many entries of this kind the chain holds, those not yet written included."""
        if kind not in self._counts:
            table = schema.entries
            stored = sa.select(sa.func.count()).where(table.c.customer == self.customer, table.c.kind == kind)
            new = sum(entry.kind == kind for entry in self._entries)
            self._counts[kind] = int(self.connection.execute(stored).scalar_one()) + new
        return self._counts[kind]

    def write(self, limit: int = LIMIT_BYTES) -> None:
        """Hand the entries and the new head to the transaction. ValueError when their last part is too large."""
        self.begin_part(limit)
        if not self._entries:
            return
        self.connection.execute(schema.entries.insert(), [entry._asdict() for entry in self._entries])
        values = self._head._asdict()
        if self._stored:
            mine = schema.heads.c.customer == self.customer
            self.connection.execute(schema.heads.update().where(mine).values(values))
        else:
            self.connection.execute(schema.heads.insert().values(customer=self.customer, **values))
        self.connection.info[WRITTEN] = (self.customer, self._head)
        self._stored, self._entries, self._part = self._head, [], 0
