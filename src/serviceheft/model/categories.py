"""The categories of Windows updates: what an inventory may name, and by what each is known on a host.

Windows names categories in its own language; so an update is known by the categories'
identifiers, which are the same everywhere, and by both languages' names only where a host has told no identifier.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from serviceheft.i18n import N_
from serviceheft.model.fields import reject
from serviceheft.model.problems import did_you_mean

#: Every category.
EVERY = "*"


@dataclass(frozen=True)
class Category:
    """`title` is a msgid; `names` are those of an English and of a German Windows."""

    title: str
    identifier: str
    names: tuple[str, ...]


CATEGORIES: Mapping[str, Category] = MappingProxyType(
    {
        "Application": Category(
            N_("applications"),
            "5c9376ab-8ce6-464a-b136-22113dd69801",
            ("Application", "Applications", "Anwendung", "Anwendungen"),
        ),
        "Connectors": Category(
            N_("connectors"), "434de588-ed14-48f5-8eed-a15e09a991f6", ("Connectors", "Konnektoren")
        ),
        "CriticalUpdates": Category(
            N_("critical updates that concern no security"),
            "e6cf1350-c01b-414d-a61f-263d14d133b4",
            ("Critical Updates", "Wichtige Updates", "Kritische Updates"),
        ),
        "DefinitionUpdates": Category(
            N_("definitions"),
            "e0789628-ce08-4437-be74-2495b842f43b",
            ("Definition Updates", "Definitionsupdates", "Definitions-Updates"),
        ),
        "DeveloperKits": Category(
            N_("developer kits"),
            "e140075d-8433-45c3-ad87-e72345b36078",
            ("Developer Kits", "Entwicklerkits", "Entwicklungskits"),
        ),
        "Drivers": Category(
            N_("drivers"), "ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0", ("Drivers", "Driver", "Treiber")
        ),
        "FeaturePacks": Category(
            N_("feature packs"), "b54e7d24-7add-428f-8b75-90a396fa584f", ("Feature Packs", "Feature-Packs")
        ),
        "Guidance": Category(
            N_("guidance"),
            "9511d615-35b2-47bb-927f-f73d8e9260bb",
            ("Guidance", "Leitfaden", "Leitfäden", "Anleitungen"),
        ),
        "SecurityUpdates": Category(
            N_("security updates"),
            "0fa1201d-4330-4fa8-8ae9-b877473b6441",
            ("Security Updates", "Sicherheitsupdates", "Sicherheits-Updates"),
        ),
        "ServicePacks": Category(
            N_("service packs"), "68c5b0a3-d1a6-4553-ae49-01d3a7827828", ("Service Packs", "Service-Packs")
        ),
        "Tools": Category(N_("tools"), "b4832bd8-e735-4761-8daf-37f882276dab", ("Tools", "Hilfsprogramme")),
        "UpdateRollups": Category(
            N_("update rollups"),
            "28bc880e-0592-4cbf-8f95-c79b17911d5f",
            ("Update Rollups", "Updaterollups", "Update-Rollups"),
        ),
        "Updates": Category(
            N_("other updates"), "cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83", ("Updates", "Aktualisierungen")
        ),
        "Upgrades": Category(
            N_("new releases of Windows"),
            "3689bdc8-b205-4af4-8d4a-a63924c5e9d5",
            ("Upgrades", "Funktionsupdates"),
        ),
    }
)

_BY_IDENTIFIER = {category.identifier: key for key, category in CATEGORIES.items()}
_BY_NAME = {name.casefold(): key for key, category in CATEGORIES.items() for name in (key, *category.names)}


def known_categories(names: Iterable[str], identifiers: Iterable[str]) -> frozenset[str]:
    """The categories of one update by what a host says of it; empty when it says nothing that is known."""
    by_identifier = {_BY_IDENTIFIER.get(one.strip("{}").casefold()) for one in identifiers} - {None}
    found = by_identifier or {_BY_NAME.get(one.casefold()) for one in names} - {None}
    return frozenset(key for key in found if key is not None)


def _category(value: Any) -> Any:
    choices = [*CATEGORIES, EVERY]
    if value in choices:
        return value
    meant = _BY_NAME.get(value.strip().casefold()) if isinstance(value, str) else None
    near = f" Did you mean {meant!r}?" if meant else did_you_mean(str(value), choices)
    return reject(f"{str(value)!r} is none of {', '.join(choices)}", f"Write one of them.{near}")


CategoryName = Annotated[
    str, BeforeValidator(_category), WithJsonSchema({"type": "string", "enum": [*CATEGORIES, EVERY]})
]
