"""win_regedit and win_reg_stat."""

import re
from typing import Any

from lab.windows.machine import Json, Machine, ModuleFailure
from lab.windows.modules import Call, module
from lab.windows.registry import DEFAULT_VALUE

_PATH = re.compile(r"^HK(CC|CR|CU|LM|U):\\", re.IGNORECASE)
_REG_TYPES = {
    "binary": "REG_BINARY",
    "string": "REG_SZ",
    "dword": "REG_DWORD",
    "qword": "REG_QWORD",
    "multistring": "REG_MULTI_SZ",
    "expandstring": "REG_EXPAND_SZ",
    "none": "REG_NONE",
}


@module("ansible.windows.win_regedit")
def win_regedit(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """Add, change or remove a key or a value."""
    path, name, kind = args["path"], args["name"] or None, args["type"]
    if args.get("hive"):
        raise ModuleFailure("The lab's emulated Windows host does not model the option hive of win_regedit.")
    if args["name"] is None and kind != "string":
        call.warn(
            "the data type when name is not specified can only be 'string', "
            "the type has automatically been converted"
        )
        kind = "string"
    if not _PATH.match(path):
        raise ModuleFailure(
            f"path: {path} is not a valid powershell path, see module documentation for examples."
        )
    result: Json = {"changed": False, "data_changed": False, "data_type_changed": False}
    if args["state"] == "absent":
        return result | _remove(machine, path, name, args, call)
    data = _data(kind, args["data"], named=bool(name))
    existing = machine.registry.value(path, name)
    if not machine.registry.has_key(path):
        result["changed"] = True
        before: Json = {}
    else:
        before = {path: {} if existing is None else {name or "": _shown(existing["type"], existing["data"])}}
    if data is not None and (existing is None or existing != {"type": kind, "data": data}):
        result["changed"] = True
        result["data_type_changed"] = existing is not None and existing["type"] != kind
        result["data_changed"] = existing is not None and existing["data"] != data
    if result["changed"] and not call.check_mode:
        if data is None:
            machine.registry.create_key(path)
        else:
            machine.registry.set_value(path, name, kind, data)
    after = {path: {} if data is None else {name or "": _shown(kind, data)}}
    return result | ({"diff": {"before": before, "after": after}} if call.diff else {})


@module("ansible.windows.win_reg_stat")
def win_reg_stat(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:  # noqa: ARG001
    """A key with its values and sub-keys, or one value."""
    path, name = args["path"], args["name"]
    if not _PATH.match(path):
        raise ModuleFailure(
            f"path: {path} is not a valid registry path, see module documentation for examples."
        )
    if not machine.registry.has_key(path):
        return {"exists": False}
    if name is None:
        values = machine.registry.values(path)
        return {
            "exists": True,
            "properties": {
                "" if key == DEFAULT_VALUE else key: _stat(value) for key, value in values.items()
            },
            "sub_keys": machine.registry.subkeys(path),
        }
    value = machine.registry.value(path, name)
    return {"exists": False} if value is None else {"exists": True} | _stat(value)


def _remove(machine: Machine, path: str, name: str | None, args: dict[str, Any], call: Call) -> Json:
    if not machine.registry.has_key(path):
        return {}
    if args["delete_key"] and not name:
        if not call.check_mode:
            machine.registry.remove_key(path)
        return {"changed": True}
    if machine.registry.value(path, name) is None:
        return {}
    if not call.check_mode:
        machine.registry.remove_value(path, name)
    return {"changed": True}


def _data(kind: str, data: Any, *, named: bool) -> Any:
    """Data in the form that the state keeps: numbers, strings, lists of strings, lists of bytes."""
    match kind:
        case "binary" | "none":
            return _bytes(data)
        case "dword" | "qword":
            limit = 0xFFFFFFFF if kind == "dword" else 0xFFFFFFFFFFFFFFFF
            return _number(data, kind, limit)
        case "multistring":
            return (
                [] if data is None else [str(entry) for entry in (data if isinstance(data, list) else [data])]
            )
        case _:
            return ("" if named else None) if data is None else str(data)


def _number(data: Any, kind: str, limit: int) -> int:
    if isinstance(data, float) and data % 1:
        raise ModuleFailure(
            f"data '{data}' cannot be a decimal or float value with a remainder when type is dword or qword"
        )
    try:
        number = 0 if data is None else int(str(data), 0) if isinstance(data, str) else int(data)
    except ValueError as error:
        raise ModuleFailure(
            f'Unhandled exception while executing module: Cannot convert value "{data}" to type '
            '"System.UInt64". '
            'Error: "Input string was not in a correct format."'
        ) from error
    if number > limit:
        raise ModuleFailure(f"data cannot be larger than 0x{limit:x} when type is {kind}")
    return number


def _bytes(data: Any) -> list[int]:
    if data is None:
        return []
    if isinstance(data, int):
        if data > 255:
            raise ModuleFailure(
                f"cannot convert binary data '{data}' to byte array, please specify this value as a yaml "
                "byte array or a comma separated hex value string"
            )
        return [data]
    if isinstance(data, list):
        return [int(entry) for entry in data]
    digits = re.sub(r"[^a-f0-9,:]", "", str(data).lower().removeprefix("hex:"))
    if "," in digits or ":" in digits:
        return [int(part, 16) for part in re.split(r"[,:]+", digits) if part]
    return list(bytes.fromhex(digits)) if len(digits) % 2 == 0 else [int(digits, 16)]


def _shown(kind: str, data: Any) -> Json:
    """As the real module shows it in a diff."""
    names = {"dword": "DWord", "qword": "QWord", "multistring": "MultiString", "expandstring": "ExpandString"}
    if kind in ("dword", "qword"):
        data = f"0x{data:08x}" if kind == "dword" else f"0x{data:016x}"
    elif kind in ("binary", "none"):
        data = [f"0x{byte:02x}" for byte in data]
    return {"type": names.get(kind, kind.capitalize()), "value": data}


def _stat(value: Json) -> Json:
    data = value["data"]
    raw = [f"0x{byte:02x}" for byte in data] if value["type"] in ("binary", "none") else data
    return {"type": _REG_TYPES[value["type"]], "value": data, "raw_value": raw}
