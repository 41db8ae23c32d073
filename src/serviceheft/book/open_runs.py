"""The run that something is written into: known, and not ended."""

from datetime import datetime

import sqlalchemy as sa

from serviceheft.book import reading
from serviceheft.book.errors import RunRefused
from serviceheft.book.records import Run
from serviceheft.settings import BERLIN


def customer_of(connection: sa.Connection, run: str) -> str:
    """Whose run this is. Raises RunRefused."""
    return _known(reading.customer_of(connection, run), run)


def _known[T](found: T | None, run: str) -> T:
    if found is None:
        raise RunRefused(f"The book knows no run {run}. Begin one first.")
    return found


def open_run(connection: sa.Connection, identifier: str, now: datetime) -> Run:
    """The run, read under the customer's lock; RunRefused when it has ended."""
    run = _known(reading.run(connection, identifier, now), identifier)
    if run.ended_at:
        raise RunRefused(
            f"{run.customer}: the run {run.id} ended at {shown(run.ended_at)} ({run.state}). "
            "Nothing more can be written into it: begin a new run."
        )
    return run


def shown(moment: datetime) -> str:
    return moment.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M")
