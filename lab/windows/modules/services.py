"""win_service and win_service_info."""

import re
from typing import Any

from lab.windows.machine import Json, Machine, ModuleFailure
from lab.windows.modules import Call, module

_STATES = {"started": "running", "restarted": "running", "stopped": "stopped", "paused": "paused"}
_SHOWN = {"running": "started"}
#: Options that change a service and are modelled, by the state's name for them.
_PLAIN = {
    "display_name": "display_name",
    "description": "description",
    "path": "path",
    "start_mode": "start_mode",
    "username": "username",
}
_NOT_MODELLED = (
    "error_control",
    "failure_actions",
    "failure_actions_on_non_crash_failure",
    "failure_command",
    "failure_reboot_msg",
    "failure_reset_period_sec",
    "load_order_group",
    "pre_shutdown_timeout_ms",
    "required_privileges",
    "service_type",
    "sid_info",
)


@module("ansible.windows.win_service")
def win_service(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """Create, change, start, stop or remove a service."""
    for option in _NOT_MODELLED:
        if args.get(option) is not None:
            raise ModuleFailure(
                f"The lab's emulated Windows host does not model the option {option} of win_service."
            )
    services: list[Json] = machine.state["services"]
    service = _find(services, args["name"])
    if args["state"] == "absent":
        if service and not call.check_mode:
            services.remove(service)
        return {"changed": service is not None, "exists": False}
    wanted = {field: args[option] for option, field in _PLAIN.items() if args.get(option) is not None}
    if args.get("dependencies") is not None:
        wanted["dependencies"] = _dependencies(service, args)
    if service is None:
        if not (wanted or args["state"]):
            return {"changed": False, "exists": False}
        service = _create(machine, args, call)
        changed = True
    else:
        changed = any(service.get(field) != value for field, value in wanted.items())
    shown = service if not call.check_mode else dict(service)
    if wanted and changed:
        machine.require_space()
    shown.update(wanted)
    changed |= _set_state(shown, args["state"])
    result = {"changed": changed, "exists": True} | _result(shown)
    if shown.get("crashes"):  # right after its start, once the module has been told that it runs
        shown["state"] = "stopped"
    return result


@module("ansible.windows.win_service_info")
def win_service_info(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:  # noqa: ARG001
    """All services, or those whose name fits (with * and ?)."""
    found = [service for service in machine.state["services"] if _fits(service, args.get("name"))]
    return {"exists": bool(found), "services": [_information(service) for service in found]}


def _find(services: list[Json], name: str) -> Json | None:
    for service in services:
        if name.casefold() in (service["name"].casefold(), str(service.get("display_name")).casefold()):
            return service
    return None


def _create(machine: Machine, args: dict[str, Any], call: Call) -> Json:
    if args.get("path") is None:
        name = args["name"]
        raise ModuleFailure(
            f"Service '{name}' is not installed, need to set 'path' to create a new service", exists=False
        )
    machine.require_space()
    service = {
        "name": args["name"],
        "display_name": args["name"],
        "state": "stopped",
        "start_mode": "auto",
        "path": args["path"],
        "username": "LocalSystem",
    }
    if not call.check_mode:
        machine.state["services"].append(service)
    return service


def _dependencies(service: Json | None, args: dict[str, Any]) -> list[str]:
    present = list((service or {}).get("dependencies", []))
    if args["dependency_action"] == "add":
        return present + [name for name in args["dependencies"] if name not in present]
    if args["dependency_action"] == "remove":
        return [name for name in present if name not in args["dependencies"]]
    return list(args["dependencies"])


def _set_state(service: Json, state: str | None) -> bool:
    if state is None:
        return False
    if state != "stopped" and service["start_mode"] == "disabled" and service["state"] == "stopped":
        name = f"{service.get('display_name', service['name'])} ({service['name']})"
        raise ModuleFailure(
            f"Unhandled exception while executing module: Service '{name}' cannot be started due to the "
            f"following error: Cannot start service {service['name']} on computer '.'."
        )
    changed = state == "restarted" or service["state"] != _STATES[state]
    service["state"] = _STATES[state]
    return changed


def _result(service: Json) -> Json:
    return {
        "name": service["name"],
        "display_name": service.get("display_name", service["name"]),
        "description": service.get("description"),
        "start_mode": service["start_mode"],
        "state": service["state"],
        "path": service.get("path"),
        "username": service.get("username"),
        "dependencies": service.get("dependencies", []),
        "depended_by": [],
        "desktop_interact": False,
        "can_pause_and_continue": False,
    }


def _fits(service: Json, name: str | None) -> bool:
    if not name:
        return True
    # Only * and ? are wildcards here; Get-Service finds a service by display name as well.
    pattern = re.escape(name).replace(r"\*", ".*").replace(r"\?", ".")
    names = (service["name"], service.get("display_name", ""))
    return any(re.fullmatch(pattern, candidate, re.IGNORECASE) for candidate in names)


def _information(service: Json) -> Json:
    return {
        "name": service["name"],
        "display_name": service.get("display_name", service["name"]),
        "description": service.get("description"),
        "start_mode": service["start_mode"],
        "state": _SHOWN.get(service["state"], service["state"]),
        "path": service.get("path"),
        "username": service.get("username"),
        "dependencies": service.get("dependencies", []),
        "dependency_of": [],
        "service_type": "win32_own_process",
        "process_id": 4 if service["state"] == "running" else 0,
    }
