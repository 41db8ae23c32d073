"""What a host installed and when, by the Windows Update Agent's own history.

Virus definitions, drivers and Store apps are installed every day; only a cumulative update, or a new release of
Windows, brings Windows itself up to date.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from serviceheft.assess.parts import told_rows
from serviceheft.assess.reading import count, hexadecimal, moment, text, texts, whole_number
from serviceheft.model.categories import known_categories
from serviceheft.services.update_check.search import Offer, articles_in
from serviceheft.services.update_check.update import EVERGREEN, UPGRADES

#: OperationResultCode of the Windows Update Agent: failed, aborted; and done, done with errors.
_FAILED, _SUCCEEDED = frozenset({4, 5}), frozenset({2, 3})
_INSTALLATION = 1

#: Categories of which none holds a cumulative update of Windows.
_NO_CUMULATIVE = frozenset(
    {"Application", "Connectors", "DefinitionUpdates", "DeveloperKits", "Drivers", "Tools"}
)
_RELEASE = frozenset({UPGRADES})
#: Microsoft's titles of cumulative updates begin with the month, in every language.
_MONTH = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])\b")
_CUMULATIVE = re.compile(
    r"cumulative|kumulativ|quality rollup|qualit.{1,2}tsrollup|hotpatch|\([0-9]{5}\.[0-9]{1,5}\)"
    # Behind "for Windows 10" the same words name single repairs, as that of the recovery environment.
    r"|(?:security update|sicherheitsupdate|preview update|vorschauupdate) \(KB",
    re.IGNORECASE,
)
#: What begins with a month and is no update of Windows itself.
_OTHER = re.compile(
    r"\.NET\b|servicing stack|wartungsstapel|dynamic|dynamisch|safe ?os|flash player|internet explorer|office\b"
    r"|exchange|sql server|visual c\+\+|secure boot|microsoft edge",
    re.IGNORECASE,
)
_NEW_RELEASE = re.compile(
    r"^(?:feature update (?:to|f.{1,2}r) |funktionsupdate (?:f.{1,2}r|auf) )?windows 1[0-9]\b.{0,3}version 2[0-9]h[12]"
    r"|^(?:feature update to|funktionsupdate (?:f.{1,2}r|auf)) windows",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Entry:
    """One installation in the Update Agent's history."""

    key: str
    title: str | None
    at: datetime
    succeeded: bool
    hresult: str | None
    categories: frozenset[str]
    revision: int | None

    @property
    def update_id(self) -> str | None:
        """The update's own id; None where the host told none, and it is known by its title."""
        return None if self.key == (self.title or "").casefold() else self.key

    @property
    def minor(self) -> bool:
        """Whether it is one of the small things that come every day: definitions, drivers, Store apps."""
        if self.categories:
            return self.categories <= _NO_CUMULATIVE
        return bool(EVERGREEN & set(articles_in(self.title))) or not articles_in(self.title)

    @property
    def cumulative(self) -> bool:
        """Whether it brought Windows itself up to date."""
        title = self.title or ""
        if self.categories & _RELEASE or _NEW_RELEASE.search(title):
            return True
        if (self.categories and self.minor) or EVERGREEN & set(articles_in(title)):
            return False
        return bool(_MONTH.match(title) and _CUMULATIVE.search(title) and not _OTHER.search(title))


@dataclass(frozen=True)
class History:
    """`entries` are installations by time, `reaches_to` is the time of the oldest thing that the history tells."""

    entries: tuple[Entry, ...]
    reaches_to: datetime | None

    @property
    def installed(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.succeeded)

    @property
    def last_cumulative(self) -> Entry | None:
        return max((one for one in self.installed if one.cumulative), key=lambda one: one.at, default=None)

    @property
    def last_failures(self) -> dict[str, str | None]:
        """Error codes by title of what failed when it was tried last."""
        latest = {entry.key: entry for entry in self.entries}
        return {one.title: one.hresult for one in latest.values() if one.title and not one.succeeded}

    def failed(self, offers: Iterable[Offer] | None) -> tuple[Entry, ...] | None:
        """The updates whose last attempt failed and that are still offered, newest first.

        Without a search nobody knows which are still offered: None, unless nothing failed.
        """
        latest = {entry.key: entry for entry in self.entries}
        failed = [entry for entry in latest.values() if not entry.succeeded]
        if failed and offers is None:
            return None
        if offers is not None:
            still = {(offer.key, offer.title) for offer in offers}
            keys, titles = {key for key, _ in still}, {title for _, title in still}
            failed = [entry for entry in failed if entry.key in keys or entry.title in titles]
        return tuple(sorted(failed, key=lambda entry: entry.at, reverse=True))


def read_history(raw: Mapping[str, Any], now: datetime) -> History | None:
    """The visit's raw history; None when the host could not read it."""
    found = told_rows(raw, "History")
    if found is None:
        return None
    entries, moments = [], []
    for row in found:
        at = moment(row, "Date", now)
        if at is None:
            continue
        moments.append(at)
        code = whole_number(row, "ResultCode")
        key = text(row, "UpdateID") or text(row, "Title")
        if key is None or whole_number(row, "Operation") != _INSTALLATION or code not in _FAILED | _SUCCEEDED:
            continue
        entries.append(
            Entry(
                key=key.casefold(),
                title=text(row, "Title"),
                at=at,
                succeeded=code in _SUCCEEDED,
                hresult=hexadecimal(whole_number(row, "HResult")),
                categories=known_categories((), texts(row, "CategoryIDs")),
                revision=count(row, "RevisionNumber"),
            )
        )
    oldest = moment(raw, "HistoryReachesTo", now)
    return History(
        tuple(sorted(entries, key=lambda entry: entry.at)),
        min([*moments, *([oldest] if oldest else [])], default=None),
    )
