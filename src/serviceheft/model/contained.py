"""Whether a contract contains a service, and what the contract is called in messages."""

from serviceheft.model.catalogue import CatalogueService
from serviceheft.model.schema import Contract


def is_contained(service: CatalogueService, contract: Contract) -> bool:
    """Whether the contract contains the service without an order."""
    return contract.tier in service.tiers or service.also_hourly


def agreement(contract: Contract) -> str:
    """The contract in a word or two."""
    return f"tier {contract.tier}" if contract.tier else "a contract by the hour"
