"""What an inventory may say of business_software: the customer's own products (4.3)."""

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Annotated

from serviceheft.installer_arguments import is_msi
from serviceheft.model.fields import (
    Model,
)
from serviceheft.model.levels import At
from serviceheft.model.problems import Problem, did_you_mean
from serviceheft.model.software import (
    BusinessPackages,
    BusinessProducts,
)
from serviceheft.model.wanted_lists import entries_of, not_agreed, present, settings_once
from serviceheft.program_names import overlap

if TYPE_CHECKING:
    from serviceheft.model.catalogue import Catalogue
    from serviceheft.model.draft import Draft
    from serviceheft.model.resolution import Setting

_WANTED = "business_software_products"


class Wanted(Model):
    """Its variables."""

    business_software_packages: Annotated[BusinessPackages, At(("provider", "all"))]
    """The customer's own products: where each is installed from, and how. (4.3)"""
    business_software_in_window: bool
    """Whether products are changed in the maintenance window only, where one is agreed. (4.3)"""
    business_software_products: BusinessProducts
    """Which of them are to be on the device; the catalogue says how many are contained. (4.3)"""


def check(draft: "Draft", catalogue: "Catalogue") -> Iterator[Problem]:
    """All problems with the products that hosts are to have."""
    yield from _not_too_many(draft, catalogue)
    yield from not_agreed(draft, catalogue, "business_software", (_WANTED,))
    yield from _products_are_described(draft)
    yield from _products_are_told_apart(draft)


def _not_too_many(draft: "Draft", catalogue: "Catalogue") -> Iterator[Problem]:
    service = catalogue.find("business_software")
    limit = service.limit if service else None
    products: dict[str, Setting] = {}
    for name in draft.entries:
        setting = draft.settings[name].get(_WANTED)
        if setting:
            for product in present(setting):
                products.setdefault(product, setting)
    if service and limit is not None and len(products) > limit:
        extra = products[list(products)[limit]]
        told = f"{len(products)} business products ({', '.join(products)})"
        message = f"{told}; service {service.number} contains {limit}"
        yield extra.problem(message, "Remove some, or install them by the hour.")


def _products_are_described(draft: "Draft") -> Iterator[Problem]:
    for setting in settings_once(draft, _WANTED):
        known = {str(entry.get("name")): entry for entry in entries_of(_described(draft))}
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


def _products_are_told_apart(draft: "Draft") -> Iterator[Problem]:
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


def _described(draft: "Draft") -> "Setting | None":
    """The customer's descriptions: they are set for all hosts, so that the first host has them."""
    found = settings_once(draft, "business_software_packages")
    return found[0] if found else None
