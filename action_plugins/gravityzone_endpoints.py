"""Ask the customer's GravityZone console once for all hosts of the play that are to be protected by Bitdefender."""

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase

from serviceheft.assess.reading import mapping, rows, text
from serviceheft.vendors import gravityzone


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _VALID_ARGS = frozenset({"url", "api_key", "ca", "parent_id", "company_id"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        hosts = [
            _wanted(host, variables["hostvars"][host])
            for host in variables["ansible_play_hosts"]
            if variables["hostvars"][host].get("antivirus_check_product") == "bitdefender"
        ]
        arguments = self._task.args
        try:
            answer = gravityzone.fetch(
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
        return {"changed": False, "console": answer}


def _wanted(host: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """A host under the names by which a console may know it, as the visit measured them, and with its MACs."""
    sections = mapping(mapping(variables, "visit_result"), "sections")
    computer = mapping(mapping(sections, "computer"), "ComputerSystem")
    names = [name for key in ("Name", "DNSHostName") if (name := text(computer, key))]
    if (name := text(computer, "DNSHostName")) and computer.get("PartOfDomain") is True:
        names.append(f"{name}.{text(computer, 'Domain')}")
    adapters = rows(mapping(sections, "network"), "Adapters") or ()
    return {
        "name": host,
        "names": names,
        "macs": [mac for one in adapters if (mac := text(one, "MACAddress"))],
    }
