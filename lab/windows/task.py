"""Running a manifest: wrappers (become, async) around a module or one of ansible-core's helper scripts."""

import json
import math
import time
from dataclasses import dataclass
from typing import Any

from lab.windows import modules, transfer
from lab.windows.arguments import CheckModeUnsupported, check_arguments, secret_values
from lab.windows.execution import Output
from lab.windows.machine import Json, Machine, ModuleFailure
from lab.windows.manifest import Action, Manifest, ModuleTask, module_task
from lab.windows.specification import WEB_REQUEST, Specification, read_specification, with_fragment

_SERVICE_ACCOUNTS = ("system", "localservice", "local service", "networkservice", "network service")
_CREATE_PROCESS = (
    'failure during exec_wrapper: Exception calling "CreateProcessAsUser" with "9" argument(s): "{}"'
)
_CENSORED = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


@dataclass
class _Background:
    """A task with `async`: the first part of its job's id, where its result goes, how long it may take."""

    identifier: str
    directory: str
    seconds: float = math.inf


def run_manifest(machine: Machine, manifest: Manifest, account: Json) -> tuple[str, Output]:
    """What was run, and its output."""
    *wrappers, action = manifest.actions
    background: _Background | None = None
    for wrapper in wrappers:
        if wrapper.name == "become_wrapper.ps1":
            try:
                account = _become(machine, wrapper, account)
            except ModuleFailure as failure:
                return "become", _result({"failed": True, "msg": _CREATE_PROCESS.format(failure)})
        elif wrapper.name == "async_wrapper.ps1":
            background = _Background(str(wrapper.params["AsyncJid"]), str(wrapper.params["AsyncDir"]))
        elif wrapper.name == "async_watchdog.ps1" and background is not None:
            background.seconds = float(wrapper.params["Timeout"])
        else:
            return wrapper.name, _unknown(wrapper.name)
    if action.name == "module_wrapper.ps1" and action.params.get("ForModule"):
        task = module_task(action)
        return task.name, _run(machine, manifest, task, account, background)
    helper = transfer.HELPERS.get(action.name)
    if helper is None:
        return action.name, _unknown(str(action.params.get("Script") or action.name))
    try:
        return action.name, helper(machine, dict(action.params), manifest.rest, account)
    except ModuleFailure as failure:
        return action.name, Output(errors=[str(failure).strip()], code=1)


def unknown_module(name: str) -> str:
    """The one answer to a module that is not modelled."""
    return f"The lab's emulated Windows host does not know the module {name}."


def _run(
    machine: Machine, manifest: Manifest, task: ModuleTask, account: Json, background: _Background | None
) -> Output:
    call = modules.Call(
        check_mode=bool(task.settings.get("check_mode")),
        diff=bool(task.settings.get("diff")),
        now=machine.now,
        user=account,
        settings=task.settings,
    )
    try:
        result = _outcome(machine, manifest, task, call)
    except modules.Hangs as hang:
        if background is None:
            return Output(hangs=True)
        return _start_job(machine, background, None, watched=hang.watched)
    if background is not None:
        return _start_job(machine, background, result)
    output = _result(result)
    output.afterwards = call.afterwards
    return output


def _outcome(machine: Machine, manifest: Manifest, task: ModuleTask, call: modules.Call) -> Json:
    handler = modules.find(task.name)
    if handler is None:
        return {"failed": True, "msg": unknown_module(task.name)}
    specification = _specification(manifest, task.script)
    arguments, secrets = task.arguments, set[str]()
    result: Json = {"changed": False}
    try:
        if specification is not None:
            secrets = secret_values(specification, arguments)
            arguments = check_arguments(
                specification,
                task.name,
                arguments,
                check_mode=call.check_mode,
                ignore_unknown=bool(task.settings.get("ignore_unknown_opts")),
            )
            if task.settings.get("inject_invocation") and not specification.legacy:
                result["invocation"] = {"module_args": _censor(arguments, secrets, _CENSORED)}
        result |= handler(machine, arguments, call)
    except CheckModeUnsupported as reason:
        return {"changed": False, "skipped": True, "msg": str(reason)}
    except modules.Hangs:
        raise
    except ModuleFailure as failure:
        result |= {"failed": True, "msg": str(failure)} | failure.result
    except Exception as error:  # noqa: BLE001  (a module's crash is a failed task on Windows, too)
        result |= {"failed": True, "msg": f"Unhandled exception while executing module: {error}"}
    if call.warnings:
        result["warnings"] = call.warnings
    invocation = result.pop("invocation", None)
    result = _censor(result, secrets, "********")
    return result if invocation is None else result | {"invocation": invocation}


_read: dict[str, Specification | None] = {}


def _specification(manifest: Manifest, script: str) -> Specification | None:
    """Each module's script is parsed once for as long as the server runs; the script itself is not kept."""
    digest = manifest.digest(script)
    if digest not in _read:
        source = manifest.source(script)
        fragments = [name for name in manifest.scripts if name.endswith(".WebRequest.psm1")]
        added = (
            read_specification(manifest.source(fragments[0])) if fragments and WEB_REQUEST in source else None
        )
        _read[digest] = with_fragment(read_specification(source), added)
    return _read[digest]


def _become(machine: Machine, wrapper: Action, account: Json) -> Json:
    user = str(wrapper.params.get("BecomeUser") or "")
    plain = user.casefold().removeprefix("nt authority\\").removeprefix("nt service\\")
    if plain in _SERVICE_ACCOUNTS:
        if not account.get("administrator"):
            raise ModuleFailure(
                "Failed to get token for NT AUTHORITY\\SYSTEM required for become as a service account or an "
                "account without a password"
            )
        return {"name": user, "administrator": True}
    found = machine.account(user)
    password = wrapper.secure_params.get("BecomePassword")
    if found is None or (password is not None and password != found["password"]):
        raise ModuleFailure(
            f"Failed to logon {user} (The user name or password is incorrect, "
            "Win32ErrorCode 1326 - 0x0000052E)"
        )
    if password is None and not account.get("administrator"):
        raise ModuleFailure(f"Failed to logon {user} (Access is denied, Win32ErrorCode 5 - 0x00000005)")
    return found | {"local_login": True}


def _start_job(
    machine: Machine, background: _Background, result: Json | None, *, watched: bool = False
) -> Output:
    """The answer to a task in the background; without a result, only a watchdog ends its job."""
    job = f"{background.identifier}.4242"
    file = f"{background.directory}\\{job}"
    if watched:
        ends = time.monotonic() + background.seconds
        machine.memory.setdefault("watched_jobs", {})[job] = ends
    started = {"ansible_job_id": job, "results_file": file, "started": True}
    machine.memory.setdefault("jobs", {})[job] = started | {"finished": result is not None} | (result or {})
    return _result(started | {"finished": False, "changed": False, "_ansible_suppress_tmpdir_delete": True})


def _censor(value: Any, secrets: set[str], replacement: str) -> Any:
    """Ansible.Basic's removal of no_log values from all that a module returns."""
    if not secrets:
        return value
    if isinstance(value, dict):
        return {key: _censor(entry, secrets, replacement) for key, entry in value.items()}
    if isinstance(value, list):
        return [_censor(entry, secrets, replacement) for entry in value]
    if isinstance(value, str):
        if value in secrets:
            return _CENSORED
        for secret in secrets:
            value = value.replace(secret, replacement)
    return value


def _unknown(name: str) -> Output:
    return Output(errors=[f"The lab's emulated Windows host does not know the script {name}."], code=1)


def _result(result: dict[str, Any]) -> Output:
    return Output(lines=[json.dumps(result)], code=1 if result.get("failed") else 0)
