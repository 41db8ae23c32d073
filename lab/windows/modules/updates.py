"""win_updates: search, download and install, by the start/poll/cancel protocol of its action plugin."""

import re
import uuid
from typing import Any

from lab.windows.machine import Json, Machine, ModuleFailure, iso
from lab.windows.modules import Call, module
from serviceheft.model.categories import CATEGORIES

_CATEGORIES = {
    "CriticalUpdates": "Critical Updates",
    "DefinitionUpdates": "Definition Updates",
    "DeveloperKits": "Developer Kits",
    "FeaturePacks": "Feature Packs",
    "SecurityUpdates": "Security Updates",
    "ServicePacks": "Service Packs",
    "UpdateRollups": "Update Rollups",
}
#: As a German Windows shows them: win_updates compares names, and its own English ones fit none of these.
_GERMAN = {
    "Critical Updates": "Wichtige Updates",
    "Definition Updates": "Definitionsupdates",
    "Drivers": "Treiber",
    "Security Updates": "Sicherheitsupdates",
    "Update Rollups": "Updaterollups",
    "Updates": "Updates",
    "Upgrades": "Upgrades",
}
#: Of an update whose state names none.
REVISION = 200
_SUCCEEDED, _FAILED = 2, 4
_DISK_FULL = "0x80070070"
_SERVICE_DISABLED = "0x80070422"
_NO_MANAGED_SERVER = "0x80244011"
_POLICY = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"


@module("ansible.windows.win_updates")
def run(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """One of the plugin's steps; what "start" did is kept in memory until "cancel"."""
    runs: dict[str, list[Json]] = machine.memory.setdefault("update_runs", {})
    options = args.get("_operation_options") or {}
    if args["_operation"] == "poll":
        return {"output": runs.get(options["pipe_name"], [])}
    if args["_operation"] == "cancel":
        runs.pop(options["cancel_id"].removeprefix("Global\\"), None)
        return {}
    progress = _work(machine, args, call)
    _write_log(machine, args, call, progress)
    if options.get("wait"):
        return _summary(progress)
    name = f"Ansible.Windows.WinUpdates-{uuid.uuid4()}"
    runs[name] = progress
    return {
        "cancel_options": {"cancel_id": f"Global\\{name}", "task_pid": 4242},
        "poll_options": {"pipe_name": name},
    }


def _work(machine: Machine, args: dict[str, Any], call: Call) -> list[Json]:
    updates = machine.state["updates"]
    finished: Json = {"changed": False, "failed": False, "reboot_required": updates["reboot_required"]}
    failure = search_failure(machine, args)
    if failure:
        exception = {"message": "Searching for updates: ", "hresult": _signed(failure)}
        return [_step("exit", finished | {"failed": True, "exception": exception})]
    offered = [update for update in updates["available"] if is_offered(update, updates)]
    shown = {update["id"]: category_names(machine, update) for update in offered}
    filtered = {
        update["id"]: reasons
        for update in offered
        if (reasons := _filtered(update, shown[update["id"]], args))
    }
    selected = [update for update in offered if update["id"] not in filtered]
    steps = [
        _step(
            "search_result",
            {
                "updates": [_shown(update) | {"categories": shown[update["id"]]} for update in offered],
                "filtered": [{"id": name, "reasons": reasons} for name, reasons in filtered.items()],
            },
        )
    ]
    if call.check_mode or args["state"] == "searched" or not selected:
        changed = bool(selected) and args["state"] != "searched"
        return [*steps, _step("exit", finished | {"changed": changed})]
    if updates["reboot_required"]:
        return [*steps, _failure(finished, "A reboot is required before more updates can be installed")]
    missing = [update for update in selected if not update["downloaded"]]
    if missing:
        info = [download(machine, update) for update in missing]
        steps.append(_step("download_result", {"info": info}))
        finished["changed"] = True
        if any(entry["result_code"] != _SUCCEEDED for entry in info):
            return [
                *steps,
                _failure(finished, "Failed to download all updates - see updates for more information"),
            ]
    if args["state"] == "downloaded":
        return [*steps, _step("exit", finished)]
    if any(update.get("hangs") for update in selected):
        return steps  # no "exit" ever comes; only the client's patience ends it
    info = [install(machine, update, call) for update in selected]
    steps.append(_step("install_result", {"info": info}))
    finished |= {"changed": True, "reboot_required": updates["reboot_required"]}
    if any(entry["result_code"] != _SUCCEEDED for entry in info):
        return [
            *steps,
            _failure(finished, "Failed to install all updates - see updates for more information"),
        ]
    return [*steps, _step("exit", finished)]


def search_failure(machine: Machine, args: dict[str, Any]) -> str | None:
    """The HRESULT with which a search ends: asked for in the state, or because of how the machine is set up."""
    agent = next((each for each in machine.state["services"] if each["name"].casefold() == "wuauserv"), None)
    if agent is not None and agent["start_mode"] == "disabled":
        return _SERVICE_DISABLED
    if args["server_selection"] == "managed_server" and not machine.registry.data(_POLICY, "WUServer"):
        return _NO_MANAGED_SERVER
    failure: str | None = machine.state["updates"].get("search_failure")
    return failure


def is_offered(update: Json, updates: Json) -> bool:
    """Not installed, and what it builds upon ("after": a bare article number) is, its restart included."""
    if update["installed"]:
        return False
    before = [one for one in updates["available"] if update.get("after") in one["kb"]]
    return all(one["installed"] for one in before) and not (before and updates["reboot_required"])


def category_names(machine: Machine, update: Json) -> list[str]:
    """The names of an update's categories in the machine's language."""
    german = machine.state.get("language") == "de"
    return [_GERMAN.get(name, name) if german else name for name in update["categories"]]


def category_ids(names: list[str]) -> list[str]:
    """The identifiers of categories by their English names; names of products have none here."""
    by_name = {name: category.identifier for category in CATEGORIES.values() for name in category.names}
    return [by_name[name] for name in names if name in by_name]


def _filtered(update: Json, categories: list[str], args: dict[str, Any]) -> list[str]:
    """Why an update is not selected; the real module joins title and articles before it matches."""
    text = update["title"] + " ".join(f"KB{article}" for article in update["kb"])

    def listed(patterns: list[str]) -> bool:
        return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)

    wanted = [_CATEGORIES.get(name, name).casefold() for name in args["category_names"] or []]
    reasons = []
    if args["accept_list"] and not listed(args["accept_list"]):
        reasons.append("accept_list")
    if args["reject_list"] and listed(args["reject_list"]):
        reasons.append("reject_list")
    if update.get("hidden"):
        reasons.append("hidden")
    if wanted and "*" not in wanted and not {name.casefold() for name in categories} & set(wanted):
        reasons.append("category_names")
    if args["skip_optional"] and update.get("optional"):
        reasons.append("skip_optional")
    return reasons


def download(machine: Machine, update: Json) -> Json:
    """Download one update; its "download_failure" is the HRESULT with which that ends."""
    failure = _DISK_FULL if machine.faults.disk_full else update.get("download_failure")
    if failure:
        return {"id": update["id"], "result_code": _FAILED, "hresult": _signed(failure)}
    update["downloaded"] = True
    return {"id": update["id"], "result_code": _SUCCEEDED, "hresult": 0}


def install(machine: Machine, update: Json, call: Call) -> Json:
    """Install one update, and unasked those that it "brings" (ids); all of them stand in the history."""
    failure = _DISK_FULL if machine.faults.disk_full else update.get("failure")
    updates = machine.state["updates"]
    code = _FAILED if failure else _SUCCEEDED
    updates["history"].append(
        {
            "id": update["id"],
            "revision": update.get("revision", REVISION),
            "categories": update["categories"],
            "title": update["title"],
            "kb": update["kb"][0] if update["kb"] else None,
            "date": iso(call.now),
            "result_code": code,
            "hresult": failure or 0,
            "operation": "installation",
        }
    )
    if not failure:
        update["installed"] = True
        updates["last_install_success"] = iso(call.now)
        updates["reboot_required"] |= update["reboot_required"]
        if someone := update.get("signs_in"):
            machine.state.setdefault("sessions", []).append(someone)
        for other in updates["available"]:
            if other["id"] in update.get("brings", []) and not other["installed"]:
                install(machine, other, call)
    return {
        "id": update["id"],
        "result_code": code,
        "hresult": _signed(failure) if failure else 0,
        "reboot_required": update["reboot_required"] and not failure,
    }


def _shown(update: Json) -> Json:
    return {
        "id": update["id"],
        "title": update["title"],
        "description": "",
        "kb": [f"KB{article}" for article in update["kb"]],
        "type": "Software",
        "deployment_action": "Installation",
        "auto_select_on_websites": not update.get("optional", False),
        "browse_only": update.get("optional", False),
        "revision_number": update.get("revision", REVISION),
        "is_installed": update["installed"],
        "is_hidden": update.get("hidden", False),
        "is_present": False,
        "reboot_required": False,
        "impact": "Normal",
        "reboot_behaviour": "CanRequestReboot" if update["reboot_required"] else "NeverReboots",
        "is_beta": False,
        "is_downloaded": update["downloaded"],
        "is_mandatory": False,
        "is_uninstallable": True,
        "auto_selection": "LetWindowsUpdateDecide",
        "auto_download": "LetWindowsUpdateDecide",
    }


def _step(task: str, result: Json) -> Json:
    return {"task": task, "result": result}


def _failure(finished: Json, message: str) -> Json:
    return _step("exit", finished | {"failed": True, "exception": {"message": message}})


def _signed(hresult: str) -> int:
    number = int(hresult, 16)
    return number - 2**32 if number >= 2**31 else number


def _write_log(machine: Machine, args: dict[str, Any], call: Call, progress: list[Json]) -> None:
    if not args.get("log_path") or call.check_mode:
        return
    old = machine.files.read(args["log_path"]) if machine.files.kind(args["log_path"]) == "file" else b""
    lines = "".join(f"{iso(call.now)} update_task {step['task']}\r\n" for step in progress)
    machine.files.write(args["log_path"], old + lines.encode())


def _summary(progress: list[Json]) -> Json:
    """What the module returns by itself when it runs in the background."""
    steps = {step["task"]: step["result"] for step in progress}
    finished = steps["exit"]
    if finished["failed"]:
        raise ModuleFailure(finished["exception"]["message"], changed=finished["changed"])
    search = steps.get("search_result", {"updates": [], "filtered": []})
    reasons = {entry["id"]: entry["reasons"] for entry in search["filtered"]}
    shown = {
        update["id"]: {
            "id": update["id"],
            "title": update["title"],
            "kb": [article.removeprefix("KB") for article in update["kb"]],
            "categories": update["categories"],
            "downloaded": any(
                update["id"] == each["id"] for each in steps.get("download_result", {}).get("info", [])
            ),
            "installed": any(
                update["id"] == each["id"] for each in steps.get("install_result", {}).get("info", [])
            ),
        }
        for update in search["updates"]
    }
    chosen = {name: update for name, update in shown.items() if name not in reasons}
    return {
        "changed": finished["changed"],
        "reboot_required": finished["reboot_required"],
        "rebooted": False,
        "found_update_count": len(chosen),
        "failed_update_count": 0,
        "installed_update_count": sum(update["installed"] for update in chosen.values()),
        "updates": chosen,
        "filtered_updates": {name: shown[name] | {"filtered_reasons": reasons[name]} for name in reasons},
    }
