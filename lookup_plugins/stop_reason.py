"""lookup('stop_reason'): why nothing may be changed now, "" when something may; see serviceheft/running/stop.py.

Whatever changes a host asks this just before: `when: lookup('stop_reason') == ''`.
"""

from typing import Any

from ansible.plugins.lookup import LookupBase

from serviceheft.running.stop import stop_reason


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: Any = None, **kwargs: Any) -> list[str]:  # noqa: ARG002
        return [stop_reason() or ""]
