"""Readers of raw values: a wrong type or an impossible date reads as None, never as an error.

What a host or a console sends is not trusted: a judging function asks for one named value of one type at a
time, so nothing that it did not ask for can travel on.
"""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

#: Longer texts than any name, version or title that Windows shows are cut: pages and PDFs print them.
LONGEST_TEXT = 200

#: Clocks of hosts run ahead a little; a date further in the future is no measurement.
CLOCK_SKEW = timedelta(days=1)

_LONGEST_NUMBER = 2**63


def mapping(raw: object, key: str | None = None) -> Mapping[str, Any]:
    """The mapping itself, or the one under `key`; empty when it is none."""
    value = raw if key is None else _get(raw, key)
    return value if isinstance(value, Mapping) else {}


def rows(raw: object, key: str) -> tuple[Mapping[str, Any], ...] | None:
    """The mappings of the list under `key`; a lone mapping counts as a list of one (PowerShell's habit)."""
    value = _get(raw, key)
    if isinstance(value, Mapping):
        return (value,)
    if isinstance(value, list | tuple):
        return tuple(row for row in value if isinstance(row, Mapping))
    return None


def texts(raw: object, key: str) -> tuple[str, ...]:
    """The texts of the list under `key`, or the lone text as a list of one."""
    value = _get(raw, key)
    candidates: Iterable[object] = value if isinstance(value, list | tuple) else (value,)
    return tuple(cleaned for item in candidates if (cleaned := _clean(item)) is not None)


def text(raw: object, key: str) -> str | None:
    """One line of printable text, cut at LONGEST_TEXT; None for empty."""
    return _clean(_get(raw, key))


def flag(raw: object, key: str) -> bool | None:
    """A real boolean; neither 0 nor "false" is one."""
    value = _get(raw, key)
    return value if isinstance(value, bool) else None


def whole_number(raw: object, key: str) -> int | None:
    """An integer, also as a whole float or a decimal text (64-bit numbers travel as text at times)."""
    value = _get(raw, key)
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        value = int(value)
    return value if isinstance(value, int) and -_LONGEST_NUMBER <= value < 2 * _LONGEST_NUMBER else None


def moment(raw: object, key: str, now: datetime) -> datetime | None:
    """An ISO 8601 date in UTC; without offset it is taken as UTC; None when it lies after `now`."""
    value = _get(raw, key)
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value.strip())
        parsed = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # Windows stores "never" as 1601-01-01 or 1899-12-30.
    if parsed.year < 1990 or parsed > now.astimezone(UTC) + CLOCK_SKEW:
        return None
    return parsed.replace(microsecond=0)


def unix_moment(raw: object, key: str, now: datetime) -> datetime | None:
    """Seconds since 1970, as the registry keeps dates; None for what `moment` would not take either."""
    seconds = whole_number(raw, key)
    if seconds is None or not 0 < seconds < 2**32 - 1:
        return None
    return moment({key: datetime.fromtimestamp(seconds, UTC).isoformat()}, key, now)


def iso(when: datetime | None) -> str | None:
    """ISO 8601 in UTC with seconds and Z, as normal forms store dates."""
    return None if when is None else when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def age_in_days(when: datetime, now: datetime) -> int:
    """Whole days that have passed; a clock that runs ahead gives 0."""
    return max(0, (now - when).days)


def hexadecimal(number: int | None) -> str | None:
    """An HRESULT as Windows' documentation writes it: unsigned, eight digits."""
    return None if number is None else f"0x{number & 0xFFFFFFFF:08X}"


def version_key(version: str | None) -> tuple[int, ...] | None:
    """The numbers of a dotted version without trailing zeros, for comparison; None for anything else."""
    if version is None or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}){0,7}", version):
        return None
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _get(raw: object, key: str) -> object:
    return raw.get(key) if isinstance(raw, Mapping) else None


def _clean(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    printable = "".join(character if character.isprintable() else " " for character in value[:4096])
    return " ".join(printable.split())[:LONGEST_TEXT].strip() or None
