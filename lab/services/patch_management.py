"""The lab's side of 3.2: who is signed in, whose work a restart would end."""

from datetime import datetime

from lab.windows.machine import Json, Machine
from lab.windows.sessions import sessions


def _sessions(machine: Machine, arguments: Json, now: datetime) -> Json:  # noqa: ARG001
    """Only their number, as the collector has it."""
    if machine.state.get("sessions_unreadable"):
        return {"Errors": {"People": "There is a session of which nobody can be told to be the owner."}}
    return {"Errors": {}, "People": len(sessions(machine.state))}


SECTIONS = {"sessions": _sessions}
