"""The lab's side of 3.1: Windows updates, what the Update Agent finds, and what keeps a machine from them.

Keys of "updates" in the state for it alone: "search_failure" (the HRESULT with which a search ends); of an update:
"size_bytes", "reboot_behavior".
"""

from datetime import datetime, timedelta
from typing import Any

from lab.defect import Defect, Edit
from lab.raw_objects import current_version, registry_values, service_row
from lab.update_holds import HOLDS
from lab.windows.defaults import available_update
from lab.windows.machine import Json, Machine
from lab.windows.modules.updates import REVISION, category_ids, category_names, is_offered, search_failure
from lab.windows.state_file import iso

_WINDOWS_UPDATE = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"
_DEVICE_POLICY = r"HKLM:\SOFTWARE\Microsoft\PolicyManager\current\device\Update"
_USER_SETTINGS = r"HKLM:\SOFTWARE\Microsoft\WindowsUpdate\UX\Settings"
_PAUSE_STATUS = r"HKLM:\SOFTWARE\Microsoft\WindowsUpdate\UpdatePolicy\Settings"
_CONNECTIONS = r"HKLM:\SOFTWARE\Microsoft\DusmSvc\Profiles"
_SUCCEEDED = 2
_NEVER_REBOOTS, _CAN_REQUEST_REBOOT = 0, 2
_AUTOMATIC_UPDATES = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU"


def _updates(machine: Machine, arguments: Json, now: datetime) -> Json:  # noqa: ARG001
    state = machine.state
    updates = state["updates"]
    agent = next((each for each in state["services"] if each["name"].casefold() == "wuauserv"), None)
    policy = registry_values(machine, rf"{_WINDOWS_UPDATE}\AU")
    policy |= {
        name: value
        for name, value in registry_values(machine, _WINDOWS_UPDATE).items()
        if name.casefold() == "wuserver"
    }
    return {
        "Errors": {},
        "Policy": policy,
        "GroupPolicy": registry_values(machine, _WINDOWS_UPDATE),
        "DevicePolicy": registry_values(machine, _DEVICE_POLICY),
        "UserSettings": registry_values(machine, _USER_SETTINGS),
        "PauseStatus": registry_values(machine, _PAUSE_STATUS),
        **_connections(machine),
        "Service": None if agent is None else service_row(agent),
        "Windows": current_version(state),
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


def _search(machine: Machine, arguments: Json, now: datetime) -> Json:  # noqa: ARG001
    """As the collector has it: of a search that failed only the HRESULT."""
    server_selection = arguments.get("server_selection", "default")
    updates = machine.state["updates"]
    found: Json = {
        "Errors": {},
        "ServerSelection": server_selection,
        "RebootRequired": updates["reboot_required"],
    }
    failure = search_failure(machine, {"server_selection": server_selection})
    if failure:
        return found | {"Errors": {"Updates": failure}}
    rows = [_row(machine, update) for update in updates["available"] if is_offered(update, updates)]
    return found | {"ResultCode": _SUCCEEDED, "Updates": rows}


def _row(machine: Machine, update: Json) -> Json:
    asks = update.get("reboot_required", False)
    return {
        "UpdateID": update["id"],
        "RevisionNumber": update.get("revision", REVISION),
        "Title": update["title"],
        "KBArticleIDs": [article.removeprefix("KB") for article in update["kb"]],
        "CategoryIDs": category_ids(update["categories"]),
        "Categories": category_names(machine, update),
        "MsrcSeverity": update.get("severity"),
        "LastDeploymentChangeTime": update.get("published"),
        "IsHidden": update.get("hidden", False),
        "IsDownloaded": update.get("downloaded", False),
        "BrowseOnly": update.get("optional", False),
        "MaxDownloadSize": update.get("size_bytes"),
        "RebootBehavior": update.get("reboot_behavior", _CAN_REQUEST_REBOOT if asks else _NEVER_REBOOTS),
    }


def _missing(state: Json, now: datetime, *, severity: str, days: int, kb: str, title: str) -> None:
    update = available_update(
        f"{title} (KB{kb})",
        kb,
        published=now - timedelta(days=days),
        severity=severity,  # type: ignore[arg-type]
        reboot_required=True,
    )
    state["updates"]["available"].append(update)


def _installed(state: Json, now: datetime) -> None:
    for update in state["updates"]["available"]:
        update.update(installed=True, downloaded=True)
    state["updates"]["last_install_success"] = iso(now)


def _failed(state: Json, now: datetime, *, kb: str, hresult: str = "0x80070643") -> None:
    """An update that is still offered (recent, so not yet overdue), and whose installation failed."""
    _missing(state, now, severity="Important", days=4, kb=kb, title="Security Update")
    update = state["updates"]["available"][-1]
    state["updates"]["history"].append(
        {
            "id": update["id"],
            "title": update["title"],
            "kb": kb,
            "date": iso(now - timedelta(days=2)),
            "result_code": 4,
            "hresult": int(hresult, 16) - (1 << 32),
            "operation": "installation",
        }
    )


def _repaired(state: Json, now: datetime) -> None:
    _installed(state, now)
    failed = [entry for entry in state["updates"]["history"] if entry["result_code"] == 4]
    for entry in failed:
        state["updates"]["history"].append(entry | {"date": iso(now), "result_code": 2, "hresult": 0})


def _reboot(*, pending: bool) -> Edit:
    def edit(state: Json, now: datetime, **_: Any) -> None:
        state["updates"]["reboot_required"] = pending
        if not pending:
            state["boot_time"] = iso(now)

    return edit


def _automatic_updates(*, off: bool) -> Edit:
    def edit(state: Json, now: datetime, **_: Any) -> None:  # noqa: ARG001
        state["registry"][_AUTOMATIC_UPDATES]["NoAutoUpdate"] = {"type": "dword", "data": int(off)}

    return edit


SECTIONS = {"updates": _updates, "search": _search}

DEFECTS = {
    "update_missing": Defect(_missing, _installed),
    "update_failed": Defect(_failed, _repaired),
    "reboot_pending": Defect(_reboot(pending=True), _reboot(pending=False)),
    "automatic_updates_off": Defect(_automatic_updates(off=True), _automatic_updates(off=False)),
    **HOLDS,
}
