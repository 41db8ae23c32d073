"""What no single field can tell: rules between the parts of one inventory."""

from collections.abc import Iterator

from serviceheft.clock.closures import AUGSBURG, CATHOLIC, MUNICIPAL_HOLIDAYS
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.contained import agreement, is_contained
from serviceheft.model.draft import Draft
from serviceheft.model.problems import Problem, did_you_mean
from serviceheft.model.schema import (
    Company,
    Contract,
    MaintenanceWindow,
    Pause,
    People,
    ServiceChoice,
    Site,
)
from serviceheft.model.yamlfile import Path_

#: An evening and a night, from 18:00 to 10:00. What is open for longer and ends on the next day is a slip.
LONGEST_NIGHT_HOURS = 16


def check(draft: Draft, catalogue: Catalogue) -> list[Problem]:
    """All problems between parts that are sound by themselves."""
    sections = draft.sections
    problems: list[Problem] = []
    if company := sections.get("company"):
        problems += _place(draft, company)
    if people := sections.get("people"):
        problems += _people(draft, people)
    if contract := sections.get("contract"):
        problems += _contract(draft, contract)
        problems += _services(draft, contract, sections.get("services", {}), catalogue)
    if (sites := sections.get("sites")) is not None:
        problems += _sites(draft, sites)
    return problems


def _at(draft: Draft, path: Path_, message: str, advice: str) -> Problem:
    return draft.places[str(path[0])].problem(path, message, advice)


def place_problem(bundesland: str, municipality: str | None) -> tuple[str, str] | None:
    """Message and advice when the holidays of a place cannot be told, as the clock would find out later."""
    if municipality is None:
        return None
    if bundesland in MUNICIPAL_HOLIDAYS:
        known = [CATHOLIC, AUGSBURG] if bundesland == "BY" else [CATHOLIC]
        if municipality in known:
            return None
        holiday = MUNICIPAL_HOLIDAYS[bundesland]
        near = did_you_mean(municipality, known)
        advice = f"Write {' or '.join(known)}, or leave it out where the day is not kept.{near}"
        return f"{municipality!r} does not say whether {holiday} is kept there", advice
    if municipality == AUGSBURG:
        return f"Augsburg lies in BY, not in {bundesland}", "Correct the Bundesland or the municipality."
    return None


def _place(draft: Draft, company: Company) -> Iterator[Problem]:
    if found := place_problem(company.bundesland, company.municipality):
        yield _at(draft, ("company", "municipality"), *found)


def _people(draft: Draft, people: People) -> Iterator[Problem]:
    theirs = people.theirs
    reporters = [person.email.lower() for person in theirs.authorised_reporters]
    if theirs.central_contact.lower() not in reporters:
        near = did_you_mean(theirs.central_contact, [person.email for person in theirs.authorised_reporters])
        message = f"{theirs.central_contact!r} is no authorised reporter"
        advice = f"Add this person to people.theirs.authorised_reporters or name one of them.{near}"
        yield _at(draft, ("people", "theirs", "central_contact"), message, advice)
    places: list[tuple[Path_, str]] = [
        (("people", "ours", "contact", "email"), people.ours.contact.email),
        (("people", "ours", "deputy", "email"), people.ours.deputy.email),
    ]
    for index, person in enumerate(theirs.authorised_reporters):
        places.append((("people", "theirs", "authorised_reporters", index, "email"), person.email))
    seen: dict[str, Path_] = {}
    for path, email in places:
        if email.lower() in seen:
            line = draft.places["people"].line(seen[email.lower()])
            advice = f"Line {line} has it, too; give each person an address of their own."
            yield _at(draft, path, f"two people have the e-mail address {email!r}", advice)
        seen.setdefault(email.lower(), path)


def _contract(draft: Draft, contract: Contract) -> Iterator[Problem]:
    if contract.kind == "service" and contract.tier is None:
        advice = "Add it: one of basic, standard, comfort."
        yield _at(draft, ("contract", "tier"), "is missing though the contract is a service contract", advice)
    if contract.kind == "hourly" and contract.tier is not None:
        advice = "Remove the tier, or set kind to service."
        yield _at(draft, ("contract", "tier"), "a contract by the hour has no tier", advice)
    if contract.kind == "hourly" and contract.billing.monthly_price_eur is not None:
        path: Path_ = ("contract", "billing", "monthly_price_eur")
        yield _at(draft, path, "a contract by the hour has no monthly price", "Remove the line.")
    if contract.end is not None and contract.end < contract.start:
        message = f"the contract ends on {contract.end}, before it starts on {contract.start}"
        yield _at(draft, ("contract", "end"), message, "Correct one of the two dates.")
    yield from _pauses(draft, contract)
    names: set[str] = set()
    for index, window in enumerate(contract.maintenance_windows):
        path = ("contract", "maintenance_windows", index)
        if window.start == window.end:
            message = f"window {window.name!r} never opens: it starts and ends at {window.start}"
            yield _at(draft, (*path, "end"), message, "Set a later end; an earlier one means the next day.")
        elif (hours := _hours_overnight(window)) > LONGEST_NIGHT_HOURS:
            times = f"from {window.start} to {window.end} on the next day"
            message = f"window {window.name!r} is open for {hours} hours, {times}"
            advice = "Most likely start and end are exchanged, or one of them is mistyped: correct them."
            yield _at(draft, (*path, "end"), message, advice)
        if window.name in names:
            message = f"two windows are called {window.name!r}"
            yield _at(draft, (*path, "name"), message, "Give each window a name of its own.")
        names.add(window.name)


def _pauses(draft: Draft, contract: Contract) -> Iterator[Problem]:
    taken: list[Pause] = []
    for index, pause in enumerate(contract.pauses):
        path: Path_ = ("contract", "pauses", index)
        days = f"the pause from {pause.first} to {pause.last}"
        if pause.last < pause.first:
            message = f"the pause ends on {pause.last}, before it starts on {pause.first}"
            yield _at(draft, (*path, "last"), message, "Correct one of the two dates.")
            continue
        if pause.last < contract.start or (contract.end is not None and pause.first > contract.end):
            yield _at(draft, path, f"{days} lies outside of the contract", "Correct its dates, or remove it.")
        if other := next((it for it in taken if it.first <= pause.last and pause.first <= it.last), None):
            message = f"{days} overlaps the one from {other.first} to {other.last}"
            yield _at(draft, path, message, "Make one pause of both.")
        taken.append(pause)


def _hours_overnight(window: MaintenanceWindow) -> int:
    """Whole hours from start to end where the end is on the next day; else 0."""
    start, end = (int(time[:2]) * 60 + int(time[3:]) for time in (window.start, window.end))
    return (end - start + 24 * 60) // 60 if end < start else 0


def _services(
    draft: Draft, contract: Contract, choices: dict[str, ServiceChoice], catalogue: Catalogue
) -> Iterator[Problem]:
    for number, choice in choices.items():
        path: Path_ = ("services", number)
        service = catalogue.services.get(number)
        if service is None:
            advice = f"Catalogue {catalogue.version} has {', '.join(catalogue.services)}."
            yield _at(draft, path, f"the catalogue has no service {number}", advice)
            continue
        contained, agreed = is_contained(service, contract), agreement(contract)
        if choice.ordered and contained:
            message = f"{service.title.de} is contained in {agreed} already"
            yield _at(draft, (*path, "ordered"), message, "Remove `ordered`.")
        elif choice.ordered and not choice.enabled:
            message = f"{service.title.de} is ordered, but not enabled"
            yield _at(draft, (*path, "enabled"), message, "Set enabled to true, or remove `ordered`.")
        elif choice.enabled and not contained and not choice.ordered:
            advice = "Remove it, or add `ordered: true`: then it is billed by the hour."
            yield _at(draft, path, f"{service.title.de} is not contained in {agreed}", advice)


def _sites(draft: Draft, sites: list[Site]) -> Iterator[Problem]:
    names: set[str] = set()
    for index, site in enumerate(sites):
        if site.name in names:
            message = f"two sites are called {site.name!r}"
            yield _at(draft, ("sites", index, "name"), message, "Give each site a name of its own.")
        names.add(site.name)
