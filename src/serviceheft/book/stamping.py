"""Many stamps in one transaction: the entries, findings and tickets that as many single ones would make.

What all of them need is read once for all places, and what they write is written together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa

from serviceheft.assess.judgement import Judgement
from serviceheft.book import latest, reading, renames
from serviceheft.book.appending import Appending
from serviceheft.book.chain import Entry
from serviceheft.book.folding import FINDING_KINDS, OPENED, TICKET_KINDS, fold
from serviceheft.book.living import Living, TicketPolicy
from serviceheft.book.reading import Place
from serviceheft.book.records import FindingLife, Run, Stamped
from serviceheft.book.values import text


class StampOrder(NamedTuple):
    """A service to be stamped on a host (None: the customer as a whole).

    period: None for what is no period's work. clause: what the contract calls it, also on its tickets. note: what a
    person wrote; done_at: when that was done.
    """

    service: str
    host: str | None
    period: str | None
    judgement: Judgement
    clause: str
    note: str | None = None
    done_at: datetime | None = None


def stamp_all(
    connection: sa.Connection, run: Run, orders: Iterable[StampOrder], policy: TicketPolicy, now: datetime
) -> tuple[Stamped, ...]:
    """Stamp in this order, within the caller's transaction and under the customer's lock; a result each.

    ValueError for what is too large or no plain JSON: the caller takes the transaction back.
    """
    every = [_plain(order) for order in orders]
    policy = replace(policy, deadline=cache(policy.deadline))  # one moment, one deadline
    appending = Appending(connection, run.customer, run.id, now)
    if run.dry_run:
        stamped = tuple(Stamped(_append(appending, order)) for order in every)
    else:
        stamped = _with_findings(connection, appending, every, policy, now)
    appending.write()
    return stamped


def _plain(order: StampOrder) -> StampOrder:
    """Its place in the form in which entries have it."""
    host, period = order.host, order.period
    return order._replace(
        service=text(order.service, "service"),
        host=None if host is None else text(host, "host"),
        period=None if period is None else text(period, "period"),
    )


def _append(appending: Appending, order: StampOrder) -> int:
    appending.begin_part()
    judgement = order.judgement
    body: dict[str, object] = {
        "period": order.period,
        "outcome": judgement.outcome,
        "clause": order.clause,
        "subject": judgement.subject,
        "reason": judgement.reason,
        "note": order.note,
        "findings": [
            {"cause": it.cause, "severity": it.definition.severity, "values": it.values}
            for it in judgement.findings
        ],
        "checks": {check.key: check.result for check in judgement.checks},
        "actions": [action.as_data() for action in judgement.actions],
    }
    if order.done_at is not None:
        body["done_at"] = order.done_at
    return appending.append("stamp", service=order.service, host=order.host, body=body)


def _with_findings(
    connection: sa.Connection,
    appending: Appending,
    orders: Sequence[StampOrder],
    policy: TicketPolicy,
    now: datetime,
) -> tuple[Stamped, ...]:
    customer = appending.customer
    known = renames.read(connection, customer)
    living = _Lives(connection, customer, {(it.service, it.host) for it in orders}, known)
    keys = [
        latest.key_of(it.service, known.key(it.host, appending.last_number + 1), it.period) for it in orders
    ]
    periods = latest.Kept(connection, customer, keys)
    stamped = []
    for order, key in zip(orders, keys, strict=True):
        service, host, judgement = order.service, order.host, order.judgement
        number = _append(appending, order)
        if judgement.measured:
            subject = judgement.subject
            appending.append("snapshot", service=service, host=host, subject=subject, body=judgement.measured)
        found = Living(appending, service, host, order.clause, policy, now)
        stamped.append(found.apply(number, judgement, living.at((service, host))))
        living.add((service, host), appending.part())
        periods.add(key, number, appending.at, judgement.outcome, judgement.reason)
    periods.write(connection, customer)
    return tuple(stamped)


class _Lives:
    """The open findings of places, by what stands in the book and what was appended since."""

    def __init__(
        self, connection: sa.Connection, customer: str, places: set[Place], known: renames.Renames
    ) -> None:
        entries, opened = reading.open_entries(connection, customer, known, places)
        self._known, self._opened = known, set(opened)
        self._entries: dict[Place, list[Entry]] = {}
        for entry in entries:
            place = entry.service or "", known.present(entry.host, entry.number)
            self._entries.setdefault(place, []).append(entry)

    def at(self, place: Place) -> list[FindingLife]:
        entries = self._entries.get(place)
        if not entries:
            return []
        lives, _ = fold(entries, self._known, only=self._opened)
        return [life for life in lives if life.is_open]

    def add(self, place: Place, part: Iterable[Entry]) -> None:
        """What one stamp has appended."""
        new = [entry for entry in part if entry.kind in FINDING_KINDS or entry.kind in TICKET_KINDS]
        if new:
            self._entries.setdefault(place, []).extend(new)
            self._opened.update(entry.number for entry in new if entry.kind == OPENED)
