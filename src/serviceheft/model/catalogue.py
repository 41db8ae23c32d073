"""The service catalogue: what each tier contains (group_vars/all/catalogue.yml)."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, TypeAdapter, model_validator

from serviceheft import settings
from serviceheft.model.checking import check
from serviceheft.model.fields import Date, Model, Slug, Text, reject
from serviceheft.model.groups import Group
from serviceheft.model.problems import InvalidInventory, Problem
from serviceheft.model.schema import Tier
from serviceheft.model.yamlfile import Document, read_mapping

type Cadence = Literal["continuous", "weekly", "monthly", "quarterly", "yearly", "on_demand"]
type Kind = Literal["automatic", "assisted", "people"]


class Title(Model):
    """A service's name."""

    de: Text
    """Its name in German: the catalogue's own words."""
    en: Text
    """Its name in English."""


def _number(value: str) -> str:
    if not re.fullmatch(r"[1-9](?:\.[1-9][0-9]*)?", value):
        reject(f"{value!r} is no number of a section", 'Write it in quotes, as "3.10".')
    return value


class CatalogueService(Model):
    """One numbered section of the service description."""

    number: Annotated[str, AfterValidator(_number)]
    """Number of the section, such as "3.10"."""
    title: Title
    """Its name."""
    tiers: list[Tier]
    """Tiers that contain it; none: it holds whatever the contract."""
    cadence: Cadence
    """How often it is due; on_demand and continuous have no period."""
    scope: list[Group]
    """Groups of hosts to which it is owed one by one; none: the customer as a whole."""
    kind: Kind
    """automatic: measured and carried out by Ansible; assisted: people with our help; people: by people."""
    role: Slug | None
    """The Ansible role that carries it out; null: technicians do it."""
    reaction_hours: dict[Tier, int] = Field(default={})
    """Maximum reaction time in service hours by tier (2.2)."""
    limit: int | None = Field(default=None, ge=1)
    """How many are contained: applications of a device (3.3), products of a customer (4.3)."""

    @property
    def also_hourly(self) -> bool:
        """Whether a customer who pays by the hour is owed it, too."""
        return not self.tiers

    @model_validator(mode="after")
    def _hours_for_each_tier(self) -> Self:
        if self.reaction_hours and sorted(self.reaction_hours) != sorted(self.tiers):
            reject(
                "reaction_hours and tiers name different tiers",
                "Give the hours of each tier, and of no other.",
            )
        return self


class Change(Model):
    """One line of the change list (5)."""

    version: Text
    """Version of the catalogue that it led to, in quotes."""
    date: Date
    """Day from which that version holds."""
    name: Text
    """Who changed it."""
    remark: Text
    """What was changed."""


class _CatalogueFile(Model):
    version: Text
    """Version of the service description, in quotes."""
    changes: list[Change] = Field(min_length=1)
    """All versions, the newest last."""
    services: list[CatalogueService] = Field(min_length=1)
    """All sections in the order of their numbers."""


class Catalogue(Model):
    """All services, by number, in the order of the description."""

    version: str
    """Version of the service description."""
    changes: tuple[Change, ...]
    """All versions, the newest last."""
    services: dict[str, CatalogueService]
    """Services by number."""

    def carried_out_by(self, role: str) -> CatalogueService:
        """The service of a role. KeyError for a role that no line names; the repository's tests hold that all are."""
        service = self.find(role)
        if service is None:
            raise KeyError(role)
        return service

    def find(self, role: str) -> CatalogueService | None:
        """The service of a role, where a line names it."""
        return next((it for it in self.services.values() if it.role == role), None)


CATALOGUE_FILE: TypeAdapter[_CatalogueFile] = TypeAdapter(_CatalogueFile)


def catalogue_path() -> Path:
    """The provider's own catalogue."""
    return settings.REPOSITORY / "group_vars" / "all" / "catalogue.yml"


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read and check the catalogue; InvalidInventory names every mistake in it."""
    problems: list[Problem] = []
    document = read_mapping(path or catalogue_path(), "group_vars/all/catalogue.yml", problems)
    catalogue = document and _catalogue_of(document, problems)
    if document and not problems:
        problems += document.misread
    if problems or not catalogue:
        raise InvalidInventory(problems)
    return catalogue


def _catalogue_of(document: Document, problems: list[Problem]) -> Catalogue | None:
    for key in document.data:
        if key != "catalogue":
            problems.append(document.problem((key,), "unknown key", "This file holds `catalogue` alone."))
    if "catalogue" not in document.data:
        problems.append(
            document.problem((), "catalogue is missing", "Add it: `catalogue:` with the services.")
        )
        return None
    read = check(CATALOGUE_FILE, document.data["catalogue"], document, ("catalogue",), problems)
    if read is None:
        return None
    services: dict[str, CatalogueService] = {}
    for index, service in enumerate(read.services):
        if service.number in services:
            place = ("catalogue", "services", index, "number")
            message = f"service {service.number} is there twice"
            problems.append(document.problem(place, message, "Give each service a number of its own."))
        services[service.number] = service
    if sorted(services, key=_order) != list(services):
        message = "the services are not in the order of their numbers"
        problems.append(
            document.problem(("catalogue", "services"), message, "Put 3.9 before 3.10, and so on.")
        )
    if read.changes[-1].version != read.version:
        advice = "Describe the change there, or set the version back."
        message = f"version {read.version!r} is not the last one of the change list"
        problems.append(document.problem(("catalogue", "version"), message, advice))
    return Catalogue(version=read.version, changes=tuple(read.changes), services=services)


def _order(number: str) -> list[int]:
    return [int(part) for part in number.split(".")]
