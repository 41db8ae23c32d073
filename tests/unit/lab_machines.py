"""Machines for tests of the emulated Windows modules, and modules called as a task would call them."""

from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lab.windows import modules
from lab.windows.arguments import check_arguments
from lab.windows.defaults import Role, default_machine
from lab.windows.faults import Faults
from lab.windows.machine import Json, Machine
from lab.windows.specification import Specification, read_specification

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ACCOUNTS = [
    {"name": "svc-serviceheft", "password": "Lab-1"},
    {"name": "leser", "password": "L", "administrator": False},
]


def machine(role: Role = "client", *, faults: Faults | None = None, **options: Any) -> Machine:
    """A healthy machine in memory."""
    state = default_machine(role, name="lab-1", address="127.101.9.1", now=NOW, accounts=ACCOUNTS, **options)
    return Machine("lab-1", state, faults=faults or Faults(), now=NOW)


def module_file(name: str) -> Path:
    """The .ps1 of an installed collection's module."""
    namespace, collection, module = name.split(".")
    found = find_spec("ansible_collections")
    assert found is not None
    assert found.submodule_search_locations
    root = Path(next(iter(found.submodule_search_locations)))
    return root / namespace / collection / "plugins" / "modules" / f"{module}.ps1"


def specification(name: str) -> Specification:
    """What the real module's own script says about its arguments."""
    read = read_specification(module_file(name).read_text(encoding="utf-8-sig"))
    assert read is not None, name
    return read


def call(
    on: Machine, name: str, /, *, check_mode: bool = False, user: Json | None = None, **arguments: Any
) -> Json:
    """Run a module with arguments checked against the real module's script; "changed" defaults to False."""
    handler = modules.find(name)
    assert handler is not None
    checked = check_arguments(specification(name), name, arguments, check_mode=check_mode)
    context = modules.Call(check_mode, diff=True, now=on.now, user=user or on.state["accounts"][0])
    result = {"changed": False} | handler(on, checked, context)
    return result | ({"warnings": context.warnings} if context.warnings else {})
