"""Makes one round of visits as the action visit does, without a run: the spool lies where the task says."""

from pathlib import Path
from typing import Any

from ansible import context
from ansible.plugins.action import ActionBase

from serviceheft.assess.identity import Expected
from serviceheft.running.spool import Spool
from serviceheft.running.visit_building import Alone, Builder, Visit
from serviceheft.running.visit_round import Round


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _VALID_ARGS = frozenset({"sections", "spool"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables, builder = task_vars or {}, Builder(self)
        spool = Spool(Path(self._task.args["spool"]))

        def prepare(host: str) -> tuple[Visit | Alone, Expected]:
            theirs = variables["hostvars"].raw_get(host)
            visit = builder.visit(host, theirs, {"sections": list(self._task.args["sections"])})
            return visit, Expected.from_variables(host, theirs, [])

        hosts = list(variables["ansible_play_batch"])
        return {"changed": False, **Round.of(hosts, int(context.CLIARGS["forks"]), spool, prepare).as_data()}
