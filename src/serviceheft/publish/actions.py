"""What services did to devices, would do, or held back: in words, for pages and PDFs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from serviceheft.assess.actions import Action, ActionResult
from serviceheft.book import Stamp
from serviceheft.publish import allowed, words
from serviceheft.publish.rows import HostLink, host_link
from serviceheft.publish.source import Source
from serviceheft.publish.words import Mark, mark

#: What happened stays true; what waited or was planned is told as of the last stamp alone.
_LASTING = (ActionResult.DONE, ActionResult.FAILED)


@dataclass(frozen=True)
class ActionRow:
    """One action on one device. `why`: in words, "" for what was done or is planned."""

    result: Mark
    what: str
    why: str
    service: str
    at: datetime


@dataclass(frozen=True)
class SharedRow:
    """The same action on several devices."""

    result: Mark
    what: str
    why: str
    service: str
    hosts: Sequence[HostLink | None]


def action_row(source: Source, stamp: Stamp, action: Action) -> ActionRow:
    """Undeclared for kinds, values and results that nobody allowed."""
    return ActionRow(
        result=mark(words.ACTIONS, action.result.value, source.reader),
        what=allowed.action(source.reader, action),
        why=_why(source, action),
        service=source.service_title(stamp.service),
        at=stamp.at,
    )


def final(stamps: Iterable[Stamp]) -> list[Stamp]:
    """The last stamp of each service on each device in each run.

    A service that acts is stamped before and after; only the last stamp knows what became of it.
    """
    return list({(stamp.run, stamp.service, stamp.host): stamp for stamp in stamps}.values())


def history(source: Source, stamps: Sequence[Stamp]) -> list[ActionRow]:
    """What was really done by these stamps, and what is still held back, the latest first.

    `stamps` in the order in which they were made; dry runs are left out.
    """
    real = final(stamp for stamp in stamps if not stamp.dry_run)
    last = {(stamp.service, stamp.host): stamp.number for stamp in real}
    return [
        action_row(source, stamp, action)
        for stamp in reversed(real)
        for action in stamp.actions
        if action.result in _LASTING or stamp.number == last[stamp.service, stamp.host]
    ]


def by_run(source: Source, stamps: Iterable[Stamp], links: dict[str, HostLink]) -> list[SharedRow]:
    """The actions of one run: what is the same on several devices is one row, what failed comes first."""
    hosts: dict[tuple[Mark, str, str, str], list[HostLink | None]] = {}
    for stamp in final(stamps):
        for action in stamp.actions:
            row = action_row(source, stamp, action)
            same = (row.result, row.what, row.why, row.service)
            hosts.setdefault(same, []).append(host_link(links, stamp.host))
    return sorted(
        (SharedRow(*same, found) for same, found in hosts.items()), key=lambda row: row.result.order
    )


def _why(source: Source, action: Action) -> str:
    reader = source.reader
    reason = allowed.reason(reader, action.reason)
    more = allowed.error_code(reader, action) or allowed.agreed_until(reader, action)
    return f"{reason} ({more})" if reason and more else reason or more
