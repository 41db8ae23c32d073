"""The visit's section "search": what the machine's Update Agent finds.

Keys of "updates" in the state: "search_failure" (the HRESULT with which it ends); of an update: "size_bytes",
"reboot_behavior".
"""

from lab.windows.machine import Json, Machine
from lab.windows.modules.updates import REVISION, category_ids, category_names, is_offered, search_failure

_SUCCEEDED = 2
_NEVER_REBOOTS, _CAN_REQUEST_REBOOT = 0, 2


def section(machine: Machine, server_selection: str) -> Json:
    """As the collector has it: of a search that failed only the HRESULT."""
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
