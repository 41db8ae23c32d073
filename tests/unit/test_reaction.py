"""The reaction time of a contract: hours from the catalogue, holidays from the contract."""

import pytest

from serviceheft import settings
from serviceheft.clock import parse_instant
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.model.schema import Customer
from serviceheft.reaction import calendar_for, reaction_deadline, reaction_hours

CATALOGUE = load_catalogue()
FRIDAY = parse_instant("2026-11-20 16:00")


def musterbau(**contract: object) -> Customer:
    found = load_customer(settings.REPOSITORY / "inventories" / "musterbau", CATALOGUE)
    return found.model_copy(update={"contract": found.contract.model_copy(update=contract)})


@pytest.mark.parametrize(
    ("tier", "hours", "due"),
    [
        ("basic", 12, "2026-11-24 12:00"),
        ("standard", 10, "2026-11-24 10:00"),
        ("comfort", 6, "2026-11-23 14:00"),
    ],
)
def test_hours_by_tier(tier: str, hours: int, due: str) -> None:
    customer = musterbau(tier=tier)
    assert reaction_hours(customer, CATALOGUE) == hours
    assert reaction_deadline(customer, CATALOGUE, FRIDAY) == parse_instant(due)


def test_by_the_hour_no_reaction_time_is_agreed() -> None:
    customer = musterbau(kind="hourly", tier=None)
    assert reaction_hours(customer, CATALOGUE) is None
    assert reaction_deadline(customer, CATALOGUE, FRIDAY) is None


def test_calendar_is_the_contracts_and_is_kept() -> None:
    calendar = calendar_for(musterbau())
    assert (calendar.bundesland, calendar.municipality) == ("BY", "Augsburg")
    assert calendar.closed_days == ("12-24", "12-31")
    assert calendar_for(musterbau()) is calendar


def test_the_providers_holidays_count_when_the_contract_says_so() -> None:
    customer = musterbau()
    clock = customer.contract.reaction_clock.model_copy(update={"holidays_of": "provider"})
    provider = customer.provider.model_copy(update={"bundesland": "BE", "municipality": None})
    elsewhere = customer.model_copy(
        update={
            "provider": provider,
            "contract": customer.contract.model_copy(update={"reaction_clock": clock}),
        }
    )
    assert calendar_for(elsewhere).bundesland == "BE"
