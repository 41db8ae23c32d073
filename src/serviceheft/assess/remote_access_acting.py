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


def first_judgement(visit: Mapping[str, Any], policy: RemoteAccessPolicy, *, check_mode: bool) -> Judgement:
    """What the visit found. Its actions are those that this stamp is the last word on: in check mode all, else
    what is held back while nothing else is to be done.
    """
    section = _section(visit)
    wanted = actions(section, policy)
    last_word = check_mode or not any(one.result is ActionResult.PLANNED for one in wanted)
    return replace(judge(section, policy), actions=wanted if last_word else ())


def steps(visits: Sequence[Mapping[str, Any]], policy: RemoteAccessPolicy) -> dict[str, Any]:
    """What the role's tasks are to do now, by the newest visit.

    {"wanted": whether anything is to be done, "package": bool, "start": name of the service or None,
    "password": {"Path", "Fingerprint"} or None}
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
        "wanted": bool(planned),
        "package": package,
        "start": service_name(section) if "anydesk.start" in planned else None,
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
    failed = newest.get("unreachable") or newest.get("failed")
    after = reach.judgement(SUBJECT, newest) if failed else judge(_section(newest), policy)
    before = actions(_section(visits[0]), policy)
    left = {one.kind: one.reason for one in actions(_section(newest), policy)}
    became = (_became(one, results, None if failed else left, after) for one in before)
    return replace(after, actions=tuple(one for one in became if one))


def _became(
    action: Action,
    results: Mapping[str, Mapping[str, Any]],
    left: Mapping[str, str | None] | None,
    after: Judgement,
) -> Action | None:
    """`left` is what is still to be done, kind -> why it is held; None when that could not be measured."""
    if action.result is ActionResult.HELD:
        return action
    task = _TASKS[action.kind]
    result = results.get(task, {})
    if result.get("failed") or result.get("unreachable"):
        # Chocolatey tells of a full disk on its standard output only.
        told = {"stderr": f"{result.get('stderr')}\n{result.get('stdout')}"}
        full = reach.classify(told).code == "reach.disk_full"
        found = reach.classify(told if full else result)
        reason = _FAILURES[task] if found.code in ("reach.module_failed", "reach.unknown") else found.code
        return replace(action, result=ActionResult.FAILED, reason=reason)
    if not result or result.get("skipped"):
        if left is not None and action.kind not in left:
            return None  # planned to be safe: the newest visit shows that it was not needed
        reason = (left or {}).get(action.kind) or after.reason or "remote_access.step_before_failed"
        return replace(action, result=ActionResult.HELD, reason=reason)
    return replace(action, result=ActionResult.DONE)


def _newest(visits: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next(visit for visit in reversed(visits) if not visit.get("skipped"))


def _section(visit: Mapping[str, Any]) -> Mapping[str, Any] | None:
    found = mapping(visit, "sections").get("anydesk")
    return found if isinstance(found, Mapping) else None
