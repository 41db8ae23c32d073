"""See on which hosts of the play the source must be asked why it does not tell what is newer (3.3).

Each gets the package to ask about, or None, as the variable standard_software_question, and who has one is put into
the group asking_3_3.
"""

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.running import judging, session
from serviceheft.services import standard_software


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _VALID_ARGS: frozenset[str] = frozenset()

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        role, (group,) = standard_software.SERVICE.role, standard_software.SERVICE.groups
        try:
            seen = judging.look_at(session.current(), role, (task_vars or {})["ansible_play_hosts_all"])
        except judging.UNRECORDED as error:
            raise AnsibleActionFail(str(error)) from None
        for host, one in seen.items():
            package = standard_software.question(one) if one.reached else None
            if package is not None or len(one.visits) > 1:
                groups = [group] if package is not None else []
                self.add_host(host, parent_group_names=groups, host_vars={f"{role}_question": package})
        return {"changed": False}
