"""Decide right before it whether a host is restarted for what was installed; see patch_management/orders.py."""

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.running import judging, patching, session


class ActionModule(ActionBase):
    _requires_connection = False
    _VALID_ARGS = frozenset({"install"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        host, install = (task_vars or {})["inventory_hostname"], self._task.args.get("install")
        try:
            decision = patching.decide_restart(session.current(), host, install)
        except judging.UNRECORDED as error:
            raise AnsibleActionFail(str(error)) from None
        return {"changed": False, "decision": decision}
