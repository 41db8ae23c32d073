"""The script that gives AnyDesk its unattended password, acted out."""

from lab.windows import anydesk
from lab.windows.machine import Json, Machine, ModuleFailure
from lab.windows.modules import Call
from lab.windows.modules.powershell import script


@script("remote_access_set_password")
def _set_password(machine: Machine, parameters: Json, call: Call) -> Json:  # noqa: ARG001
    """Fails as the script does, without the password in the message, when AnyDesk does not take it."""
    path = parameters["Path"]
    if parameters["Computer"].casefold() != machine.state["computer_name"].casefold()[:15]:
        raise ModuleFailure("This is another computer than the one that was visited.")
    if path not in anydesk.clients(machine.state):
        raise ModuleFailure("The system cannot find the file specified")
    service = next((each for each in machine.state["services"] if path in each["path"]), None)
    if service is None or service["state"] != "running":
        raise ModuleFailure("AnyDesk did not take the password (exit code 9006).")
    machine.require_space()
    anydesk.set_password(machine.state, parameters["Password"], path)
    machine.registry.set_value(*anydesk.FINGERPRINT, "string", parameters["Fingerprint"])
    return {"changed": True}
