"""async_status: what became of a task in the background."""

import math
import time
from typing import Any

from lab.windows.machine import Json, Machine, ModuleFailure
from lab.windows.modules import Call, module


@module("ansible.windows.async_status")
def run(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:  # noqa: ARG001
    """The job's result, or its removal."""
    jobs: dict[str, Json] = machine.memory.get("jobs", {})
    name, directory = args["jid"], args["_async_dir"]
    if name not in jobs:
        raise ModuleFailure(
            f"could not find job at '{directory}'", ansible_job_id=name, started=1, finished=1
        )
    if args["mode"] == "cleanup":
        file = jobs.pop(name)["results_file"]
        return {"ansible_job_id": name, "erased": file}
    if machine.memory.get("watched_jobs", {}).get(name, math.inf) <= time.monotonic():
        reason = "failure during async watchdog: timed out waiting for module completion"
        return jobs[name] | {"finished": True, "failed": True, "msg": reason, "stdout": "", "stderr": ""}
    return dict(jobs[name])
