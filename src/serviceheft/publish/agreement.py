"""What was agreed, and by whom: the contract's facts, its services, the people of both sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from serviceheft.agreement import Agreed
from serviceheft.agreement_changes import CADENCES, TIERS, changes
from serviceheft.entitlement import Standing, contained
from serviceheft.i18n import N_
from serviceheft.publish import words
from serviceheft.publish.source import Source
from serviceheft.publish.words import Mark, mark, word


@dataclass(frozen=True)
class ServiceRow:
    number: str
    title: str
    status: Mark
    cadence: str
    scope: str
    kind: str


@dataclass(frozen=True)
class PersonRow:
    name: str
    role: str
    email: str
    phone: str


@dataclass(frozen=True)
class Side:
    title: str
    rows: Sequence[PersonRow]


@dataclass(frozen=True)
class WindowRow:
    name: str
    days: str
    start: str
    end: str


@dataclass(frozen=True)
class HistoryRow:
    """What was agreed from a day on. approved: by whom, or that nobody has confirmed it."""

    since: datetime
    what: Sequence[str]
    approved: str


@dataclass(frozen=True)
class CatalogueChange:
    version: str
    date: str
    remark: str


def contract_in_words(source: Source) -> str:
    """ "Servicevertrag Comfort"."""
    contract = source.customer.contract
    if contract.kind == "hourly":
        return source.reader.gettext(N_("contract by the hour"))
    return source.reader.gettext(N_("service contract {tier}"), tier=TIERS[contract.tier or ""])


def contract_facts(source: Source) -> list[tuple[str, str]]:
    """Prices are left out: pages are read by more people than invoices are."""
    customer, reader, t = source.customer, source.reader, source.reader.gettext
    contract = customer.contract
    facts = [
        (t(N_("Customer")), customer.company.name),
        (t(N_("Customer number")), customer.company.customer_number),
        (t(N_("Provider")), customer.provider.name),
        (t(N_("Contract")), contract_in_words(source)),
        (t(N_("Since")), reader.day(contract.start)),
    ]
    if contract.end:
        facts.append((t(N_("Until")), reader.day(contract.end)))
    reaction = source.catalogue.services.get("2.2")
    if reaction and contract.tier in reaction.reaction_hours:
        hours = t(N_("{hours} service hours"), hours=reaction.reaction_hours[contract.tier])
        facts.append((t(N_("Time to react")), hours))
    facts.append((t(N_("Service hours")), t(N_("Monday to Friday except public holidays, 09:00 to 17:00"))))
    place = customer.company if contract.reaction_clock.holidays_of == "customer" else customer.provider
    holidays = words.BUNDESLAENDER[place.bundesland]
    municipality = place.municipality if place.municipality != "catholic" else None
    facts.append((t(N_("Public holidays")), f"{holidays}, {municipality}" if municipality else holidays))
    if days := contract.reaction_clock.closed_days:
        closed = ", ".join(f"{int(day[3:])}.{int(day[:2])}." for day in days)
        facts.append((t(N_("Further days without service")), closed))
    return facts


def services(source: Source) -> list[ServiceRow]:
    """Every service of the catalogue and where it stands in this contract."""
    reader = source.reader
    rows = []
    for clause in contained(source.customer, source.catalogue):
        scope = ", ".join(
            word(words.SCOPES, group, reader) for group in source.catalogue.services[clause.service].scope
        )
        rows.append(
            ServiceRow(
                number=clause.service,
                title=clause.title,
                status=mark(words.STANDINGS, Standing(clause.standing).value, reader),
                cadence=word(CADENCES, clause.cadence, reader),
                scope=scope or reader.gettext(N_("the customer as a whole")),
                kind=word(words.KINDS, clause.manner, reader) if clause.standing.contained else "",
            )
        )
    return rows


def history(source: Source) -> list[HistoryRow]:
    """What was agreed when, the newest first."""
    known = source.agreements
    rows = [
        HistoryRow(
            agreed.since,
            what_changed(source, known[number - 1] if number else None, agreed),
            _approved(source, agreed),
        )
        for number, agreed in enumerate(known)
    ]
    return rows[::-1]


def what_changed(source: Source, before: Agreed | None, agreed: Agreed) -> list[str]:
    """In sentences; of the first agreement how much it holds."""
    reader, terms = source.reader, agreed.terms
    t = reader.gettext
    if before is None:
        kind = TIERS[terms.tier] if terms.tier else t(N_("by the hour"))
        said = [
            t(
                N_("{contract}, services: {services}, devices: {devices}"),
                contract=kind,
                services=reader.number(len(terms.services)),
                devices=reader.number(len(terms.hosts)),
            )
        ]
        if agreed.origin == "taken over":
            said.append(t(N_("Taken over from an older book; for the time before, today's terms stand in")))
    else:
        said = [change.text(t) for change in changes(before.terms, terms)]
        said = said or [t(N_("Wording of the service description"))]
    return [*said, *([agreed.reason] if agreed.reason else [])]


def _approved(source: Source, agreed: Agreed) -> str:
    reader = source.reader
    if agreed.approved_by:
        return agreed.approved_by
    if not agreed.number:
        return reader.gettext(N_("not recorded yet"))
    return reader.gettext(N_("recorded on {when}, not confirmed yet"), when=reader.day(agreed.at))


def catalogue_changes(source: Source) -> list[CatalogueChange]:
    """The newest first. Who changed it is the provider's own business."""
    return [
        CatalogueChange(change.version, source.reader.day(change.date), change.remark)
        for change in reversed(source.catalogue.changes)
    ]


def windows(source: Source) -> list[WindowRow]:
    return [
        WindowRow(
            window.name,
            ", ".join(word(words.WEEKDAYS, day, source.reader) for day in window.days),
            window.start,
            window.end,
        )
        for window in source.customer.contract.maintenance_windows
    ]


def people(source: Source) -> list[Side]:
    """The only page with e-mail addresses and phone numbers: both sides named them for that."""
    t, both = source.reader.gettext, source.customer.people
    ours = [(both.ours.contact, t(N_("contact"))), (both.ours.deputy, t(N_("deputy")))]
    central, reporter = t(N_("central contact, sees all tickets")), t(N_("may report problems"))
    theirs = [
        (person, central if person.email == both.theirs.central_contact else reporter)
        for person in both.theirs.authorised_reporters
    ]
    return [
        Side(title, [PersonRow(who.name, role, who.email, who.phone or "") for who, role in rows])
        for title, rows in ((source.customer.provider.name, ours), (source.customer.company.name, theirs))
    ]
