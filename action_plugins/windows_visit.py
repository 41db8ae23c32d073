"""The visit of one Windows host, in a task of its own: the module of this name, the proof that it reached whom the
inventory means, and the run's spool.

Another machine counts as not reached: the host leaves the run before anything is judged or changed. A visit that is
made again after a change proves it again. Without `sections` it collects what the host's services need.
"""

from typing import Any

from ansible.plugins.action.normal import ActionModule as ModuleAction

from serviceheft.assess.identity import Expected
from serviceheft.running import session, visiting
from serviceheft.running.spool import Spool, SpoolUnavailable


class ActionModule(ModuleAction):
    _VALID_ARGS = frozenset({"sections"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        variables = task_vars or {}
        host = variables["inventory_hostname"]
        expected = Expected.from_variables(host, variables, variables["groups"]["all"])
        try:
            opened = session.current()
        except session.NoRun:  # a play without a run, such as a test's
            return visiting.proven(super().run(tmp, variables), expected)
        if not self._task.args.get("sections"):
            self._task.args["sections"] = list(visiting.sections_of(opened, host))
        try:
            spool = Spool.of_run(opened.run)
            try:
                result = visiting.proven(super().run(tmp, variables), expected)
            except Exception as error:
                visiting.keep(spool, host, visiting.gone_wrong(error))
                raise
            why = visiting.keep(spool, host, result)
        except SpoolUnavailable as error:
            return {"failed": True, "msg": str(error), visiting.EVIDENCE_LOST: True}
        if visiting.RESULTS_HOLD_STATE:
            return result
        return {"changed": False} if why is None else visiting.found_lost(why)
