"""win_powershell: only scripts that the lab knows by name, each acted out in Python.

A script carries its name in a comment, `# lab: name`; whoever adds one to the project adds its Python here.
The script itself is never run: a test on the lab proves how its result is used, nothing about the script.
"""

import re
from collections.abc import Callable
from typing import Any

from lab.windows.machine import Json, Machine, ModuleFailure
from lab.windows.modules import Call, module

_MARKER = re.compile(r"^\s*#\s*lab:\s*(\S+)\s*$", re.MULTILINE)

type Script = Callable[[Machine, Json, Call], Json]
_scripts: dict[str, Script] = {}


def script(name: str) -> Callable[[Script], Script]:
    """Register what stands in for the script `name`: (machine, parameters, call) -> output, changed ..."""

    def register(handler: Script) -> Script:
        _scripts[name] = handler
        return handler

    return register


@module("ansible.windows.win_powershell")
def run(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """Act out a known script; creates and removes are honoured as on Windows."""
    for option, skip_if in (("creates", True), ("removes", False)):
        path = args[option]
        if path and (machine.files.kind(path) is not None) is skip_if:
            reason = "exists" if skip_if else "does not exist"
            return {"changed": False, "skipped": True, "msg": f"skipped, since {path} {reason}"} | _streams()
    name = _MARKER.search(args["script"] or "")
    handler = _scripts.get(name[1]) if name else None
    if handler is None:
        what = (
            f"the script {name[1]}" if name else "a script without a name (a comment such as `# lab: name`)"
        )
        raise ModuleFailure(f"The lab's emulated Windows host does not know {what}; it runs no PowerShell.")
    sensitive = {each["name"]: each["value"] for each in args["sensitive_parameters"] or []}
    return {"changed": True} | _streams() | handler(machine, (args["parameters"] or {}) | sensitive, call)


def _streams() -> Json:
    return {
        "result": {},
        "host_out": "",
        "host_err": "",
        "output": [],
        "error": [],
        "warning": [],
        "verbose": [],
        "debug": [],
        "information": [],
    }


@script("uptime")
def _uptime(machine: Machine, parameters: Json, call: Call) -> Json:  # noqa: ARG001
    """Hours since the last start."""
    hours = (call.now - machine.boot_time).total_seconds() / 3600
    return {"changed": False, "output": [round(max(0.0, hours), 1)]}
