"""Laws that hold for every inventory, not only for the ones that somebody thought of."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serviceheft.model.groups import PARENTS, STANDARD_GROUPS, contradiction, with_parents
from serviceheft.model.load import SECTIONS
from serviceheft.model.problems import Problem, dotted
from serviceheft.model.resolution import Setting, Settings, read_settings, resolve
from serviceheft.model.variables import FIELDS, levels
from serviceheft.model.yamlfile import Document, misread, read_mapping

NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=30)
KNOWN = {*FIELDS, *SECTIONS}
GROUPS = st.lists(st.sampled_from(STANDARD_GROUPS), unique=True)
PLAIN = st.text("abc xyzäöü:#-", max_size=8) | st.integers() | st.booleans() | st.none() | st.dates()
TREES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
)


def document(data: dict[str, Any]) -> Document:
    return Document("file.yml", data, {(): 1})


@given(
    name=NAMES.filter(lambda name: name not in KNOWN),
    secret=st.uuids(),
    level=st.sampled_from(["all", "group", "host"]),
)
def test_every_unknown_variable_is_reported_and_its_value_never_shown(
    name: str, secret: Any, level: Any
) -> None:
    problems: list[Problem] = []
    into: Settings = {}
    read_settings(
        document({name: str(secret)}), {name: str(secret)}, (), level, into, problems, tuple(SECTIONS)
    )
    assert [problem.path for problem in problems] == [name]
    assert str(secret) not in str(problems[0])
    assert not into


def _keys(schema: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Paths of all mappings in a customer's sections that have fixed keys."""
    if isinstance(schema, dict):
        found = [path] if path and path != ("services",) else []
        return found + [place for key, entry in schema.items() for place in _keys(entry, (*path, key))]
    if isinstance(schema, list):
        return [place for index, entry in enumerate(schema) for place in _keys(entry, (*path, index))]
    return []


MUSTERBAU = Path(__file__).parents[2] / "inventories" / "musterbau" / "group_vars" / "all" / "customer.yml"
SECTION_DATA = yaml.safe_load(MUSTERBAU.read_text(encoding="utf-8"))


@pytest.mark.parametrize("place", _keys(SECTION_DATA), ids=dotted)
def test_an_unknown_key_is_reported_wherever_it_stands(place: tuple[str | int, ...]) -> None:
    from serviceheft.model.checking import check

    data = yaml.safe_load(MUSTERBAU.read_text(encoding="utf-8"))
    at: Any = data
    for step in place:
        at = at[step]
    at["surprise"] = "CANARY"
    problems: list[Problem] = []
    section = str(place[0])
    assert check(SECTIONS[section][0], data[section], document(data), (section,), problems) is None
    assert [(problem.path, problem.message) for problem in problems] == [
        (dotted((*place, "surprise")), "unknown key")
    ]
    assert "CANARY" not in str(problems[0])


@given(groups=GROUPS)
def test_parents_come_before_children_and_nothing_else_is_added(groups: list[str]) -> None:
    order = with_parents(groups)
    assert set(order) == set(groups) | {PARENTS[group] for group in groups if group in PARENTS}
    for child, parent in PARENTS.items():
        if child in order:
            assert order.index(parent) < order.index(child)
    assert with_parents(reversed(order)) == order


@given(groups=GROUPS)
def test_a_contradiction_does_not_depend_on_order_and_stays_when_groups_are_added(groups: list[str]) -> None:
    found = contradiction(groups)
    assert contradiction(reversed(groups)) == found
    if found:
        assert all(contradiction([*groups, more]) for more in STANDARD_GROUPS)
    assert contradiction(groups[:1]) is None


WHO = ["provider", "everyone", *STANDARD_GROUPS, "own"]


@given(groups=GROUPS, speakers=st.sets(st.sampled_from(WHO)))
def test_the_most_particular_setting_holds(groups: list[str], speakers: set[str]) -> None:
    """Of all who set one variable, the host is asked first, then groups, parents, customer, provider."""
    nowhere = document({})

    def says(who: str) -> Settings:
        return {"ansible_user": Setting(who, nowhere, ())} if who in speakers else {}

    found = resolve(
        groups, says("provider"), says("everyone"), {g: says(g) for g in STANDARD_GROUPS}, says("own")
    )
    order = ["provider", "everyone", *with_parents(groups), "own"]
    heard = [who for who in order if who in speakers]
    assert [setting.value for setting in found.values()] == heard[-1:]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.dictionaries(NAMES, TREES, max_size=4))
def test_values_are_read_as_pyyaml_reads_them_and_every_key_has_its_line(
    data: dict[str, Any], tmp_path: Path
) -> None:
    text = yaml.safe_dump(data, allow_unicode=True, default_flow_style=False)
    path = tmp_path / "file.yml"
    path.write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    read = read_mapping(path, "file.yml", problems)
    loaded = yaml.safe_load(text)
    if problems:
        # Keys that YAML takes for something else ("y", "no") are refused; nothing else is.
        assert {problem.message for problem in problems} <= {
            "YAML reads this key as a number, a date or true/false",
        }
        return
    assert read is not None
    assert read.data == loaded
    lines = text.splitlines()
    for place, line in read.lines.items():
        if place and isinstance(place[-1], str):
            assert place[-1] in lines[line - 1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(raw=st.binary(max_size=60) | st.text("a:-[]{}#&*!|>'\"%@`\t\n ,?", max_size=40).map(str.encode))
def test_no_bytes_make_the_reader_fail(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file.yml"
    path.write_bytes(raw)
    problems: list[Problem] = []
    read = read_mapping(path, "file.yml", problems)
    assert read is not None or problems
    assert all(problem.line <= raw.count(b"\n") + raw.count(b"\r") + 2 for problem in problems)


def test_every_variable_can_be_set_somewhere() -> None:
    assert all(levels()[name] for name in FIELDS)


@given(number=st.integers(-(10**9), 10**9), fraction=st.none() | st.integers(0, 99))
def test_a_number_that_is_written_plainly_is_read_as_it_is(number: int, fraction: int | None) -> None:
    written = str(number) if fraction is None else f"{number}.{fraction:02}"
    assert misread("int" if fraction is None else "float", written) is None
    assert float(yaml.safe_load(written)) == float(written)


@given(written=st.from_regex(r"[-+]?[0-9][0-9_:.xob]{0,6}", fullmatch=True))
def test_a_scalar_that_passes_for_a_number_is_the_number_that_everybody_reads(written: str) -> None:
    value = yaml.safe_load(written)
    if isinstance(value, int | float):
        kind = "int" if isinstance(value, int) else "float"
        if misread(kind, written) is None:
            assert str(value) == written or float(written) == value
            assert not re.fullmatch(r"[1-9][0-9]{0,2}\.[0-9]{3}", written)
            assert not re.match(r"[-+]?0[0-9]", written)
