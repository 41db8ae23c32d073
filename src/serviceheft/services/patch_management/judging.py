"""3.2: was the host brought up to date, and if not, why not?

Judged twice: from the order, before anything is done, and from what was measured afterwards. What a module says of
itself is taken for the reason of a failure, never for a success: an update is installed when a new search no longer
finds it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from serviceheft.assess import reach
from serviceheft.assess.actions import Action, ActionResult, Value
from serviceheft.assess.judgement import Check, CheckResult, Finding, Judgement, Outcome
from serviceheft.assess.reading import flag, mapping, rows, text
from serviceheft.services.patch_management import words
from serviceheft.services.patch_management.order import HostOrder
from serviceheft.services.update_check import judging as updates
from serviceheft.services.update_check.update import Update

#: Held for good by agreement: nothing is owed about it.
REJECTED = "patch.rejected"

#: Not measured, but no affair of updates: a pilot is well for all that.
DEFINITIONS_UNKNOWN = "patch.definitions_unknown"

#: A restart that did not take away the wish for one.
STILL_PENDING = "patch.restart_still_pending"

#: Why an installation failed that was the update's own fault, or the host's, and will be the same tomorrow.
UPDATES_OWN_FAULT = frozenset({"patch.install_failed", "patch.installation_hangs"})

#: Reasons of the ring: since the first of them an update has waited for the pilots.
WAITS_FOR_RING = frozenset(
    {
        "patch.ring_waits",
        "patch.pilot_sick",
        "patch.pilot_absent",
        "patch.pilot_refuses",
        "patch.pilots_overdue",
        "patch.undated",
    }
)

#: What the installing module says of an update that it left alone -> why.
_LEFT_ALONE = {
    "not_offered": "patch.withdrawn",
    "other_revision": "patch.changed_meanwhile",
    "other_category": "patch.changed_meanwhile",
    "hidden": "patch.hidden",
}
_BEFORE_INSTALLING = (
    ("another installation is running", "patch.busy"),
    ("restart is required before", "patch.restart_first"),
)
#: How Ansible says that a task in the background was given up, by the host's watchdog and by the controller.
_HANGS = (
    "timed out waiting for module completion",
    "did not complete within the requested time",
    "async task produced unparsable results",  # of a job that never wrote any
)

_LAPSED, _FAILING, _CAME_IN = (
    "patching.exception_lapsed",
    "patching.keeps_failing",
    "patching.came_in",
)


@dataclass(frozen=True)
class Results:
    """What the tasks returned that acted; None: not called for. `first_restart`: before anything was installed."""

    install: Mapping[str, Any] | None = None
    first_restart: Mapping[str, Any] | None = None
    restart: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class RestartDecision:
    """After installing: whether what was installed asks for a restart, and why it does not get it now."""

    needed: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class After:
    """What was measured afterwards: reached is the second visit's result.

    offered, reboot_pending, definitions_current (by the judge of 2.7): None: not measured. found: 3.1's judgement of
    the same measurement, given where it is 3.2 that owes it (servers). came_in: titles of what was installed meanwhile
    besides what was chosen; None: not measured. build: which Windows it was tried on.
    """

    visit: Mapping[str, Any]
    offered: tuple[Update, ...] | None
    chosen: tuple[Update, ...]
    reboot_pending: bool | None
    definitions_current: bool | None
    found: Judgement | None = None
    #: Error codes of the installations that failed when they were tried last, by title, from the host's own history.
    hresults: Mapping[str, str | None] = field(default_factory=dict)
    came_in: tuple[str, ...] | None = ()
    build: str | None = None


def judge_order(
    order: HostOrder, measured: Judgement | None, *, unmeasured: str | None, dry_run: bool
) -> Judgement:
    """Before anything is done.

    `measured`: 3.1's judgement where 3.2 owes it (servers). `unmeasured`: the reason why it is not known what is
    missing.
    """
    result, reason = (ActionResult.PLANNED, None) if dry_run else (ActionResult.HELD, "patch.in_turn")
    actions = [Action(words.RESTART, "Windows", result, reason)] if order.restart else []
    actions += [_install(update, result, reason) for update in order.install]
    if order.definitions:
        actions.append(_definitions(order, result, reason))
    actions += _waiting(order)
    held = _held(_waiting(order))
    if order.acts:
        held = "patch.planned" if dry_run else "patch.in_turn"
    return _concluded(order, measured, actions, held=held, unmeasured=unmeasured)


def judge_result(order: HostOrder, results: Results, decision: RestartDecision, after: After) -> Judgement:
    """After it was done."""
    trouble = _trouble(results, after)
    actions = [_installed(update, results, after, trouble) for update in order.install]
    if decision.needed and decision.reason and after.reboot_pending is not False:
        actions.append(Action(words.RESTART, "Windows", ActionResult.HELD, decision.reason))
    elif order.restart or decision.needed:
        actions.append(_restart(after, trouble))
    if order.definitions:
        actions.append(_definitions_after(order, after, trouble))
    known = {*order.install, *(waiting.what for waiting in order.waiting)}
    new = [update for update in after.chosen if not any(_same_thing(update, one) for one in known)]
    actions += [_install(update, ActionResult.HELD, "patch.next_run") for update in new]
    actions += _waiting(order)
    failed = next((action.reason for action in actions if action.result is ActionResult.FAILED), None)
    came_in = after.came_in if trouble is None else None
    return _concluded(order, after.found, actions, failed=failed, held=_held(actions), came_in=came_in)


def is_well(stamp: Judgement | Any) -> bool:
    """Whether a stamp of 3.2 says that the host has all that it is to get: nothing held, nothing failed."""
    open_ends = [
        action
        for action in stamp.actions
        if action.kind != words.DEFINITIONS
        and action.reason != REJECTED
        and action.result in (ActionResult.HELD, ActionResult.FAILED)
    ]
    return bool(stamp.outcome.measured or stamp.reason == DEFINITIONS_UNKNOWN) and not open_ends


def is_settled(stamp: Judgement | Any) -> bool:
    """Whether a stamp of 3.2 measured the host with all in force that had been installed: no restart outstanding."""
    outstanding = any(
        action.kind == words.RESTART and action.result in (ActionResult.HELD, ActionResult.FAILED)
        for action in stamp.actions
    )
    measured = stamp.outcome not in (Outcome.NOT_REACHED, Outcome.NOT_MEASURED)
    measured = measured or stamp.reason == DEFINITIONS_UNKNOWN
    blind = any(action.reason == "patch.not_searched_again" for action in stamp.actions)
    return bool(measured) and not outstanding and not blind and not is_lost(stamp)


def is_lost(stamp: Judgement | Any) -> bool:
    """Whether a stamp says that the host could not be reached, or did not come back."""
    if stamp.outcome is Outcome.NOT_REACHED:
        return True
    return stamp.outcome is Outcome.FAILED and (stamp.reason or "").startswith("reach.")


def _held(actions: Sequence[Action]) -> str | None:
    """The reason of what waits that the service is told by: what must not stay so outweighs what is agreed."""
    reasons = [it.reason for it in actions if it.result is ActionResult.HELD and it.reason != REJECTED]
    return next((it for it in reasons if it == "patch.keeps_failing"), next(iter(reasons), None))


def _concluded(
    order: HostOrder,
    measured: Judgement | None,
    actions: list[Action],
    *,
    failed: str | None = None,
    held: str | None = None,
    unmeasured: str | None = None,
    came_in: tuple[str, ...] | None = (),
) -> Judgement:
    actions += [_install(update, ActionResult.HELD, REJECTED) for update in order.rejected]
    base = measured or Judgement(Outcome.DONE, subject=updates.SUBJECT.name)
    findings = [*base.findings, *_findings(order, came_in)]
    causes = {finding.cause for finding in findings}
    checks = [
        *base.checks,
        *(
            Check(key, CheckResult.FINDING if key in causes else CheckResult.OK)
            for key in (_LAPSED, _FAILING, _CAME_IN)
            if key in causes or not _untold(key, order, actions, came_in)
        ),
    ]
    reason: str | None
    if failed:
        outcome, reason = Outcome.FAILED, failed
    elif held:
        outcome, reason = Outcome.HELD, held
    elif unmeasured or base.outcome is Outcome.NOT_MEASURED:
        outcome, reason = Outcome.NOT_MEASURED, unmeasured or base.reason
    else:
        outcome, reason = Outcome.FINDING if findings else Outcome.DONE, base.reason
    if outcome is Outcome.NOT_MEASURED and findings:
        outcome = Outcome.FINDING
    return replace(
        base,
        outcome=outcome,
        findings=tuple(findings),
        checks=tuple(checks),
        reason=reason,
        actions=tuple(actions),
    )


def _untold(key: str, order: HostOrder, actions: Sequence[Action], came_in: tuple[str, ...] | None) -> bool:
    """Whether a check can be neither well nor a finding: nobody looked, or what was mended is not proven yet."""
    if key == _CAME_IN:
        return came_in is None
    done = {it.values.get("update_id") for it in actions if it.result is ActionResult.DONE}
    return key == _FAILING and any(update.key not in done for update in order.retried)


def _findings(order: HostOrder, came_in: tuple[str, ...] | None) -> list[Finding]:
    found = []
    if order.lapsed:
        first = order.lapsed[0]
        values: dict[str, Value] = {
            "count": len(order.lapsed),
            "update": first.kb or first.title or first.update_id,
        }
        found.append(Finding(_LAPSED, values | {"expired_on": first.expires.isoformat()}))
    if order.failing:
        names = ", ".join(update.name for update in order.failing)
        found.append(Finding(_FAILING, {"count": len(order.failing), "updates": names}))
    if came_in:
        found.append(Finding(_CAME_IN, {"count": len(came_in), "updates": ", ".join(came_in[:3])}))
    return found


def _trouble(results: Results, after: After) -> str | None:
    """Why nothing of what was done can be told: the host is gone, or cannot be measured."""
    for result in (results.first_restart, results.install, results.restart):
        # A restart that does not end and an installation that hangs look alike later: the host is silent.
        if result is not None and reach.classify(result).code == "reach.reboot_timeout":
            return "reach.reboot_timeout"
    if after.visit.get("unreachable") or after.visit.get("failed"):
        return reach.classify(after.visit).code
    return None


def _installed(update: Update, results: Results, after: After, trouble: str | None) -> Action:
    row = said_of(update, results.install)
    said = text(row, "result")
    if trouble is None and after.offered is not None and not _still_missing(update, said, after):
        if said == "not_offered":
            return _install(update, ActionResult.HELD, "patch.withdrawn")
        return _install(update, ActionResult.DONE, None)
    if trouble is None and after.offered is None:
        return _install(update, ActionResult.FAILED, "patch.not_searched_again")
    if trouble is None and said in _LEFT_ALONE:
        return _install(update, ActionResult.HELD, _LEFT_ALONE[said])
    reason = trouble or _why(results.install)
    code = text(row, "hresult") or after.hresults.get(update.title)
    return _install(update, ActionResult.FAILED, reason, hresult=code, build=after.build)


def _why(install: Mapping[str, Any] | None) -> str:
    """Why it may have failed, by the module's own fixed words."""
    message = str(mapping(install).get("msg") or "").casefold()
    if any(words in message for words in _HANGS):
        return "patch.installation_hangs"
    return next((reason for word, reason in _BEFORE_INSTALLING if word in message), "patch.install_failed")


def said_of(update: Update, install: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What the installing module says of one update; nothing where it does not."""
    return next(
        (
            row
            for row in rows(install, "updates") or ()
            if (text(row, "id") or "").casefold() == (update.key or "").casefold()
        ),
        {},
    )


def asks_for_restart(install: Mapping[str, Any] | None, *, pending: bool) -> bool:
    """Whether something was installed that wants a restart: by the module's word, or, where that was lost on the way,
    by the mark that Windows has set since."""
    installed = [row for row in rows(install, "updates") or () if text(row, "result") == "installed"]
    if any(flag(row, "reboot_required") for row in installed):
        return True
    lost = bool(install) and rows(install, "updates") is None
    return pending and bool(installed or lost)


def _restart(after: After, trouble: str | None) -> Action:
    if trouble is None and after.reboot_pending is False:
        return Action(words.RESTART, "Windows", ActionResult.DONE)
    unknown = "patch.not_searched_again" if after.reboot_pending is None else STILL_PENDING
    return Action(words.RESTART, "Windows", ActionResult.FAILED, trouble or unknown)


def _install(
    update: Update,
    result: ActionResult,
    reason: str | None,
    *,
    hresult: str | None = None,
    build: str | None = None,
    until: date | None = None,
) -> Action:
    """Named by article and title for people; by id and revision for what it is."""
    values: dict[str, Value] = {
        "title": update.title,
        "update_id": update.key,
        "revision": update.revision,
        "upgrade": update.is_upgrade or None,
        "hresult": hresult,
        "build": build,
        "until": until.isoformat() if until else None,
    }
    told = {name: value for name, value in values.items() if value is not None}
    return Action(words.INSTALL, update.name, result, reason, told)


def _definitions(order: HostOrder, result: ActionResult, reason: str | None) -> Action:
    return Action(words.DEFINITIONS, order.scanner, result, reason)


def _definitions_after(order: HostOrder, after: After, trouble: str | None) -> Action:
    if trouble is None and after.definitions_current is True:
        return _definitions(order, ActionResult.DONE, None)
    unknown = DEFINITIONS_UNKNOWN if after.definitions_current is None else "patch.definitions_still_old"
    return _definitions(order, ActionResult.FAILED, trouble or unknown)


def _waiting(order: HostOrder) -> list[Action]:
    found = []
    for waiting in order.waiting:
        if isinstance(waiting.what, Update):
            found.append(_install(waiting.what, ActionResult.HELD, waiting.reason, until=waiting.until))
        elif waiting.what == "restart":
            found.append(Action(words.RESTART, "Windows", ActionResult.HELD, waiting.reason))
        else:
            found.append(_definitions(order, ActionResult.HELD, waiting.reason))
    return found


def _still_missing(update: Update, said: str | None, after: After) -> bool:
    """Whether the new search finds it. Its next version, published since then, is another one; but what was replaced
    before it was installed, by the word of those who tried, was not installed."""
    same = [one for one in after.offered or () if update.same_thing(one)]
    if any(update.same_version(one) for one in same):
        return True
    return bool(same) and (update.title in after.hresults or said != "installed")


def _same_thing(update: Update, other: Any) -> bool:
    return isinstance(other, Update) and update.same_thing(other)
