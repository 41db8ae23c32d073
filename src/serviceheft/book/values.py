"""How values are written into the book: plain JSON in one canonical form, times in UTC."""

import json
import math
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime

from serviceheft.assess.judgement import Json

#: One for all: json.dumps would make one for each value.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: Json | Mapping[str, Json]) -> str:
    """The one way to write a value as JSON: sorted keys, no spaces, no escapes beyond JSON's own."""
    return _CANONICAL.encode(value)


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC and of fixed width, so that text sorts as time does; ValueError without an offset."""
    if moment.utcoffset() is None:
        raise ValueError("A time without an offset cannot be written into the book.")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def plain(value: object, where: str = "value") -> Json:
    """A copy of exactly str (NFC), int, float, bool, None, list and dict, with datetimes as ISO 8601 in UTC.

    ValueError for anything else. Ansible hands over subclasses that carry tags and templates; none of that
    may reach a driver or the hash.
    """
    if type(value) is str:  # most of what is written
        return text(value, where)
    match value:
        case None | bool():
            return value
        case datetime():
            return timestamp(value)
        case str():
            return text(value, where)
        case int():
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case list() | tuple():
            return [plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
        case Mapping():
            return _mapping(value, where)
    raise ValueError(f"{where} is {value!r:.40}; the book stores only plain JSON values.")


def text(value: object, where: str) -> str:
    """The text in NFC: equal text gives equal bytes, whichever device it came from."""
    if type(value) is str and value.isascii():  # it has no other form
        return value
    if not isinstance(value, str):
        raise ValueError(f"{where} is a {type(value).__name__}, not text.")
    normal = unicodedata.normalize("NFC", str(value))
    try:
        normal.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{where} holds text that is not valid Unicode.") from None
    return normal


def _mapping(value: Mapping[object, object], where: str) -> dict[str, Json]:
    result: dict[str, Json] = {}
    for key, item in value.items():
        name = key if type(key) is str and key.isascii() else text(key, f"a key of {where}")
        if name in result:
            raise ValueError(f"{where} has the key {name!r} twice.")
        if type(item) is str and item.isascii():  # most of what is written
            result[name] = item
        else:
            result[name] = plain(item, f"{where}.{name}")
    return result
