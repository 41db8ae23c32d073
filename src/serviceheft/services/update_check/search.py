"""The updates that a host lacks, as its search found them: those of all categories, whatever is to be installed.

Source: the visit's raw section `search`, a search of the Windows Update Agent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from serviceheft.assess.parts import told_rows
from serviceheft.assess.reading import count, flag, hexadecimal, mapping, moment, text, texts
from serviceheft.model.categories import known_categories

_TIMED_OUT = "timed_out"


@dataclass(frozen=True)
class Offer:
    """One update that is not installed. `categories` are those of serviceheft.model.categories; empty: not known.

    `hidden`: somebody told this Windows not to offer it. `revision`: of the same update, as the agent counts them.
    `severity`: empty where nobody rated it, None where what the agent knows could not be read.
    """

    key: str
    title: str | None
    kbs: tuple[str, ...]
    categories: frozenset[str]
    hidden: bool
    severity: str | None
    published_at: datetime | None
    downloaded: bool | None
    revision: int | None

    def wanted(self, categories: frozenset[str]) -> bool:
        """Whether it is to be on the host; what cannot be told is not left out for that."""
        return not self.categories or bool(self.categories & categories)


def search_of(visit: object) -> Mapping[str, Any] | None:
    """The visit's section; one that could not be collected says why under Errors. None: it was not asked for."""
    failure = text(mapping(visit, "errors"), "search")
    if failure is not None:
        return {"Errors": {"Updates": failure}}
    return mapping(mapping(visit, "sections"), "search") if "search" in mapping(visit, "sections") else None


def searched(search: Mapping[str, Any] | None) -> bool:
    """Whether the search was made and brought a result."""
    found = told_rows(search, "Updates")
    return found is not None and all(text(row, "UpdateID") for row in found)


def reason_unsearched(search: Mapping[str, Any] | None) -> str:
    """The reason code for a search that brought no result."""
    if search is None:
        return "updates.not_searched"
    given_up = (_failure(search) or "").startswith(_TIMED_OUT)
    return "updates.search_timed_out" if given_up else "updates.search_failed"


def read_offers(search: Mapping[str, Any] | None, now: datetime) -> tuple[Offer, ...] | None:
    """All that the search found; None when it brought no result."""
    if not searched(search):
        return None
    return tuple(_offer(row, now) for row in told_rows(search, "Updates") or ())


def _offer(row: Mapping[str, Any], now: datetime) -> Offer:
    title = text(row, "Title")
    articles = tuple(f"KB{article.removeprefix('KB')}" for article in texts(row, "KBArticleIDs"))
    return Offer(
        key=(text(row, "UpdateID") or "").casefold(),
        title=title,
        kbs=articles or articles_in(title),
        categories=known_categories(texts(row, "Categories"), texts(row, "CategoryIDs")),
        hidden=flag(row, "IsHidden") is True,
        severity=(text(row, "MsrcSeverity") or "").casefold() if "MsrcSeverity" in row else None,
        published_at=moment(row, "LastDeploymentChangeTime", now),
        downloaded=flag(row, "IsDownloaded"),
        revision=count(row, "RevisionNumber"),
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
    """The HRESULT with which the search ended."""
    match = re.search(r"0x[0-9A-Fa-f]{8}\b", _failure(search) or "")
    return None if match is None or searched(search) else hexadecimal(int(match[0], 16))


def _failure(search: Mapping[str, Any] | None) -> str | None:
    return text(mapping(search, "Errors"), "Updates")
