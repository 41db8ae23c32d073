"""The updates that a host is offered, as patch management (3.2) chooses among them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from serviceheft.assess.reading import text, texts, whole_number
from serviceheft.model.categories import EVERY
from serviceheft.services.update_check.search import read_offers
from serviceheft.services.update_check.state import DEFAULT_CATEGORIES, expanded
from serviceheft.services.update_check.update import Had, Update


def read_offered(
    search: Mapping[str, Any] | None,
    now: datetime,
    categories: Collection[str] = DEFAULT_CATEGORIES,
) -> tuple[Update, ...] | None:
    """The updates that a search found (None: it brought no result), with those of other categories.

    `search` is the visit's raw section of that name. An update whose category nobody can tell is judged as missing,
    but not installed by itself, unless all categories are to be.
    """
    offers = read_offers(search, now)
    # Where the host could not say what it knows of them (dates, categories, what is hidden), nothing is chosen blindly.
    if offers is None or any(offer.severity is None for offer in offers):
        return None
    chosen = expanded(categories)
    return tuple(
        Update(
            offer.title,
            offer.kbs,
            wanted=bool(offer.categories & chosen) or (EVERY in categories and not offer.categories),
            published_at=offer.published_at,
            hidden=offer.hidden,
            key=offer.key,
            revision=offer.revision,
            definitions=offer.categories == {"DefinitionUpdates"},
            categories=tuple(sorted(offer.categories)),
        )
        for offer in offers
        if offer.title is not None
    )


def read_rows(rows: object, *, wanted: bool) -> tuple[Update, ...]:
    """The updates of one of the book's tables (UpdateState.missing, left_out), for who was measured before."""
    return tuple(
        Update(
            title,
            tuple(texts(row, "kb")),
            wanted=wanted,
            published_at=_at(row, "published_at"),
            hidden=row.get("hidden") is True,
            key=text(row, "update_id"),
            revision=whole_number(row, "revision"),
            definitions=text(row, "category") == "DefinitionUpdates",
            categories=tuple(texts(row, "category")),
        )
        for row in _mappings(rows)
        if (title := text(row, "title")) is not None
    )


def read_installed(rows: object) -> tuple[Had, ...]:
    """What was installed there lately and when, by the book's table (UpdateState.installed). What has no id of its own
    there vouches for nothing: another update may have its article."""
    return tuple(
        Had(
            Update(
                title,
                tuple(texts(row, "kb")),
                key=text(row, "update_id"),
                revision=whole_number(row, "revision"),
            ),
            moment,
        )
        for row in _mappings(rows)
        if (title := text(row, "title")) is not None
        and (moment := _at(row, "installed_at")) is not None
        and text(row, "update_id") is not None
    )


def _mappings(rows: object) -> list[Mapping[str, Any]]:
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list | tuple) else []


def _at(row: Mapping[str, Any], key: str) -> datetime | None:
    """A date as the book keeps it (reading.iso)."""
    told = text(row, key)
    try:
        return None if told is None else datetime.fromisoformat(told)
    except ValueError:
        return None
