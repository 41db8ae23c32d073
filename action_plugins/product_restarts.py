"""Read in the book since when an installer has wanted a restart of each host: no later visit can measure that."""

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.assess import products
from serviceheft.book import BookUnavailable
from serviceheft.running import session


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _VALID_ARGS: frozenset[str] = frozenset()

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        try:
            customer = session.current().customer.name
            with session.open_book() as book:
                told = {
                    shot.host: shot.measured.get("restart_wanted_at")
                    for shot in book.snapshots(customer, products.SUBJECT.name)
                }
        except (session.NoRun, BookUnavailable) as error:
            raise AnsibleActionFail(str(error)) from None
        return {"changed": False, "restarts": {host: at for host, at in told.items() if at}}
