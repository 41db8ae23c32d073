"""The script of the role patch_management, acted out: new virus definitions."""

from datetime import datetime

from lab.windows.machine import Json, Machine, ModuleFailure, iso
from lab.windows.modules import Call
from lab.windows.modules.powershell import script


@script("update_definitions")
def _update_definitions(machine: Machine, parameters: Json, call: Call) -> Json:  # noqa: ARG001
    """Windows' own scanner loads today's; it cannot while it is off, nor when its source is away."""
    scanner = machine.state["scanner"]
    defender = scanner.get("defender")
    if defender is None or not defender.get("AMServiceEnabled") or scanner.get("definitions_unreachable"):
        raise ModuleFailure(
            "Update-MpSignature : Virus and spyware definitions update was completed with errors."
        )
    machine.require_space()
    _renew(defender, call.now)
    return {"changed": True}


def _renew(defender: Json, now: datetime) -> None:
    defender["AntivirusSignatureLastUpdated"] = iso(now)
    defender["AntivirusSignatureAge"] = 0
    defender["DefenderSignaturesOutOfDate"] = False
