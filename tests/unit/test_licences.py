"""LICENSES.md names exactly the files that import Ansible; every licence mark says what LICENSE does."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from serviceheft.settings import REPOSITORY

NOTE = (REPOSITORY / "LICENSES.md").read_text(encoding="utf-8")
FOLDERS = (
    *("action_plugins", "callback_plugins", "filter_plugins", "inventory_plugins", "library", "module_utils"),
    *("src", "lab", "tools", "roles"),
)


def files(*suffixes: str) -> Iterator[Path]:
    for folder in FOLDERS:
        for path in (REPOSITORY / folder).rglob("*"):
            if path.suffix in suffixes and "__pycache__" not in path.parts:
                yield path


def imports_ansible(path: Path) -> bool:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                modules = [name.name for name in names]
            case ast.ImportFrom(module=str(module), level=0):
                modules = [module]
            case _:
                continue
        if any(module.partition(".")[0] in ("ansible", "ansible_collections") for module in modules):
            return True
    return False


def listed(heading: str) -> list[str]:
    section = NOTE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\* `(.+)`$", section, re.MULTILINE)


def test_every_file_that_imports_ansible_is_named() -> None:
    found = {path.relative_to(REPOSITORY).as_posix() for path in files(".py") if imports_ansible(path)}
    assert listed("Files that import Ansible") == sorted(found)


def test_every_module_that_uses_ansibles_utilities_for_windows_is_named() -> None:
    required = re.compile(
        r"^#(AnsibleRequires .*\bAnsible\.(?!ModuleUtils\.RawState)|Requires -Module Ansible)", re.MULTILINE
    )
    found = {
        path.relative_to(REPOSITORY).as_posix()
        for path in files(".ps1", ".psm1")
        if required.search(path.read_text(encoding="utf-8"))
    }
    assert listed("Files that use Ansible's module utilities for Windows") == sorted(found)


def test_every_licence_mark_says_what_the_license_does() -> None:
    assert (REPOSITORY / "LICENSE").read_text(encoding="utf-8").startswith("MIT License\n")
    for path in files(".py", ".ps1", ".psm1", ".yml", ".typ", ".j2"):
        marks = re.findall(r"SPDX-License-Identifier: *(.+)", path.read_text(encoding="utf-8"))
        assert set(marks) <= {"MIT"}, path


def test_the_license_leads_to_the_note() -> None:
    assert "LICENSES.md" in (REPOSITORY / "LICENSE").read_text(encoding="utf-8")
    assert "LICENSES.md" in (REPOSITORY / "README.md").read_text(encoding="utf-8")
