"""The reference of everything an inventory may say, made from the model.

`python -m serviceheft.model.reference` writes docs/reference/.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from serviceheft import settings
from serviceheft.model.catalogue import Catalogue, load_catalogue
from serviceheft.model.editor import JsonSchema, schemas
from serviceheft.model.groups import PARENTS, STANDARD_GROUPS
from serviceheft.model.levels import Level
from serviceheft.model.load import SECTIONS
from serviceheft.model.variables import FIELDS, levels
from serviceheft.model.yamlfile import read_mapping

_MADE = "<!-- Made by `python -m serviceheft.model.reference`. Do not edit: change the model. -->\n"
_PLACES: dict[Level, str] = {"provider": "provider", "all": "all", "group": "group", "host": "host"}
_FOLDERS = """
| file | holds |
|---|---|
| `hosts.yml` | the devices, by standard group |
| `group_vars/all/*.yml` | the sections below, and variables for all devices |
| `group_vars/all/vault.yml` | secrets, as `vault_` variables; encrypted, with the customer's vault id |
| `group_vars/<group>/*.yml` | variables for the devices of a standard group |
| `host_vars/<host>.yml` | variables for one device |
| `files/` | certificates and other files of this customer |
"""


def inventory_page() -> str:
    """Sections, groups and variables of a customer's inventory, as Markdown."""
    made = schemas()
    shared: JsonSchema = {}
    for schema in made.values():
        shared |= schema["$defs"]
    lines = [_MADE, "# Inventory reference", "", "A customer is a folder in `inventories/`:", _FOLDERS]
    lines += ["## Standard groups", "", "A device is in the group that says what it is.", ""]
    lines += [f"- `{group}`" + _part_of(group) for group in STANDARD_GROUPS] + [""]
    lines += ["## Sections", "", "Each stands in one file of `group_vars/all/`.", ""]
    for name in SECTIONS:
        schema = made["customer"]["properties"][name]
        needed = "may be left out" if SECTIONS[name][1] else "needed"
        lines += [f"### Section {name}", "", f"{_kind(schema, shared)}; {needed}.", ""]
        for target in _models(schema, shared):
            lines += _table(target, shared)
    lines += _variables(shared)
    return "\n".join(lines).rstrip() + "\n"


def _part_of(group: str) -> str:
    return f" (part of `{PARENTS[group]}`)" if group in PARENTS else ""


def _variables(shared: JsonSchema) -> Iterator[str]:
    yield from [
        "## Variables",
        "",
        "Of several values the most particular one holds, as a whole: host, then group,",
    ]
    yield from [
        "then parent group, then all, then the provider's. A variable marked `provider` alone cannot be"
    ]
    yield from ["set in an inventory.", "", "| variable | value | where | provider's value | meaning |"]
    yield "|---|---|---|---|---|"
    made, policies = schemas(), _policies()
    every = {**made["policies"]["properties"], **made["customer"]["properties"]}
    every |= {**made["group"]["properties"], **made["host"]["properties"]}
    for name in FIELDS:
        body = every[name]
        where = ", ".join(_PLACES[level] for level in levels()[name])
        value = f"`{json.dumps(policies[name], ensure_ascii=False)}`" if name in policies else ""
        yield f"| `{name}` | {_kind(body, shared)} | {where} | {value} | {body['description']} |"
    yield ""
    for name in (
        "SoftwarePackage",
        "Title",
        "Application",
        "BusinessPackage",
        "ServiceStep",
        "BusinessProduct",
        "ToleratedDays",
        "FreezeDays",
        "UpdateException",
    ):
        yield from _table(name, shared)


def _policies() -> dict[str, Any]:
    """The provider's values, but for the long list of packages."""
    found: dict[str, Any] = {}
    for path in sorted((settings.REPOSITORY / "group_vars" / "all").glob("*.yml")):
        if path.stem not in ("catalogue", "provider"):
            document = read_mapping(path, f"group_vars/all/{path.name}", [])
            found |= document.data if document else {}
    found.pop("standard_software_packages", None)
    return found


def _table(name: str, shared: JsonSchema) -> list[str]:
    schema = shared[name]
    lines = [
        f"#### {name}",
        "",
        schema["description"],
        "",
        "| key | value | needed | meaning |",
        "|---|---|---|---|",
    ]
    for key, body in schema["properties"].items():
        needed = "yes" if key in schema.get("required", ()) else _default(body)
        lines.append(f"| `{key}` | {_kind(body, shared)} | {needed} | {body['description']} |")
    return [*lines, ""]


def _default(body: JsonSchema) -> str:
    value = body.get("default")
    plain = value not in (None, [], {}) and not isinstance(value, dict)
    return f"no: `{json.dumps(value)}`" if plain else "no"


def _models(schema: JsonSchema, shared: JsonSchema) -> list[str]:
    """Names of the models that a schema leads to, each once, outer ones first."""
    found: list[str] = []
    queue: list[Any] = [schema]
    while queue:
        node = queue.pop(0)
        if isinstance(node, dict):
            name = str(node.get("$ref", "")).rpartition("/")[2]
            if name and name not in found and "properties" in shared[name]:
                found.append(name)
                queue.append(shared[name]["properties"])
            queue += node.values()
        elif isinstance(node, list):
            queue += node
    return found


def _kind(schema: JsonSchema, shared: JsonSchema) -> str:
    if "allOf" in schema:
        return _kind(schema["allOf"][0], shared)
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        target = shared[name]
        return f"[{name}](#{name.lower()})" if "properties" in target else _kind(target, shared)
    if "anyOf" in schema:
        return " or ".join(_kind(part, shared) for part in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'], shared)}"
    if schema.get("type") == "object":
        return f"keys with {_kind(schema['additionalProperties'], shared)}"
    words = {"string": "text", "integer": "whole number", "number": "amount", "boolean": "true, false"}
    words |= {"null": "null"}
    kind = {"date": "date", "email": "e-mail address"}.get(schema.get("format", ""), words[schema["type"]])
    pattern = schema.get("pattern", "")
    return (
        "from the vault"
        if "vault_" in pattern
        else "path in the inventory"
        if "inventory_dir" in pattern
        else kind
    )


def catalogue_page(catalogue: Catalogue) -> str:
    """The catalogue as one table, and its change list."""
    lines = [
        _MADE,
        "# Service catalogue",
        "",
        f"Version {catalogue.version}. B: Basic, S: Standard, C: Comfort.",
        "",
    ]
    lines += [
        "| no | service | B | S | C | due | owed to | done | role |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for service in catalogue.services.values():
        marks = ["x" if tier in service.tiers else "" for tier in ("basic", "standard", "comfort")]
        if service.reaction_hours:
            marks = [f"{service.reaction_hours[tier]} h" for tier in service.tiers]
        if service.also_hourly:
            marks = ["any"] * 3
        owed = ", ".join(service.scope) or "the customer"
        title = f"{service.title.de}<br>{service.title.en}"
        cells = [service.number, title, *marks, service.cadence, owed, service.kind, service.role or ""]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "## Changes", "", "| version | date | name | remark |", "|---|---|---|---|"]
    lines += [
        f"| {entry.version} | {entry.date} | {entry.name} | {entry.remark} |" for entry in catalogue.changes
    ]
    return "\n".join(lines) + "\n"


def texts() -> dict[Path, str]:
    """What the committed pages must hold, by path."""
    folder = settings.REPOSITORY / "docs" / "reference"
    return {
        folder / "inventory.md": inventory_page(),
        folder / "catalogue.md": catalogue_page(load_catalogue()),
    }


def main() -> None:
    """Write the committed pages anew."""
    for path, text in texts().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
