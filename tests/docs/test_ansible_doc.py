"""ansible-doc, typed in the checkout, explains every plugin of the project."""

import inspect
import json
import subprocess
from collections.abc import Callable
from importlib import util
from types import ModuleType
from typing import Any

import pytest

from serviceheft import settings


def _loaded(folder: str) -> dict[str, ModuleType]:
    """Every plugin of a folder by its name."""
    found = {}
    for path in sorted((settings.REPOSITORY / folder).glob("*.py")):
        specification = util.spec_from_file_location(f"{folder}_{path.stem}", path)
        assert specification
        assert specification.loader
        found[path.stem] = util.module_from_spec(specification)
        specification.loader.exec_module(found[path.stem])
    return found


def _explained(kind: str, names: list[str]) -> dict[str, Any]:
    ansible_doc = settings.REPOSITORY / ".venv" / "bin" / "ansible-doc"
    done = subprocess.run(
        [ansible_doc, "--json", "-t", kind, *names],
        cwd=settings.REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    explained = {name: found["doc"] for name, found in json.loads(done.stdout).items()}
    assert sorted(explained) == sorted(names)
    assert all(found["short_description"] for found in explained.values())
    return explained


@pytest.mark.parametrize("kind", ["callback", "inventory"])
def test_it_explains_every(kind: str) -> None:
    _explained(kind, [path.stem for path in (settings.REPOSITORY / f"{kind}_plugins").glob("*.py")])


def test_it_explains_every_action_with_all_that_it_takes() -> None:
    actions = _loaded("action_plugins")
    explained = _explained("module", list(actions))
    for name, plugin in actions.items():
        assert set(explained[name].get("options", {})) == set(plugin.ActionModule._VALID_ARGS), name


def test_it_explains_every_filter_with_all_that_it_takes() -> None:
    filters: dict[str, Callable[..., Any]] = {}
    for plugin in _loaded("filter_plugins").values():
        filters |= plugin.FilterModule().filters()
    explained = _explained("filter", list(filters))
    for name, function in filters.items():
        taken = list(inspect.signature(function).parameters)[1:]
        assert set(explained[name].get("options", {})) == {"_input", *taken}, name
        assert explained[name].get("positional", "") == ", ".join(taken), name
