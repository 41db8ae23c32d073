"""Scripts that read one section of a visit with a task of their own, as tests/bench/ordinary.yml does."""

from lab.visit import run
from lab.windows.machine import Json, Machine
from lab.windows.modules import Call
from lab.windows.modules.powershell import script

_CLIENT = "C:\\Program Files (x86)\\AnyDesk\\"


def _section(machine: Machine, call: Call, name: str) -> Json:
    return {"changed": False, "output": [run(machine, {"sections": [name]}, call)["sections"][name]]}


@script("scanner")
def _scanner(machine: Machine, parameters: Json, call: Call) -> Json:  # noqa: ARG001
    """Microsoft Defender's state and detections."""
    return _section(machine, call, "antivirus")


@script("update_agent")
def _update_agent(machine: Machine, parameters: Json, call: Call) -> Json:  # noqa: ARG001
    """The update agent's last successes and its history."""
    return _section(machine, call, "updates")


@script("volumes")
def _volumes(machine: Machine, parameters: Json, call: Call) -> Json:  # noqa: ARG001
    """Local volumes with their free space."""
    return _section(machine, call, "volumes")


@script("remote_access")
def _remote_access(machine: Machine, parameters: Json, call: Call) -> Json:  # noqa: ARG001
    """The remote access program's file, signer and service, of the client in the usual folder."""
    section = run(machine, {"sections": ["anydesk"]}, call)["sections"]["anydesk"]
    (client,) = (it for it in section["Installations"] if it["Path"].startswith(_CLIENT))
    (service,) = (it for it in section["Services"] if it["Name"] == client["Service"])
    file = {name: client[name] for name in ("FileVersion", "ProductVersion")}
    return {
        "changed": False,
        "output": [{"File": file, "Signature": client["Signature"], "Service": service}],
    }
