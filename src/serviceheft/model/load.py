"""Reads a customer's inventory: all of it, or all that is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import Field, TypeAdapter

from serviceheft.model import boundaries, crosschecks, hostchecks
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.checking import check
from serviceheft.model.draft import Draft
from serviceheft.model.groups import with_parents
from serviceheft.model.hosts import read_hosts
from serviceheft.model.layout import Folder, survey
from serviceheft.model.problems import InvalidInventory, Problem
from serviceheft.model.resolution import (
    Settings,
    provider_fact_names,
    read_provider_facts,
    read_settings,
    resolve,
)
from serviceheft.model.schema import (
    Company,
    Contract,
    Customer,
    Documentation,
    Host,
    People,
    Provider,
    ServiceChoice,
    Site,
)
from serviceheft.model.variables import PROVIDER_PREFIX
from serviceheft.model.vault import VAULT_FILE, Opener, Secrets, open_vault

#: Sections of group_vars/all, each in one file of it, and whether an inventory can do without.
SECTIONS: dict[str, tuple[TypeAdapter[Any], bool]] = {
    "company": (TypeAdapter(Company), False),
    "sites": (TypeAdapter(Annotated[list[Site], Field(min_length=1)]), False),
    "people": (TypeAdapter(People), False),
    "contract": (TypeAdapter(Contract), False),
    "services": (TypeAdapter(dict[str, ServiceChoice]), True),
    "documentation": (TypeAdapter(Documentation), True),
}


@dataclass(frozen=True)
class Inventory:
    """A valid inventory with its opened vault: all that Ansible is given of it."""

    customer: Customer
    secrets: Secrets
    common: Mapping[str, Any]
    """What holds for all hosts: sections, the provider's facts, and the flat variables that are set for all."""


def load_customer(root: Path, catalogue: Catalogue) -> Customer:
    """The customer whose inventory is the folder `root`; InvalidInventory names every mistake in it.

    The vault stays shut: what only its contents can tell is not checked.
    """
    return _load(root, catalogue, None).customer


def load_inventory(root: Path, catalogue: Catalogue, opener: Opener) -> Inventory:
    """The same with the vault, which is opened and checked as well."""
    return _load(root, catalogue, opener)


def _load(root: Path, catalogue: Catalogue, opener: Opener | None) -> Inventory:
    refused: list[Problem] = []
    folder = survey(root.absolute(), refused)
    if folder is None:
        raise InvalidInventory(refused)
    secrets = _open(folder, opener, refused)
    refused += boundaries.check(folder, secrets)
    problems: list[Problem] = []
    draft = Draft(folder)
    _read_provider(draft, problems)
    _read_sections(draft, problems)
    _read_hosts(draft, problems)
    problems += crosschecks.check(draft, catalogue)
    problems += hostchecks.check(draft, catalogue)
    problems = boundaries.without_consequences(refused, problems)
    documents = [*folder.customer_documents(), *folder.provider]
    problems = boundaries.without_consequences(problems, (it for found in documents for it in found.misread))
    if problems:
        raise InvalidInventory(problems)
    return Inventory(_customer(draft), secrets or Secrets(), _common(draft))


def _open(folder: Folder, opener: Opener | None, problems: list[Problem]) -> Secrets | None:
    label = f"{folder.label}/{VAULT_FILE}"
    if opener is None or not folder.has_vault or any(problem.file == label for problem in problems):
        return None
    return open_vault(
        folder.snapshot.files[VAULT_FILE], label, opener, boundaries.referred_secrets(folder), problems
    )


def _read_sections(draft: Draft, problems: list[Problem]) -> None:
    for document in draft.folder.all:
        for name in SECTIONS:
            if name not in document.data:
                continue
            if name in draft.places:
                advice = f"{draft.places[name].file} has it already; keep one of them."
                problems.append(document.problem((name,), "this section is there twice", advice))
                continue
            draft.places[name] = document
            value = check(SECTIONS[name][0], document.data[name], document, (name,), problems)
            if value is not None:
                draft.sections[name] = value
    label = f"{draft.folder.label}/group_vars/all/customer.yml"
    for name, (_, optional) in SECTIONS.items():
        if name not in draft.places and not optional and draft.folder.complete:
            advice = "Add it; inventories/_template shows how."
            problems.append(Problem(label, 0, name, "this section is missing", advice))


def _read_provider(draft: Draft, problems: list[Problem]) -> None:
    settings = draft.settings.setdefault("provider", {})
    for document in draft.folder.provider:
        read_provider_facts(document, draft.provider, problems)
        read_settings(document, document.data, (), "provider", settings, problems, provider_fact_names())
    town, place = draft.provider.get("municipality"), "provider_municipality"
    home = next((document for document in draft.folder.provider if place in document.data), None)
    if home and (found := crosschecks.place_problem(draft.provider.get("bundesland", ""), town)):
        problems.append(home.problem((place,), *found))
    for name, info in Provider.model_fields.items():
        if info.is_required() and name not in draft.provider and draft.folder.provider:
            advice = f"Add it: {info.description}"
            place = "group_vars/all/provider.yml"
            problems.append(Problem(place, 0, f"provider_{name}", "is missing", advice))


def _read_hosts(draft: Draft, problems: list[Problem]) -> None:
    folder = draft.folder
    sections = tuple(SECTIONS)
    for document in folder.all:
        read_settings(document, document.data, (), "all", draft.everyone, problems, sections)
    by_group: dict[str, Settings] = {}
    for group, documents in folder.groups.items():
        for document in documents:
            read_settings(document, document.data, (), "group", by_group.setdefault(group, {}), problems)
    draft.entries = read_hosts(folder, problems)
    for name, entry in draft.entries.items():
        own: Settings = {}
        if folder.hosts:
            read_settings(folder.hosts, entry.inline, entry.inline_path, "host", own, problems)
        if own_file := folder.host_vars.get(name):
            read_settings(own_file, own_file.data, (), "host", own, problems)
        draft.settings[name] = resolve(
            entry.groups, draft.settings["provider"], draft.everyone, by_group, own
        )


def _common(draft: Draft) -> dict[str, Any]:
    written = {PROVIDER_PREFIX + name: value for name, value in draft.provider.items()}
    written |= {name: document.data[name] for name, document in draft.places.items()}
    flat = resolve([], draft.settings["provider"], draft.everyone, {}, {})
    return written | {name: setting.value for name, setting in flat.items()}


def _customer(draft: Draft) -> Customer:
    folder = draft.folder
    sites = cast("list[Site]", draft.sections["sites"])
    hosts = {}
    for name, entry in draft.entries.items():
        values = {key: setting.value for key, setting in draft.settings[name].items()}
        assert folder.hosts is not None
        hosts[name] = Host(
            name=name,
            address=values.get("ansible_host", name),
            port=values.get("ansible_port"),
            groups=with_parents(entry.groups),
            site=values.get("documentation_site", sites[0].name),
            title=values.get("documentation_title", name),
            variables=values,
            source=(folder.hosts.file, folder.hosts.line(entry.path)),
        )
    return Customer(
        name=folder.name,
        root=folder.root,
        company=draft.sections["company"],
        sites=tuple(sites),
        people=draft.sections["people"],
        contract=draft.sections["contract"],
        services=draft.sections.get("services", {}),
        documentation=draft.sections.get("documentation", Documentation()),
        provider=Provider(**draft.provider),
        hosts=hosts,
        digest=folder.snapshot.digest(),
    )
