"""The parts of a visit: what was read, what is not there, and what could not be read are three different things.

A section holds its parts by name, and under Errors the names of those that could not be read. Whatever was not read as
it ought to look (no such name, an error, another type, a list with something else than rows in it) reads as None here,
and None is "not measured": never absent, never well.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from serviceheft.assess.reading import mapping, moment, rows


def section(visit: object, name: str) -> Mapping[str, Any] | None:
    """A raw section of the visit; None where it was not brought, or could not be collected."""
    found = mapping(visit, "sections").get(name)
    return found if isinstance(found, Mapping) and name not in mapping(visit, "errors") else None


def host_time(visit: object, now: datetime) -> datetime:
    """What the host's own clock said when it was visited; ours where it told nothing that can be. What is compared with
    other times of the host, such as its last start, is told by its clock: two clocks never agree."""
    return moment(visit, "collected_at", now) or now


def started_at(visit: object, now: datetime) -> datetime | None:
    """When the host was started last, by whichever section of the visit tells it; None: not told."""
    windows = told(section(visit, "computer"), "OperatingSystem")
    return moment(windows, "LastBootUpTime", now) or moment(section(visit, "updates"), "LastBootUpTime", now)


def told(raw: object, name: str) -> Mapping[str, Any] | None:
    """The part, which every host has; None: not read."""
    value = _value(raw, name)
    return value if isinstance(value, Mapping) else None


def told_or_absent(raw: object, name: str) -> Mapping[str, Any] | None:
    """The part of hosts that may lack it: empty where the host was asked and has none; None: not read."""
    value = _value(raw, name)
    if value is None and was_read(raw, name):
        return {}
    return value if isinstance(value, Mapping) and value else None


def told_rows(raw: object, name: str) -> tuple[Mapping[str, Any], ...] | None:
    """All rows of the part; None: not read, or not all of them."""
    return rows(raw, name) if was_read(raw, name) else None


def was_read(raw: object, *names: str) -> bool:
    """Whether the section has all these parts, and none of them among its errors."""
    if not isinstance(raw, Mapping):
        return False
    errors = raw.get("Errors", {})
    return isinstance(errors, Mapping) and all(name in raw and name not in errors for name in names)


def lacking(raw: object) -> str:
    """The reason code for what a section does not tell."""
    return "visit.section_failed" if mapping(raw) else "visit.section_missing"


def _value(raw: object, name: str) -> object:
    return raw[name] if isinstance(raw, Mapping) and was_read(raw, name) else None
