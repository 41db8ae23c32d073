"""Keeps what Ansible would send to a host for a visit, as JSON, instead of sending it: the bench's raw limit sends it.

Nothing of Ansible is built anew: the module goes the usual way up to the connection, which keeps it.
"""

import json
from pathlib import Path
from typing import Any

import yaml
from ansible.plugins.action import ActionBase

from serviceheft.settings import REPOSITORY

DOCUMENTATION = """
module: keep_visit
short_description: keep what a visit sends
options:
  sections:
    description: Of these, those that the module knows.
    type: list
  path:
    description: Where to keep command, given (its input) and sections.
    type: path
"""


class ActionModule(ActionBase):
    _VALID_ARGS = frozenset({"sections", "path"})

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        known = _known_sections()
        sections = [str(name) for name in self._task.args["sections"] if name in known]
        kept: dict[str, Any] = {"sections": sections}

        def keep(cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
            kept.update(command=str(cmd), given=(in_data or b"").decode())
            return 0, b"{}", b""

        self._connection.exec_command = keep
        self._execute_module("windows_visit", {"sections": sections}, task_vars=task_vars)
        Path(self._task.args["path"]).write_text(json.dumps(kept), encoding="utf-8")
        return {"changed": False}


def _known_sections() -> frozenset[str]:
    text = (REPOSITORY / "library" / "windows_visit.yml").read_text(encoding="utf-8")
    return frozenset(yaml.safe_load(text)["DOCUMENTATION"]["options"]["sections"]["choices"])
