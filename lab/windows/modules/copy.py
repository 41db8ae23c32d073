"""win_copy (and with it win_template): the module's modes query, single, explode and remote."""

import base64
import hashlib
import io
import zipfile
from typing import Any

from lab.windows.filesystem import base_name, join, parent
from lab.windows.machine import Json, Machine, ModuleFailure, iso
from lab.windows.modules import Call, module


@module("ansible.windows.win_copy")
def run(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """One step of the action plugin, or a copy on the machine itself (remote_src)."""
    mode = args["_copy_mode"]
    if mode == "query":
        return _query(machine, args)
    if machine.files.kind(args["src"]) is None:
        if mode == "explode":
            raise ModuleFailure(f"Cannot expand src zip file: '{args['src']}' as it does not exist")
        raise ModuleFailure(f"Cannot copy src file: '{args['src']}' as it does not exist")
    if mode == "explode":
        return _explode(machine, args, call)
    if mode == "single":
        return _single(machine, args, call)
    return _remote(machine, args, call)


def _query(machine: Machine, args: dict[str, Any]) -> Json:
    """Which files and folders differ from those on the controller."""
    changed_files = []
    for file in args["files"] or []:
        path = join(args["dest"], file["dest"])
        if machine.files.kind(path) == "directory":
            path = join(path, base_name(file["src"]))
        kind = machine.files.kind(path)
        if kind == "directory":
            raise ModuleFailure(f"cannot copy file to dest '{path}': object at path is already a directory")
        if kind is None or (args["force"] and _checksum(machine, path) != file["checksum"]):
            changed_files.append(file)
    changed_directories = []
    for directory in args["directories"] or []:
        path = join(args["dest"], directory["dest"])
        if machine.files.kind(path) == "file":
            raise ModuleFailure(f"cannot copy folder to dest '{path}': object at path is already a file")
        if machine.files.kind(path) is None:
            changed_directories.append(directory)
    return {"files": changed_files, "directories": changed_directories, "symlinks": []}


def _single(machine: Machine, args: dict[str, Any], call: Call) -> Json:
    dest = _destination(machine, args, str(args["_original_basename"]))
    result: Json = {"changed": True}
    _backup(machine, args, dest, call, result)
    if not call.check_mode:
        machine.files.write(dest, machine.files.read(args["src"]))
    return result


def _explode(machine: Machine, args: dict[str, Any], call: Call) -> Json:
    """A zip whose names are base64, so that no code page can spoil them."""
    with zipfile.ZipFile(io.BytesIO(machine.files.read(args["src"]))) as archive:
        for entry in archive.infolist():
            name = base64.b64decode(entry.filename.rstrip("/")).decode("utf-8")
            target = join(args["dest"], name)
            if call.check_mode:
                continue
            if entry.is_dir():
                machine.files.make_directory(target)
            else:
                machine.files.make_directory(parent(target))
                machine.files.write(target, archive.read(entry))
    return {"changed": True}


def _remote(machine: Machine, args: dict[str, Any], call: Call) -> Json:
    source, result = args["src"], {"changed": False, "src": args["src"], "dest": args["dest"]}
    if machine.files.kind(source) == "directory":
        target = args["dest"] if source.endswith(("/", "\\")) else join(args["dest"], base_name(source))
        result |= {"operation": "folder_copy", "dest": target}
        for file in machine.files.walk(source):
            relative = file[len(machine.files.name(source)) :]
            _copy_file(machine, args, file, join(target, relative), call, result)
        return result | {"size": machine.files.size(target) if machine.files.kind(target) else None}
    target = _destination(machine, args, base_name(source))
    result |= {"operation": "file_copy", "dest": target, "original_basename": base_name(source)}
    result["checksum"] = _checksum(machine, source)
    _copy_file(machine, args, source, target, call, result)
    return result | {"size": machine.files.size(target) if machine.files.kind(target) else None}


def _copy_file(
    machine: Machine, args: dict[str, Any], source: str, target: str, call: Call, result: Json
) -> None:
    kind = machine.files.kind(target)
    if kind == "directory":
        raise ModuleFailure(f"cannot copy file from '{source}' to '{target}': dest is already a folder")
    if kind == "file" and not (args["force"] and _checksum(machine, source) != _checksum(machine, target)):
        return
    result["changed"] = True
    _backup(machine, args, target, call, result)
    if not call.check_mode:
        machine.files.make_directory(parent(target))
        machine.files.write(target, machine.files.read(source))


def _destination(machine: Machine, args: dict[str, Any], name: str) -> str:
    dest = str(args["dest"])
    is_folder = dest.endswith(("/", "\\")) or machine.files.kind(dest) == "directory"
    target = join(dest, name) if is_folder else dest
    above = parent(target)
    if machine.files.kind(above) == "file":
        raise ModuleFailure(f"object at destination parent dir '{above}' is currently a file")
    if machine.files.kind(above) is None:
        if not is_folder:
            raise ModuleFailure(f"Destination directory '{above}' does not exist")
        machine.files.make_directory(above)  # in check mode, too: so does the real module
    return target


def _backup(machine: Machine, args: dict[str, Any], path: str, call: Call, result: Json) -> None:
    if not args["backup"] or machine.files.kind(path) != "file":
        return
    stamp = iso(call.now).replace("-", "").replace(":", "").replace("T", "-").rstrip("Z")
    result["backup_file"] = f"{path}.4242.{stamp}.bak"
    if not call.check_mode:
        machine.files.write(result["backup_file"], machine.files.read(path))


def _checksum(machine: Machine, path: str) -> str:
    return hashlib.sha1(machine.files.read(path), usedforsecurity=False).hexdigest()
