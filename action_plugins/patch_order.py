"""Decide once more, just before, what is done on each host of a ring, and stamp who waits after all.

Those that act get it as the variable patch_management_steps; see serviceheft.services.patch_management.orders.
"""

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.running import judging, patching, session


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _VALID_ARGS: frozenset[str] = frozenset()

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        try:
            steps, records = patching.order_now(
                session.current(), variables["ansible_play_hosts_all"], variables["ansible_play_batch"]
            )
        except judging.UNRECORDED as error:
            raise AnsibleActionFail(str(error)) from None
        for host, own in steps.items():
            self.add_host(host, host_vars={"patch_management_steps": own})
        return {"changed": False, "stamps": [record.as_data() for record in records]}
