"""Judge a service anew after its role has acted on a host, and stamp it; see serviceheft.running.judging."""

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.running import judging, session


class ActionModule(ActionBase):
    _requires_connection = False
    _VALID_ARGS = frozenset({"service", "results"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments, host = self._task.args, (task_vars or {})["inventory_hostname"]
        try:
            records = judging.judge_and_stamp_again(
                session.current(), str(arguments["service"]), host, arguments.get("results") or {}
            )
        except judging.UNRECORDED as error:
            raise AnsibleActionFail(str(error)) from None
        return {"changed": False, "stamps": [record.as_data() for record in records]}
