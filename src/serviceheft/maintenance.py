"""When something may be changed: maintenance windows and freeze days, in local time."""

from collections.abc import Collection, Iterable
from datetime import datetime, time, timedelta

from serviceheft.model.patching import FreezeDays
from serviceheft.model.schema import MaintenanceWindow
from serviceheft.settings import BERLIN

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def is_open(windows: Iterable[MaintenanceWindow], names: Collection[str] | None, now: datetime) -> bool:
    """Whether `now` (aware) lies in one of the windows, of those named (None: of all).

    A window that ends before it starts goes on past midnight: it belongs to the day on which it opens.
    """
    local = now.astimezone(BERLIN)
    chosen = [window for window in windows if names is None or window.name in names]
    return any(_contains(window, local) for window in chosen)


def is_frozen(freeze: Iterable[FreezeDays], now: datetime) -> bool:
    """Whether `now` (aware) lies on one of the freeze days."""
    today = now.astimezone(BERLIN).date()
    return any(days.first_day <= today <= days.last_day for days in freeze)


def _contains(window: MaintenanceWindow, local: datetime) -> bool:
    start, end = time.fromisoformat(window.start), time.fromisoformat(window.end)
    clock = local.time().replace(tzinfo=None)
    if start < end:
        return _opens_on(window, local) and start <= clock < end
    after_midnight = clock < end and _opens_on(window, local - timedelta(days=1))
    return after_midnight or (clock >= start and _opens_on(window, local))


def _opens_on(window: MaintenanceWindow, local: datetime) -> bool:
    return _WEEKDAYS[local.weekday()] in window.days
