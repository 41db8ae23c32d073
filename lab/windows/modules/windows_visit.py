"""The project's own collector, answered from the machine's state under the names that Windows uses.

Key of the state for it alone: "slow_sections" (names of sections that do not end within their time limit).
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from lab.windows import anydesk
from lab.windows.machine import Machine
from lab.windows.modules import Call, chocolatey_section, module, update_search
from lab.windows.modules.updates import REVISION, category_ids
from lab.windows.sessions import sessions
from lab.windows.state_file import Json, iso

_STATES = {"running": "Running", "stopped": "Stopped", "paused": "Paused"}
_START_MODES = {"auto": "Auto", "delayed": "Auto", "manual": "Manual", "disabled": "Disabled"}
_PRODUCT_TYPES = {"client": 1, "laptop": 1, "domain_controller": 2, "server": 3}
_CHASSIS = {"client": 3, "laptop": 10}

#: As the collector has it for a section that was given up.
TIMED_OUT = "timed_out: it had not ended in time."

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

_WINDOWS_UPDATE = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"
_DEVICE_POLICY = r"HKLM:\SOFTWARE\Microsoft\PolicyManager\current\device\Update"
_USER_SETTINGS = r"HKLM:\SOFTWARE\Microsoft\WindowsUpdate\UX\Settings"
_PAUSE_STATUS = r"HKLM:\SOFTWARE\Microsoft\WindowsUpdate\UpdatePolicy\Settings"
_CONNECTIONS = r"HKLM:\SOFTWARE\Microsoft\DusmSvc\Profiles"


@module("ansible.legacy.windows_visit")
def run(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """Every section that was asked for; the same in check mode, as a visit only reads."""
    asked: list[str] = args["sections"]
    slow = {name: TIMED_OUT for name in asked if name in machine.state.get("slow_sections", ())}
    sections = {
        name: update_search.section(machine, args.get("server_selection", "default"))
        if name == "search"
        else _SECTIONS[name](machine, call.now)
        for name in asked
        if name not in slow
    }
    return {
        "changed": False,
        "collected_at": iso(call.now),
        "identity": _identity(machine),
        "sections": sections,
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


def _computer(machine: Machine, now: datetime) -> Json:  # noqa: ARG001
    state = machine.state
    windows, hardware = state["operating_system"], state["hardware"]
    build = str(windows["build"]).partition(".")[0]
    return {
        "Errors": {},
        "ComputerSystem": {
            "Name": state["computer_name"].upper()[:15],
            "DNSHostName": state["computer_name"],
            "Domain": state.get("domain") or "WORKGROUP",
            "PartOfDomain": bool(state.get("domain")),
            "Manufacturer": hardware["manufacturer"],
            "Model": hardware["model"],
            "TotalPhysicalMemory": hardware["memory_bytes"],
        },
        "OperatingSystem": {
            "Caption": windows["caption"],
            "Version": windows["version"],
            "BuildNumber": build,
            "OSArchitecture": windows["architecture"],
            "ProductType": _PRODUCT_TYPES[state["role"]],
            "InstallDate": windows["install_date"],
            "LastBootUpTime": state["boot_time"],
        },
        "CurrentVersion": {
            name: value for name, value in _current_version(state).items() if name != "InstallDate"
        },
        "Bios": [{"SerialNumber": hardware["serial_number"]}],
        "Chassis": [{"ChassisTypes": [_CHASSIS.get(state["role"], 17)]}],
        "Processors": [{"Name": hardware["processor"], "NumberOfCores": hardware["cores"]}],
    }


def _antivirus(machine: Machine, now: datetime) -> Json:
    scanner = machine.state["scanner"]
    defender = scanner.get("defender")
    if defender is not None:
        defender = dict(defender)
        updated = defender.get("AntivirusSignatureLastUpdated")
        defender.setdefault(
            "AntivirusSignatureAge",
            4294967295 if updated is None else max(0, (now - datetime.fromisoformat(updated)).days),
        )
    agent = scanner.get("bitdefender")
    return {
        "Errors": {},
        "Defender": defender,
        "Detections": scanner.get("detections", []),
        "SecurityCenter": scanner.get("security_center"),
        "Bitdefender": None
        if agent is None
        else {
            "Programs": [
                {"DisplayName": "Bitdefender Endpoint Security Tools", "DisplayVersion": agent["version"]}
            ],
            "Services": [
                {"Name": "EPSecurityService", "State": _STATES[agent["service"]], "StartMode": "Auto"}
            ],
        },
    }


def _updates(machine: Machine, now: datetime) -> Json:  # noqa: ARG001
    state = machine.state
    updates = state["updates"]
    agent = next((each for each in state["services"] if each["name"].casefold() == "wuauserv"), None)
    policy = _registry_values(machine, rf"{_WINDOWS_UPDATE}\AU")
    policy |= {
        name: value
        for name, value in _registry_values(machine, _WINDOWS_UPDATE).items()
        if name.casefold() == "wuserver"
    }
    return {
        "Errors": {},
        "Policy": policy,
        "GroupPolicy": _registry_values(machine, _WINDOWS_UPDATE),
        "DevicePolicy": _registry_values(machine, _DEVICE_POLICY),
        "UserSettings": _registry_values(machine, _USER_SETTINGS),
        "PauseStatus": _registry_values(machine, _PAUSE_STATUS),
        **_connections(machine),
        "Service": None if agent is None else _service(agent),
        "Windows": _current_version(state),
        "AutoUpdate": {
            "LastSearchSuccessDate": updates.get("last_search_success"),
            "LastInstallationSuccessDate": updates.get("last_install_success"),
        },
        "PendingReboot": {
            "WindowsUpdate": updates["reboot_required"],
            "ComponentBasedServicing": updates["reboot_required"],
            "PendingFileRenameOperations": False,
        },
        "LastBootUpTime": state["boot_time"],
        "History": [
            _history_entry(entry)
            for entry in updates.get("history", [])
            if "Definition Updates" not in entry.get("categories", [])
        ],
        "HistoryReachesTo": min((entry["date"] for entry in updates.get("history", [])), default=None),
    }


def _connections(machine: Machine) -> Json:
    """One adapter leads out; Windows tells its cost as it was chosen in the settings."""
    profile = next(iter(machine.registry.subkeys(_CONNECTIONS)), "{00000000-0000-0000-0000-000000000001}")
    cost = machine.registry.data(rf"{_CONNECTIONS}\{profile}\*", "UserCost")
    return {
        "ConnectionCost": {"NetworkCostType": "Fixed" if cost == 2 else "Unrestricted"},
        "Connections": [{"SettingID": profile, "UserCost": cost}],
    }


def _current_version(state: Json) -> Json:
    """As the registry's key CurrentVersion has it; the edition is read off the caption where none is named."""
    windows = state["operating_system"]
    build, _, revision = str(windows["build"]).partition(".")
    named = next((edition for word, edition in _EDITIONS.items() if word in windows["caption"].split()), None)
    return {
        "CurrentBuildNumber": build,
        **({"UBR": int(revision)} if revision else {}),
        "EditionID": windows.get("edition") or named,
        "InstallationType": "Client" if state["role"] in _CHASSIS else "Server",
        "InstallDate": int(datetime.fromisoformat(windows["install_date"]).timestamp()),
    }


def _history_entry(entry: Json) -> Json:
    """Windows counts an HRESULT as a signed number; operation 1 is an installation."""
    hresult = entry.get("hresult") or 0
    number = int(hresult, 16) if isinstance(hresult, str) else int(hresult)
    operation = entry.get("operation", 1)
    return {
        "UpdateID": entry.get("id"),
        "RevisionNumber": entry.get("revision", REVISION),
        "CategoryIDs": category_ids(entry.get("categories", [])),
        "Title": entry["title"],
        "Date": entry["date"],
        "Operation": {"installation": 1, "uninstallation": 2}.get(operation, operation),
        "ResultCode": entry["result_code"],
        "HResult": number - 2**32 if number >= 2**31 else number,
    }


def _volumes(machine: Machine, now: datetime) -> Json:  # noqa: ARG001
    return {
        "Errors": {},
        "Volumes": [
            {
                "DeviceID": volume["letter"],
                "VolumeName": volume["label"],
                "FileSystem": volume["filesystem"],
                "Size": volume["size_bytes"],
                "FreeSpace": volume["free_bytes"],
            }
            for volume in machine.volumes()
        ],
    }


def _network(machine: Machine, now: datetime) -> Json:  # noqa: ARG001
    return {
        "Errors": {},
        "Adapters": [
            {
                "Description": adapter["name"],
                "MACAddress": adapter["mac"],
                "IPAddress": adapter["addresses"],
            }
            for adapter in machine.state["adapters"]
        ],
    }


def _programs(machine: Machine, now: datetime) -> Json:  # noqa: ARG001
    return {
        "Errors": {},
        "Programs": [
            _program(program)
            for program in machine.state["programs"]
            if program["hive"] in ("machine", "machine32")
        ],
    }


def _packages(machine: Machine, now: datetime) -> Json:  # noqa: ARG001
    recipes = machine.state.get("recipes", {})
    return {
        "Errors": {},
        "Packages": [
            {
                "Id": package["name"],
                "Dependencies": list(recipes.get(package["name"], {}).get("needs", ())),
            }
            for package in machine.state["packages"]
        ],
        "IgnoresUnfound": machine.state.get("ignores_unfound", False),
    }


def _program(program: Json) -> Json:
    return {
        "KeyName": program.get("key", program["name"]),
        "Hive": program["hive"],
        "DisplayName": program["name"],
        "DisplayVersion": program["version"],
        "Publisher": program.get("publisher"),
        "InstallDate": program.get("install_date"),
    }


def _services(machine: Machine, now: datetime) -> Json:  # noqa: ARG001
    return {"Errors": {}, "Services": [_service(each) for each in machine.state["services"]]}


def _anydesk(machine: Machine, now: datetime) -> Json:  # noqa: ARG001
    """All clients of AnyDesk; as the collector, it asks only a file with a valid signature whose service runs."""
    state = machine.state
    services = [each for each in state["services"] if each["name"].startswith(anydesk.SERVICE)]
    return {
        "Errors": {},
        "Programs": [
            _program(each) for each in state["programs"] if each["name"].startswith(anydesk.SERVICE)
        ],
        "Services": [_service(each) | {"PathName": each["path"]} for each in services],
        "Installations": [
            _anydesk_installation(path, client, services) for path, client in anydesk.clients(state).items()
        ],
        "Mark": _registry_values(machine, anydesk.FINGERPRINT[0]),
    }


def _anydesk_installation(path: str, client: Json, services: list[Json]) -> Json:
    service = next((each for each in services if path in each["path"]), None)
    asked = service is not None and service["state"] == "running" and client["signature"]["Status"] == "Valid"
    return {
        "Path": path,
        "Errors": {},
        "FileVersion": client["version"],
        "ProductVersion": client["version"],
        "Service": service and service["name"],
        "Signature": dict(client["signature"]),
        "Answers": {"Id": client["id"] or "0", "Alias": client["alias"] or "", "Status": "online"}
        if asked
        else {},
    }


def _sessions(machine: Machine, now: datetime) -> Json:  # noqa: ARG001
    """Only their number, as the collector has it."""
    if machine.state.get("sessions_unreadable"):
        return {"Errors": {"People": "There is a session of which nobody can be told to be the owner."}}
    return {"Errors": {}, "People": len(sessions(machine.state))}


def _service(service: Json) -> Json:
    return {
        "Name": service["name"],
        "DisplayName": service.get("display_name", service["name"]),
        "State": _STATES[service["state"]],
        "StartMode": _START_MODES[service["start_mode"]],
        "StartName": service.get("username"),
        "DelayedAutoStart": service["start_mode"] == "delayed",
    }


def _registry_values(machine: Machine, path: str) -> Json:
    return {name: value["data"] for name, value in machine.registry.values(path).items()}


_SECTIONS: dict[str, Callable[[Machine, datetime], Json]] = {
    "computer": _computer,
    "antivirus": _antivirus,
    "updates": _updates,
    "volumes": _volumes,
    "network": _network,
    "programs": _programs,
    "packages": _packages,
    "chocolatey": chocolatey_section.section,
    "services": _services,
    "anydesk": _anydesk,
    "sessions": _sessions,
}
