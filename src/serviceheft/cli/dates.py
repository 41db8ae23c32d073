"""Days and moments as they are typed."""

from datetime import date, datetime, time

from serviceheft import settings
from serviceheft.cli.customers import Refused
from serviceheft.clock import parse_instant
from serviceheft.settings import BERLIN


def day(option: str, text: str) -> date:
    """A day, as 2026-11-20. Raises Refused."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refused(f"{option} {text!r} is no day. Write it as 2026-11-20.") from None


def moment(option: str, text: str) -> datetime:
    """A day or a local time, as 2026-11-20 or "2026-11-20 16:00"; of a day its noon, of today now.

    Raises Refused, clock.ClockError.
    """
    if len(text.strip()) > len("2026-11-20"):
        return parse_instant(text)
    found, now = day(option, text), settings.now()
    return now if found == now.date() else datetime.combine(found, time(12), BERLIN)
