"""Give every host of the play its order for patch management; see src/serviceheft/running/patching.py.

With `plan` it also puts the hosts that are to be changed into the groups of their turn: patching_pilot, patching_broad,
and patching_pilot_alone, patching_broad_alone for those beside which no other host may be changed.
"""

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.book import BookUnavailable
from serviceheft.running import patching, session


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _VALID_ARGS = frozenset({"plan"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        plan = bool(self._task.args.get("plan"))
        try:
            current = session.current()
            hosts = {host: variables["hostvars"][host] for host in variables["ansible_play_hosts_all"]}
            orders = patching.give_orders(current, hosts, planning=plan)
        except (session.NoRun, BookUnavailable, ValueError) as error:
            raise AnsibleActionFail(str(error)) from None
        if plan and not current.order.dry_run:
            for host, order in orders.items():
                if order["candidate"]:
                    alone = "_alone" if order["alone"] else ""
                    self.add_host(host, parent_group_names=[f"patching_{order['ring']}{alone}"])
        return {"changed": False, "orders": orders}
