"""The project's own collector, answered from the machine's state under the names that Windows uses.

The sections are those of the services (lab/services). Key of the state for it alone: "slow_sections" (names of sections
that do not end within their time limit).
"""

import uuid
from typing import Any

from lab.services import SECTIONS
from lab.windows.failures import ModuleFailure
from lab.windows.machine import Json, Machine
from lab.windows.modules import Call, module
from lab.windows.state_file import iso

#: As the collector has it for a section that was given up.
TIMED_OUT = "timed_out: it had not ended in time."


@module("ansible.legacy.windows_visit")
def run(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """Every section that was asked for; the same in check mode, as a visit only reads."""
    asked: list[str] = args["sections"]
    # Which there are the script works out, so its specification does not say.
    if unknown := [name for name in asked if name not in SECTIONS]:
        known = ", ".join(sorted(SECTIONS))
        raise ModuleFailure(
            f"value of sections must be one or more of: {known}. Got no match for: {', '.join(unknown)}"
        )
    slow = {name: TIMED_OUT for name in asked if name in machine.state.get("slow_sections", ())}
    return {
        "changed": False,
        "collected_at": iso(call.now),
        "identity": _identity(machine),
        "sections": {name: SECTIONS[name](machine, args, call.now) for name in asked if name not in slow},
        "errors": slow,
        "milliseconds": dict.fromkeys(asked, 0),
    }


def _identity(machine: Machine) -> Json:
    """Its ids are made up from its name."""
    name = machine.state["computer_name"]
    return {
        "Errors": {},
        "Name": name.upper()[:15],
        "DNSHostName": name,
        "MachineGuid": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"windows {name}")),
        "UUID": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"board {name}")).upper(),
    }
