"""Put the hosts into the groups of what is owed to them: owed, owed_2_7, ... (documented in docs/architecture.md).

The run itself was opened by the callback before the first play: it outlives the task, and Ansible's inventory can be
written only from a task.
"""

from typing import Any

from ansible import context
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.book import RunRefused
from serviceheft.model.groups import run_group
from serviceheft.running import invocation, session


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _VALID_ARGS = frozenset({"cadence", "emergency", "only_validate"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        try:
            if self._task.args.get("only_validate"):  # the callback has done so before; without it nobody has
                invocation.named_inventory(context.CLIARGS)
                return {"changed": False, "plan": {}}
            plan = session.current().plan((task_vars or {})["ansible_play_hosts_all"])
        except (session.NoRun, RunRefused) as error:
            raise AnsibleActionFail(str(error)) from None
        for host, periods in plan.items():
            groups = ["owed", *(run_group("owed", service) for service in periods)]
            self.add_host(host, parent_group_names=groups)
        return {"changed": False, "plan": plan}
