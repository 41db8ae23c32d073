"""Keep what a task returned for the service that judges by it later in this run, in the run's private spool."""

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.running import judging, session
from serviceheft.running.spool import Spool


class ActionModule(ActionBase):
    _requires_connection = False
    _VALID_ARGS = frozenset({"name", "answer"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments, host = self._task.args, (task_vars or {})["inventory_hostname"]
        try:
            Spool.of_run(session.current().run).keep(str(arguments["name"]), host, arguments["answer"])
        except judging.UNRECORDED as error:
            raise AnsibleActionFail(str(error)) from None
        return {"changed": False}
