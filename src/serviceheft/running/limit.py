"""Whether --limit leaves any host, asked of Ansible itself: its patterns are many."""

from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.groups import STANDARD_GROUPS
from serviceheft.model.problems import did_you_mean
from serviceheft.model.schema import Customer


class NoHostLeft(Exception):
    """The limit leaves nothing to do; the message says what to do."""


def refuse_empty(customer: Customer, limit: str) -> None:
    """Raises NoHostLeft when the limit leaves no host of this customer."""
    from ansible.errors import AnsibleError  # half a second: only when there is a limit
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader

    from serviceheft.running import handing_over

    inventory = InventoryManager(DataLoader(), parse=False)
    receiver = inventory._inventory  # noqa: SLF001 - else only a plugin that parses a file can fill it
    handing_over.add_groups(receiver, load_catalogue())
    handing_over.add_hosts(receiver, customer)
    inventory.reconcile_inventory()
    try:
        inventory.subset(limit)
        left = inventory.list_hosts("all")
    except AnsibleError:  # such as a file of hosts, @..., that cannot be read
        left = []
    if not left:
        raise NoHostLeft(
            f"--limit {limit} leaves no host of {customer.name}."
            f"{did_you_mean(limit, [*customer.hosts, *STANDARD_GROUPS])}"
        )
