"""The updates that a host is offered, as patch management (3.2) chooses among them."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from serviceheft.assess.reading import mapping, text, texts
from serviceheft.assess.updatestate import read_state, searched
from serviceheft.patching.policy import Update


def read_offered(
    search: Mapping[str, Any] | None, section: Mapping[str, Any] | None, now: datetime
) -> tuple[Update, ...] | None:
    """The updates that a search found (None: it brought no result), with those of other categories.

    `search` is the registered result of win_updates with state searched and category_names, `section` the
    visit's raw updates section, which knows when an update was published.
    """
    if not searched(search):
        return None
    published = {
        update.title: datetime.fromisoformat(update.published_at)
        for update in read_state(search, section, now).missing or ()
        if update.published_at
    }
    offered = []
    for rows, wanted in ((mapping(search, "updates"), True), (mapping(search, "filtered_updates"), False)):
        for row in rows.values():
            title = text(row, "title")
            if title is None or (not wanted and texts(row, "filtered_reasons") != ("category_names",)):
                continue
            kbs = tuple(f"KB{article.removeprefix('KB')}" for article in texts(row, "kb"))
            offered.append(Update(title, kbs or _articles(title), wanted, published.get(title)))
    return tuple(offered)


def _articles(title: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(re.findall(r"\bKB[0-9]{6,8}\b", title)))
