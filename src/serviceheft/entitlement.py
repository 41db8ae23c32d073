"""What today's contract contains: catalogue x contract x devices.

What of it is owed in which period is another matter (serviceheft.duties), and so is what became of it
(serviceheft.ledger). Pure functions.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from unicodedata import normalize

from serviceheft.agreement import AgreedPause, AgreedService, Terms
from serviceheft.clock import period_of
from serviceheft.i18n import N_
from serviceheft.model.catalogue import Catalogue, CatalogueService
from serviceheft.model.schema import Customer
from serviceheft.reaction import calendar_place, reaction_hours

#: Groups of hosts that the play "Visit" collects from; on all others nothing is measured yet.
VISITED = frozenset({"windows_clients", "windows_servers"})


class Standing(StrEnum):
    """Where a service stands in a contract; the values are msgids."""

    INCLUDED = N_("included")
    ORDERED = N_("ordered")
    SWITCHED_OFF = N_("switched off")
    NOT_IN_TIER = N_("not in tier")
    BY_THE_HOUR = N_("by the hour")

    @property
    def contained(self) -> bool:
        """Whether the service is carried out without being asked for."""
        return self in (Standing.INCLUDED, Standing.ORDERED)


class Manner(StrEnum):
    """How a service is carried out today, whatever the catalogue wishes: the codes of words.KINDS."""

    AUTOMATIC = "automatic"
    PARTLY = "partly automatic"
    NOT_YET = "not automatic yet"
    ASSISTED = "assisted"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class Clause:
    """One service of the catalogue as the contract has it. `reason`: why it was ordered or switched off."""

    service: str
    title: str
    clause: str
    standing: Standing
    reason: str | None
    manner: Manner
    cadence: str


def contained(customer: Customer, catalogue: Catalogue) -> list[Clause]:
    """Every service of the catalogue, in its order, and where it stands in this customer's contract."""
    return [
        Clause(
            service=service.number,
            title=_title(service, customer),
            clause=clause(service, customer),
            standing=_standing(service, customer),
            reason=choice.reason if (choice := customer.services.get(service.number)) else None,
            manner=manner(service.kind, _measured_groups(service)),
            cadence=service.cadence,
        )
        for service in catalogue.services.values()
    ]


def visit_on_order(customer: Customer, catalogue: Catalogue, now: datetime) -> dict[str, dict[str, str]]:
    """What a visit carries out that was ordered by ticket: host -> {service: period}, whatever the tier.

    All automatic services with a role that come round, on all devices in their scope; not those switched off. What
    goes beyond the Basic tier changes devices: only where the inventory orders it by name.
    """
    found: dict[str, dict[str, str]] = {}
    for service in catalogue.services.values():
        period = period_of(service.cadence, now)
        if period is None or not automatic(service) or _standing(service, customer) is Standing.SWITCHED_OFF:
            continue
        choice = customer.services.get(service.number)
        if "basic" not in service.tiers and not (choice and choice.ordered):
            continue
        for host in _hosts(service, customer):
            if host is not None:
                found.setdefault(host, {})[service.number] = period
    return found


def may_change(service: CatalogueService, customer: Customer) -> bool:
    """Whether a run may change devices for the service, or only look at them: contained, or ordered by name."""
    choice = customer.services.get(service.number)
    ordered = choice is not None and choice.enabled and choice.ordered
    return ordered or _standing(service, customer).contained


def clause(service: CatalogueService, customer: Customer) -> str:
    """Number and title of a section, in the customer's language: "2.7 Prüfung des Virenschutzes"."""
    return f"{service.number} {_title(service, customer)}"


def _standing(service: CatalogueService, customer: Customer) -> Standing:
    choice = customer.services.get(service.number)
    if choice and not choice.enabled:
        return Standing.SWITCHED_OFF
    if service.also_hourly or customer.contract.tier in service.tiers:
        return Standing.INCLUDED
    if customer.contract.kind == "hourly":
        return Standing.BY_THE_HOUR  # also what was ordered: nothing runs by schedule
    return Standing.ORDERED if choice else Standing.NOT_IN_TIER


def manner(kind: str, measured: Collection[bool]) -> Manner:
    """How a service of a kind is carried out where it is measured on some (true) and not on others (false)."""
    if kind != "automatic":
        return Manner(kind)
    if not any(measured):
        return Manner.NOT_YET
    return Manner.AUTOMATIC if all(measured) else Manner.PARTLY


def measures(service: CatalogueService, groups: Iterable[str]) -> bool:
    """Whether a role measures something for the service on a host of these groups."""
    return automatic(service) and not VISITED.isdisjoint(groups)


def _measured_groups(service: CatalogueService) -> list[bool]:
    return [measures(service, [group]) for group in service.scope]


def automatic(service: CatalogueService) -> bool:
    """Whether a role carries it out."""
    return service.kind == "automatic" and service.role is not None


def _hosts(service: CatalogueService, customer: Customer) -> list[str | None]:
    if not service.scope:
        return [None]
    return [name for name, host in customer.hosts.items() if not set(service.scope).isdisjoint(host.groups)]


def _title(service: CatalogueService, customer: Customer) -> str:
    return service.title.en if customer.company.language == "en" else service.title.de


def terms_of(customer: Customer, catalogue: Catalogue) -> Terms:
    """What today's inventory and catalogue agree on."""
    contract = customer.contract
    services = {}
    for one in contained(customer, catalogue):
        if one.standing.contained:
            known = catalogue.services[one.service]
            titles = {"de": known.title.de, "en": known.title.en}
            services[known.number] = AgreedService(
                known.number, titles, known.cadence, known.kind, automatic(known), tuple(known.scope)
            )
    terms = Terms(
        customer_number=customer.company.customer_number,
        language=customer.company.language,
        kind=contract.kind,
        tier=contract.tier,
        start=contract.start,
        end=contract.end,
        part_periods=contract.part_periods,
        pauses=tuple(AgreedPause(it.first, it.last) for it in contract.pauses),
        place=calendar_place(customer),
        catalogue=catalogue.version,
        reaction_hours=reaction_hours(customer, catalogue),
        services=services,
        hosts={name: host.groups for name, host in customer.hosts.items()},
        visited=VISITED,
    )
    # As the book will give it back: its texts are NFC.
    return Terms.from_data(json.loads(normalize("NFC", json.dumps(terms.as_data(), ensure_ascii=False))))
