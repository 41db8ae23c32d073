"""Schemas and reference pages are made from the model; what is committed must be what it makes now."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from serviceheft.model import editor, reference
from serviceheft.model.schema import Customer
from serviceheft.model.variables import FIELDS
from serviceheft.settings import REPOSITORY

SCHEMAS = editor.schemas()
FILES = sorted(
    path
    for folder in ("inventories", "group_vars")
    for path in (REPOSITORY / folder).rglob("*.yml")
    if path.name != "vault.yml" and "_shared" not in path.parts
)


class Strings(yaml.SafeLoader):
    """Dates as text, as the editors' YAML has them."""


Strings.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@pytest.mark.parametrize("made", [editor.texts(), reference.texts()], ids=["schemas", "reference"])
def test_what_is_committed_is_what_the_model_makes(made: dict[Path, str]) -> None:
    stale = [path.name for path, text in made.items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "run: python -m serviceheft.model.editor && python -m serviceheft.model.reference"
    folders = {path.parent for path in made}
    assert {path for folder in folders for path in folder.iterdir()} == set(made)


def test_every_schema_is_valid_json_schema() -> None:
    for schema in SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_file_names_its_schema_and_fits_it(path: Path) -> None:
    named = re.search(
        r"^# yaml-language-server: \$schema=(\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert named
    schema = (path.parent / named[1]).resolve()
    assert schema.parent == REPOSITORY / "schemas"
    if "_template" in path.parts and path.name == "customer.yml":
        return  # its placeholders fit no field, which is what they are for
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=Strings)
    jsonschema.Draft202012Validator(SCHEMAS[schema.stem]).validate(data)


def test_an_editor_marks_what_the_validator_refuses() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMAS["group"])
    assert not validator.is_valid({"antivirus_check_prodct": "defender"})
    assert not validator.is_valid({"ansible_password": "CANARY-plain"})
    assert not validator.is_valid({"ansible_winrm_scheme": "https"})
    assert validator.is_valid({"ansible_password": "{{ vault_windows_password }}"})


def descriptions(schema: Any) -> list[tuple[str, str]]:
    found = []
    if isinstance(schema, dict):
        for name, body in schema.get("properties", {}).items():
            found.append((name, body.get("description") or ""))
        for body in schema.values():
            found += descriptions(body)
    elif isinstance(schema, list):
        for body in schema:
            found += descriptions(body)
    return found


def test_every_field_has_a_description() -> None:
    for schema in SCHEMAS.values():
        # hosts.yml's own keys are the standard groups, which say what they are.
        silent = [name for name, text in descriptions(schema["$defs"]) if not text and name != "hosts"]
        assert not silent
    assert all(field.description for field in (*Customer.model_fields.values(), *FIELDS.values()))


def test_the_reference_names_every_variable_and_links_lead_somewhere() -> None:
    page = reference.inventory_page()
    assert all(f"`{name}`" in page for name in FIELDS)
    anchors = {line.lstrip("# ").lower() for line in page.splitlines() if line.startswith("#")}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= anchors


ROLES = sorted(REPOSITORY.glob("roles/*/*/meta/argument_specs.yml"))


@pytest.mark.parametrize("path", ROLES, ids=lambda path: path.parents[1].name)
def test_roles_take_no_wanted_state_that_the_model_does_not_know(path: Path) -> None:
    specification = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
    role = path.parents[1].name
    wanted = {name for name in FIELDS if name.startswith(f"{role}_")}
    for entry in specification.values():
        own = {name for name in entry.get("options") or {} if name.startswith(f"{role}_")}
        assert not wanted or own <= wanted
