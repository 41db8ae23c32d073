"""What a visit collects, what its answer is worth, and what of it goes into the run's spool. Knows no connection.

Both ways of visiting use it: all hosts in one task (action_plugins/visit.py), and one host in a task of its own
(action_plugins/windows_visit.py), as after a change.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.json_utils import _filter_non_json_lines

from serviceheft.assess import reach
from serviceheft.assess.identity import Expected, proof_lacking
from serviceheft.assess.judgement import Outcome
from serviceheft.running.session import Session
from serviceheft.running.spool import Spool
from serviceheft.service import Service
from serviceheft.services import SERVICES

#: Marks a result: what was told could not be kept, so the run ends, as it does without its book.
EVIDENCE_LOST = "heft_evidence_lost"

#: Under this key a visit says for which service it was made again; the first one was made for all.
VISITED_FOR = "visited_for"


def first(session: Session, host: str) -> dict[str, Any]:
    """The module's arguments for the visit of all services that are planned for the host."""
    plan = session.owed if session.planned is None else session.planned
    planned = (session.catalogue.services[number].role or "" for number in plan.get(host, {}))
    services = [SERVICES[role] for role in planned if role in SERVICES]
    sections = dict.fromkeys(section for service in services for section in service.sections)
    options = {option: name for service in services for option, name in service.options.items()}
    return _arguments(session, host, sections, options)


def again(session: Session, host: str, service: Service, sections: Sequence[str] = ()) -> dict[str, Any]:
    """The module's arguments for a visit that one service makes anew; without sections those that it declares."""
    return _arguments(session, host, sections or service.again, service.options)


def _arguments(
    session: Session, host: str, sections: Iterable[str], options: Mapping[str, str]
) -> dict[str, Any]:
    variables = session.customer.hosts[host].variables
    wanted = {option: variables[name] for option, name in options.items() if name in variables}
    return {"sections": list(sections), **wanted}


def answer(stdout: str, stderr: str, exit_code: int) -> dict[str, Any]:
    """What the module told, as Ansible reads it: junk around the JSON is passed over.

    What is no whole JSON object is a failed result, and so is what the module says failed.
    """
    try:
        found = json.loads(_filter_non_json_lines(stdout, objects_only=True)[0])
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return {
            "failed": True,
            "msg": "Module result deserialization failed.",
            "module_stderr": stderr,
            "rc": exit_code,
        }
    if found.get("rc", 0) not in (0, "0"):
        found.setdefault("failed", True)
    return found


def gone_wrong(error: BaseException) -> dict[str, Any]:
    """The result of a visit that ended with an exception, as Ansible has it."""
    way = "unreachable" if isinstance(error, AnsibleConnectionFailure) else "failed"
    return {way: True, "msg": str(error)}


def proven(result: Mapping[str, Any], expected: Expected) -> dict[str, Any]:
    """The result, if it came from whom the inventory means; else one that says so and nothing of what was told."""
    told = {key: value for key, value in result.items() if key not in (reach.FOUND_BY_US, EVIDENCE_LOST)}
    if told.get("failed") or told.get("unreachable") or "sections" not in told:
        return told
    lacking = proof_lacking(told, expected)
    return told if lacking is None else {"unreachable": True, "msg": lacking, reach.FOUND_BY_US: lacking}


def lost(result: Mapping[str, Any]) -> reach.Reach | None:
    """Why the host takes no further part; None when it was visited."""
    return reach.classify(result) if result.get("failed") or result.get("unreachable") else None


def keep(
    spool: Spool, host: str, result: Mapping[str, Any], visited_for: str | None = None
) -> reach.Reach | None:
    """Put the visit into the spool; why the host is lost, or None. Raises SpoolUnavailable.

    visited_for: the role of the service that made it anew.

    Of a visit that came to nothing the code alone is kept: texts of connections may quote a setting.
    """
    why = lost(result)
    if why is not None:
        spool.put(host, {**found_lost(why), VISITED_FOR: visited_for})
        return why
    kept = {
        key: value for key, value in result.items() if key != "invocation" and not key.startswith("_ansible")
    }
    kept[VISITED_FOR] = visited_for
    try:
        spool.put(host, kept)
    except (TypeError, ValueError):  # nested too deeply to be written, or no JSON
        why = reach.Reach("reach.module_failed", Outcome.FAILED)
        spool.put(host, {**found_lost(why), VISITED_FOR: visited_for})
    return why


def found_lost(why: reach.Reach) -> dict[str, Any]:
    """A result that says nothing but the code."""
    way = "failed" if why.outcome is Outcome.FAILED else "unreachable"
    return {"changed": False, way: True, "msg": why.code, reach.FOUND_BY_US: why.code}


def why_alone(connection: str, *, become: bool, changes_process: bool) -> str | None:
    """Why the host cannot be visited together with the others; None when it can.

    `connection`: Ansible's name of it, in full or in short. `changes_process`: it sets what holds for the whole
    process.
    """
    if connection.rpartition(".")[2] not in ("winrm", "psrp"):
        return f"its connection is {connection}"
    if become:
        return "its tasks are to become another user"
    if changes_process:
        return "its Kerberos ticket would be that of all hosts (psrp, or a ticket made before, would not need this)"
    return None
