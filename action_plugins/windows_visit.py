"""The visit of one Windows host, in a task of its own: the module of this name, the proof that it reached whom the
inventory means, and the run's spool.

Another machine counts as not reached: the host leaves the run before anything is judged or changed. With `service`, it
is made anew after a change, for that service; without, it is the one for all services that the host is owed. That one
never fails, but says as the action `visit` does whom it lost: a play of which all hosts fail ends the whole run.
"""

from typing import Any

from ansible.plugins.action.normal import ActionModule as ModuleAction

from serviceheft.assess.identity import Expected
from serviceheft.running import judging, session, visiting
from serviceheft.running.spool import Spool, SpoolUnavailable
from serviceheft.running.visit_round import Round
from serviceheft.services import SERVICES


class ActionModule(ModuleAction):
    _VALID_ARGS = frozenset({"sections", "service"}.union(*(it.options for it in SERVICES.values())))

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        variables, arguments = task_vars or {}, self._task.args
        host = variables["inventory_hostname"]
        expected = Expected.from_variables(host, variables, variables["groups"]["all"])
        try:
            opened = session.current()
        except session.NoRun:  # a play without a run, such as a test's
            return visiting.proven(super().run(tmp, variables), expected)
        role = arguments.get("service")
        if role is None:
            self._task.args = visiting.first(opened, host)
        else:
            service, sections = judging.declared(role), arguments.get("sections") or ()
            self._task.args = visiting.again(opened, host, service, sections)
        try:
            spool = Spool.of_run(opened.run)
            try:
                result = visiting.proven(super().run(tmp, variables), expected)
            except Exception as error:
                result = visiting.gone_wrong(error)
                if role is not None:
                    visiting.keep(spool, host, result, role)
                    raise
            why = visiting.keep(spool, host, result, role)
            if role is None:
                return {"changed": False, **Round.of_one(host, why).as_data()}
            steps = judging.steps_left(opened, role, host) if why is None else None
        except SpoolUnavailable as error:
            return {"failed": True, "msg": str(error), visiting.EVIDENCE_LOST: True}
        if why is not None:
            return visiting.found_lost(why)
        return {"changed": False} if steps is None else {"changed": False, "steps": steps}
