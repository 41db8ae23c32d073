"""What an inventory may say of each service, found by name: a module of this package belongs to the role of its name.

Each declares its variables as the class Wanted; they begin with the role's name. What is to hold between them, for one
host or several, it says in check(draft, catalogue), where there is such a thing.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from serviceheft.model.fields import Model
from serviceheft.model.problems import Problem

_MODULES: dict[str, ModuleType] = {
    it.name: import_module(f"{__name__}.{it.name}")
    for it in sorted(iter_modules(__path__), key=lambda it: it.name)
}


def _variables(role: str) -> type[Model]:
    """ValueError for a variable that does not begin with the role's name."""
    wanted: type[Model] = _MODULES[role].Wanted
    foreign = [name for name in wanted.model_fields if not name.startswith(f"{role}_")]
    if foreign:
        raise ValueError(f"model/wanted/{role}.py declares {', '.join(foreign)}.")
    return wanted


WANTED: dict[str, type[Model]] = {role: _variables(role) for role in _MODULES}
#: (draft, catalogue) -> problems
CHECKS: dict[str, Callable[[Any, Any], Iterable[Problem]]] = {
    role: module.check for role, module in _MODULES.items() if hasattr(module, "check")
}
