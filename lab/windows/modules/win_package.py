"""win_package: MSI and EXE installers that the machine's state knows, by path or address.

`installers` of the state: path -> provider (msi, registry), product_id, name, version, publisher, hive, checksum
(SHA-256), return_code. What an installer does is its entry in the list of programs; no file is written.
"""

from typing import Any

from lab.windows.machine import Json, Machine, ModuleFailure
from lab.windows.modules import Call, module

_SYSTEM = ("system", "nt authority\\system")
_NOT_MODELLED = ("log_path", "chdir", "url_username", "client_cert", "proxy_url")


@module("ansible.windows.win_package")
def win_package(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """Install or remove a program, as the module decides whether it is installed."""
    for option in _NOT_MODELLED:
        if args.get(option):
            raise ModuleFailure(
                f"The lab's emulated Windows host does not model the option {option} of win_package."
            )
    installer = _installer(machine, args["path"], call) if args["path"] else None
    installed = _installed(machine, args, installer)
    changed = (args["state"] == "present") != installed
    result: Json = {"changed": changed, "reboot_required": False, "rc": 0}
    if not changed or call.check_mode:
        return result
    if args["state"] == "present":
        return result | _install(machine, args, installer or {})
    return result | _remove(machine, args, installer)


def _installer(machine: Machine, path: str, call: Call) -> Json:
    """The installer at a path. A share needs the computer's own account: NTLM hands no login on to a second host."""
    known: dict[str, Json] = machine.state.get("installers", {})
    found = next((each for name, each in known.items() if name.casefold() == path.casefold()), None)
    if path.startswith("\\\\"):
        own_account = str(call.user["name"]).casefold() in _SYSTEM
        if (found is None or not own_account) and not call.check_mode:
            raise ModuleFailure(f"the file at the path '{path}' cannot be reached")
    elif found is None:
        raise ModuleFailure(
            "Error requesting '" + path + "'. The remote server returned an error: (404) Not Found."
        )
    return found or {}


def _installed(machine: Machine, args: Json, installer: Json | None) -> bool:
    """creates_path and creates_service outweigh the product's id; an EXE without id never counts as installed."""
    if args["creates_service"]:
        name = args["creates_service"].casefold()
        return any(service["name"].casefold() == name for service in machine.state["services"])
    if args["creates_path"]:
        return _has_file(machine, args["creates_path"], args["creates_version"])
    is_msi = installer is not None and installer.get("provider") == "msi"
    identity = installer["product_id"] if installer and is_msi else args["product_id"]
    return identity is not None and _entry(machine, identity) is not None


def _has_file(machine: Machine, path: str, version: str | None) -> bool:
    """Whether the file is there, with exactly this file version: four numbers, as .NET writes it."""
    kind = machine.files.kind(path)
    if version and kind == "directory":
        raise ModuleFailure("creates_path must be a file not a directory when creates_version is set")
    file_version = machine.state.get("file_versions", {}).get(path.casefold(), "0.0.0.0")
    return kind is not None and (version is None or version == file_version)


def _install(machine: Machine, args: Json, installer: Json) -> Json:
    if args["checksum"] and args["checksum"].casefold() != installer["checksum"].casefold():
        raise ModuleFailure(
            f"The checksum for {args['path']} did not match '{args['checksum']}', it was "
            f"'{installer['checksum'].upper()}'"
        )
    code = 112 if machine.faults.disk_full else int(installer["return_code"])
    if code not in args["expected_return_code"]:
        raise ModuleFailure(
            f"unexpected rc from '{_command(args)}': see rc, stdout, and stderr for more details",
            rc=code,
            stdout="There is not enough space on the disk." if machine.faults.disk_full else "",
            stderr="",
        )
    # An installer replaces the version before, under whatever key that was.
    family = installer["name"].removesuffix(installer["version"])
    programs: list[Json] = machine.state["programs"]
    machine.state["programs"] = [
        each
        for each in programs
        if each.get("key") != installer["product_id"] and each["name"].removesuffix(each["version"]) != family
    ] + [
        {
            "key": installer["product_id"],
            "name": installer["name"],
            "version": installer["version"],
            "publisher": installer["publisher"],
            "install_date": f"{machine.now:%Y%m%d}",
            "hive": installer["hive"],
        }
    ]
    return {"rc": code, "reboot_required": code == 3010, "checksum": installer["checksum"].upper()}


def _remove(machine: Machine, args: Json, installer: Json | None) -> Json:
    identity = args["product_id"] or (installer or {}).get("product_id")
    machine.state["programs"] = [each for each in machine.state["programs"] if each.get("key") != identity]
    return {"rc": 0}


def _entry(machine: Machine, identity: str) -> Json | None:
    programs: list[Json] = machine.state["programs"]
    return next(
        (each for each in programs if str(each.get("key") or "").casefold() == identity.casefold()), None
    )


def _command(args: Json) -> str:
    arguments = args["arguments"]
    return " ".join((args["path"], *(arguments if isinstance(arguments, list) else [arguments or ""])))
