"""What an inventory may say of documentation: what a device is (2.6)."""

import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from serviceheft.model.fields import (
    ComputerName,
    Date,
    DeviceName,
    MachineId,
    Model,
    Slug,
    Text,
)
from serviceheft.model.levels import DEVICES, HOST
from serviceheft.model.problems import Problem, did_you_mean
from serviceheft.model.schema import Site

if TYPE_CHECKING:
    from serviceheft.model.catalogue import Catalogue
    from serviceheft.model.draft import Draft


class Wanted(Model):
    """Its variables."""

    documentation_site: Annotated[Slug, DEVICES]
    """Site of the device (a name from sites); not needed when there is one site only. (2.6)"""
    documentation_title: Annotated[Text, HOST]
    """Name as people say it, such as "Empfang". (2.6)"""
    documentation_serial_number: Annotated[Text, HOST]
    """Serial number, in quotes. (2.6)"""
    documentation_computer_name: Annotated[ComputerName, HOST]
    """The computer's own name, where it is not the host's name up to the first dot: a visit must find it. (2.6)"""
    documentation_machine_id: Annotated[MachineId, HOST]
    """Id of its board (UUID) or of its Windows (MachineGuid): a visit must find it then, instead of the name. (2.6)"""
    documentation_former_names: Annotated[list[DeviceName], HOST]
    """Names that it had in hosts.yml before: its findings, tickets and history follow it to the new one. (2.6)"""
    documentation_purchased: Annotated[Date, DEVICES]
    """Day of purchase. (2.6)"""
    documentation_warranty_until: Annotated[Date, DEVICES]
    """Last day of the warranty. (2.6)"""
    documentation_operating_system: Annotated[Text, DEVICES]
    """Operating system that is to be on it, such as "Windows 11 Pro 24H2". (2.6)"""


def check(draft: "Draft", catalogue: "Catalogue") -> Iterator[Problem]:  # noqa: ARG001
    """All problems with what is documented of hosts."""
    yield from _former_names(draft)
    yield from _sites(draft)
    yield from _warranty(draft)


def _former_names(draft: "Draft") -> Iterator[Problem]:
    """One host cannot have become two, nor itself."""
    first: dict[str, str] = {}
    for name, settings in draft.settings.items():
        setting = settings.get("documentation_former_names")
        if setting is None or not isinstance(setting.value, list):
            continue
        for former in filter(lambda it: isinstance(it, str), setting.value):
            other = first.setdefault(former, name)
            if former == name:
                advice = "Remove it; its present name stands in hosts.yml."
                yield setting.problem(f"host {name!r} names itself as its former name", advice)
            elif other != name:
                message = f"{former!r} is named as the former name of {name!r}, and of {other!r} as well"
                yield setting.problem(message, "Keep it at the one that it was renamed to.")


def _sites(draft: "Draft") -> Iterator[Problem]:
    sites: list[Site] | None = draft.sections.get("sites")
    document = draft.folder.hosts
    if not sites or document is None:
        return
    names = list(dict.fromkeys(site.name for site in sites))
    told: set[int] = set()
    for name, entry in draft.entries.items():
        setting = draft.settings[name].get("documentation_site")
        if setting is None:
            if len(names) > 1 and draft.folder.complete:
                advice = f"Set documentation_site to one of {', '.join(names)}."
                yield document.problem(entry.path, f"host {name!r} has no site", advice)
        elif setting.value not in names and id(setting) not in told:
            told.add(id(setting))  # a group's setting is one mistake, however many hosts it reaches
            near = did_you_mean(str(setting.value), names)
            advice = f"Write one of {', '.join(names)}.{near}"
            yield setting.problem(f"there is no site {setting.value!r}", advice)


def _warranty(draft: "Draft") -> Iterator[Problem]:
    for name in draft.entries:
        settings = draft.settings[name]
        bought, until = settings.get("documentation_purchased"), settings.get("documentation_warranty_until")
        if (
            bought
            and until
            and _is_date(bought.value)
            and _is_date(until.value)
            and until.value < bought.value
        ):
            message = f"the warranty of {name!r} ends on {until.value}, before the purchase on {bought.value}"
            yield until.problem(message, "Correct one of the two dates.")


def _is_date(value: object) -> bool:
    return isinstance(value, datetime.date)
