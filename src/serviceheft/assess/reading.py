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

#: What stands for "never" or "not known" where a number is expected: all bits set, or the largest of its kind.
SENTINELS = frozenset({-1, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1, -(2**31), -(2**63)})
#: The same for dates: before this year, Windows and databases begin to count (1601, 1899, 1970, 1980).
_FIRST_YEAR, _LAST_YEAR = 1990, 9000
#: Nobody waits for it, and it can be said in every time zone.
_LAST_DATE = datetime(9999, 12, 30, tzinfo=UTC)
#: No scan or definition is older, in days.
_LONGEST_AGE = 36_500
_NO_VERSION = re.compile(r"0+(\.0+)*|(65535)(\.65535)*|(4294967295)(\.4294967295)*")


def mapping(raw: object, key: str | None = None) -> Mapping[str, Any]:
    """The mapping itself, or the one under `key`; empty when it is none."""
    value = raw if key is None else _get(raw, key)
    return value if isinstance(value, Mapping) else {}


def rows(raw: object, key: str) -> tuple[Mapping[str, Any], ...] | None:
    """The mappings of the list under `key`; a lone mapping counts as a list of one (PowerShell's habit).

    None as well where one of them is none: a list that was not read whole says nothing of what is missing in it.
    """
    value = _get(raw, key)
    if isinstance(value, Mapping):
        return (value,)
    if isinstance(value, list | tuple) and all(isinstance(row, Mapping) for row in value):
        return tuple(value)
    return None


def agreed(found: Iterable[object], key: str) -> str | None:
    """The text under `key` that all rows have in common; None where they differ: the first of several is no answer."""
    values = {text(row, key) for row in found}
    return values.pop() if len(values) == 1 else None


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


def count(raw: object, key: str) -> int | None:
    """A number that counts something; None for a negative one, and for those that stand for "not known"."""
    number = whole_number(raw, key)
    return None if number is None or number < 0 or number in SENTINELS else number


def size(raw: object, key: str) -> int | None:
    """The size of something that is there: a number above zero."""
    return count(raw, key) or None


def says_never(raw: object, key: str) -> bool:
    """Whether an age in days or a date says that it never happened; nothing at all does not say so."""
    number = whole_number(raw, key)
    if number is not None:
        return number in SENTINELS or not 0 <= number <= _LONGEST_AGE
    parsed = _parsed(_get(raw, key))
    return parsed is not None and not _FIRST_YEAR <= parsed.year < _LAST_YEAR


def version(raw: object, key: str) -> str | None:
    """A version as text; None for one of nothing but zeros or of the largest numbers: nothing is loaded then."""
    told = text(raw, key)
    return None if told is None or _NO_VERSION.fullmatch(told) else told


def moment(raw: object, key: str, now: datetime) -> datetime | None:
    """An ISO 8601 date in UTC; without offset it is taken as UTC; None when it lies after `now`."""
    parsed = _parsed(_get(raw, key))
    if parsed is None or parsed.year < _FIRST_YEAR or parsed > now.astimezone(UTC) + CLOCK_SKEW:
        return None
    return parsed.replace(microsecond=0)


def date_ahead(raw: object, key: str) -> datetime | None:
    """An ISO 8601 date in UTC wherever it lies, also after now: when something is to end or to begin."""
    parsed = _parsed(_get(raw, key))
    return None if parsed is None else min(parsed.replace(microsecond=0), _LAST_DATE)


def unix_moment(raw: object, key: str, now: datetime) -> datetime | None:
    """Seconds since 1970, as the registry keeps dates; None for what `moment` would not take either."""
    seconds = size(raw, key)
    if seconds is None or seconds >= 2**32:
        return None
    return moment({key: datetime.fromtimestamp(seconds, UTC).isoformat()}, key, now)


def iso(when: datetime | None) -> str | None:
    """ISO 8601 in UTC with seconds and Z, as normal forms store dates."""
    return None if when is None else when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def age_in_days(when: datetime, now: datetime) -> int:
    """Whole days that have passed; a clock that runs ahead gives 0."""
    return max(0, (now - when).days)


def hexadecimal(number: int | None) -> str | None:
    """An HRESULT as Windows' documentation writes it: unsigned, eight digits; None where it says nothing (0 or -1)."""
    return None if number is None or (number + 1) & 0xFFFFFFFF <= 1 else f"0x{number & 0xFFFFFFFF:08X}"


def version_key(version: str | None) -> tuple[int, ...] | None:
    """The numbers of a dotted version without trailing zeros, for comparison; None for anything else."""
    if version is None or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}){0,7}", version):
        return None
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _parsed(value: object) -> datetime | None:
    """An ISO 8601 date in UTC, whatever it means; dates at the very ends of the calendar stay as they are."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    try:
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except OverflowError:
        return parsed.replace(tzinfo=UTC)


def _get(raw: object, key: str) -> object:
    return raw.get(key) if isinstance(raw, Mapping) else None


def _clean(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    printable = "".join(character if character.isprintable() else " " for character in value[:4096])
    return " ".join(printable.split())[:LONGEST_TEXT].strip() or None
