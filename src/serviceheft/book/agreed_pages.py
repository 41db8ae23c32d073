"""The part of the book that says what was agreed, what hosts are called, and what was carried forward."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from serviceheft.agreement import Agreed
from serviceheft.book import agreements, reading, renames
from serviceheft.book.appending import Appending
from serviceheft.book.errors import ALTERED, BookUnavailable, place
from serviceheft.book.folding import moment
from serviceheft.book.open_runs import customer_of, open_run
from serviceheft.book.store import Store
from serviceheft.book.values import canonical
from serviceheft.carrying import Carried


class AgreedPages:
    """Any method may raise BookUnavailable: nothing was written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._agreed: dict[str, tuple[tuple[int, str], list[Agreed]]] = {}

    def agree(self, run: str, agreed: Agreed, *, now: datetime) -> Agreed:
        """Record what is agreed from `agreed.since` on; the same with its entry's number and time.

        ValueError in a dry run, and for what would hold from before the last one.
        """
        customer = self._customer(run)
        with self._store.writing(customer) as connection:
            begun = open_run(connection, run, now)
            if begun.dry_run:
                raise ValueError("A dry run agrees on nothing.")
            before = self._agreements(connection, customer)
            if before and agreed.since < before[-1].since:
                raise ValueError("An agreement cannot hold from before the last one.")
            appending = Appending(connection, customer, run, now)
            number = agreements.append(appending, agreed)
            appending.write(agreements.LIMIT_BYTES)
        return replace(agreed, number=number, at=moment(appending.at), who=begun.who)

    def approve(
        self, run: str, agreement: int, *, now: datetime, approved_by: str, reason: str | None
    ) -> None:
        """Say who of the customer approved an agreement that is recorded. ValueError when there is none."""
        customer = self._customer(run)
        with self._store.writing(customer) as connection:
            open_run(connection, run, now)
            if agreement not in {it.number for it in self._agreements(connection, customer)}:
                raise ValueError(f"{customer} has no agreement {agreement}.")
            appending = Appending(connection, customer, run, now)
            body = {"agreement": agreement, "approved_by": approved_by, "reason": reason}
            appending.append(agreements.APPROVED, body=body)
            appending.write()

    def agreements(self, customer: str) -> list[Agreed]:
        """All that was agreed, in the order in which it was recorded."""
        with self._store.reading() as connection:
            return self._agreements(connection, customer)

    def customer_numbers(self) -> dict[str, str]:
        """By the name of each chain with an agreement the customer number that was agreed last."""
        with self._store.reading() as connection:
            return agreements.customer_numbers(connection)

    def _agreements(self, connection: sa.Connection, customer: str) -> list[Agreed]:
        newest = agreements.newest(connection, customer)
        if (known := self._agreed.get(customer)) and known[0] == newest:
            return list(known[1])
        try:
            found = agreements.read(connection, customer)
        except (KeyError, TypeError, ValueError, IndexError):
            what = "an agreement is none that any version wrote"
            raise BookUnavailable(f"{place(self._store.url)} {ALTERED.format(what=what)}") from None
        self._agreed[customer] = newest, found
        return list(found)

    def carry_forward(self, run: str, carried: Carried, *, now: datetime) -> bool:
        """Write a balance down; False when it is too large for that, and nothing was written."""
        customer = self._customer(run)
        with self._store.writing(customer) as connection:
            open_run(connection, run, now)
            lives, _ = reading.open_lives(connection, customer)
            body = {**carried.as_data(), "open": [life.number for life in lives]}
            if len(canonical(body)) > agreements.LIMIT_CARRIED:
                return False
            appending = Appending(connection, customer, run, now)
            appending.append(reading.CARRIED, body=body)
            appending.write(agreements.LIMIT_CARRIED * 2)
        return True

    def carried_forward(self, customer: str) -> Carried | None:
        """The newest balance that holds."""
        with self._store.reading() as connection:
            try:
                return agreements.last_carried(connection, customer)
            except (KeyError, TypeError, ValueError):
                what = "a balance is none that any version wrote"
                raise BookUnavailable(f"{place(self._store.url)} {ALTERED.format(what=what)}") from None

    def rename(self, run: str, renamed: Mapping[str, str], *, now: datetime) -> None:
        """Say which hosts (by their names so far) are called what from here on; all of it at once.

        ValueError in a dry run, and where two hosts would become one that both have a name now.
        """
        customer = self._customer(run)
        if len(set(renamed.values())) != len(renamed) or any(old == new for old, new in renamed.items()):
            raise ValueError(f"These are no new names: {dict(renamed)}.")
        with self._store.writing(customer) as connection:
            if open_run(connection, run, now).dry_run:
                raise ValueError("A dry run renames nothing.")
            appending = Appending(connection, customer, run, now)
            appending.append(renames.RENAMED, body={"renamed": dict(renamed)})
            appending.write()

    def former_names(self, customer: str) -> dict[str, frozenset[str]]:
        """By the present names of hosts every other name that they had in the book."""
        with self._store.reading() as connection:
            return renames.read(connection, customer).former_names()

    def _customer(self, run: str) -> str:
        with self._store.reading() as connection:
            return customer_of(connection, run)
