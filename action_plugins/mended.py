"""Note in the book that a task mended what a finding is about; only a measurement closes the finding."""

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.book import BookUnavailable, RunRefused
from serviceheft.running import recording, session


class ActionModule(ActionBase):
    _requires_connection = False
    _VALID_ARGS = frozenset({"service", "cause", "note"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments = {name: str(self._task.args[name]) for name in self._VALID_ARGS}
        host = (task_vars or {})["inventory_hostname"]
        try:
            recording.record_mending(session.current(), host=host, **arguments)
        except (session.NoRun, BookUnavailable, RunRefused, ValueError) as error:
            raise AnsibleActionFail(str(error)) from None
        return {"changed": False}
