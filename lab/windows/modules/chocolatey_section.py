"""The visit's section "chocolatey": packages, sources, and what a source has newer, from the machine's state.

Key of the state for it alone: "choco_failure" (part of the section -> why it could not be read).
"""

from datetime import datetime

from lab.windows.machine import Json, Machine
from lab.windows.modules.packages import find, listed_as_outdated, sources

_PATH = r"C:\ProgramData\chocolatey\bin\choco.exe"


def section(machine: Machine, now: datetime) -> Json:  # noqa: ARG001
    """As the collector has it."""
    if find(machine, "chocolatey") is None:
        return {"Errors": {}, "Path": None}
    failures: Json = machine.state.get("choco_failure", {})
    parts: Json = {
        "Packages": [{"Id": it["name"], "Version": it["version"]} for it in machine.state["packages"]],
        "Sources": [
            {
                "Name": it["name"],
                "Source": it["source"],
                "Disabled": it["disabled"],
                "UserName": it["source_username"],
            }
            for it in sources(machine)
        ],
        "Outdated": [
            {"Id": it["name"], "Version": it["version"], "Available": newest, "Pinned": it["pinned"]}
            for it, newest in listed_as_outdated(machine)
        ],
    }
    told = {name: part for name, part in parts.items() if name not in failures}
    return {"Errors": dict(failures), "Path": _PATH, **told}
