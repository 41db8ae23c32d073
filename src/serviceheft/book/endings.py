"""The last entry of every chain: what a book says before anybody writes on in it."""

import json
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from serviceheft.book import reading, schema
from serviceheft.book.appending import Appending
from serviceheft.book.errors import RunRefused
from serviceheft.book.folding import moment

MOVED = "book moved"


class Ending(NamedTuple):
    """A customer's last entry."""

    customer: str
    kind: str
    at: datetime
    body: str


def endings(connection: sa.Connection) -> list[Ending]:
    """One row per customer, found by its key: cheap however old the book is."""
    entries, heads = schema.entries.c, schema.heads.c
    query = sa.select(entries.customer, entries.kind, entries.at, entries.body).join(
        schema.heads, sa.and_(entries.customer == heads.customer, entries.number == heads.number)
    )
    return [Ending(it.customer, it.kind, moment(it.at), it.body) for it in connection.execute(query)]


def moved_to(connection: sa.Connection) -> str | None:
    """Where the book went, when it was moved away."""
    ends = [it for it in endings(connection) if it.kind == MOVED]
    return str(json.loads(ends[0].body)["to"]) if ends else None


def say_moved(connection: sa.Connection, to: str, at: datetime) -> None:
    """End every chain. The caller is the book's only writer."""
    for name in reading.customers(connection):
        appending = Appending(connection, name, None, at)
        appending.append(MOVED, body={"to": to})
        appending.write()


def refuse_moved(found: list[Ending]) -> None:
    """Raise RunRefused for a book that was moved away."""
    ends = [it for it in found if it.kind == MOVED]
    if ends:
        raise RunRefused(
            f"This book was moved: {json.loads(ends[0].body)['to']} is the book. Set HEFT_BOOK to its address, or "
            "finish the move: heft book move URL"
        )
