"""The visit of a Windows host: the module of this name, and the proof that it reached whom the inventory means.

Another machine counts as not reached: the host leaves the run before anything is judged or changed. A visit that is
made again after a change proves it again.
"""

from typing import Any

from ansible.plugins.action.normal import ActionModule as ModuleAction

from serviceheft.assess.identity import Expected, proof_lacking
from serviceheft.assess.reach import FOUND_BY_US


class ActionModule(ModuleAction):
    _VALID_ARGS = frozenset({"sections", "server_selection"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        result.pop(FOUND_BY_US, None)  # nothing that a host may say
        if result.get("failed") or result.get("unreachable") or "sections" not in result:
            return result
        expected = Expected.from_variables(
            variables["inventory_hostname"], variables, variables["groups"]["all"]
        )
        lacking = proof_lacking(result, expected)
        if lacking is None:
            return result
        # Nothing that the other machine told goes any further.
        return {"changed": False, "unreachable": True, "msg": lacking, FOUND_BY_US: lacking}
