"""What the book knows of every host that patch management (3.2) is about to touch: tries, waits, who was away."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from serviceheft.assess.actions import Action, ActionResult
from serviceheft.book import FindingLife, Stamp
from serviceheft.services.patch_management import judging as patching
from serviceheft.services.patch_management.attempts import Attempt, Past
from serviceheft.services.patch_management.words import INSTALL, KEEPS_FAILING, RESTART
from serviceheft.services.update_check.update import Update

TRIED = (ActionResult.DONE, ActionResult.FAILED)


def read_pasts(stamps: Iterable[Stamp], lives: Iterable[FindingLife]) -> dict[str, Past]:
    """The past of each host that has one. `stamps` are those of 3.2 in their order, without dry runs; `lives` the
    findings that are open, mended ones among them."""
    mended: dict[str | None, datetime] = {}
    for life in lives:
        if life.cause in KEEPS_FAILING and life.mended_at is not None:
            mended[life.host] = max(mended.get(life.host, life.mended_at), life.mended_at)
    own: dict[str, list[Stamp]] = defaultdict(list)
    for stamp in stamps:
        if stamp.host is not None:
            own[stamp.host].append(stamp)
    return {host: _past(found, mended.get(host)) for host, found in own.items()}


def _past(stamps: list[Stamp], mended_at: datetime | None) -> Past:
    failed: list[Attempt] = []
    restarts: list[datetime] = []
    waiting: list[tuple[Update, datetime]] = []
    tried_at = None
    for stamp in stamps:
        for action in stamp.actions:
            if action.result in TRIED:
                tried_at = stamp.at
            if action.result is ActionResult.DONE and action.kind in (INSTALL, RESTART):
                restarts = []
            elif action.kind == RESTART and action.reason == patching.STILL_PENDING:
                restarts.append(stamp.at)
            elif action.kind == INSTALL and action.reason in patching.UPDATES_OWN_FAULT:
                values = action.values
                failed.append(
                    Attempt(update_of(action), stamp.at, _text(values, "build"), _text(values, "hresult"))
                )
            elif action.kind == INSTALL and action.reason in patching.WAITS_FOR_RING:
                waiting.append((update_of(action), stamp.at))
    return Past(tuple(failed), tuple(restarts), mended_at, tried_at, tuple(waiting))


def unwell(stamps: Iterable[Stamp], hosts: Collection[str]) -> set[str]:
    """Of the hosts those that were away, or never looked at, by their last stamp."""
    away = set(hosts)
    for stamp in stamps:
        if stamp.host in hosts:
            (away.add if patching.is_lost(stamp) else away.discard)(str(stamp.host))
    return away


def update_of(action: Action) -> Update:
    """The update that an action was about."""
    values = action.values
    revision = values.get("revision")
    return Update(
        str(values.get("title")),
        (action.subject,) if action.subject.startswith("KB") else (),
        key=_text(values, "update_id"),
        revision=revision if isinstance(revision, int) else None,
        categories=("Upgrades",) if values.get("upgrade") is True else (),
    )


def _text(values: Mapping[str, Any], key: str) -> str | None:
    found = values.get(key)
    return found if isinstance(found, str) else None
