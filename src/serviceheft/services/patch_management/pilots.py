"""How the pilots of patch management (3.2) are, by the book: what they have, what they lack, what ails them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from serviceheft.assess.actions import ActionResult
from serviceheft.assess.judgement import Severity
from serviceheft.book import FindingLife, Snapshot, Stamp
from serviceheft.service import Run
from serviceheft.services.patch_management import judging as patching
from serviceheft.services.patch_management.hosts import ROLE, in_scope, policy_of
from serviceheft.services.patch_management.policy import HostPolicy
from serviceheft.services.patch_management.rings import Pilot
from serviceheft.services.patch_management.selection import choose
from serviceheft.services.patch_management.tries import update_of
from serviceheft.services.patch_management.words import INSTALL
from serviceheft.services.update_check import judging as updates
from serviceheft.services.update_check.offered import read_installed, read_rows
from serviceheft.services.update_check.update import Had
from serviceheft.settings import BERLIN

#: So far back the book is asked what a pilot has been through.
LOOKED_AT_SINCE = timedelta(days=60)

#: What a host lacks is no sickness that an update brought.
_NO_SICKNESS = ("updates.", "patching.")

#: A pilot that one of these does not come through to is not well.
_WELL_BY = ("antivirus_check", "update_check", ROLE)


def read_pilots(run: Run, now: datetime) -> list[Pilot]:
    """Every pilot of the customer, whether it belongs to this run or not. Raises BookUnavailable."""
    customer, book = run.customer, run.book
    every = {name: policy_of(customer, name) for name in in_scope(customer, run.catalogue)}
    policies = {name: policy for name, policy in every.items() if policy.ring == "pilot"}
    if not policies:
        return []
    stamps = book.stamps(customer.name, since=now - LOOKED_AT_SINCE, hosts=list(policies))
    lives = book.findings(customer.name, open_only=True)
    known = {it.host: it for it in book.snapshots(customer.name, updates.SUBJECT.name, telling="missing")}
    numbers = {run.catalogue.carried_out_by(role).number for role in _WELL_BY}
    return [
        judge_pilot(
            name,
            policy,
            [it for it in stamps if it.host == name and it.service in numbers and not it.dry_run],
            [life for life in lives if life.host == name],
            known.get(name),
            now,
            service=run.catalogue.carried_out_by(ROLE).number,
        )
        for name, policy in policies.items()
    ]


def judge_pilot(
    name: str,
    policy: HostPolicy,
    stamps: Iterable[Stamp],
    lives: Iterable[FindingLife],
    snapshot: Snapshot | None,
    now: datetime,
    *,
    service: str,
) -> Pilot:
    """One pilot from its own stamps, in their order and without dry runs, its open findings, and what its updates were
    when they were measured last. The stamps are those of the services by which it is well or not; `service` is the
    number of patch management among them."""
    own = list(stamps)
    troubles = [life.opened_at for life in lives if _is_sickness(life)]
    measured: Mapping[str, Any] = snapshot.measured if snapshot else {}
    offered = (
        *read_rows(measured.get("missing"), wanted=True),
        *read_rows(measured.get("left_out"), wanted=False),
    )
    selection = choose(offered, policy, now.astimezone(BERLIN).date())
    seen_at = snapshot.at if snapshot else None
    return Pilot(
        name,
        policy.kind,
        had=_had(own, measured, offered, seen_at),
        well_at=tuple(it.at for it in own if it.service == service and patching.is_settled(it)),
        troubles=tuple(sorted([*troubles, *_lost_since(own)])),
        lacks=selection.chosen,
        refuses=(*selection.rejected, *selection.hidden),
        seen_at=seen_at,
    )


def _is_sickness(life: FindingLife) -> bool:
    """What a person said is mended is believed until it is measured again."""
    return (
        life.state == "open"
        and life.severity is not Severity.INFO
        and not life.cause.startswith(_NO_SICKNESS)
    )


def _had(
    stamps: Iterable[Stamp], measured: Mapping[str, Any], offered: Iterable[Any], seen_at: datetime | None
) -> tuple[Had, ...]:
    """What is installed there, by Windows' own history and by what we did since; not what was offered once more."""
    again = list(offered)
    done = [
        Had(update_of(action), stamp.at)
        for stamp in stamps
        for action in stamp.actions
        if action.kind == INSTALL and action.result is ActionResult.DONE
    ]
    return tuple(
        it
        for it in (*read_installed(measured.get("installed")), *done)
        if seen_at is None or it.at > seen_at or not any(it.update.same_version(one) for one in again)
    )


def _lost_since(stamps: Iterable[Stamp]) -> list[datetime]:
    """Since when one of its services has not come through to it, for each that has not."""
    since: dict[str, datetime] = {}
    for stamp in stamps:
        if patching.is_lost(stamp):
            since.setdefault(stamp.service, stamp.at)
        else:
            since.pop(stamp.service, None)
    return list(since.values())
