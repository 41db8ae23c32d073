"""Decide right before it whether a host is restarted for what was installed; see serviceheft.running.patching."""

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.running import patching, session


class ActionModule(ActionBase):
    _requires_connection = False
    _VALID_ARGS = frozenset({"install", "look"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        host = (task_vars or {})["inventory_hostname"]
        try:
            decision = patching.decide_restart(session.current(), host, self._task.args)
        except (session.NoRun, ValueError) as error:
            raise AnsibleActionFail(str(error)) from None
        return {"changed": False, "decision": decision}
