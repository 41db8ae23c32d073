"""What an inventory may say of standard_software: standard applications and where they come from (3.3)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from serviceheft.model.fields import (
    HttpsUrl,
    Model,
    Secret,
    Slug,
    Text,
)
from serviceheft.model.levels import ALL, HOST, PROVIDER, At
from serviceheft.model.naming import some
from serviceheft.model.problems import Problem, did_you_mean
from serviceheft.model.software import (
    Applications,
    SoftwarePackages,
    wanted_applications,
)
from serviceheft.model.wanted_lists import entries_of, not_agreed, settings_once

if TYPE_CHECKING:
    from serviceheft.model.catalogue import Catalogue
    from serviceheft.model.draft import Draft
    from serviceheft.model.resolution import Setting

_WANTED, _HERE = "standard_software_applications", "standard_software_applications_here"
_ACCOUNT = ("standard_software_source_username", "standard_software_source_password")


class Wanted(Model):
    """Its variables."""

    standard_software_packages: Annotated[SoftwarePackages, PROVIDER]
    """Every package that the provider's source offers. (3.3)"""
    standard_software_applications: Annotated[Applications, At(("provider", "all", "group"))]
    """Standard applications; the catalogue says how many are contained. One device's own: ..._here. (3.3)"""
    standard_software_applications_here: Annotated[Applications, HOST]
    """What holds for this device besides them, or instead of the entry of the same name. (3.3)"""
    standard_software_source_name: Annotated[Slug, PROVIDER]
    """What the provider's source is called on the devices. (3.3)"""
    standard_software_source_url: HttpsUrl
    """The provider's source of packages; no other one is used. (3.3)"""
    standard_software_source_username: Annotated[Text, ALL]
    """Account for the source, where it wants one. (3.3)"""
    standard_software_source_password: Annotated[Secret, ALL]
    """Its password, from the vault. (3.3)"""
    standard_software_in_window: bool
    """Whether applications are changed in the maintenance window only, where one is agreed. (3.3)"""
    standard_software_maximum_removals: Annotated[int, Field(ge=0)]
    """How many applications one run removes at most, over all devices. (3.3)"""


def check(draft: "Draft", catalogue: "Catalogue") -> Iterator[Problem]:
    """All problems with the standard applications that hosts are to have."""
    yield from _not_too_many(draft, catalogue)
    yield from not_agreed(draft, catalogue, "standard_software", (_WANTED, _HERE))
    yield from _packages_are_offered(draft)
    yield from _account_is_complete(draft)


def _applications(draft: "Draft", host: str) -> tuple[list[str], "Setting | None"]:
    """Names of the applications that a host is to have, and the most particular setting that says so."""
    settings = draft.settings[host]
    wanted = wanted_applications({name: setting.value for name, setting in settings.items()})
    setting = settings.get(_HERE) or settings.get(_WANTED)
    return [one.name for one in wanted if one.present], setting


def _not_too_many(draft: "Draft", catalogue: "Catalogue") -> Iterator[Problem]:
    service = catalogue.find("standard_software")
    if service is None or service.limit is None:
        return
    limit = service.limit
    by_setting: dict[tuple[int, int], tuple[Setting, list[str]]] = {}
    for name in draft.entries:
        wanted, setting = _applications(draft, name)
        if setting and len(wanted) > limit:
            by_setting.setdefault((id(setting), len(wanted)), (setting, []))[1].append(name)
    for (_, count), (setting, hosts) in by_setting.items():
        message = f"{count} standard applications on {some(hosts)}; service {service.number} contains {limit}"
        yield setting.problem(message, "Remove some, or install them by the hour.")


def _packages_are_offered(draft: "Draft") -> Iterator[Problem]:
    """What is removed may be anything; what is installed comes from the provider's source."""
    offered = [
        str(entry.get("name"))
        for entry in entries_of(draft.settings["provider"].get("standard_software_packages"))
    ]
    for setting in (*settings_once(draft, _WANTED), *settings_once(draft, _HERE)):
        for index, entry in enumerate(setting.value if isinstance(setting.value, list) else []):
            name = entry.get("name") if isinstance(entry, dict) else None
            if (
                isinstance(name, str)
                and entry.get("state", "present") == "present"
                and name.lower() not in (each.lower() for each in offered)
            ):
                near = did_you_mean(name, offered).strip()
                advice = (
                    near
                    or "Have the package added to group_vars/all/standard_software.yml, or choose another one."
                )
                path = (*setting.path, index, "name")
                yield setting.document.problem(path, f"the software source has no package {name!r}", advice)


def _account_is_complete(draft: "Draft") -> Iterator[Problem]:
    given = [draft.everyone[name] for name in _ACCOUNT if name in draft.everyone]
    if len(given) == 1:
        advice = f"Set both {_ACCOUNT[0]} and {_ACCOUNT[1]}, or none."
        yield given[0].problem("the software source's account is incomplete", advice)
