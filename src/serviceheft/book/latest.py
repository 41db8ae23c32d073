"""What each period has come to: one row per service, host and period, kept with every stamp.

Without it, whoever asks what is owed would read every stamp ever made. It says nothing that the entries do not say:
`recounted` works it out of them, for `verify` and for a book that was written before there was such a table.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
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

_AT_ONCE = 300

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


def keep(
    connection: sa.Connection,
    customer: str,
    key: Key,
    number: int,
    at: str,
    outcome: str,
    reason: str | None,
) -> None:
    """Write a stamp's part, within its transaction and under the customer's lock."""
    mine = sa.and_(_t.customer == customer, *(_t[name] == value for name, value in key._asdict().items()))
    found = connection.execute(sa.select(*(_t[name] for name in Row._fields)).where(mine)).one_or_none()
    values = joined(Row(*found) if found else None, number, at, outcome, reason)._asdict()
    if found:
        connection.execute(schema.latest.update().where(mine).values(values))
    else:
        connection.execute(schema.latest.insert().values(customer=customer, **key._asdict(), **values))


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
    rows = connection.execute(query if periods is None else query.where(_t.period.in_(sorted(periods))))
    alone = [line for line in lines if periods is not None and line[2] not in periods]
    found = chain(rows, _of(connection, every, customer, alone))
    if not renames:
        return (_stamp(row) for row in found)
    return _joined(((Key(*row[:3]), Row(*row[3:])) for row in found), renames)


def _of(
    connection: sa.Connection,
    query: sa.Select[Any],
    customer: str,
    lines: Sequence[tuple[str, str | None, str]],
) -> Iterator[Sequence[Any]]:
    """Single lines: there are few of them, in many periods."""
    # The whole key in one comparison, or SQLite reads all of the customer's rows for it.
    columns = sa.tuple_(_t.customer, _t.period, _t.service, _t.host)
    for first in range(0, len(lines), _AT_ONCE):
        some = lines[first : first + _AT_ONCE]
        keys = [(customer, period, service, host or "") for service, host, period in some]
        yield from connection.execute(query.where(columns.in_(keys)))


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


class Recount:
    """The same rows, worked out of one customer's entries by ascending number. Broken entries are passed over."""

    def __init__(self) -> None:
        self.rows: dict[Key, Row] = {}
        self._dry: dict[str | None, bool] = {}
        self._renamed: list[tuple[int, Mapping[str, str]]] = []
        self._renames = Renames()

    def add(self, entry: Entry) -> None:
        if entry.kind not in KINDS:
            return
        with suppress(KeyError, TypeError, ValueError):  # what was tampered with is named by the chain
            body: dict[str, Any] = json.loads(entry.body)
            if entry.kind == "run begun":
                self._dry[entry.run] = body["dry_run"]
            elif entry.kind == RENAMED:
                self._renamed.append((entry.number, dict(body["renamed"])))
                self._renames = Renames(self._renamed)
            elif not self._dry[entry.run]:
                host = self._renames.key(entry.host, entry.number)
                key = key_of(entry.service or "", host, body["period"])
                self.rows[key] = joined(
                    self.rows.get(key), entry.number, entry.at, body["outcome"], body["reason"]
                )

    def passing(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries as they come, each counted."""
        for entry in entries:
            self.add(entry)
            yield entry

    def stamps(self, periods: Collection[str] | None = None) -> Iterator[LatestStamp]:
        rows = ((key, row) for key, row in self.rows.items() if periods is None or key.period in periods)
        return _joined(rows, self._renames)

    def fill(self, connection: sa.Connection, customer: str) -> None:
        """Write the rows of a customer that has none yet."""
        rows = [{"customer": customer, **key._asdict(), **row._asdict()} for key, row in self.rows.items()]
        if rows:
            connection.execute(schema.latest.insert(), rows)

    def renew(self, connection: sa.Connection, customer: str) -> None:
        """Bring a customer's rows up to entries that were written without them."""
        query = sa.select(*(_t[name] for name in Key._fields)).where(_t.customer == customer)
        there = {Key(*row) for row in connection.execute(query)}
        new = [key for key in self.rows if key not in there]
        if new:
            rows = [{"customer": customer, **key._asdict(), **self.rows[key]._asdict()} for key in new]
            connection.execute(schema.latest.insert(), rows)
        for key in there & self.rows.keys():
            mine = sa.and_(
                _t.customer == customer, *(_t[name] == value for name, value in key._asdict().items())
            )
            connection.execute(schema.latest.update().where(mine).values(self.rows[key]._asdict()))

    def compare(self, connection: sa.Connection, customer: str) -> Iterator[Break]:
        """Where the table says something else than the entries."""
        query = sa.select(*(_t[name] for name in Key._fields + Row._fields)).where(_t.customer == customer)
        kept = {Key(*row[:3]): Row(*row[3:]) for row in connection.execute(query)}
        for key in sorted(kept.keys() | self.rows.keys(), key=str):
            if kept.get(key) != self.rows.get(key):
                yield _break(customer, key, kept.get(key), self.rows.get(key))


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
