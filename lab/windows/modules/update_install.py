"""The project's own installer of chosen updates, acted out on the same state as win_updates.

Keys of "updates" in the state beside those of win_updates: "installer_busy" (another installation is running).
Of an update: "revision", "hidden", "failure" (HRESULT of the installation), "download_failure" (of the download),
"hangs" (true, or "watched": Ansible's watchdog ends the job), "brings" (ids of updates that come along).
"""

from typing import Any

from lab.windows.machine import Json, Machine, ModuleFailure
from lab.windows.modules import Call, Hangs, module
from lab.windows.modules.updates import REVISION, category_ids, download, install, is_offered, search_failure

_SYSTEM = ("system", "nt authority\\system")
_ACCESS_DENIED = "0x80070005"
_SUCCEEDED = 2


@module("ansible.legacy.windows_update_install")
def run(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """Install what was asked for and is offered just so; the others keep the reason why not."""
    wanted: list[Json] = args["updates"]
    _require_distinct(wanted)
    failure = search_failure(machine, args)
    if failure:
        raise _failure("Searching for updates", failure, f"Exception from HRESULT: {failure}")
    updates = machine.state["updates"]
    offered = [each for each in updates["available"] if is_offered(each, updates)]
    rows, chosen = [], []
    for asked in wanted:
        update = _find(offered, asked)
        refusal = _refusal(asked, update)
        row = _row(asked, update, refusal or "installed")
        rows.append(row)
        if update is not None and refusal is None:
            chosen.append((row, update))
    if chosen and not call.check_mode:
        _require_installer(machine, call)
        _install(machine, chosen, call)
    return {
        "changed": any(row["result"] == "installed" for row in rows),
        "reboot_required": any(row["reboot_required"] for row in rows),
        "updates": rows,
    }


def _require_distinct(wanted: list[Json]) -> None:
    if not wanted:
        raise _refused("updates names no update")
    names = [asked["id"].casefold() for asked in wanted]
    for asked in wanted:
        if names.count(asked["id"].casefold()) > 1:
            raise _refused(f"updates names {asked['id']} twice")


def _require_installer(machine: Machine, call: Call) -> None:
    """The agent searches for everybody and installs for local logins of administrators only."""
    is_system = str(call.user.get("name")).casefold() in _SYSTEM
    if not is_system and not (call.user.get("local_login") and call.user.get("administrator")):
        raise _failure(
            "Preparing the installation",
            _ACCESS_DENIED,
            f"Access is denied. (Exception from HRESULT: {_ACCESS_DENIED} (E_ACCESSDENIED))",
        )
    updates = machine.state["updates"]
    if updates.get("installer_busy"):
        raise _refused("Another installation is running")
    if updates["reboot_required"]:
        raise _refused("A restart is required before updates can be installed")


def _find(offered: list[Json], asked: Json) -> Json | None:
    """The offered update with the id that was asked for, in that revision where there are several."""
    same = [each for each in offered if each["id"].casefold() == asked["id"].casefold()]
    exact = [each for each in same if each.get("revision", REVISION) == asked["revision"]]
    return next(iter(exact + same), None)


def _refusal(asked: Json, update: Json | None) -> str | None:
    if update is None:
        return "not_offered"
    if update.get("revision", REVISION) != asked["revision"]:
        return "other_revision"
    now = {identifier.casefold() for identifier in category_ids(update["categories"])}
    if not {identifier.casefold() for identifier in asked["categories"]} <= now:
        return "other_category"
    return "hidden" if update.get("hidden") else None


def _row(asked: Json, update: Json | None, result: str) -> Json:
    return {
        "id": asked["id"],
        "revision": asked["revision"],
        "title": None if update is None else update["title"],
        "result": result,
        "result_code": None,
        "hresult": None,
        "reboot_required": False,
    }


def _install(machine: Machine, chosen: list[tuple[Json, Json]], call: Call) -> None:
    """Download what is missing, then install what could be downloaded."""
    for row, update in chosen:
        if not update["downloaded"]:
            _note(row, download(machine, update))
    ready = [(row, update) for row, update in chosen if row["result"] == "installed"]
    hanging = [update["hangs"] for _, update in ready if update.get("hangs")]
    if hanging:
        raise Hangs(watched=hanging[0] == "watched")
    for row, update in ready:
        outcome = install(machine, update, call)
        _note(row, outcome)
        row["result_code"] = outcome["result_code"]
        row["reboot_required"] = outcome["reboot_required"]


def _note(row: Json, outcome: Json) -> None:
    if outcome["result_code"] != _SUCCEEDED:
        row["result"] = "failed"
        row["result_code"] = outcome["result_code"]
        row["hresult"] = f"0x{outcome['hresult'] % 2**32:08X}"


def _refused(message: str, **result: Any) -> ModuleFailure:
    return ModuleFailure(message, changed=False, reboot_required=False, updates=[], **result)


def _failure(doing: str, hresult: str, reason: str) -> ModuleFailure:
    return _refused(f"{doing} failed ({hresult}): {reason}", hresult=hresult)
