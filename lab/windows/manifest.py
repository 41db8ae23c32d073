"""Reading what ansible-core sends: a bootstrap script on the command line, a manifest of actions on stdin.

The format is ansible-core's own and changes between its releases; tests/recordings/winrm pins it.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: Part of ansible-core's bootstrap_wrapper.ps1 that no other script has.
BOOTSTRAP_MARKER = "$codeJson = foreach ($in in $input"
_SEPARATOR = "\n\0\0\0\0\n"


@dataclass(frozen=True)
class Action:
    """One script to run with its parameters; an action before the last wraps those after it."""

    name: str
    params: Mapping[str, Any]
    secure_params: Mapping[str, Any]


@dataclass(frozen=True)
class Manifest:
    """Actions, the scripts they need (base64), and what follows the manifest on stdin."""

    actions: tuple[Action, ...]
    scripts: Mapping[str, str]
    rest: str

    @classmethod
    def parse(cls, stdin: str) -> "Manifest":
        """Raises ValueError when stdin does not hold what the bootstrap of ansible-core 2.21 reads."""
        parts = stdin.replace("\r\n", "\n").split(_SEPARATOR, 2)
        if len(parts) < 2:
            raise ValueError("no manifest follows the bootstrap")
        data = json.loads(parts[1])
        actions = tuple(
            Action(entry["name"], entry["params"] or {}, entry["secure_params"] or {})
            for entry in data["actions"]
        )
        scripts = {name: entry["script"] for name, entry in data["scripts"].items()}
        return cls(actions, scripts, parts[2] if len(parts) > 2 else "")

    def source(self, name: str) -> str:
        """Text of a script that the manifest carries."""
        return base64.b64decode(self.scripts[name]).decode("utf-8-sig")

    def digest(self, name: str) -> str:
        """What a script is known by, without decoding it."""
        return hashlib.sha256(self.scripts[name].encode("ascii")).hexdigest()


@dataclass(frozen=True)
class ModuleTask:
    """A module that is to be run: its full name and arguments, Ansible's own `_ansible_*` settings apart."""

    name: str
    script: str
    arguments: dict[str, Any]
    settings: dict[str, Any]


def module_task(action: Action) -> ModuleTask:
    """The module that a module_wrapper action names. Raises ValueError when it runs a bare script."""
    if not action.params.get("ForModule"):
        raise ValueError("the action runs a script, not a module")
    script = str(action.params["Script"])
    arguments: dict[str, Any] = {}
    for variable in action.params.get("Variables") or []:
        if variable["Name"] == "complex_args":
            arguments = dict(variable["Value"])
    settings = {
        key.removeprefix("_ansible_"): value
        for key, value in arguments.items()
        if key.startswith("_ansible_")
    }
    plain = {key: value for key, value in arguments.items() if not key.startswith("_ansible_")}
    return ModuleTask(_full_name(script), script, plain, settings)


def _full_name(script: str) -> str:
    name = script.removesuffix(".ps1")
    parts = name.split(".")
    if parts[0] == "ansible_collections":
        return f"{parts[1]}.{parts[2]}.{'.'.join(parts[5:])}"
    return name
