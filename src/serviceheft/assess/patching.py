"""3.2: was the host brought up to date, and if not, why not?

Judged twice: from the order, before anything is done, and from what was measured afterwards. What a module says of
itself is taken for the reason of a failure, never for a success: an update is installed when a new search no longer
finds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from serviceheft.assess import patching_words as words
from serviceheft.assess import reach, updates
from serviceheft.assess.actions import Action, ActionResult, Value
from serviceheft.assess.judgement import Check, CheckResult, Finding, Judgement, Outcome
from serviceheft.assess.reading import mapping
from serviceheft.patching.order import HostOrder
from serviceheft.patching.policy import Update

#: Held for good by agreement: nothing is owed about it.
REJECTED = "patch.rejected"

#: Not measured, but no affair of updates: a pilot is well for all that.
DEFINITIONS_UNKNOWN = "patch.definitions_unknown"

_LAPSED = "patching.exception_lapsed"


@dataclass(frozen=True)
class Results:
    """What the tasks returned that acted; None: not called for."""

    install: Mapping[str, Any] | None = None
    restart: Mapping[str, Any] | None = None
    definitions: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class After:
    """What was measured afterwards: reached is the second visit's result.

    offered, reboot_pending, definitions_current (by the judge of 2.7): None: not measured. found: 3.1's judgement of
    the same measurement, given where it is 3.2 that owes it (servers).
    """

    visit: Mapping[str, Any]
    offered: tuple[Update, ...] | None
    chosen: tuple[Update, ...]
    reboot_pending: bool | None
    definitions_current: bool | None
    found: Judgement | None = None
    #: Error codes of the installations that failed when they were tried last, by title, from the host's own history.
    hresults: Mapping[str, str | None] = field(default_factory=dict)


def judge_order(
    order: HostOrder, measured: Judgement | None, *, unmeasured: str | None, dry_run: bool
) -> Judgement:
    """Before anything is done.

    `measured`: 3.1's judgement where 3.2 owes it (servers). `unmeasured`: the reason why it is not known what is
    missing.
    """
    result, reason = (ActionResult.PLANNED, None) if dry_run else (ActionResult.HELD, "patch.in_turn")
    actions = [_install(update, result, reason) for update in order.install]
    if order.restart:
        actions.append(Action(words.RESTART, "Windows", result, reason))
    if order.definitions:
        actions.append(_definitions(order, result, reason))
    actions += _waiting(order)
    held = next((waiting.reason for waiting in order.waiting), None)
    if order.acts:
        held = "patch.planned" if dry_run else "patch.in_turn"
    return _concluded(order, measured, actions, held=held, unmeasured=unmeasured)


def judge_result(order: HostOrder, results: Results, after: After) -> Judgement:
    """After it was done."""
    trouble = _trouble(results, after)
    actions = [_installed(update, results, after, trouble) for update in order.install]
    if order.restart or _restarted(results):
        actions.append(_restart(after, trouble))
    elif after.reboot_pending and order.restart_waits:
        actions.append(Action(words.RESTART, "Windows", ActionResult.HELD, order.restart_waits))
    if order.definitions:
        unknown = after.definitions_current is None
        well = trouble is None and after.definitions_current is True
        actions.append(
            _definitions(
                order,
                ActionResult.DONE if well else ActionResult.FAILED,
                None
                if well
                else trouble or (DEFINITIONS_UNKNOWN if unknown else "patch.definitions_still_old"),
            )
        )
    known = {*order.install, *(waiting.what for waiting in order.waiting)}
    new = [update for update in after.chosen if not any(_same_thing(update, one) for one in known)]
    actions += [_install(update, ActionResult.HELD, "patch.next_run") for update in new]
    actions += _waiting(order)
    failed = next((action.reason for action in actions if action.result is ActionResult.FAILED), None)
    held = next(
        (it.reason for it in actions if it.result is ActionResult.HELD and it.reason != REJECTED), None
    )
    return _concluded(order, after.found, actions, failed=failed, held=held)


def is_well(judged: Judgement | Any) -> bool:
    """Whether a stamp of 3.2 says that the host has all that it is to get: what makes a pilot vouch for an update."""
    open_ends = [
        action
        for action in judged.actions
        if action.kind != words.DEFINITIONS
        and action.reason != REJECTED
        and action.result in (ActionResult.HELD, ActionResult.FAILED)
    ]
    measured = judged.outcome.measured or judged.reason == DEFINITIONS_UNKNOWN
    return bool(measured) and not open_ends


def _concluded(
    order: HostOrder,
    measured: Judgement | None,
    actions: list[Action],
    *,
    failed: str | None = None,
    held: str | None = None,
    unmeasured: str | None = None,
) -> Judgement:
    actions += [_install(update, ActionResult.HELD, REJECTED) for update in order.rejected]
    base = measured or Judgement(Outcome.DONE, subject=updates.SUBJECT.name)
    findings, checks = list(base.findings), list(base.checks)
    if order.lapsed:
        first = order.lapsed[0]
        values: dict[str, Value] = {"count": len(order.lapsed), "update": first.kb or first.title}
        findings.append(Finding(_LAPSED, values | {"expired_on": first.expires.isoformat()}))
    checks.append(Check(_LAPSED, CheckResult.FINDING if order.lapsed else CheckResult.OK))
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


def _trouble(results: Results, after: After) -> str | None:
    """Why nothing of what was done can be told: the host is gone, or cannot be measured."""
    for result in (results.install, results.restart):
        if result is None:
            continue
        # A restart that does not end and an installation that hangs look alike later: the host is silent.
        if reach.classify(result).code == "reach.reboot_timeout":
            return "reach.reboot_timeout"
    if after.visit.get("unreachable") or after.visit.get("failed"):
        return reach.classify(after.visit).code
    return None


def _installed(update: Update, results: Results, after: After, trouble: str | None) -> Action:
    if trouble is None and after.offered is not None and not _still_missing(update, results, after):
        return _install(update, ActionResult.DONE, None)
    if trouble is None and after.offered is None:
        return _install(update, ActionResult.FAILED, "patch.not_searched_again")
    result = results.install or {}
    if trouble is None and result.get("timedout"):
        trouble = "patch.installation_hangs"
    return _install(
        update, ActionResult.FAILED, trouble or "patch.install_failed", after.hresults.get(update.title)
    )


def _restarted(results: Results) -> bool:
    return any(result is not None and result.get("rebooted") for result in (results.install, results.restart))


def _restart(after: After, trouble: str | None) -> Action:
    if trouble is None and after.reboot_pending is False:
        return Action(words.RESTART, "Windows", ActionResult.DONE)
    unknown = "patch.not_searched_again" if after.reboot_pending is None else "patch.restart_still_pending"
    return Action(words.RESTART, "Windows", ActionResult.FAILED, trouble or unknown)


def _install(update: Update, result: ActionResult, reason: str | None, hresult: str | None = None) -> Action:
    values: dict[str, Value] = {"title": update.title}
    return Action(
        words.INSTALL, update.name, result, reason, values | ({"hresult": hresult} if hresult else {})
    )


def _definitions(order: HostOrder, result: ActionResult, reason: str | None) -> Action:
    return Action(words.DEFINITIONS, order.scanner, result, reason)


def _waiting(order: HostOrder) -> list[Action]:
    found = []
    for waiting in order.waiting:
        if isinstance(waiting.what, Update):
            found.append(_install(waiting.what, ActionResult.HELD, waiting.reason))
        elif waiting.what == "restart":
            found.append(Action(words.RESTART, "Windows", ActionResult.HELD, waiting.reason))
        else:
            found.append(_definitions(order, ActionResult.HELD, waiting.reason))
    return found


def _still_missing(update: Update, results: Results, after: After) -> bool:
    """Whether the new search finds it. Its next version, published since then, is another one; but what was replaced
    before it was installed, by the word of those who tried, was not installed."""
    same = [one for one in after.offered or () if update.same_thing(one)]
    if any(update.same_version(one) for one in same):
        return True
    return bool(same) and (update.title in after.hresults or _said_to_fail(update, results.install))


def _said_to_fail(update: Update, install: Mapping[str, Any] | None) -> bool:
    rows = mapping(install, "updates").values()
    return any(
        isinstance(row, Mapping) and row.get("title") == update.title and "failure_hresult_code" in row
        for row in rows
    )


def _same_thing(update: Update, other: Any) -> bool:
    return isinstance(other, Update) and update.same_thing(other)
