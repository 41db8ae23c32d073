"""Visit all hosts of the play in one task, in threads; see src/serviceheft/running/visiting.py.

What hosts told goes into the run's spool, never into the task's result: that has numbers and codes. Hosts that need a
task of their own are put into the group visiting_alone. The task fails for what the whole run fails for, and for
nothing that a host does: a task that bypasses the host loop fails for all hosts at once.
"""

from typing import Any

from ansible import context
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.assess.identity import Expected
from serviceheft.book import BookUnavailable
from serviceheft.model.groups import VISITING_ALONE
from serviceheft.running import session, visiting
from serviceheft.running.spool import Spool
from serviceheft.running.visit_building import Alone, Builder, Visit
from serviceheft.running.visit_round import Round


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _VALID_ARGS: frozenset[str] = frozenset()

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        try:
            opened = session.current()
            spool = Spool.of_run(opened.run)
            hosts = list(variables["ansible_play_batch"])
            went = self._round(opened, spool, hosts, variables)
        except (session.NoRun, BookUnavailable) as error:
            raise AnsibleActionFail(str(error)) from None
        for host in went.alone:
            self.add_host(host, parent_group_names=[VISITING_ALONE])
        return {"changed": False, **went.as_data()}

    def _round(
        self, opened: session.Session, spool: Spool, hosts: list[str], variables: dict[str, Any]
    ) -> Round:
        builder, inventory, every = Builder(self), variables["hostvars"], variables["groups"]["all"]

        def prepare(host: str) -> tuple[Visit | Alone, Expected]:
            theirs = inventory.raw_get(host)
            visit = builder.visit(host, theirs, visiting.first(opened, host))
            return visit, Expected.from_variables(host, theirs, every)

        return Round.of(hosts, int(context.CLIARGS["forks"]), spool, prepare)
