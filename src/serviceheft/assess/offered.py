"""The updates that a host is offered, as patch management (3.2) chooses among them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from serviceheft.assess.reading import mapping
from serviceheft.assess.updatesearch import read_offers
from serviceheft.assess.updatestate import DEFAULT_CATEGORIES, expanded
from serviceheft.patching.policy import Update


def read_offered(
    search: Mapping[str, Any] | None,
    section: Mapping[str, Any] | None,
    now: datetime,
    categories: Collection[str] = DEFAULT_CATEGORIES,
) -> tuple[Update, ...] | None:
    """The updates that a search found (None: it brought no result), with those of other categories.

    `search` is the registered result of win_updates with state searched, `section` the visit's raw updates section,
    which knows when an update was published and its category's id. An update whose category nobody can tell is
    judged as missing, but not installed by itself.
    """
    offers = read_offers(search, mapping(section), now)
    # Where the host could not say what it knows of them (dates, categories, what is hidden), nothing is chosen blindly.
    if offers is None or any(offer.severity is None for offer in offers):
        return None
    chosen = expanded(categories)
    return tuple(
        Update(
            offer.title,
            offer.kbs,
            wanted=bool(offer.categories & chosen) or (offer.selected and not offer.categories),
            published_at=offer.published_at,
            hidden=offer.hidden,
            key=offer.key,
            revision=offer.revision,
            definitions=offer.categories == {"DefinitionUpdates"},
        )
        for offer in offers
        if offer.title is not None
    )
