"""Queries on an open transaction, and entries turned into the records that readers get."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import batched, chain
from typing import Any, Literal

import sqlalchemy as sa

from serviceheft.assess.actions import Action
from serviceheft.assess.judgement import CheckResult, Outcome, Severity
from serviceheft.book import latest, renames, schema
from serviceheft.book.chain import Entry
from serviceheft.book.folding import BEGIN_OR_END, FINDING_KINDS, OPENED, TICKET_KINDS, fold, moment
from serviceheft.book.processes import Process
from serviceheft.book.records import FindingLife, Found, Run, Snapshot, Stamp, Ticket, WriteOff
from serviceheft.book.values import timestamp

#: As many are asked for by name; more are cheaper to get all.
FEW_RUNS = 100
FEW_PLACES = 50
_AT_ONCE = 500

WRITTEN_OFF = "written off"
CARRIED = "carried forward"

type Place = tuple[str, str | None]

_e = schema.entries.c


def entries(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> Iterator[Entry]:
    """Entries by ascending number, streamed."""
    query = sa.select(schema.entries).where(*where).order_by(_e.customer, _e.number)
    rows = connection.execute(query, execution_options={"yield_per": 500})
    return map(Entry._make, chain.from_iterable(rows.partitions()))


def few(connection: sa.Connection, parts: Iterable[sa.ColumnElement[bool]]) -> list[Entry]:
    """Entries of one customer that are in one of these parts (in no two), by ascending number.

    Each part is looked for by itself and nothing is sorted by the database: SQLite would walk through all entries for
    the sake of their order.
    """
    found: list[Entry] = []
    for some in batched(parts, FEW_PLACES):
        query = sa.union_all(*(sa.select(schema.entries).where(part) for part in some))
        found += map(Entry._make, connection.execute(query).all())
    return sorted(found, key=lambda it: it.number)


def of_kinds(connection: sa.Connection, customer: str, kinds: Iterable[str]) -> list[Entry]:
    """All of a customer that are of these kinds, by ascending number; there should be few of them among all."""
    return few(connection, [sa.and_(_e.customer == customer, _e.kind == kind) for kind in kinds])


def of_periods(connection: sa.Connection, customer: str) -> Iterator[Entry]:
    """All entries that say what the periods have come to (latest.py)."""
    return entries(connection, _e.customer == customer, _e.kind.in_(latest.KINDS))


def customers(connection: sa.Connection) -> list[str]:
    """Every customer that has entries or a head."""
    query = sa.union(sa.select(_e.customer), sa.select(schema.heads.c.customer))
    return sorted(str(name) for name in connection.execute(query).scalars())


def lives(connection: sa.Connection, customer: str) -> tuple[list[FindingLife], list[Ticket]]:
    """All findings and tickets of a customer."""
    found = of_kinds(connection, customer, FINDING_KINDS + TICKET_KINDS)
    return fold(found, renames.read(connection, customer))


def open_lives(
    connection: sa.Connection, customer: str, place: Place | None = None
) -> tuple[list[FindingLife], list[Ticket]]:
    """Findings that have not come to an end, of a customer or of one (service, host), and their tickets."""
    known = renames.read(connection, customer)
    found, opened = open_entries(connection, customer, known, {place} if place else None)
    return fold(found, known, only=opened)


def open_entries(
    connection: sa.Connection, customer: str, known: renames.Renames, places: Collection[Place] | None = None
) -> tuple[list[Entry], frozenset[int]]:
    """What says how open findings stand, of a customer or of these places; and the entries that opened them.

    By number, with entries of other findings between. Of those that have come to an end, no more than their first and
    last entries' columns is read.
    """
    if places is not None and len(places) <= FEW_PLACES:
        rows = _begun(connection, customer, [_at(place, known) for place in places])
    else:  # without a balance there has been no run before
        balanced = _begun_since_balance(connection, customer)
        rows = _begun(connection, customer, [[]]) if balanced is None else balanced
    opened: dict[tuple[Any, ...], int] = {}
    for number, kind, service, host, cause in sorted(rows):
        key = (service, known.present(host, number), cause)
        if kind == OPENED:
            opened[key] = number
        else:
            opened.pop(key, None)
    if places is not None:
        opened = {key: number for key, number in opened.items() if key[:2] in places}
    first: dict[Place, int] = {}
    for (service, host, _), number in opened.items():
        first[service, host] = min(first.get((service, host), number), number)
    return _since(connection, customer, known, first), frozenset(opened.values())


def _begun_since_balance(connection: sa.Connection, customer: str) -> list[tuple[Any, ...]] | None:
    """Number, kind, service, host and cause of what begins or ends a finding: of those that were open at the last
    balance, and of all since. None without a balance."""
    balance, open_then = open_at_last_balance(connection, customer)
    if not balance:
        return None
    mine = _e.customer == customer
    then = few(connection, [sa.and_(mine, _e.number.in_(some)) for some in batched(open_then, _AT_ONCE)])
    since = [[_e.kind == kind, _e.number > balance] for kind in BEGIN_OR_END]
    return [
        *((it.number, it.kind, it.service, it.host, it.subject) for it in then),
        *_begun(connection, customer, since),
    ]


def _begun(
    connection: sa.Connection, customer: str, parts: Iterable[list[sa.ColumnElement[bool]]]
) -> list[tuple[Any, ...]]:
    """The same of these parts of a customer's entries."""
    query = sa.select(_e.number, _e.kind, _e.service, _e.host, _e.subject).where(
        _e.customer == customer, _e.kind.in_(BEGIN_OR_END)
    )
    found: list[tuple[Any, ...]] = []
    for some in batched(parts, FEW_PLACES):
        found += map(tuple, connection.execute(sa.union_all(*(query.where(*it) for it in some))).all())
    return found


def _since(
    connection: sa.Connection, customer: str, known: renames.Renames, first: Mapping[Place, int]
) -> list[Entry]:
    """All of findings and tickets at these places from an entry on, by number."""
    parts = [
        sa.and_(
            _e.customer == customer,
            *_at(place, known),
            _e.number >= number,
            _e.kind.in_(FINDING_KINDS + TICKET_KINDS),
        )
        for place, number in first.items()
    ]
    return few(connection, parts)


def open_at_last_balance(connection: sa.Connection, customer: str) -> tuple[int, list[int]]:
    """The newest balance's number, and the findings (by their first entries) that were open then; (0, []) where
    there is none that says so."""
    query = (
        sa.select(_e.number, _e.body)
        .where(_e.customer == customer, _e.kind == CARRIED)
        .order_by(_e.number.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return (int(row.number), json.loads(row.body)["open"]) if row else (0, [])


def _at(place: Place, known: renames.Renames) -> list[sa.ColumnElement[bool]]:
    service, host = place
    return [_e.service == service, _e.host.is_(None) if host is None else known.where(host)]


def snapshots(connection: sa.Connection, customer: str, subject: str | None = None) -> list[Snapshot]:
    """The latest snapshot of each subject on each host, or of one subject."""
    known = renames.read(connection, customer)
    where = [_e.customer == customer, _e.kind == "snapshot"]
    if subject is not None:
        where.append(_e.subject == subject)
    # A name that was given up and taken again is another host's: the last of each bearer.
    bearers: list[sa.ColumnElement[Any]] = [
        sa.case((_e.number > step, 1), else_=0) for step, _ in known.steps
    ]
    last = sa.select(sa.func.max(_e.number)).where(*where).group_by(_e.host, _e.subject, *bearers)
    found: dict[tuple[str | None, str], Snapshot] = {}
    for it in entries(connection, _e.customer == customer, _e.number.in_(last)):
        snapshot = _snapshot(it, known)
        found[snapshot.host, snapshot.subject] = snapshot
    return list(found.values())


def last_telling(connection: sa.Connection, customer: str, newest: Snapshot, field: str) -> Snapshot | None:
    """The last snapshot before the newest one of its host and subject in which a field is not null."""
    known = renames.read(connection, customer)
    host = _e.host.is_(None) if newest.host is None else known.where(newest.host)
    where = (_e.customer == customer, _e.kind == "snapshot", host, _e.subject == newest.subject)
    query = sa.select(schema.entries).where(*where).order_by(_e.number.desc())
    for row in connection.execute(query, execution_options={"yield_per": 20}):
        found = _snapshot(Entry(*row), known)
        if found.measured.get(field) is not None:
            return found
    return None


def _snapshot(it: Entry, known: renames.Renames) -> Snapshot:
    host = known.present(it.host, it.number)
    return Snapshot(host, it.subject or "", json.loads(it.body), moment(it.at), it.run or "")


def runs(
    connection: sa.Connection,
    customer: str,
    now: datetime,
    limit: int | None = None,
    *,
    open_only: bool = False,
    kinds: Collection[str] | None = None,
) -> list[Run]:
    """A customer's runs, the latest first; open_only: those of which the end was not written; of these kinds."""
    of_customer = schema.entries.alias()
    query = sa.select(of_customer).where(
        of_customer.c.customer == customer, of_customer.c.kind == "run begun"
    )
    if open_only:
        query = query.where(~sa.exists().where(_e.run == of_customer.c.run, _e.kind == "run ended"))
    if kinds is not None:  # a body is canonical JSON, so that no other run is read at all
        said = [of_customer.c.body.contains(f'"kind":"{kind}"', autoescape=True) for kind in sorted(kinds)]
        query = query.where(sa.or_(sa.false(), *said))
    latest_first = query.order_by(of_customer.c.number.desc()).limit(limit)
    begun = [Entry(*row) for row in connection.execute(latest_first)]
    few = limit or len(begun) <= FEW_RUNS
    ends = {} if open_only else _ends(connection, customer, [it.run for it in begun] if few else None)
    known = renames.read(connection, customer)
    return [_run(connection, it, ends.get(it.run), now, known) for it in begun]


def _ends(connection: sa.Connection, customer: str, of: list[str | None] | None) -> dict[str | None, Entry]:
    where = [_e.customer == customer, _e.kind == "run ended"]
    if of is not None:
        where.append(_e.run.in_(of))
    return {it.run: it for it in entries(connection, *where)}


def customer_of(connection: sa.Connection, identifier: str) -> str | None:
    """Whose run this is."""
    query = sa.select(_e.customer).where(_e.run == identifier, _e.kind == "run begun")
    return connection.execute(query).scalar_one_or_none()


def run(connection: sa.Connection, identifier: str, now: datetime) -> Run | None:
    """One run by its id, of whichever customer."""
    begun, ended = None, None
    for it in entries(connection, _e.run == identifier, _e.kind.in_(("run begun", "run ended"))):
        if it.kind == "run begun":
            begun = it
        else:
            ended = it
    return _run(connection, begun, ended, now, renames.read(connection, begun.customer)) if begun else None


def _last_heard(connection: sa.Connection, begun: Entry) -> datetime:
    query = sa.select(sa.func.max(_e.at)).where(_e.run == begun.run)
    return moment(connection.execute(query).scalar_one())


def _run(
    connection: sa.Connection, begun: Entry, ended: Entry | None, now: datetime, known: renames.Renames
) -> Run:
    body = json.loads(begun.body)
    process = Process(**body["process"])
    state: Literal["running", "carried out", "incomplete", "interrupted"]
    if ended:
        state = json.loads(ended.body)["outcome"]
    else:
        alive = process.alive(lambda: _last_heard(connection, begun), now)
        state = "running" if alive else "interrupted"
    return Run(
        id=begun.run or "",
        customer=begun.customer,
        kind=body["kind"],
        who=body["who"],
        commit=body["commit"],
        inventory_hash=body["inventory_hash"],
        dry_run=body["dry_run"],
        tier=body["tier"],
        ticket=body["ticket"],
        reason=body["reason"],
        limit=body["limit"],
        process=process,
        began_at=moment(begun.at),
        ended_at=moment(ended.at) if ended else None,
        billable_minutes=_minutes(ended),
        state=state,
        rehearsed=bool(body.get("rehearsed")),
        catch_up=bool(body.get("catch_up")),
        maximum_hosts=body.get("maximum_hosts"),
        listed=tuple(
            str(known.present(part, begun.number))
            for part in (name.strip() for name in re.split("[,:]", body["limit"] or ""))
            if part
        ),
    )


def _minutes(ended: Entry | None) -> tuple[int, int] | None:
    minutes = json.loads(ended.body).get("billable_minutes") if ended else None
    return (minutes[0], minutes[1]) if minutes else None


def stamps(
    connection: sa.Connection,
    customer: str,
    *,
    since: datetime | None = None,
    service: str | None = None,
    host: str | None = None,
    run: str | None = None,
    hosts: Collection[str] | None = None,
) -> list[Stamp]:
    """Stamps in the order in which they were made; None means any."""
    where = [_e.customer == customer, _e.kind == "stamp"]
    if since:
        where.append(_e.at >= timestamp(since))
    known = renames.read(connection, customer)
    where += [column == value for column, value in ((_e.service, service), (_e.run, run)) if value]
    if host is not None:
        where.append(known.where(host))
    if hosts is not None:
        where.append(sa.or_(*map(known.where, sorted(hosts))) if known else _e.host.in_(sorted(hosts)))
    found = list(entries(connection, *where))
    return list(_stamps(found, beginnings(connection, customer, {it.run for it in found}), known))


def write_offs(connection: sa.Connection, customer: str) -> list[WriteOff]:
    """In the order in which they were written."""
    known = renames.read(connection, customer)
    found = list(entries(connection, _e.customer == customer, _e.kind == WRITTEN_OFF))
    begun = beginnings(connection, customer, {it.run for it in found})
    return [
        WriteOff(
            number=it.number,
            at=moment(it.at),
            run=it.run or "",
            who=begun[it.run]["who"],
            service=it.service or "",
            host=known.present(it.host, it.number),
            period=it.subject or "",
            reason=(body := json.loads(it.body))["reason"],
            consent=body.get("consent"),
        )
        for it in found
    ]


def beginnings(
    connection: sa.Connection, customer: str, of: set[str | None]
) -> dict[str | None, dict[str, Any]]:
    """What was said at the beginning of these runs."""
    where = [_e.customer == customer, _e.kind == "run begun"]
    if len(of) <= FEW_RUNS:
        where.append(_e.run.in_(sorted(str(run) for run in of)))
    return {it.run: json.loads(it.body) for it in entries(connection, *where) if it.run in of}


def _stamps(
    rows: Iterable[Entry], begun: dict[str | None, dict[str, Any]], known: renames.Renames
) -> Iterator[Stamp]:
    for it in rows:
        body, run_body = json.loads(it.body), begun[it.run]
        yield Stamp(
            number=it.number,
            at=moment(it.at),
            run=it.run or "",
            service=it.service or "",
            host=known.present(it.host, it.number),
            period=body["period"],
            outcome=Outcome(body["outcome"]),
            clause=body["clause"],
            subject=body["subject"],
            reason=body["reason"],
            note=body["note"],
            findings=tuple(
                Found(found["cause"], Severity(found["severity"]), found["values"])
                for found in body["findings"]
            ),
            checks={key: CheckResult(result) for key, result in body["checks"].items()},
            actions=tuple(Action.from_data(action) for action in body.get("actions", ())),
            kind=run_body["kind"],
            who=run_body["who"],
            commit=run_body["commit"],
            inventory_hash=run_body["inventory_hash"],
            dry_run=run_body["dry_run"],
            done_at=moment(body["done_at"]) if body.get("done_at") else None,
            name_then=it.host,
        )
