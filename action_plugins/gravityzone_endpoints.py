"""Ask the customer's GravityZone console once for all hosts of the play that are to be protected by Bitdefender.

What it says of each is kept in the run's spool for the services that judge by it.
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from serviceheft.assess.reading import mapping, rows, text
from serviceheft.running import judging, session
from serviceheft.running.spool import Spool
from serviceheft.service import Seen
from serviceheft.services import antivirus_check


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _VALID_ARGS = frozenset({"url", "api_key", "ca", "parent_id", "company_id"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        try:
            current = session.current()
            seen = judging.look_at(
                current, antivirus_check.SERVICE.role, (task_vars or {})["ansible_play_hosts_all"]
            )
            asked = {
                host: one
                for host, one in seen.items()
                if one.reached and one.variables.get("antivirus_check_product") == "bitdefender"
            }
            answers = self._ask([_wanted(one) for one in asked.values()])
            spool = Spool.of_run(current.run)
            for host in asked:
                spool.keep(antivirus_check.CONSOLE, host, answers[host])
        except judging.UNRECORDED as error:
            raise AnsibleActionFail(str(error)) from None
        return {"changed": False}

    def _ask(self, hosts: list[dict[str, Any]]) -> dict[str, Any]:
        """What the console says of each host, by its name."""
        from serviceheft.vendors import (
            gravityzone,
        )  # late: its client is not imported for customers without one

        arguments = self._task.args
        try:
            answer: Mapping[str, Any] = gravityzone.fetch(
                arguments["url"],
                arguments["api_key"],
                arguments.get("ca"),
                hosts,
                parent_id=arguments.get("parent_id"),
                company_id=arguments.get("company_id"),
            )
        except ValueError:
            # The CA file. A failed task would lose every host of the play: so each is judged, as not measured.
            answer = {"available": False, "reason": "console.certificate", "endpoints": {}}
        return {host["name"]: gravityzone.for_host(answer, host["name"]) for host in hosts}


def _wanted(seen: Seen) -> dict[str, Any]:
    """A host under the names by which a console may know it, as the visit measured them, and with its MACs."""
    sections = mapping(seen.first, "sections")
    computer = mapping(mapping(sections, "computer"), "ComputerSystem")
    names = [name for key in ("Name", "DNSHostName") if (name := text(computer, key))]
    if (name := text(computer, "DNSHostName")) and computer.get("PartOfDomain") is True:
        names.append(f"{name}.{text(computer, 'Domain')}")
    adapters = rows(mapping(sections, "network"), "Adapters") or ()
    return {
        "name": seen.host,
        "names": names,
        "macs": [mac for one in adapters if (mac := text(one, "MACAddress"))],
    }
