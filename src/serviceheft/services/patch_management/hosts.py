"""The hosts that patch management (3.2) is for, and what is wanted on each."""

from serviceheft.model.catalogue import Catalogue
from serviceheft.model.schema import Customer
from serviceheft.services.patch_management.policy import HostPolicy

ROLE = "patch_management"


def in_scope(customer: Customer, catalogue: Catalogue) -> list[str]:
    """Their names, whether they belong to a run or not."""
    scope = set(catalogue.carried_out_by(ROLE).scope)
    return [name for name, host in customer.hosts.items() if scope & set(host.groups)]


def policy_of(customer: Customer, host: str) -> HostPolicy:
    """What is wanted on a host, by its resolved variables and what it is."""
    known = customer.hosts[host]
    return HostPolicy.from_variables(known.variables, known.groups)
