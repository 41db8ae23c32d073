"""What several services ask of the lists of software that an inventory wants."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from serviceheft.model.contained import agreement, is_contained
from serviceheft.model.problems import Problem
from serviceheft.model.schema import Contract, ServiceChoice

if TYPE_CHECKING:
    from serviceheft.model.catalogue import Catalogue
    from serviceheft.model.draft import Draft
    from serviceheft.model.resolution import Setting


def present(setting: "Setting | None") -> list[str]:
    """Names of the applications that a setting wants."""
    return [
        str(entry.get("name")) for entry in entries_of(setting) if entry.get("state", "present") == "present"
    ]


def entries_of(setting: "Setting | None") -> list[dict[str, Any]]:
    """The entries of a list; nothing for a value of another shape, which is reported elsewhere."""
    if setting is None or not isinstance(setting.value, list):
        return []
    return [entry for entry in setting.value if isinstance(entry, dict)]


def settings_once(draft: "Draft", variable: str) -> list["Setting"]:
    """Each setting of a variable that reaches a host, once: a mistake of a group is one mistake."""
    found = (draft.settings[name].get(variable) for name in draft.entries)
    return list({id(setting): setting for setting in found if setting}.values())


def not_agreed(
    draft: "Draft", catalogue: "Catalogue", role: str, variables: tuple[str, ...]
) -> Iterator[Problem]:
    """What is wanted of a service that the contract lacks."""
    contract: Contract | None = draft.sections.get("contract")
    choices: dict[str, ServiceChoice] = draft.sections.get("services", {})
    service = catalogue.find(role)
    if contract is None or service is None or is_contained(service, contract):
        return
    if service.number in choices and choices[service.number].ordered:
        return
    settings = [draft.settings[name].get(each) for name in draft.entries for each in variables]
    wanted = {id(setting): setting for setting in settings if setting and present(setting)}
    for setting in wanted.values():
        message = f"software is wanted, but {agreement(contract)} lacks {service.title.de} ({service.number})"
        advice = f'Remove it, or order the service: services, "{service.number}", `ordered: true`.'
        yield setting.problem(message, advice)
