"""Running a manifest: wrappers (become, async) around a module or a helper script."""

import json
from typing import Any

from lab.windows import modules
from lab.windows.execution import Output
from lab.windows.machine import Json, Machine, ModuleFailure
from lab.windows.manifest import Action, Manifest, module_task


def run_manifest(machine: Machine, manifest: Manifest, account: Json, jobs: dict[str, Json]) -> tuple[str, Output]:
    """What was run, and its output."""
    action = manifest.actions[-1]
    if action.name == "module_wrapper.ps1":
        return _module(machine, manifest, action, account, jobs)
    return action.name, Output(errors=[f"The lab's emulated Windows host does not know {action.name}."], code=1)


def _module(
    machine: Machine, manifest: Manifest, action: Action, account: Json, jobs: dict[str, Json]
) -> tuple[str, Output]:
    task = module_task(action)
    call = modules.Call(
        check_mode=bool(task.settings.get("check_mode")),
        diff=bool(task.settings.get("diff")),
        now=machine.now,
        user=account,
        settings=task.settings,
        async_jobs=jobs,
    )
    handler = modules.find(task.name)
    if handler is None:
        return task.name, _result({"failed": True, "msg": unknown_module(task.name)})
    try:
        result: dict[str, Any] = {"changed": False} | handler(machine, task.arguments, call)
    except ModuleFailure as failure:
        result = {"changed": False, "failed": True, "msg": str(failure)} | failure.result
    output = _result(result)
    output.afterwards = call.afterwards
    return task.name, output


def unknown_module(name: str) -> str:
    """The one answer to a module that is not modelled."""
    return f"The lab's emulated Windows host does not know the module {name}."


def _result(result: dict[str, Any]) -> Output:
    return Output(lines=[json.dumps(result)], code=1 if result.get("failed") else 0)
