"""What a customer's inventory says: the agreement, the people, the devices.

These classes are the one schema. Validation, the editors' JSON Schemas (schemas/) and the reference page
(docs/reference/) are all made from them.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from serviceheft.model.fields import ClockTime, Date, Email, Model, Money, MonthDay, Phone, Slug, Text, reject

type Tier = Literal["basic", "standard", "comfort"]
type Bundesland = Literal[
    "BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH"
]
_BUNDESLAENDER = {
    "Brandenburg": "BB",
    "Berlin": "BE",
    "Baden-Württemberg": "BW",
    "Bayern": "BY",
    "Bremen": "HB",
    "Hessen": "HE",
    "Hamburg": "HH",
    "Mecklenburg-Vorpommern": "MV",
    "Niedersachsen": "NI",
    "Nordrhein-Westfalen": "NW",
    "Rheinland-Pfalz": "RP",
    "Schleswig-Holstein": "SH",
    "Saarland": "SL",
    "Sachsen": "SN",
    "Sachsen-Anhalt": "ST",
    "Thüringen": "TH",
}


def _letters(value: Any) -> Any:
    if isinstance(value, str) and value in _BUNDESLAENDER:
        reject(f"{value!r} is written out", f"Write its two letters: {_BUNDESLAENDER[value]}.")
    return value


type PartPeriods = Literal["half", "started", "whole"]
type Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
type Language = Literal["de", "en"]


class Person(Model):
    """Somebody to talk to."""

    name: Text
    """First and last name."""
    email: Email
    """Company e-mail address; people are told apart by it."""
    phone: Phone | None = None
    """Phone number as it is to be dialled from outside."""


class Company(Model):
    """The customer's company."""

    name: Text
    """Full name of the company, as on an invoice."""
    customer_number: Text
    """The number under which the provider keeps this customer, in quotes."""
    bundesland: Annotated[Bundesland, BeforeValidator(_letters)]
    """Two letters of the Bundesland: decides on the public holidays."""
    municipality: Text | None = None
    """Where a holiday depends on it (BY, SN, TH): catholic when it is kept there, or Augsburg."""
    language: Language = "de"
    """Language of pages and reports."""


class Site(Model):
    """A place with devices."""

    name: Slug
    """Short name, used by documentation_site."""
    title: Text
    """Name as people say it."""
    street: Text
    """Street and number."""
    postcode: Text
    """Postcode in quotes."""
    city: Text
    """City."""


class OurPeople(Model):
    """Who answers on the provider's side (4.1)."""

    contact: Person
    """The named contact."""
    deputy: Person
    """The deputy, who knows the customer as well."""


class TheirPeople(Model):
    """Who speaks for the customer (2.5)."""

    central_contact: Email
    """E-mail address of the one authorised reporter who sees all tickets."""
    authorised_reporters: list[Person] = Field(min_length=1)
    """Everybody who may report problems."""


class People(Model):
    """The people of both sides."""

    ours: OurPeople
    """The provider's people."""
    theirs: TheirPeople
    """The customer's people."""


class MaintenanceWindow(Model):
    """A weekly time in which machines may be changed and restarted."""

    name: Slug
    """Short name of the window."""
    days: list[Weekday] = Field(min_length=1)
    """Days on which it opens."""
    start: ClockTime
    """Opens at, in quotes."""
    end: ClockTime
    """Closes at, in quotes; earlier than start means on the next day."""


class ReactionClock(Model):
    """What the reaction time (2.2) leaves out besides nights and weekends."""

    holidays_of: Literal["customer", "provider"] = "customer"
    """Whose public holidays are no service days."""
    closed_days: list[MonthDay] = Field(default=[])
    """More days without service each year, as month and day in quotes: "12-24"."""


class Billing(Model):
    """What is paid, and where the invoice goes."""

    monthly_price_eur: Money | None = None
    """Monthly fixed price; only with a service contract."""
    hourly_rate_eur: Money
    """Price of an hour of what the contract does not contain."""
    invoice_email: Email
    """Where invoices are sent."""


class Pause(Model):
    """Days on which nothing is owed."""

    first: Date
    """First day of the pause."""
    last: Date
    """Last day of the pause."""
    reason: Text
    """Why, with a date or a mail that says so. For us alone."""


class Contract(Model):
    """What was agreed (1.1)."""

    kind: Literal["service", "hourly"]
    """A monthly fixed price with a tier, or everything by the hour."""
    tier: Tier | None = None
    """Tier of a service contract; left out when kind is hourly."""
    start: Date
    """First day of the contract."""
    end: Date | None = None
    """Last day of the contract; left out while it goes on."""
    part_periods: PartPeriods = "half"
    """When a period is owed that contract, device or service is part of for some days only: from half of its service
    days on, as soon as it is started, or only as a whole."""
    pauses: list[Pause] = Field(default=[])
    """Agreed pauses, such as works holidays: the days count as not covered by the contract."""
    reaction_clock: ReactionClock = ReactionClock()
    """How the reaction time is counted."""
    maintenance_windows: list[MaintenanceWindow] = Field(default=[])
    """When machines may be changed."""
    billing: Billing
    """Prices and invoices."""


class ServiceChoice(Model):
    """One service that is handled differently from the tier."""

    enabled: bool
    """Whether it is carried out."""
    reason: Text
    """Why, with a date or a mail that says so. For us alone: the pages show what was chosen, not why."""
    ordered: bool = False
    """Ordered though the tier lacks it; billed by the hour."""


class Documentation(Model):
    """What people must know that no measurement says (2.6)."""

    notes: list[Text] = Field(default=[])
    """Sentences for the customer's first page, such as where the server room's key is."""


class Provider(Model):
    """The provider (group_vars/all/provider.yml, where each name has the prefix provider_)."""

    name: Text
    """Full name of the provider's company."""
    street: Text
    """Street and number."""
    postcode: Text
    """Postcode in quotes."""
    city: Text
    """City."""
    phone: Phone
    """Phone number of the service hotline (1.3, 2.3)."""
    email: Email
    """Mailbox that takes reports at any time (1.3)."""
    bundesland: Annotated[Bundesland, BeforeValidator(_letters)]
    """Bundesland of the provider's office, for reaction clocks that follow its holidays."""
    municipality: Text | None = None
    """The same for the office as company.municipality."""


class Host(Model):
    """One device with everything that holds for it."""

    name: str
    """Name in the inventory."""
    address: str
    """IP address or host name at which it is reached."""
    port: int | None = None
    """Port, where it is not the connection's usual one."""
    groups: tuple[str, ...]
    """Standard groups, parents included, parents first."""
    site: str
    """Name of its site."""
    title: str
    """Name as people say it."""
    variables: dict[str, Any]
    """Resolved flat variables; Jinja strings ("{{ vault_... }}") are left as they are."""
    source: tuple[str, int]
    """File and line that list the host."""


class Customer(Model):
    """A customer's inventory that was read without a single problem."""

    name: str
    """Name of its folder, which is also the vault id."""
    root: Path
    """The folder."""
    company: Company
    """The company."""
    sites: tuple[Site, ...]
    """All places with devices."""
    people: People
    """Both sides' people."""
    contract: Contract
    """What was agreed."""
    services: dict[str, ServiceChoice]
    """Services handled differently from the tier, by number."""
    documentation: Documentation
    """What people must know."""
    provider: Provider
    """Who carries the contract out."""
    hosts: dict[str, Host]
    """All devices by name, in the order of hosts.yml."""

    digest: str
    """Its fingerprint, see inventory_hash."""

    def inventory_hash(self) -> str:
        """SHA-256 (hex) over names and contents of the inventory's files, the vault as it is encrypted."""
        return self.digest
