"""The clock as a customer's contract sets it."""

from datetime import datetime

from serviceheft.clock import ServiceCalendar, calendar_at
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.schema import Customer

#: "Reaktionszeit" in the service catalogue.
REACTION_TIME = "2.2"


def calendar_for(customer: Customer) -> ServiceCalendar:
    """Service days under this contract: whose holidays count, and which days are closed, is agreed there."""
    return calendar_at(*calendar_place(customer))


def calendar_place(customer: Customer) -> tuple[str, str | None, tuple[str, ...]]:
    """Bundesland, municipality and further closing days that decide on this contract's service days."""
    clock = customer.contract.reaction_clock
    place = customer.provider if clock.holidays_of == "provider" else customer.company
    return place.bundesland, place.municipality, tuple(clock.closed_days)


def reaction_hours(customer: Customer, catalogue: Catalogue) -> int | None:
    """Service hours in which a reaction is owed (2.2, by tier); None for a customer billed by the hour."""
    tier = customer.contract.tier
    return None if tier is None else catalogue.services[REACTION_TIME].reaction_hours[tier]


def reaction_deadline(customer: Customer, catalogue: Catalogue, start: datetime) -> datetime | None:
    """When a reaction to what was reported at `start` is due; None for a customer billed by the hour."""
    hours = reaction_hours(customer, catalogue)
    return None if hours is None else calendar_for(customer).deadline(start, hours)
