"""What each period has come to: one row per service, host and period, kept with every stamp.

Without it, whoever asks what is owed would read every stamp ever made. It says nothing that the entries do not say:
`recounted` works it out of them, for `verify` and for a book that was written before there was such a table.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import batched, chain
from typing import Any, NamedTuple

import sqlalchemy as sa

from serviceheft.assess.judgement import DECISIVE, Outcome
from serviceheft.book import schema
from serviceheft.book.chain import Break, Entry
from serviceheft.book.folding import moment
from serviceheft.book.records import LatestStamp
from serviceheft.book.renames import RENAMED, Renames

#: Books of an older version have no such table.
SINCE_VERSION = 2
#: The kinds of entries that it is worked out of.
KINDS = ("run begun", "stamp", RENAMED)

#: Hosts in one part of a condition, and parts in one condition.
_AT_ONCE, _PARTS = 300, 100

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_t = schema.latest.c


class Key(NamedTuple):
    """Whose period. Empty text stands for the customer as a whole, and for a service that has no period.

    host: as Renames.key names it.
    """

    service: str
    host: str
    period: str


class Row(NamedTuple):
    """A row's values; times as the entries have them. word, word_at, reason: "" where nothing has a say yet."""

    number: int
    at: str
    outcome: str
    first_at: str
    word: str
    word_at: str
    reason: str


def key_of(service: str, host: str, period: str | None) -> Key:
    return Key(service, host, period or "")


def joined(old: Row | None, number: int, at: str, outcome: str, reason: str | None) -> Row:
    """The row after one more stamp, of a higher number than all before."""
    row = old or Row(number, at, outcome, at, "", "", "")
    row = row._replace(first_at=min(row.first_at, at))
    if at >= row.at:
        row = row._replace(number=number, at=at, outcome=outcome)
    if outcome in DECISIVE and at >= row.word_at:
        row = row._replace(word=outcome, word_at=at, reason=reason or "")
    return row


class Kept:
    """The rows of periods that one transaction stamps, read once and written once, under the customer's lock."""

    def __init__(self, connection: sa.Connection, customer: str, keys: Iterable[Key]) -> None:
        query = sa.select(*(_t[name] for name in Key._fields + Row._fields))
        found = _at(connection, query, customer, list(dict.fromkeys(keys)))
        self._before = {Key(*row[:3]): Row(*row[3:]) for row in found}
        self._now: dict[Key, Row] = {}

    def add(self, key: Key, number: int, at: str, outcome: str, reason: str | None) -> None:
        """One more stamp, of a higher number than all before."""
        self._now[key] = joined(self._now.get(key) or self._before.get(key), number, at, outcome, reason)

    def write(self, connection: sa.Connection, customer: str) -> None:
        new = [
            {"customer": customer, **key._asdict(), **row._asdict()}
            for key, row in self._now.items()
            if key not in self._before
        ]
        if new:
            connection.execute(schema.latest.insert(), new)
        _update(connection, customer, {key: row for key, row in self._now.items() if key in self._before})


def _update(connection: sa.Connection, customer: str, rows: Mapping[Key, Row]) -> None:
    if not rows:
        return
    mine = sa.and_(
        _t.customer == customer, *(_t[name] == sa.bindparam(f"its_{name}") for name in Key._fields)
    )
    values = [
        {**{f"its_{name}": value for name, value in key._asdict().items()}, **row._asdict()}
        for key, row in rows.items()
    ]
    connection.execute(schema.latest.update().where(mine), values)


def read(
    connection: sa.Connection,
    customer: str,
    renames: Renames,
    periods: Collection[str] | None = None,
    lines: Collection[tuple[str, str | None, str]] = (),
) -> Iterator[LatestStamp]:
    """What is kept of a customer, or of these periods of it and of these lines (service, host, period)."""
    every = sa.select(*(_t[name] for name in Key._fields + Row._fields))
    query = every.where(_t.customer == customer)
    if renames and periods is not None:  # a line may stand there under another name
        periods, lines = {*periods, *(period for _, _, period in lines)}, ()
    if periods is not None:
        query = query.where(_t.period.in_(sorted(periods)))
    rows = connection.execute(query, execution_options={"yield_per": 500}).partitions()
    alone = [
        Key(service, host or "", period)
        for service, host, period in dict.fromkeys(lines)
        if periods is not None and period not in periods
    ]
    found = chain(chain.from_iterable(rows), _at(connection, every, customer, alone))
    if not renames:
        return (_stamp(row) for row in found)
    return _joined(((Key(*row[:3]), Row(*row[3:])) for row in found), renames)


def _at(
    connection: sa.Connection, query: sa.Select[Any], customer: str, keys: Iterable[Key]
) -> Iterator[Sequence[Any]]:
    """Single rows, each by its whole key: for a list of such keys SQLite would read every row there is."""
    hosts: dict[tuple[str, str], list[str]] = {}
    for key in keys:
        hosts.setdefault((key.period, key.service), []).append(key.host)
    alike = [
        sa.and_(_t.customer == customer, _t.period == period, _t.service == service, _t.host.in_(some))
        for (period, service), every in hosts.items()
        for some in batched(every, _AT_ONCE)
    ]
    for some in batched(alike, _PARTS):
        yield from connection.execute(query.where(sa.or_(*some)))


def _joined(rows: Iterable[tuple[Key, Row]], renames: Renames) -> Iterator[LatestStamp]:
    """Stamps by the present names of their hosts: a host that had two in one period has one row."""
    found: dict[Key, Row] = {}
    for key, row in rows:
        present = key._replace(host=renames.of_key(key.host) or "")
        found[present] = _of_both(found[present], row) if present in found else row
    return (_stamp((*key, *row)) for key, row in found.items())


def _of_both(one: Row, other: Row) -> Row:
    newer = max(one, other, key=lambda row: (row.at, row.number))
    word = max(one, other, key=lambda row: (row.word_at, row.number))
    return newer._replace(
        first_at=min(one.first_at, other.first_at), word=word.word, word_at=word.word_at, reason=word.reason
    )


def _stamp(columns: Sequence[Any]) -> LatestStamp:
    """A key's and a row's columns. There are many, and mostly one stamp a period: its time is read once."""
    service, host, period, number, at, outcome, first_at, word, word_at, reason = columns
    newest = moment(at)
    return LatestStamp(
        service,
        host or None,
        period or None,
        _OUTCOMES[outcome],
        newest,
        number,
        newest if first_at == at else moment(first_at),
        _OUTCOMES[word] if word else None,
        (newest if word_at == at else moment(word_at)) if word_at else None,
        reason or None,
    )


@lru_cache(maxsize=4096)
def _said(body: str) -> tuple[Any, Any, Any]:
    """A stamp's period, outcome and reason; KeyError, TypeError, ValueError for a body that is none.

    Kept, as most stamps of a visit say the same, word for word.
    """
    said = json.loads(body)
    return said["period"], said["outcome"], said["reason"]


class Recount:
    """The same rows, worked out of one customer's entries by ascending number. Broken entries are passed over."""

    def __init__(self) -> None:
        #: Plain tuples, millions of which the garbage collector need not look at: what a Key and a Row hold.
        self._rows: dict[tuple[str, str, str], tuple[Any, ...]] = {}
        self._dry: dict[str | None, bool] = {}
        self._renamed: list[tuple[int, Mapping[str, str]]] = []
        self._renames = Renames()

    def add(self, entry: Entry) -> None:
        if entry.kind not in KINDS:
            return
        try:
            if entry.kind == "stamp":
                self._stamped(entry)
            elif entry.kind == "run begun":
                self._dry[entry.run] = json.loads(entry.body)["dry_run"]
            else:
                self._renamed.append((entry.number, dict(json.loads(entry.body)["renamed"])))
                self._renames = Renames(self._renamed)
        except (KeyError, TypeError, ValueError):
            pass  # what was tampered with is named by the chain

    def _stamped(self, entry: Entry) -> None:
        period, outcome, reason = _said(entry.body)
        if self._dry[entry.run]:
            return
        host = self._renames.key(entry.host, entry.number) if self._renamed else entry.host or ""
        key = (entry.service or "", host, period or "")
        if (old := self._rows.get(key)) is not None:
            row = tuple(joined(Row(*old), entry.number, entry.at, outcome, reason))
        elif outcome in DECISIVE:
            row = (entry.number, entry.at, outcome, entry.at, outcome, entry.at, reason or "")
        else:
            row = (entry.number, entry.at, outcome, entry.at, "", "", "")
        self._rows[key] = row

    @property
    def rows(self) -> Iterator[tuple[Key, Row]]:
        return ((Key(*key), Row(*row)) for key, row in self._rows.items())

    def passing(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries as they come, each counted."""
        for entry in entries:
            self.add(entry)
            yield entry

    def stamps(self, periods: Collection[str] | None = None) -> Iterator[LatestStamp]:
        rows = ((key, row) for key, row in self.rows if periods is None or key.period in periods)
        return _joined(rows, self._renames)

    def fill(self, connection: sa.Connection, customer: str) -> None:
        """Write the rows of a customer that has none yet."""
        rows = [{"customer": customer, **key._asdict(), **row._asdict()} for key, row in self.rows]
        if rows:
            connection.execute(schema.latest.insert(), rows)

    def renew(self, connection: sa.Connection, customer: str) -> None:
        """Bring a customer's rows up to entries that were written without them."""
        query = sa.select(*(_t[name] for name in Key._fields)).where(_t.customer == customer)
        there = {Key(*row) for row in connection.execute(query)}
        new = [
            {"customer": customer, **key._asdict(), **row._asdict()}
            for key, row in self.rows
            if key not in there
        ]
        if new:
            connection.execute(schema.latest.insert(), new)
        _update(connection, customer, {key: row for key, row in self.rows if key in there})

    def compare(self, connection: sa.Connection, customer: str) -> Iterator[Break]:
        """Where the table says something else than the entries."""
        query = sa.select(*(_t[name] for name in Key._fields + Row._fields)).where(_t.customer == customer)
        left: dict[Any, Any] = dict(self._rows)
        differing: dict[Key, Row | None] = {}
        rows = connection.execute(query, execution_options={"yield_per": 500}).partitions()
        for row in chain.from_iterable(rows):
            key, kept = row[:3], row[3:]
            if left.pop(key, None) != kept:
                differing[Key(*key)] = Row(*kept)
        differing.update((Key(*key), None) for key in left)
        for key in sorted(differing, key=str):
            counted = self._rows.get(key)
            yield _break(customer, key, differing[key], Row(*counted) if counted else None)


def recounted(entries: Iterable[Entry]) -> Recount:
    recount = Recount()
    for entry in entries:
        recount.add(entry)
    return recount


def _break(customer: str, key: Key, kept: Row | None, counted: Row | None) -> Break:
    what = ", ".join(part for part in (key.service, key.host, key.period) if part)
    row = counted or kept
    number = row.number if row else 0
    said = f"{customer} {number} ({what})"
    if kept is None:
        message = f"{said}: missing: the table of each period's latest stamp does not have it."
        return Break(customer, number, "missing", message, "latest stamp", key.service, key.host or None)
    if counted is None:
        message = f"{said}: inserted: the table of each period's latest stamp has it, and no entry says so."
        return Break(customer, number, "inserted", message, "latest stamp", key.service, key.host or None)
    message = (
        f"{said}: changed: the table of each period's latest stamp says something else than the entries."
    )
    return Break(customer, number, "changed", message, "latest stamp", key.service, key.host or None)
