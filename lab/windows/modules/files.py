"""win_file, win_stat and slurp (fetch)."""

import base64
import hashlib
from datetime import datetime
from typing import Any

from lab.windows.filesystem import base_name, join
from lab.windows.machine import Json, Machine, ModuleFailure, iso
from lab.windows.modules import Call, module


@module("ansible.windows.win_file")
def win_file(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """Create a folder, touch a file, or remove either."""
    path, state, files = args["path"], args["state"], machine.files
    _refuse_times(args)
    if args.get("_diff_peek") is not None:
        return _peek(machine, path)
    if files.kind(path) == "directory" and args.get("_original_basename"):
        path = join(path, args["_original_basename"])
    kind = files.kind(path)
    if state == "absent":
        if kind and not call.check_mode:
            files.remove(path)
        return {"changed": kind is not None}
    if state == "touch":
        preserve = args.get("modification_time") == "preserve"
        return {"changed": _touch(machine, path, kind, call, preserve=preserve)}
    if kind is None:
        _create(machine, path, state, call)
    elif state in ("directory", "file") and state != kind:
        raise ModuleFailure(f"path {path} is not a {state}")
    return {"changed": kind is None}


def _create(machine: Machine, path: str, state: str | None, call: Call) -> None:
    if state == "file" or (state is None and not path.endswith(("\\", "/"))):
        raise ModuleFailure(f"path {path} will not be created")
    machine.require_space()
    if not call.check_mode:
        machine.files.make_directory(path)


@module("ansible.windows.win_stat")
def win_stat(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:  # noqa: ARG001
    """What is at a path."""
    path, files = args["path"], machine.files
    kind = files.kind(path)
    if kind is None:
        return {"stat": {"exists": False}}
    name = files.name(path)
    modified = datetime.fromisoformat(
        (files.entry(path) or {}).get("modified", iso(machine.boot_time))
    ).timestamp()
    stat: Json = {
        "exists": True,
        "attributes": "Archive" if kind == "file" else "Directory",
        "isarchive": kind == "file",
        "isdir": kind == "directory",
        "ishidden": False,
        "isjunction": False,
        "islnk": False,
        "isreadonly": False,
        "isreg": kind == "file",
        "isshared": False,
        "nlink": 1,
        "hlnk_targets": [],
        "creationtime": modified,
        "lastaccesstime": modified,
        "lastwritetime": modified,
        "path": name,
        "filename": base_name(name),
        "owner": r"BUILTIN\Administrators",
    }
    if kind == "file":
        _, dot, extension = base_name(name).rpartition(".")
        stat["extension"] = f".{extension}" if dot else ""
        if args["get_checksum"]:
            digest = hashlib.new(args["checksum_algorithm"], files.read(path), usedforsecurity=False)
            stat["checksum"] = digest.hexdigest()
    if args["get_size"]:
        stat["size"] = files.size(path)
    return {"stat": stat}


@module("ansible.windows.slurp", "ansible.legacy.slurp")
def slurp(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:  # noqa: ARG001
    """A file's content in base64."""
    path = args["src"]
    kind = machine.files.kind(path)
    if kind == "directory":
        raise ModuleFailure(f"Path {path} is a directory")
    if kind is None:
        raise ModuleFailure(f"Path {path} is not found")
    return {"content": base64.b64encode(machine.files.read(path)).decode("ascii"), "encoding": "base64"}


def _refuse_times(args: dict[str, Any]) -> None:
    for option in ("access_time", "modification_time"):
        if args.get(option) not in (None, "preserve", "now"):
            raise ModuleFailure(
                f"The lab's emulated Windows host does not model the option {option} of win_file."
            )


def _peek(machine: Machine, path: str) -> Json:
    kind = machine.files.kind(path)
    binary = kind == "file" and b"\0" in machine.files.read(path)[:8192]
    return {"path": path, "appears_binary": binary, "state": "file" if kind else "absent"}


def _touch(machine: Machine, path: str, kind: str | None, call: Call, *, preserve: bool) -> bool:
    entry = machine.files.entry(path)
    if kind is None:
        machine.require_space()
        if not call.check_mode:
            machine.files.write(path, b"")
        return True
    if preserve or entry is None or entry["modified"] == iso(call.now):
        return False
    if not call.check_mode:
        entry["modified"] = iso(call.now)
    return True
