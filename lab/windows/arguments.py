"""Checking a module's arguments as Ansible.Basic.cs does on Windows, in its order and with its words.

Modules from before Ansible.Basic ignore what they do not know; the lab refuses it: a typing error shows.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from lab.windows.machine import Json, ModuleFailure
from lab.windows.specification import COMPUTED, Specification, as_list

_TRUE = ("y", "yes", "on", "1", "true", "t", "1.0")
_FALSE = ("n", "no", "off", "0", "false", "f", "0.0")
_ENVIRONMENT = {
    "systemroot": r"C:\Windows",
    "windir": r"C:\Windows",
    "systemdrive": "C:",
    "programfiles": r"C:\Program Files",
    "programfiles(x86)": r"C:\Program Files (x86)",
    "programdata": r"C:\ProgramData",
    "temp": r"C:\Windows\Temp",
    "tmp": r"C:\Windows\Temp",
    "public": r"C:\Users\Public",
}
#: What an action plugin hands on although its module does not read it.
_BY_ACTION_PLUGIN = {"win_copy": {"content", "decrypt", "local_follow", "remote_src", "symlinks"}}
_NET_TYPES: dict[type, str] = {
    str: "System.String",
    int: "System.Int32",
    float: "System.Double",
    bool: "System.Boolean",
    list: "System.Collections.Generic.List`1[System.Object]",
    dict: "System.Collections.Generic.Dictionary`2[System.String,System.Object]",
}


class CheckModeUnsupported(Exception):
    """The module does nothing in check mode; not a failure."""


def check_arguments(
    specification: Specification,
    module: str,
    given: Json,
    *,
    check_mode: bool = False,
    ignore_unknown: bool = False,
) -> Json:
    """The arguments with aliases resolved, defaults set and types converted; `ignore_unknown` drops the rest.

    Raises ModuleFailure in Windows' words, CheckModeUnsupported when check mode must skip the module.
    """
    short = module.rpartition(".")[2]
    if specification.legacy:
        return _check_legacy(specification, short, given, check_mode=check_mode)
    constraints = specification.constraints
    if ignore_unknown:
        known = {str(name).casefold() for name in _names(specification.options)}
        given = {name: value for name, value in given.items() if name.casefold() in known}
    skip = check_mode and not specification.supports_check_mode
    return _check(specification.options, constraints, dict(given), short, (), skip)


def secret_values(specification: Specification, arguments: Json) -> set[str]:
    """Values of options that the module declares no_log."""
    found: set[str] = set()
    for name, option in specification.options.items():
        value = arguments.get(name)
        if option.get("no_log") and isinstance(value, str) and value:
            found.add(value)
        if isinstance(option.get("options"), dict):
            for entry in as_list(value):
                if isinstance(entry, dict):
                    found |= secret_values(Specification(option["options"]), entry)
    return found


def _check(
    options: dict[str, Json],
    constraints: Json,
    given: Json,
    module: str,
    context: tuple[str, ...],
    skip: bool = False,
) -> Json:
    def fail(message: str, then: str = "") -> None:
        where = f" found in {' -> '.join(context)}" if context else ""
        raise ModuleFailure(f"{message}{where}{then}")

    _resolve_names(options, given, module, fail)
    if skip:
        raise CheckModeUnsupported(f"remote module ({module}) does not support check mode")
    for names in _lists(constraints, "mutually_exclusive"):
        if sum(name in given for name in names) > 1:
            fail(f"parameters are mutually exclusive: {', '.join(names)}")
    _set_defaults(options, given, fail)
    for name, option in options.items():
        if given.get(name) is not None:
            given[name] = _convert(name, given[name], option, fail)
    _check_relations(constraints, given, fail)
    for name, option in options.items():
        given.setdefault(name, None)
        given[name] = _suboptions(name, given[name], option, module, context, fail)
    return {name: given[name] for name in options}


def _names(options: dict[str, Json]) -> list[str]:
    """Options and their aliases."""
    return [
        *options,
        *(str(alias) for option in options.values() for alias in as_list(option.get("aliases"))),
    ]


def _resolve_names(options: dict[str, Json], given: Json, module: str, fail: Callable[..., None]) -> None:
    """Aliases and other spellings become the option's own name; what is neither is refused."""
    aliases = {
        str(alias): name for name, option in options.items() for alias in as_list(option.get("aliases"))
    }
    for alias, name in aliases.items():
        if alias in given:
            given[name] = given[alias]
    known = _names(options)
    spelled = {name.casefold(): name for name in known}
    unknown = sorted(name for name in given if name.casefold() not in spelled)
    if unknown:
        supported = ", ".join(sorted(known))
        fail(
            f"Unsupported parameters for ({module}) module: {', '.join(unknown)}",
            f". Supported parameters include: {supported}",
        )
    for name in [name for name in given if name not in known]:
        given[spelled[name.casefold()]] = given.pop(name)


def _set_defaults(options: dict[str, Json], given: Json, fail: Callable[..., None]) -> None:
    missing = []
    for name, option in options.items():
        if option.get("default") is not None and option["default"] is not COMPUTED:
            given.setdefault(name, option["default"])
        if option.get("required") is True and name not in given:
            missing.append(name)
    if missing:
        fail(f"missing required arguments: {', '.join(missing)}")


def _check_relations(constraints: Json, given: Json, fail: Callable[..., None]) -> None:
    for names in _lists(constraints, "required_together"):
        if any(name in given for name in names) and not all(name in given for name in names):
            fail(f"parameters are required together: {', '.join(names)}")
    for names in _lists(constraints, "required_one_of"):
        if not any(name in given for name in names):
            fail(f"one of the following is required: {', '.join(names)}")
    for entry in _lists(constraints, "required_if"):
        key, value, needed = entry[0], entry[1], as_list(entry[2])
        if given.get(key) is None or _text(given[key]) != _text(value):
            continue
        lacking = [name for name in needed if name not in given]
        any_will_do = len(entry) > 3 and entry[3] is True
        if len(lacking) >= (len(needed) if any_will_do else 1):
            term = "any" if any_will_do else "all"
            fail(f"{key} is {_text(value)} but {term} of the following are missing: {', '.join(lacking)}")
    for key, needed in dict(constraints.get("required_by") or {}).items():
        lacking = [name for name in as_list(needed) if name not in given]
        if key in given and lacking:
            fail(f"missing parameter(s) required by '{key}': {', '.join(lacking)}")


def _lists(constraints: Json, name: str) -> Iterable[list[Any]]:
    """The constraint's entries; a single one may stand without its outer list."""
    value = constraints.get(name)
    if not isinstance(value, list) or not value:
        return []
    return value if all(isinstance(entry, list) for entry in value) else [value]


def _convert(name: str, value: Any, option: Json, fail: Callable[..., None]) -> Any:
    kind = option.get("type", "str")
    converter = _CONVERTERS.get(kind) if isinstance(kind, str) else None
    if converter is None:
        return value
    try:
        converted = converter(value)
    except ValueError as error:
        fail(f"argument for {name} is of type {_net(value)} and we were unable to convert to {kind}: {error}")
    choices = [_text(choice) for choice in as_list(option.get("choices")) if choice is not COMPUTED]
    if choices:
        spelled = {choice.casefold(): choice for choice in choices}
        values = [_text(entry) for entry in converted] if kind == "list" else [_text(converted)]
        wrong = [entry for entry in values if entry.casefold() not in spelled]
        if wrong:
            which = "one or more of" if kind == "list" else "one of"
            fail(
                f"value of {name} must be {which}: {', '.join(choices)}. Got no match for: {', '.join(wrong)}"
            )
        if kind == "list":
            return [spelled[entry.casefold()] for entry in values]
        if kind == "str":
            return spelled[values[0].casefold()]
    return converted


def _suboptions(
    name: str, value: Any, option: Json, module: str, context: tuple[str, ...], fail: Callable[..., None]
) -> Any:
    kind, elements = option.get("type"), option.get("elements")
    suboptions = option.get("options") or {}
    if kind == "list" and elements is not None and value is not None:
        if elements == "dict" and suboptions:
            return [
                _check(suboptions, option, dict(_dictionary(entry)), module, (*context, name))
                for entry in value
            ]
        converted = []
        for entry in value:
            try:
                converted.append(_CONVERTERS.get(str(elements), _raw)(entry))
            except ValueError as error:
                fail(
                    f"argument for list entry {name} is of type {_net(entry)} and we were unable to convert "
                    f"to {elements}: {error}"
                )
        return converted
    if kind == "dict" and suboptions and (value is not None or option.get("apply_defaults") is True):
        return _check(suboptions, option, dict(value or {}), module, (*context, name))
    return value


def _check_legacy(specification: Specification, module: str, given: Json, *, check_mode: bool) -> Json:
    if check_mode and not specification.supports_check_mode:
        raise CheckModeUnsupported(f"remote module ({module}) does not support check mode")
    options = {
        name: option for name, option in specification.options.items() if not name.startswith("_ansible_")
    }
    spelled = {name.casefold(): name for name in options}
    for name, option in options.items():
        spelled |= {str(alias).casefold(): name for alias in as_list(option.get("aliases"))}
    known = spelled.keys() | _BY_ACTION_PLUGIN.get(module, set())
    unknown = sorted(name for name in given if not name.startswith("_") and name.casefold() not in known)
    if unknown:
        supported = ", ".join(sorted(name for name in options if not name.startswith("_")))
        raise ModuleFailure(
            f"Unsupported parameters for ({module}) module: {', '.join(unknown)}. "
            f"Supported parameters include: {supported}. "
            "(Windows ignores these; the lab does not.)"
        )
    found: Json = {name: option.get("default") for name, option in options.items()}
    found |= {spelled.get(name.casefold(), name): value for name, value in given.items() if value is not None}
    for name, option in options.items():
        if found[name] is None:
            if option.get("required"):
                raise ModuleFailure(f"Get-AnsibleParam: Missing required argument: {name}")
            continue
        choices = [str(choice) for choice in as_list(option.get("choices"))]
        if choices and str(found[name]).casefold() not in [choice.casefold() for choice in choices]:
            raise ModuleFailure(
                f"Get-AnsibleParam: Argument {name} needs to be one of {','.join(choices)} "
                f"but was {found[name]}."
            )
        converter = _CONVERTERS.get(str(option.get("type", "str")), _raw)
        try:
            found[name] = converter(found[name])
        except ValueError as error:
            raise ModuleFailure(f"Get-AnsibleParam: Parameter '{name}' is not valid: {error}") from error
    return found


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = _text(value).strip().lower()
    if text not in _TRUE + _FALSE:
        raise ValueError(
            f"The value '{text}' is not a valid boolean. Valid booleans include: {', '.join(_TRUE + _FALSE)}"
        )
    return text in _TRUE


def _integer(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not re.fullmatch(r"\s*[+-]?\d+\s*", _text(value)):
        raise ValueError("Input string was not in a correct format.")
    return int(_text(value))


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return [entry.strip() for entry in value.split(",")]
    if isinstance(value, int) and not isinstance(value, bool):
        return [value]
    raise ValueError(f"{_net(value)} cannot be converted to a list")


def _dictionary(value: Any) -> Json:
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        if value.startswith("{") and value.endswith("}"):
            return dict(json.loads(value))
        if "=" in value:
            return dict(part.split("=", 1) for part in re.split(r"[, ]+", value) if "=" in part)
        raise ValueError(
            "string cannot be converted to a dict, must either be a JSON string or in the key=value form"
        )
    raise ValueError(f"{_net(value)} cannot be converted to a dict")


def expand(text: str, account: Json | None = None) -> str:
    """Expand %variables%, as .NET does; an unknown one stays as it is."""
    known = _ENVIRONMENT
    if account is not None:
        home = rf"C:\Users\{account['name']}"
        temporary = rf"{home}\AppData\Local\Temp"
        known = _ENVIRONMENT | {
            "userprofile": home,
            "temp": temporary,
            "tmp": temporary,
            "appdata": rf"{home}\AppData",
        }
    return re.sub(r"%([^%]+)%", lambda match: known.get(match[1].casefold(), match[0]), text)


def _path(value: Any) -> str:
    return expand(_text(value))


def _text(value: Any) -> str:
    """As .NET's ToString does it."""
    return str(value)


def _json(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    if isinstance(value, str):
        return value
    raise ValueError(f"{_net(value)} cannot be converted to json")


def _raw(value: Any) -> Any:
    return value


def _net(value: Any) -> str:
    return _NET_TYPES.get(type(value), "System.Object")


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "bool": _boolean,
    "dict": _dictionary,
    "float": float,
    "int": _integer,
    "json": _json,
    "list": _list,
    "path": _path,
    "raw": _raw,
    "str": _text,
}
