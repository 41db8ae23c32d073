"""What GravityZone tells of each wanted host: whatever is wrong with one endpoint costs that host and no other."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from serviceheft.outside.console import ConsoleError
from serviceheft.vendors.hostmatch import AMBIGUOUS, WantedHost, has_name, identify, is_named

OTHER_COMPANY = "console.other_company"
LIST_INCOMPLETE = "console.list_incomplete"
INVALID = "console.invalid_answer"
#: These concern the key or the console, whatever was asked for.
_FINAL = frozenset({"console.unauthorised", "console.forbidden", "console.certificate"})
#: These concern the one endpoint.
_OF_ONE = frozenset({"console.refused_request", INVALID})
#: A console that fails so often in a row is down: the hosts that are left are not waited for.
_FAILURES_IN_A_ROW = 3

type Endpoint = dict[str, Any]


@dataclass
class Listing:
    """The endpoints that a console lists, each once, and what is wrong with the list."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    #: False: somebody may be missing, so that who is not listed is not for sure unknown.
    whole: bool = True
    #: Ids under which two different endpoints are listed.
    contradictory: set[str] = field(default_factory=set)
    _frame: tuple[object, object] | None = None
    _by_id: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, result: Mapping[str, Any], page: int) -> bool:
        """Take a page in; whether it was the last. ConsoleError for what is no page."""
        items, pages, total = result.get("items"), result.get("pagesCount"), result.get("total")
        if not isinstance(items, list) or not isinstance(pages, int) or isinstance(pages, bool):
            raise ConsoleError("console.invalid_answer")
        known = len(self._by_id)
        for item in items:
            self._add_row(item)
        if self._frame not in (None, (pages, total)):
            self.whole = (
                False  # the list changed while it was read: somebody may have moved to a page read before
            )
        self._frame = (pages, total)
        if page < pages and len(self._by_id) == known:
            self.whole = False  # it repeats itself, or has no end
            return True
        if page >= pages and isinstance(total, int) and total != len(self._by_id):
            self.whole = False
        return page >= pages

    def _add_row(self, item: object) -> None:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"]:
            self.whole = False
            return
        before = self._by_id.setdefault(item["id"], item)
        if before is item:
            self.entries.append(item)
        elif before != item:
            self.contradictory.add(item["id"])
            self.entries.append(item)
        if item.get("isManaged") is not False and not has_name(item):
            self.whole = False


def ask_for_each(
    details: Callable[[str], Endpoint],
    listing: Listing,
    hosts: Iterable[WantedHost],
    *,
    parent_id: str | None,
    company_id: str | None,
) -> dict[str, Endpoint | str | None]:
    """For each host its endpoint's details, None when the console does not know it, or the code of why nobody can tell.

    `details` asks for one endpoint and raises ConsoleError.
    """
    managed = [entry for entry in listing.entries if entry.get("isManaged") is not False]
    entries: dict[str, Mapping[str, Any]] = {}
    told: dict[str, Endpoint | str | None] = {}
    for host in hosts:
        match = identify(host, managed)
        if match.entry is not None:
            entries[host.name] = match.entry
        told[host.name] = match.reason or (None if listing.whole else LIST_INCOMPLETE)
    claims = Counter(entry["id"] for entry in entries.values())
    asked = _Asked(details)
    for host in hosts:
        if (entry := entries.get(host.name)) is None:
            continue
        if entry["id"] in listing.contradictory:
            told[host.name] = INVALID
        elif claims[entry["id"]] > 1:
            told[host.name] = AMBIGUOUS
        else:
            told[host.name] = asked(host, entry["id"])
    return _of_this_company(told, entries, listing, parent_id, company_id)


class _Asked:
    """Asks for the details of one endpoint after the other, until the console is down."""

    def __init__(self, details: Callable[[str], Endpoint]) -> None:
        self._details = details
        self._failures = 0
        self._down: str | None = None

    def __call__(self, host: WantedHost, identity: str) -> Endpoint | str:
        if self._down is not None:
            return self._down
        try:
            told = self._details(identity)
        except ConsoleError as error:
            self._failures = 0 if error.reason in _OF_ONE else self._failures + 1
            if error.reason in _FINAL or self._failures == _FAILURES_IN_A_ROW:
                self._down = error.reason
            return error.reason
        self._failures = 0
        if told.get("id") != identity or (has_name(told) and not is_named(host, told)):
            return INVALID  # another endpoint's
        return told


def _of_this_company(
    told: dict[str, Endpoint | str | None],
    entries: Mapping[str, Mapping[str, Any]],
    listing: Listing,
    parent_id: str | None,
    company_id: str | None,
) -> dict[str, Endpoint | str | None]:
    """What is told, without the endpoints of other companies."""
    answers = {host: answer for host, answer in told.items() if isinstance(answer, dict)}
    every = [*listing.entries, *answers.values()]
    ours = company_id or _company(
        {company for entry in every for company in _companies(entry)},
        {group for entry in every for group in _groups(entry)},
        parent_id,
    )
    for host, answer in answers.items():
        stated = {*_companies(entries[host]), *_companies(answer)}
        if stated != {ours} and (stated or company_id is not None):
            told[host] = OTHER_COMPANY
    return told


def _company(companies: Collection[str], groups: Collection[str], parent_id: str | None) -> str | None:
    """The id of the customer's company, None when that cannot be told.

    The parent that the console was asked for is the company itself or a group in it.
    """
    if parent_id in companies:
        return parent_id
    if len(companies) == 1 and (parent_id is None or parent_id in groups):
        return next(iter(companies))
    return None


def _companies(entry: Mapping[str, Any]) -> list[str]:
    return [company] if isinstance(company := entry.get("companyId"), str) and company else []


def _groups(entry: Mapping[str, Any]) -> list[str]:
    group = entry.get("group")
    found = (entry.get("groupId"), group.get("id") if isinstance(group, Mapping) else None)
    return [one for one in found if isinstance(one, str)]
