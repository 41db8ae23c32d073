"""The updates that a host lacks, as its search found them: those of all categories, whatever was asked for.

Sources: the result of ansible.windows.win_updates, which names the updates that it filtered out as well, and the
visit's raw updates section, whose offline search of the Windows Update Agent knows severity, date, category ids and
revision of the updates that the host has already heard of.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from serviceheft.assess.parts import told_rows
from serviceheft.assess.reading import count, flag, hexadecimal, mapping, moment, text, texts
from serviceheft.model.categories import known_categories

_SIGNS_OF_FAILURE = (
    "failed",
    "unreachable",
    "skipped",
    "msg",
    "exception",
    "failed_when_suppressed_exception",
)


@dataclass(frozen=True)
class Offer:
    """One update that is not installed. `categories` are those of serviceheft.model.categories; empty: not known.

    `hidden`: somebody told this Windows not to offer it. `selected`: the module took it for asked for. `revision`:
    of the same update, as the agent counts them. `severity`: None where what the agent knows could not be read.
    """

    key: str
    title: str | None
    kbs: tuple[str, ...]
    categories: frozenset[str]
    hidden: bool
    selected: bool
    severity: str | None
    published_at: datetime | None
    downloaded: bool | None
    revision: int | None

    def wanted(self, categories: frozenset[str]) -> bool:
        """Whether it is to be on the host; what cannot be told is not left out for that."""
        return not self.categories or bool(self.categories & categories)


def searched(search: Mapping[str, Any] | None) -> bool:
    """Whether the search was made and brought a result.

    The action of win_updates returns an empty list of updates with every failure, and a play may hide
    `failed`; only a round that ended well tells `reboot_required` and has no message.
    """
    return (
        isinstance(search, Mapping)
        and isinstance(search.get("updates"), Mapping)
        and isinstance(search.get("reboot_required"), bool)
        and not any(search.get(sign) for sign in _SIGNS_OF_FAILURE)
    )


def read_offers(
    search: Mapping[str, Any] | None, raw: Mapping[str, Any], now: datetime
) -> tuple[Offer, ...] | None:
    """All that the search found; None when it brought no result."""
    if not searched(search):
        return None
    available = told_rows(raw, "Available")
    heard_of = {
        key.casefold(): update for update in available or () if (key := text(update, "UpdateID")) is not None
    }
    selected = mapping(search, "updates")
    left = {key: row for key, row in mapping(search, "filtered_updates").items() if key not in selected}
    return tuple(
        _offer(
            str(key),
            update,
            None if available is None else heard_of.get(str(key).casefold(), {}),
            now,
            selected=key in selected,
        )
        for key, update in (*selected.items(), *left.items())
        if isinstance(update, Mapping) and not flag(update, "installed")
    )


def _offer(
    key: str, update: Mapping[str, Any], known: Mapping[str, Any] | None, now: datetime, *, selected: bool
) -> Offer:
    title = text(update, "title")
    articles = tuple(f"KB{article.removeprefix('KB')}" for article in texts(update, "kb"))
    return Offer(
        key=key.casefold(),
        title=title,
        kbs=articles or articles_in(title),
        categories=known_categories(texts(update, "categories"), texts(known, "CategoryIDs")),
        hidden="hidden" in texts(update, "filtered_reasons") or flag(known, "IsHidden") is True,
        selected=selected,
        severity=None if known is None else (text(known, "MsrcSeverity") or "").casefold(),
        published_at=moment(known, "LastDeploymentChangeTime", now),
        downloaded=flag(known, "IsDownloaded"),
        revision=count(known, "RevisionNumber"),
    )


def published_at_the_latest(title: str | None) -> datetime | None:
    """The end of the month that Microsoft's titles begin with ("2026-11 Cumulative Update ..."): previews and what is
    published out of band come at any time of it, so nothing is younger, and nothing can be said to be older."""
    match = re.match(r"(20[0-9]{2})-(0[1-9]|1[0-2])\b", title or "")
    if match is None:
        return None
    year, month = int(match[1]), int(match[2])
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def articles_in(title: str | None) -> tuple[str, ...]:
    """The articles that a title names."""
    return tuple(dict.fromkeys(re.findall(r"\bKB[0-9]{5,8}\b", title or "")))


def search_error(search: Mapping[str, Any] | None) -> str | None:
    """The HRESULT in the module's message, and nothing else of it."""
    if not isinstance(search, Mapping) or searched(search):
        return None
    match = re.search(r"0x[0-9A-Fa-f]{8}\b", str(search.get("msg", ""))[:4096])
    return hexadecimal(int(match[0], 16)) if match else None
