"""Raw objects under the names that Windows gives them, as several sections of the visit have them."""

from datetime import datetime

from lab.windows.machine import Json, Machine

STATES = {"running": "Running", "stopped": "Stopped", "paused": "Paused"}

_START_MODES = {"auto": "Auto", "delayed": "Auto", "manual": "Manual", "disabled": "Disabled"}

CHASSIS = {"client": 3, "laptop": 10}

_EDITIONS = {
    "Home": "Core",
    "Pro": "Professional",
    "Enterprise": "Enterprise",
    "LTSC": "EnterpriseS",
    "Education": "Education",
    "Standard": "ServerStandard",
    "Datacenter": "ServerDatacenter",
    "Essentials": "ServerSolution",
}


def current_version(state: Json) -> Json:
    """As the registry's key CurrentVersion has it; the edition is read off the caption where none is named."""
    windows = state["operating_system"]
    build, _, revision = str(windows["build"]).partition(".")
    named = next((edition for word, edition in _EDITIONS.items() if word in windows["caption"].split()), None)
    return {
        "CurrentBuildNumber": build,
        **({"UBR": int(revision)} if revision else {}),
        "EditionID": windows.get("edition") or named,
        "InstallationType": "Client" if state["role"] in CHASSIS else "Server",
        "InstallDate": int(datetime.fromisoformat(windows["install_date"]).timestamp()),
    }


def program_row(program: Json) -> Json:
    return {
        "KeyName": program.get("key", program["name"]),
        "Hive": program["hive"],
        "DisplayName": program["name"],
        "DisplayVersion": program["version"],
        "Publisher": program.get("publisher"),
        "InstallDate": program.get("install_date"),
    }


def service_row(service: Json) -> Json:
    return {
        "Name": service["name"],
        "DisplayName": service.get("display_name", service["name"]),
        "State": STATES[service["state"]],
        "StartMode": _START_MODES[service["start_mode"]],
        "StartName": service.get("username"),
        "DelayedAutoStart": service["start_mode"] == "delayed",
    }


def registry_values(machine: Machine, path: str) -> Json:
    return {name: value["data"] for name, value in machine.registry.values(path).items()}
