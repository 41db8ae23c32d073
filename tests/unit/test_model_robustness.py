"""Whatever stands in an inventory: a customer or a list of problems, never an exception of another kind."""

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.model.problems import InvalidInventory, Problem
from serviceheft.model.yamlfile import read_mapping
from serviceheft.settings import REPOSITORY

CATALOGUE = load_catalogue()
FILES = {
    path.relative_to(REPOSITORY / "inventories" / "musterbau"): yaml.safe_load(
        path.read_text(encoding="utf-8")
    )
    for path in sorted((REPOSITORY / "inventories" / "musterbau").rglob("*.yml"))
    if path.name != "vault.yml"
}
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=6)
LEAVES |= st.sampled_from(
    ["CHANGE ME", "{{ vault_x }}", "{{ inventory_dir }}/x", "::1", "basic", "3.10", "20:00"]
)
JUNK = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of everything inside the data."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for key, entry in entries for place in [(*path, key), *places(entry, (*path, key))]]


PLACES = [(file, place) for file, data in FILES.items() for place in places(data)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkout = tmp_path_factory.mktemp("checkout")
    shutil.copytree(REPOSITORY / "group_vars", checkout / "group_vars")
    for name in ("_shared", "musterbau"):
        shutil.copytree(REPOSITORY / "inventories" / name, checkout / "inventories" / name, symlinks=True)
    return checkout / "inventories" / "musterbau"


def problems_of(root: Path) -> list[Problem] | None:
    """What is wrong with the inventory; None: it is valid."""
    try:
        load_customer(root, CATALOGUE)
    except InvalidInventory as refused:
        return refused.problems
    return None


@settings(max_examples=100)
@given(where=st.sampled_from(PLACES), junk=JUNK)
def test_junk_anywhere_ends_in_problems_that_name_the_file(root: Path, where: Any, junk: Any) -> None:
    file, place = where
    data = copy.deepcopy(FILES[file])
    at = data
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = junk
    original = (root / file).read_bytes()
    (root / file).write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    try:
        found = problems_of(root)
    finally:
        (root / file).write_bytes(original)
    assert all(problem.file.startswith("inventories/musterbau/") for problem in found or [])
    assert all(problem.message and problem.advice.endswith((".", "?")) for problem in found or [])
    assert all(str(problem).isprintable() for problem in found or [])


@settings(max_examples=40)
@given(where=st.sampled_from(PLACES))
def test_what_is_left_out_is_missed_or_not_needed(root: Path, where: Any) -> None:
    file, place = where
    data = copy.deepcopy(FILES[file])
    at = data
    for step in place[:-1]:
        at = at[step]
    del at[place[-1]]
    original = (root / file).read_bytes()
    (root / file).write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    try:
        assert problems_of(root) != []
    finally:
        (root / file).write_bytes(original)


def test_a_file_nested_beyond_all_reason(tmp_path: Path) -> None:
    path = tmp_path / "deep.yml"
    path.write_text("a: " + "[" * 5000 + "]" * 5000, encoding="utf-8")
    problems: list[Problem] = []
    read_mapping(path, "deep.yml", problems)
    assert [str(problem) for problem in problems] == [
        "deep.yml:1: a[0][0]: is nested too deeply. Write it with fewer levels."
    ]


def test_a_message_stays_one_line_without_control_characters() -> None:
    problem = Problem("hosts.yml", 3, "switches.a\n\x1b[31mb", "host 'ä' is odd", "Rename it.")
    assert str(problem) == "hosts.yml:3: switches.a\\n\\x1b[31mb: host 'ä' is odd. Rename it."


@pytest.mark.parametrize(
    "written", ["*CANARY2026", "!CANARY2026", "@CANARY2026", "{CANARY2026}", '"CANARY\\2026"']
)
@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
def test_no_parser_repeats_what_it_cannot_read(
    written: str, loader: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serviceheft.model.yamlfile._LOADER", loader)
    path = tmp_path / "file.yml"
    path.write_text(f"ansible_password: {written}\n", encoding="utf-8")
    problems: list[Problem] = []
    read_mapping(path, "file.yml", problems)
    assert not any("CANARY" in str(problem) for problem in problems)
