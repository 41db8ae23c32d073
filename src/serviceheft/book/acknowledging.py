"""Going on after a clock was wrong: somebody says so, with a reason, and the book remembers it."""

from datetime import datetime

from serviceheft.book import timing
from serviceheft.book.appending import Appending, head_of
from serviceheft.book.book import Book
from serviceheft.book.errors import RunRefused


def acknowledge(
    book: Book, customer: str, *, who: str, reason: str, now: datetime, clock: timing.Clock | None
) -> int:
    """Record that the clock is right now; how many entries were made by one that was ahead.

    Their stamps count for no period from now on; findings, tickets and what was measured stay. Raises RunRefused.
    """
    if not reason.strip():
        raise RunRefused("Say in a sentence what was wrong with the clock: --reason TEXT")
    with book.store.writing(customer) as connection:
        if head_of(connection, customer) is None:
            raise RunRefused(f"The book has no entry of {customer}: there is nothing to acknowledge.")
        span = timing.ahead_of(connection, customer, now)
        first, last = span or (None, None)
        appending = Appending(connection, customer, None, now, backwards=True)
        body = {
            "who": who,
            "reason": reason.strip(),
            "first": first,
            "last": last,
            "clock": clock.body if clock else None,
        }
        appending.append(timing.ACKNOWLEDGED, body=body)
        appending.write()
    return span[1] - span[0] + 1 if span else 0
