"""win_package: MSI and EXE installers that the machine's state knows, by path or address.

`installers` of the state: path -> provider (msi, registry), product_id, name, version, publisher, hive, checksum
(SHA-256), return_code; leaves_old: the version before stays beside it; does_nothing. What an installer does is its
entry in the list of programs; no file is written.
"""

import re
from typing import Any

from lab.windows.command_line import NotUnderstood, argv, escaped, properties
from lab.windows.machine import Json, Machine, ModuleFailure
from lab.windows.modules import Call, module

_SYSTEM = ("system", "nt authority\\system")
_RESTART = (3010, 1641)
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
    received = _run(machine, args, installer.get("provider") == "msi", ["/i", args["path"]])
    code = _code(machine, installer, received)
    if code not in args["expected_return_code"] and code not in _RESTART:
        raise _unexpected(machine, args, code)
    if not installer.get("does_nothing"):
        _register(machine, installer)
    if code not in args["expected_return_code"]:
        raise _unexpected(machine, args, code)
    return {"rc": code, "reboot_required": code == 3010, "checksum": installer["checksum"].upper()}


def _code(machine: Machine, installer: Json, received: dict[str, str] | list[str] | None) -> int:
    """The installer's return code."""
    if machine.faults.disk_full:
        return 112
    if received is None:
        return 1639
    code = int(installer["return_code"])
    if isinstance(received, dict) and code in _RESTART:
        # Who is not told otherwise starts a restart that somebody's files are waiting for.
        return 3010 if received.get("REBOOT", "").casefold() == "reallysuppress" else 1641
    same = _entry(machine, installer["product_id"]) if isinstance(received, dict) else None
    over = isinstance(received, dict) and "v" in received.get("REINSTALLMODE", "")
    if same is not None and same["version"] != installer["version"] and not over:
        return 1638
    return code


def _register(machine: Machine, installer: Json) -> None:
    """The entry in the list of programs; an installer replaces the version before, under whatever key that was."""
    family = installer["name"].removesuffix(installer["version"])
    programs: list[Json] = machine.state["programs"]
    machine.state["programs"] = [
        each
        for each in programs
        if each.get("key") != installer["product_id"]
        and (installer.get("leaves_old") or each["name"].removesuffix(each["version"]) != family)
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


def _remove(machine: Machine, args: Json, installer: Json | None) -> Json:
    identity = str(args["product_id"] or (installer or {}).get("product_id"))
    entry = _entry(machine, identity) or {}
    # As on Windows, what is no product of Windows Installer is removed by the command in its entry.
    is_msi = bool(re.fullmatch(r"\{[0-9A-Fa-f-]{36}\}", identity)) and not entry.get("removed_by_exe")
    received = _run(machine, args, is_msi, ["/x", identity])
    code = 1639 if received is None else int(entry.get("removal_code", 0))
    if code not in args["expected_return_code"]:
        raise _unexpected(machine, args, code)
    machine.state["programs"].remove(entry)
    return {"rc": code, "reboot_required": code == 3010}


def _run(machine: Machine, args: Json, is_msi: bool, action: list[str]) -> dict[str, str] | list[str] | None:
    """What the program reads on its command line; None where it does not understand that.

    Kept as bytes (UTF-8, in hexadecimal) in the machine's state, by what was run: a test can compare them then, and no
    licence key stands in a file.
    """
    line = _arguments(args)
    received: dict[str, str] | list[str]
    try:
        if is_msi:
            own = [*action, "/L*V", r"C:\Windows\Temp\msiexec.log", "/qn", "/norestart"]
            received = properties(" ".join([*(escaped(each) for each in own), line]))
        else:
            received = argv(line)
    except NotUnderstood:
        return None
    named = list(received.items()) if isinstance(received, dict) else enumerate(received)
    machine.state.setdefault("received_arguments", {})[action[1]] = {
        str(name): value.encode().hex() for name, value in named
    }
    return received


def _unexpected(machine: Machine, args: Json, code: int) -> ModuleFailure:
    return ModuleFailure(
        f"unexpected rc from '{args['path']} {_arguments(args)}': see rc, stdout, and stderr for more details",
        rc=code,
        stdout="There is not enough space on the disk." if machine.faults.disk_full else "",
        stderr="",
    )


def _entry(machine: Machine, identity: str) -> Json | None:
    """By its key: 64 bit before 32 bit, as the module looks into the registry."""
    found = [
        each
        for each in machine.state["programs"]
        if str(each.get("key") or "").casefold() == identity.casefold()
    ]
    return min(found, key=lambda each: str(each["hive"]), default=None)


def _arguments(args: Json) -> str:
    """A list is quoted by the module, a text is handed on as it is."""
    arguments = args["arguments"] or ""
    return " ".join(escaped(str(each)) for each in arguments) if isinstance(arguments, list) else arguments
