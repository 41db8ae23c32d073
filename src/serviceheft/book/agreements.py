"""Entries that say what was agreed, and the balances carried forward."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from serviceheft.agreement import Agreed, Terms
from serviceheft.book import reading, renames, schema, timing
from serviceheft.book.appending import Appending
from serviceheft.book.folding import moment
from serviceheft.carrying import Carried

AGREED = "agreed"
APPROVED = "agreement approved"

#: An agreement with thousands of hosts; a stamp is smaller.
LIMIT_BYTES = 1024 * 1024
#: A balance that is larger is not worth writing every week: then the account is worked out from the beginning.
LIMIT_CARRIED = 1024 * 1024

_e = schema.entries.c


def newest(connection: sa.Connection, customer: str) -> tuple[int, str]:
    """Number and hash of the last entry that decides on what `read` returns; (0, "") for none."""
    kinds = (AGREED, APPROVED, renames.RENAMED, timing.ACKNOWLEDGED)
    # One lookup in the index for each kind, however many entries there are.
    last = [
        sa.select(sa.func.max(_e.number)).where(_e.customer == customer, _e.kind == kind).scalar_subquery()
        for kind in kinds
    ]
    number = max(number or 0 for number in connection.execute(sa.select(*last)).one())
    query = sa.select(_e.hash).where(_e.customer == customer, _e.number == number)
    return number, str(connection.execute(query).scalar_one()) if number else ""


def append(appending: Appending, agreed: Agreed) -> int:
    """The number of the new entry."""
    body = {
        "since": agreed.since.isoformat(),
        "kept_since": agreed.kept_since.isoformat(),
        "origin": agreed.origin,
        "approved_by": agreed.approved_by,
        "reason": agreed.reason,
        "terms": agreed.terms.as_data(),
    }
    return appending.append(AGREED, body=body)


def read(connection: sa.Connection, customer: str) -> list[Agreed]:
    """All that was recorded, in that order. What a clock that was ahead has recorded counts for nothing.

    KeyError, TypeError, ValueError, IndexError for an entry that no version wrote.
    """
    spans, known = timing.uncounted(connection, customer), renames.read(connection, customer)
    entries = reading.of_kinds(connection, customer, (AGREED, APPROVED))
    begun = reading.beginnings(connection, customer, {it.run for it in entries})
    found: dict[int, Agreed] = {}
    for entry in timing.outside(spans, entries):
        body = json.loads(entry.body)
        if entry.kind == APPROVED:
            if approved := found.get(body["agreement"]):
                found[approved.number] = replace(
                    approved, approved_by=body["approved_by"], reason=body["reason"] or approved.reason
                )
            continue
        terms = Terms.from_data(body["terms"])
        now = {name: str(known.present(name, entry.number)) for name in terms.hosts} if known else {}
        found[entry.number] = Agreed(
            number=entry.number,
            at=moment(entry.at),
            since=datetime.fromisoformat(body["since"]),
            terms=terms.renamed(now),
            kept_since=datetime.fromisoformat(body["kept_since"]),
            origin=body["origin"],
            who=begun[entry.run]["who"] if entry.run in begun else None,
            approved_by=body["approved_by"],
            reason=body["reason"],
            former={present: name for name, present in now.items() if name != present},
        )
    return list(found.values())


def customer_numbers(connection: sa.Connection) -> dict[str, str]:
    """By the name of each chain the customer number of its last agreement."""
    last = sa.select(_e.customer, sa.func.max(_e.number)).where(_e.kind == AGREED).group_by(_e.customer)
    found = {}
    for name, number in connection.execute(last).all():
        query = sa.select(_e.body).where(_e.customer == name, _e.number == number)
        found[str(name)] = str(json.loads(connection.execute(query).scalar_one())["terms"]["customer_number"])
    return found


def last_carried(connection: sa.Connection, customer: str) -> Carried | None:
    """The newest balance that still holds: one that counted stamps of a wrong clock does not, once that is known."""
    query = (
        sa.select(_e.number, _e.body)
        .where(_e.customer == customer, _e.kind == reading.CARRIED)
        .order_by(_e.number.desc())
    )
    wrong = timing.acknowledged(connection, customer)
    for number, body in connection.execute(query, execution_options={"yield_per": 1}):
        if _holds(number, wrong):
            known = renames.read(connection, customer)
            carried = Carried.from_data(json.loads(body))
            return carried.renamed(partial(known.present, number=number)) if known else carried
    return None


def _holds(number: int, wrong: Iterable[tuple[int, int, int]]) -> bool:
    return all(number < first or number > said for said, first, _ in wrong)
