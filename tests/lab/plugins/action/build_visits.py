"""Builds the visits of all hosts as the action visit does, and writes down what they would send; makes none."""

import json
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from serviceheft.running.visit_building import Alone, Builder


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _VALID_ARGS = frozenset({"sections", "to"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables, builder = task_vars or {}, Builder(self)
        found: dict[str, Any] = {}
        for host in variables["ansible_play_batch"]:
            theirs = variables["hostvars"].raw_get(host)
            visit = builder.visit(host, theirs, {"sections": list(self._task.args["sections"])})
            if isinstance(visit, Alone):
                found[host] = {"alone": visit.why}
                continue
            script, connection = visit.script, visit.connection
            found[host] = {
                "command": script.command,
                "stdin": (script.stdin or b"").decode(),
                "options": connection.get_options(),
                "shell": connection._shell.get_options(),
            }
        Path(self._task.args["to"]).write_text(json.dumps(found, default=str), encoding="utf-8")
        return {"changed": False, "scripts": len(builder._built)}
