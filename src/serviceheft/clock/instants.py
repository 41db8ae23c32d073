"""Instants as people write them."""

from datetime import UTC, datetime

from serviceheft.clock.closures import ClockError
from serviceheft.settings import BERLIN


def parse_instant(text: str) -> datetime:
    """The instant named by an ISO 8601 text, in Europe/Berlin.

    Without an offset the wall clock in Berlin is meant. An hour that the spring change leaves out is refused.
    The hour that comes twice in autumn is the first one; for the second write the offset: "...02:30+01:00".

    Raises ClockError.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ClockError(f'{text!r} is no date and time. Write for example "2026-11-20 16:00".') from None
    try:
        instant = found.replace(tzinfo=found.tzinfo or BERLIN).astimezone(UTC).astimezone(BERLIN)
    except OverflowError:
        raise ClockError(f"{text!r} is too far away to be told in another time zone.") from None
    if found.tzinfo is None and instant.replace(tzinfo=None) != found:
        raise ClockError(
            f"{text!r} never comes: the clocks go forward over it. Write a time before or after that hour."
        )
    return instant
