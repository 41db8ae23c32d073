"""The flat variables: read at each level, then resolved for a host as Ansible resolves them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serviceheft.model.checking import check
from serviceheft.model.groups import STANDARD_GROUPS, with_parents
from serviceheft.model.levels import Level
from serviceheft.model.problems import Problem, did_you_mean
from serviceheft.model.schema import Provider
from serviceheft.model.variables import (
    PROVIDER_PREFIX,
    RUN_PREFIX,
    adapter,
    levels,
    provider_adapter,
)
from serviceheft.model.yamlfile import Document, Path_

_SECRET_WORDS = re.compile(r"pass?w|passphrase|secret|token|api_?key|private_?key|community|credential|psk")
_PLACES: dict[Level, str] = {
    "provider": "the provider's group_vars/all",
    "all": "a file in group_vars/all/",
    "group": "a file in group_vars/<group>/",
    "host": "host_vars/<host>.yml",
}


@dataclass(frozen=True)
class Setting:
    """A value of a flat variable and where it was written."""

    value: Any
    document: Document
    path: Path_

    def problem(self, message: str, advice: str) -> Problem:
        return self.document.problem(self.path, message, advice)


type Settings = dict[str, Setting]


def read_settings(
    document: Document,
    values: Mapping[str, Any],
    path: Path_,
    level: Level,
    into: Settings,
    problems: list[Problem],
    sections: tuple[str, ...] = (),
) -> None:
    """Check the flat variables of one mapping and add them to `into`; `sections` are left to others.

    A value that is wrong is added all the same, so that what depends on it is not reported as missing.
    """
    for name, value in values.items():
        place = (*path, name)
        if name in sections:
            continue
        if name in into:
            other = into[name]
            advice = (
                f"{other.document.file} sets it in line {other.document.line(other.path)}; keep one of them."
            )
            problems.append(document.problem(place, "this variable is set twice", advice))
        elif name not in levels():
            problems.append(_unknown(document, place, name, level, sections))
        else:
            if level in levels()[name]:
                check(adapter(name), value, document, place, problems)
            else:
                problems.append(_misplaced(document, place, name))
            into[name] = Setting(value, document, place)


def read_provider_facts(document: Document, facts: dict[str, Any], problems: list[Problem]) -> None:
    """Check the `provider_` variables of a file; collects them without their prefix."""
    for name, value in document.data.items():
        fact = name.removeprefix(PROVIDER_PREFIX)
        if fact != name and fact in Provider.model_fields:
            facts[fact] = check(provider_adapter(fact), value, document, (name,), problems)


def provider_fact_names() -> tuple[str, ...]:
    """The provider's facts as variables."""
    return tuple(PROVIDER_PREFIX + name for name in Provider.model_fields)


def resolve(
    groups: list[str], provider: Settings, everyone: Settings, by_group: Mapping[str, Settings], own: Settings
) -> Settings:
    """All flat variables of a host: of each variable the most particular setting holds, as a whole.

    From general to particular: provider, customer, parent groups, groups, the host itself.
    """
    resolved = {**provider, **everyone}
    for group in with_parents(group for group in groups if group in STANDARD_GROUPS):
        resolved.update(by_group.get(group, {}))
    resolved.update(own)
    return resolved


def _misplaced(document: Document, path: Path_, name: str) -> Problem:
    allowed = levels()[name]
    if allowed == ("provider",):
        return document.problem(
            path, "this variable belongs to the provider", "Remove it from the inventory."
        )
    places = " or ".join(_PLACES[level] for level in allowed if level != "provider")
    advice = f"Move it to {places}."
    if f"{name}_here" in levels():
        advice += f" What holds for one device goes into {name}_here."
    return document.problem(path, "this variable cannot be set here", advice)


def _unknown(document: Document, path: Path_, name: str, level: Level, sections: tuple[str, ...]) -> Problem:
    # The value is never shown: somebody may have put a password behind a name that we do not know.
    if level != "provider":
        if name == "catalogue" or name.startswith(PROVIDER_PREFIX):
            return document.problem(
                path, "this variable belongs to the provider", "Remove it from the inventory."
            )
        if name.startswith(RUN_PREFIX):
            return document.problem(path, "this variable is set by each run", "Remove it from the inventory.")
    if name.startswith("vault_"):
        advice = (
            "Move it to group_vars/all/vault.yml (ansible-vault edit) and change it: it was in plain text."
        )
        return document.problem(path, "a vault variable stands outside of the vault", advice)
    known = [*levels(), *sections]
    advice = did_you_mean(name, known).strip() or "Remove it; docs/reference lists every variable."
    if _SECRET_WORDS.search(name.lower()):
        advice += (
            " A secret belongs into group_vars/all/vault.yml; change it when it stood here in plain text."
        )
    return document.problem(path, "unknown key", advice)
