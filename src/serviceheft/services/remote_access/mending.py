"""2.4, carried out: what a run does next on a host, and what is stamped once it was done."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from serviceheft.assess import reach
from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import CheckResult, Judgement
from serviceheft.assess.parts import section
from serviceheft.assess.reading import mapping, text
from serviceheft.services.remote_access.judging import (
    SUBJECT,
    RemoteAccessPolicy,
    actions,
    judge,
    provider_file,
    read_state,
)

#: The task that carries out each kind of action.
_TASKS = {
    "anydesk.install": "package",
    "anydesk.upgrade": "package",
    "anydesk.start": "start",
    "anydesk.set_password": "password",
}
#: The check by which each is seen to have been done.
_CHECKS = {
    "anydesk.install": "remote_access.installed",
    "anydesk.upgrade": "remote_access.version",
    "anydesk.start": "remote_access.service",
    "anydesk.set_password": "remote_access.password",
}
_FAILURES = {
    "package": "remote_access.package_failed",
    "start": "remote_access.start_failed",
    "password": "remote_access.password_refused",
}


def first_judgement(visit: Mapping[str, Any], policy: RemoteAccessPolicy) -> Judgement:
    """What the visit found, and what is to be done about it."""
    raw = section(visit, "anydesk")
    return replace(judge(raw, policy), actions=actions(raw, policy))


def steps(visit: Mapping[str, Any], policy: RemoteAccessPolicy) -> dict[str, Any]:
    """What the role's tasks are to do now, by the newest visit.

    {"package": bool, "start": name of the service or None, "password": {"Path", "Fingerprint", "Computer"} or None}
    """
    raw = section(visit, "anydesk")
    planned = {one.kind for one in actions(raw, policy) if one.result is ActionResult.PLANNED}
    state = read_state(raw, policy)
    identifier = state.id
    package = bool(planned & {"anydesk.install", "anydesk.upgrade"})
    password = None
    # A file that is to be replaced gets none: the plan counts on the new one, which is measured first.
    if "anydesk.set_password" in planned and identifier and not package:
        path, computer = provider_file(raw, policy), text(mapping(visit, "identity"), "Name")
        if path and computer:
            fingerprint = policy.fingerprint(identifier)
            password = {"Path": path, "Fingerprint": fingerprint, "Computer": computer}
    return {
        "package": package,
        # An installer starts its service itself; if it does not, the next run does.
        "start": state.client if "anydesk.start" in planned and not package else None,
        "password": password,
    }


def final_judgement(
    visits: Sequence[Mapping[str, Any]], results: Mapping[str, Mapping[str, Any]], policy: RemoteAccessPolicy
) -> Judgement:
    """What the newest visit measured, with what became of each action of the first visit's plan.

    visits: all of them in their order; results: those of the tasks "package", "start" and "password" that were
    called for.
    """
    newest = visits[-1]
    measured = "sections" in newest
    after = judge(section(newest, "anydesk"), policy) if measured else reach.judgement(SUBJECT.name, newest)
    before = actions(section(visits[0], "anydesk"), policy)
    results_of = {check.key: check.result for check in after.checks} if measured else {}
    unread = {
        kind for kind, check in _CHECKS.items() if results_of.get(check) is CheckResult.NOT_MEASURED
    } | ({*_CHECKS} if results_of.get("remote_access.installed") is CheckResult.NOT_MEASURED else set())
    left = {one.kind: one.reason for one in actions(section(newest, "anydesk"), policy)} if measured else None
    became = (
        _became(one, results.get(_TASKS[one.kind], {}), left, after, unread=one.kind in unread)
        for one in before
    )
    return replace(after, actions=tuple(one for one in became if one))


def _became(
    action: Action,
    result: Mapping[str, Any],
    left: Mapping[str, str | None] | None,
    after: Judgement,
    *,
    unread: bool,
) -> Action | None:
    """`left` is what is still to be done, kind -> why it is held; None when that could not be measured.

    `unread`: the host was measured, but not what this action was to change: nobody can tell that it was done.
    """
    if action.result is ActionResult.HELD:
        return action
    still_wanted = left is None or action.kind in left
    if result and not result.get("skipped"):
        # The role lets no task fail, so a message is the sign; only modules that fail have one.
        lost = result.get("unreachable") or text(result, "msg")
        if lost or (left is not None and still_wanted):
            return replace(action, result=ActionResult.FAILED, reason=_why(_TASKS[action.kind], result))
        if unread:
            return replace(action, result=ActionResult.FAILED, reason=after.reason)
        return replace(action, result=ActionResult.DONE)
    if not still_wanted and not unread:
        return None  # planned to be safe: the newest visit shows that it was not needed
    reason = (left or {}).get(action.kind) or after.reason or "remote_access.step_before_failed"
    return replace(action, result=ActionResult.HELD, reason=reason)


def _why(task: str, result: Mapping[str, Any]) -> str:
    # Chocolatey tells of a full disk on its standard output only.
    if reach.classify({"msg": str(result.get("stdout"))}).code == "reach.disk_full":
        return "reach.disk_full"
    code = reach.classify(result).code
    return _FAILURES[task] if code in ("reach.module_failed", "reach.unknown") else code
