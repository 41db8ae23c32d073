"""Plan what each host of the play needs, once for all of them: the cap on removals holds for the whole run."""

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.assess import software
from serviceheft.assess.softwarestate import SoftwarePolicy
from serviceheft.book import BookUnavailable
from serviceheft.running import session


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _VALID_ARGS = frozenset({"facts", "maximum_removals"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables, arguments = task_vars or {}, self._task.args
        try:
            ours = _ours(session.current().customer.name)
        except (session.NoRun, BookUnavailable) as error:
            raise AnsibleActionFail(str(error)) from None
        plans = {
            host: software.plan(
                variables["hostvars"][host].get(arguments["facts"]),
                SoftwarePolicy.from_variables(variables["hostvars"][host]),
                ours.get(host, ()),
            )
            for host in variables["ansible_play_hosts"]
        }
        capped = software.capped(plans, int(arguments["maximum_removals"]))
        return {"changed": False, "plans": {host: plan.as_data() for host, plan in capped.items()}}


def _ours(customer: str) -> dict[str | None, list[str]]:
    """The packages on each host that earlier runs installed, as last measured."""
    with session.open_book() as book:
        return {
            shot.host: [str(name) for name in shot.measured.get("ours") or ()]  # type: ignore[union-attr]
            for shot in book.snapshots(customer)
            if shot.subject == software.SUBJECT.name
        }
