"""2.4, carried out: what a run does next on a host, and what is stamped once it was done."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from serviceheft.assess import reach
from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Judgement
from serviceheft.assess.reading import mapping, text
from serviceheft.assess.remote_access import (
    SUBJECT,
    RemoteAccessPolicy,
    actions,
    judge,
    read_state,
    service_name,
)

#: The task that carries out each kind of action.
_TASKS = {
    "anydesk.install": "package",
    "anydesk.upgrade": "package",
    "anydesk.start": "start",
    "anydesk.set_password": "password",
}
_FAILURES = {
    "package": "remote_access.package_failed",
    "start": "remote_access.start_failed",
    "password": "remote_access.password_refused",
}


def first_judgement(visit: Mapping[str, Any], policy: RemoteAccessPolicy) -> Judgement:
    """What the visit found, and what is to be done about it."""
    section = _section(visit)
    return replace(judge(section, policy), actions=actions(section, policy))


def steps(visits: Sequence[Mapping[str, Any]], policy: RemoteAccessPolicy) -> dict[str, Any]:
    """What the role's tasks are to do now, by the newest visit.

    {"package": bool, "start": name of the service or None, "password": {"Path", "Fingerprint"} or None}
    """
    section = _section(_newest(visits))
    planned = {one.kind for one in actions(section, policy) if one.result is ActionResult.PLANNED}
    identifier = read_state(section).id
    package = bool(planned & {"anydesk.install", "anydesk.upgrade"})
    password = None
    # A file that is to be replaced gets none: the plan counts on the new one, which is measured first.
    if "anydesk.set_password" in planned and identifier and not package:
        path = text(mapping(section, "File"), "Path")
        password = {"Path": path, "Fingerprint": policy.fingerprint(identifier)} if path else None
    return {
        "package": package,
        # An installer starts its service itself; if it does not, the next run does.
        "start": service_name(section) if "anydesk.start" in planned and not package else None,
        "password": password,
    }


def final_judgement(
    visits: Sequence[Mapping[str, Any]], results: Mapping[str, Mapping[str, Any]], policy: RemoteAccessPolicy
) -> Judgement:
    """What the newest visit measured, with what became of each action of the first visit's plan.

    visits: the results of all visits in their order, skipped ones too; results: those of the tasks "package",
    "start" and "password".
    """
    newest = _newest(visits)
    measured = "sections" in newest
    after = judge(_section(newest), policy) if measured else reach.judgement(SUBJECT.name, newest)
    before = actions(_section(visits[0]), policy)
    left = {one.kind: one.reason for one in actions(_section(newest), policy)} if measured else None
    became = (_became(one, results.get(_TASKS[one.kind], {}), left, after) for one in before)
    return replace(after, actions=tuple(one for one in became if one))


def _became(
    action: Action, result: Mapping[str, Any], left: Mapping[str, str | None] | None, after: Judgement
) -> Action | None:
    """`left` is what is still to be done, kind -> why it is held; None when that could not be measured."""
    if action.result is ActionResult.HELD:
        return action
    still_wanted = left is None or action.kind in left
    if result and not result.get("skipped"):
        # The role lets no task fail, so a message is the sign; only modules that fail have one.
        lost = result.get("unreachable") or text(result, "msg")
        if lost or (left is not None and still_wanted):
            return replace(action, result=ActionResult.FAILED, reason=_why(_TASKS[action.kind], result))
        return replace(action, result=ActionResult.DONE)
    if not still_wanted:
        return None  # planned to be safe: the newest visit shows that it was not needed
    reason = (left or {}).get(action.kind) or after.reason or "remote_access.step_before_failed"
    return replace(action, result=ActionResult.HELD, reason=reason)


def _why(task: str, result: Mapping[str, Any]) -> str:
    # Chocolatey tells of a full disk on its standard output only.
    if reach.classify({"msg": str(result.get("stdout"))}).code == "reach.disk_full":
        return "reach.disk_full"
    code = reach.classify(result).code
    return _FAILURES[task] if code in ("reach.module_failed", "reach.unknown") else code


def _newest(visits: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next(visit for visit in reversed(visits) if not visit.get("skipped"))


def _section(visit: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found = mapping(visit, "sections").get("anydesk")
    return found if isinstance(found, Mapping) else None
