"""JSON Schemas for editors (schemas/*.json), made from the model: completion and marks while one types.

`python -m serviceheft.model.editor` writes them; each inventory file names its schema in its first comment.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from serviceheft import settings
from serviceheft.model.catalogue import CATALOGUE_FILE
from serviceheft.model.groups import STANDARD_GROUPS
from serviceheft.model.levels import Level
from serviceheft.model.load import SECTIONS
from serviceheft.model.schema import Provider
from serviceheft.model.variables import FIELDS, PROVIDER_PREFIX, adapter, levels, provider_adapter

type JsonSchema = dict[str, Any]


def schemas() -> dict[str, JsonSchema]:
    """Each schema by its file's name, without ".json"."""
    sections = {name: _described(part, name) for name, (part, _) in SECTIONS.items()}
    hosts = _file("Devices by standard group (hosts.yml)", {})
    host = _level("host")
    members = {"type": ["object", "null"], "additionalProperties": {"$ref": "#/$defs/host"}}
    hosts["$defs"] = {
        "group": {"anyOf": [_object({"hosts": members}), {"type": "null"}]},
        "host": {"anyOf": [_object(host["properties"]), {"type": "null"}]},
        **host["$defs"],
    }
    hosts["properties"] = {name: {"$ref": "#/$defs/group"} for name in STANDARD_GROUPS}
    provider = {PROVIDER_PREFIX + name: provider_adapter(name) for name in Provider.model_fields}
    titles = {PROVIDER_PREFIX + name: field.description for name, field in Provider.model_fields.items()}
    return {
        "customer": _file("A customer, for all hosts (group_vars/all)", {**_variables("all"), **sections}),
        "group": _level("group"),
        "host": _level("host"),
        "hosts": hosts,
        "policies": _level("provider"),
        "provider": _file("The provider", {name: (part, titles[name]) for name, part in provider.items()}),
        "catalogue": _file("The service catalogue", {"catalogue": (CATALOGUE_FILE, "All services.")}),
    }


type _Parts = dict[str, tuple[TypeAdapter[Any], str | None]]


def _described(part: TypeAdapter[Any], name: str) -> tuple[TypeAdapter[Any], str | None]:
    return part, f"Section {name} of the inventory."


def _variables(level: Level) -> _Parts:
    fields = FIELDS
    return {name: (adapter(name), fields[name].description) for name in fields if level in levels()[name]}


def _level(level: Level) -> JsonSchema:
    places = {
        "group": "group_vars/<group>",
        "host": "host_vars/<host>.yml",
        "provider": "group_vars/all of the provider",
    }
    return _file(f"Variables in {places[level]}", _variables(level))


def _object(properties: JsonSchema) -> JsonSchema:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _file(title: str, parts: _Parts) -> JsonSchema:
    inputs = [(name, "validation", part) for name, (part, _) in parts.items()]
    made, shared = TypeAdapter.json_schemas(inputs)  # type: ignore[arg-type]
    properties = {}
    for name, (_, description) in parts.items():
        body = made[name, "validation"]
        # A description beside $ref would be dropped by some editors.
        body = {"allOf": [body]} if "$ref" in body else body
        properties[name] = {**body, "description": description}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return {**head, **_object(properties), "$defs": shared.get("$defs", {})}


def texts() -> dict[Path, str]:
    """What the committed files must hold, by path."""
    folder = settings.REPOSITORY / "schemas"
    made = schemas().items()
    return {
        folder / f"{name}.json": json.dumps(body, indent=2, ensure_ascii=False) + "\n" for name, body in made
    }


def main() -> None:
    """Write the committed files anew."""
    for path, text in texts().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
