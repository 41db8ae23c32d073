"""Plan what each host of the play needs, once for all of them: the cap on removals holds for the whole run."""

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft import settings
from serviceheft.assess import software
from serviceheft.assess.softwarestate import Known, Look, SoftwarePolicy
from serviceheft.book import BookUnavailable
from serviceheft.running import session


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _VALID_ARGS = frozenset({"facts", "asked", "visit", "maximum_removals"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables, arguments = task_vars or {}, self._task.args
        try:
            known = _known(session.current().customer.name)
        except (session.NoRun, BookUnavailable) as error:
            raise AnsibleActionFail(str(error)) from None
        plans = {}
        for host in variables["ansible_play_hosts"]:
            own = variables["hostvars"][host]
            look = Look(*(own.get(arguments[name]) for name in ("facts", "visit", "asked")))
            then = known.get(host, Known()).at_visit(look.visit, settings.now())
            plans[host] = software.plan(look, SoftwarePolicy.from_variables(own), then)
        capped = software.capped(plans, int(arguments["maximum_removals"]))
        return {"changed": False, "plans": {host: plan.as_data() for host, plan in capped.items()}}


def _known(customer: str) -> dict[str | None, Known]:
    """What earlier runs left on each host, as last measured."""
    with session.open_book() as book:
        return {
            shot.host: Known.from_measured(shot.measured)
            for shot in book.snapshots(customer)
            if shot.subject == software.SUBJECT.name
        }
