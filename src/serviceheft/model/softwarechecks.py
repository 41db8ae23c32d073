"""Rules about wanted software: what is contained, agreed, known, and complete enough to be installed."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from serviceheft.installer_arguments import is_msi
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.crosschecks import agreement, is_contained
from serviceheft.model.draft import Draft
from serviceheft.model.problems import Problem, did_you_mean
from serviceheft.model.resolution import Setting
from serviceheft.model.schema import Contract, ServiceChoice
from serviceheft.model.software import wanted_applications
from serviceheft.program_names import overlap

_SOFTWARE = {"3.3": "standard_software_applications", "4.3": "business_software_products"}
_HERE = "standard_software_applications_here"
_ACCOUNT = ("standard_software_source_username", "standard_software_source_password")


def check(draft: Draft, catalogue: Catalogue) -> Iterator[Problem]:
    """All problems with the software that hosts are to have."""
    yield from _standard_software(draft, catalogue)
    yield from _business_software(draft, catalogue)
    yield from _software_is_agreed(draft, catalogue)
    yield from _packages_are_offered(draft)
    yield from _products_are_described(draft)
    yield from _products_are_told_apart(draft)
    yield from _account_is_complete(draft)


def some(hosts: list[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(hosts[:3])
    return shown if len(hosts) <= 3 else f"{shown} and {len(hosts) - 3} more"


def _present(setting: Setting | None) -> list[str]:
    """Names of the applications that a setting wants."""
    return [
        str(entry.get("name")) for entry in _entries(setting) if entry.get("state", "present") == "present"
    ]


def _limit(catalogue: Catalogue, number: str) -> int | None:
    service = catalogue.services.get(number)
    return service.limit if service else None


def _applications(draft: Draft, host: str) -> tuple[list[str], Setting | None]:
    """Names of the applications that a host is to have, and the most particular setting that says so."""
    settings = draft.settings[host]
    wanted = wanted_applications({name: setting.value for name, setting in settings.items()})
    setting = settings.get(_HERE) or settings.get(_SOFTWARE["3.3"])
    return [one.name for one in wanted if one.present], setting


def _standard_software(draft: Draft, catalogue: Catalogue) -> Iterator[Problem]:
    limit = _limit(catalogue, "3.3")
    by_setting: dict[tuple[int, int], tuple[Setting, list[str]]] = {}
    for name in draft.entries:
        wanted, setting = _applications(draft, name)
        if setting and limit is not None and len(wanted) > limit:
            by_setting.setdefault((id(setting), len(wanted)), (setting, []))[1].append(name)
    for (_, count), (setting, hosts) in by_setting.items():
        message = f"{count} standard applications on {some(hosts)}; service 3.3 contains {limit}"
        yield setting.problem(message, "Remove some, or install them by the hour.")


def _business_software(draft: Draft, catalogue: Catalogue) -> Iterator[Problem]:
    limit = _limit(catalogue, "4.3")
    products: dict[str, Setting] = {}
    for name in draft.entries:
        setting = draft.settings[name].get(_SOFTWARE["4.3"])
        if setting:
            for product in _present(setting):
                products.setdefault(product, setting)
    if limit is not None and len(products) > limit:
        extra = products[list(products)[limit]]
        message = f"{len(products)} business products ({', '.join(products)}); service 4.3 contains {limit}"
        yield extra.problem(message, "Remove some, or install them by the hour.")


def _software_is_agreed(draft: Draft, catalogue: Catalogue) -> Iterator[Problem]:
    contract: Contract | None = draft.sections.get("contract")
    choices: dict[str, ServiceChoice] = draft.sections.get("services", {})
    if contract is None:
        return
    for number, variable in _SOFTWARE.items():
        service = catalogue.services.get(number)
        if (
            service is None
            or is_contained(service, contract)
            or (number in choices and choices[number].ordered)
        ):
            continue
        variables = (variable, _HERE) if number == "3.3" else (variable,)
        settings = [draft.settings[name].get(each) for name in draft.entries for each in variables]
        wanted = {id(setting): setting for setting in settings if setting and _present(setting)}
        for setting in wanted.values():
            message = f"software is wanted, but {agreement(contract)} lacks {service.title.de} ({number})"
            advice = f'Remove it, or order the service: services, "{number}", `ordered: true`.'
            yield setting.problem(message, advice)


def _entries(setting: Setting | None) -> list[dict[str, Any]]:
    """The entries of a list; nothing for a value of another shape, which is reported elsewhere."""
    if setting is None or not isinstance(setting.value, list):
        return []
    return [entry for entry in setting.value if isinstance(entry, dict)]


def _settings(draft: Draft, variable: str) -> list[Setting]:
    """Each setting of a variable that reaches a host, once: a mistake of a group is one mistake."""
    found = (draft.settings[name].get(variable) for name in draft.entries)
    return list({id(setting): setting for setting in found if setting}.values())


def _packages_are_offered(draft: Draft) -> Iterator[Problem]:
    """What is removed may be anything; what is installed comes from the provider's source."""
    offered = [
        str(entry.get("name"))
        for entry in _entries(draft.settings["provider"].get("standard_software_packages"))
    ]
    for setting in (*_settings(draft, _SOFTWARE["3.3"]), *_settings(draft, _HERE)):
        for index, entry in enumerate(setting.value if isinstance(setting.value, list) else []):
            name = entry.get("name") if isinstance(entry, dict) else None
            if (
                isinstance(name, str)
                and entry.get("state", "present") == "present"
                and name.lower() not in (each.lower() for each in offered)
            ):
                near = did_you_mean(name, offered).strip()
                advice = (
                    near or "Have the package added to group_vars/all/software.yml, or choose another one."
                )
                path = (*setting.path, index, "name")
                yield setting.document.problem(path, f"the software source has no package {name!r}", advice)


def _products_are_described(draft: Draft) -> Iterator[Problem]:
    for setting in _settings(draft, _SOFTWARE["4.3"]):
        known = {str(entry.get("name")): entry for entry in _entries(_described(draft))}
        for index, entry in enumerate(setting.value if isinstance(setting.value, list) else []):
            name = entry.get("name") if isinstance(entry, dict) else None
            if not isinstance(name, str):
                continue
            path = (*setting.path, index, "name")
            if name not in known:
                near = did_you_mean(name, known).strip()
                advice = near or "Describe it there: how it is recognised and installed."
                message = f"business_software_packages has no product {name!r}"
                yield setting.document.problem(path, message, advice)
            elif entry.get("state") == "absent" and not (
                is_msi(str(known[name].get("installer"))) or known[name].get("uninstall_arguments")
            ):
                message = f"{name!r} is to be removed, but has no uninstall_arguments"
                advice = (
                    "Add them to the product's description: without them its uninstaller waits for a click."
                )
                yield setting.document.problem(path, message, advice)


def _products_are_told_apart(draft: Draft) -> Iterator[Problem]:
    """A program that fits two descriptions would be updated to the one, and then to the other."""
    setting = _described(draft)
    if setting is None or not isinstance(setting.value, list):
        return
    entries = [(index, entry) for index, entry in enumerate(setting.value) if isinstance(entry, dict)]
    for (_, one), (index, other) in combinations(entries, 2):
        names = (one.get("installed_name"), other.get("installed_name"))
        if all(isinstance(name, str) for name in names) and overlap(str(names[0]), str(names[1])):
            message = f"a program can fit both {names[1]!r} and {names[0]!r} (of {one.get('name')!r})"
            advice = "Write both so that each fits its own product alone."
            yield setting.document.problem((*setting.path, index, "installed_name"), message, advice)


def _described(draft: Draft) -> Setting | None:
    """The customer's descriptions: they are set for all hosts, so that the first host has them."""
    found = _settings(draft, "business_software_packages")
    return found[0] if found else None


def _account_is_complete(draft: Draft) -> Iterator[Problem]:
    given = [draft.everyone[name] for name in _ACCOUNT if name in draft.everyone]
    if len(given) == 1:
        advice = f"Set both {_ACCOUNT[0]} and {_ACCOUNT[1]}, or none."
        yield given[0].problem("the software source's account is incomplete", advice)
