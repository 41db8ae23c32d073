"""Hosts that got another name: whose entries are whose.

Entries keep the name that a host had when they were written. An entry of a kind of its own says who is called what from
there on, all at once, so that two hosts can swap their names. A name that was given up can be taken by another machine:
from then on its entries are that machine's.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa

from serviceheft.book import schema

RENAMED = "hosts renamed"

_e = schema.entries.c


class Renames:
    """What was renamed, as (number of the entry, {old name: new name}) in ascending order."""

    def __init__(self, steps: Sequence[tuple[int, Mapping[str, str]]] = ()) -> None:
        self.steps = tuple(steps)

    def __bool__(self) -> bool:
        return bool(self.steps)

    def present(self, name: str | None, number: int) -> str | None:
        """What the host is called now that had this name in the entry of this number."""
        for step, renamed in self.steps:
            if step > number and name is not None:
                name = renamed.get(name, name)
        return name

    def spans(self, present: str) -> Iterator[tuple[str, int, int | None]]:
        """Which entries are those of a host: its names, each after an entry and before another (None: to the end)."""
        names = {present: None}
        ends: dict[str, int | None] = {present: None}
        for step, renamed in reversed(self.steps):
            before = {
                **{name: None for name in names if name not in renamed},
                **{old: None for old, new in renamed.items() if new in names},
            }
            for name in names:
                if name not in before:
                    yield name, step, ends.pop(name)
            for name in before:
                ends.setdefault(name, step)
            names = before
        for name in names:
            yield name, 0, ends[name]

    def former_names(self) -> dict[str, frozenset[str]]:
        """By present name every other name that the host had."""
        found: dict[str, set[str]] = {}
        for step, renamed in self.steps:
            for old in renamed:
                present = str(self.present(old, step - 1))
                found.setdefault(present, set()).add(old)
        return {present: frozenset(names - {present}) for present, names in found.items()}

    def where(self, present: str) -> sa.ColumnElement[bool]:
        """The entries of a host."""
        if not self.steps:
            return _e.host == present
        return sa.or_(
            *(
                sa.and_(_e.host == name, _e.number > after, *([_e.number < before] if before else []))
                for name, after, before in self.spans(present)
            )
        )

    def key(self, name: str | None, number: int) -> str:
        """The name in the table of latest stamps, with the entry since which it is this bearer's: "pc-01@57"."""
        if name is None:
            return ""
        given_up = [step for step, renamed in self.steps if step < number and name in renamed]
        return f"{name}@{given_up[-1]}" if given_up else name

    def of_key(self, key: str) -> str | None:
        """The present name of such a key; None for the customer as a whole."""
        name, _, since = key.partition("@")
        return self.present(name or None, int(since or 0))


def read(connection: sa.Connection, customer: str) -> Renames:
    """All of a customer; almost always none."""
    query = (
        sa.select(_e.number, _e.body).where(_e.customer == customer, _e.kind == RENAMED).order_by(_e.number)
    )
    return Renames([(number, json.loads(body)["renamed"]) for number, body in connection.execute(query)])
