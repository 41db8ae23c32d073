"""Write one judged service of one host into the book, at once; see src/serviceheft/running/recording.py."""

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.assess.judgement import Judgement
from serviceheft.book import BookUnavailable, RunRefused
from serviceheft.logs import LogUnavailable
from serviceheft.model.groups import run_group
from serviceheft.running import recording, session


class ActionModule(ActionBase):
    _requires_connection = False
    _VALID_ARGS = frozenset({"service", "judgement"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        try:
            judgement = Judgement.from_data(self._task.args["judgement"])
            record = recording.record(
                session.current(),
                service=str(self._task.args["service"]),
                host=(task_vars or {})["inventory_hostname"],
                judgement=judgement,
            )
        except (session.NoRun, BookUnavailable, RunRefused, LogUnavailable, ValueError) as error:
            raise AnsibleActionFail(str(error)) from None
        if record.mends:  # the play that mends is on this group
            self.add_group(run_group("mending", record.service), parent_group_names=["mending"])
        return {"changed": False, "stamp": record.as_data()}
