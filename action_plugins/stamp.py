"""Judge a service for all hosts of the play that the visit reached, and stamp each; see serviceheft.running.judging."""

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.running import judging, session


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _VALID_ARGS = frozenset({"service"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables, role = task_vars or {}, str(self._task.args["service"])
        try:
            stamped = judging.judge_and_stamp(session.current(), role, variables["ansible_play_hosts_all"])
        except judging.UNRECORDED as error:
            raise AnsibleActionFail(str(error)) from None
        for host, (record, judged) in stamped.items():
            if groups := record.groups:  # the plays that act are on these
                self.add_host(
                    host, parent_group_names=list(groups), host_vars={f"{role}_steps": judged.steps}
                )
        return {"changed": False, "stamps": [record.as_data() for record, _ in stamped.values()]}
