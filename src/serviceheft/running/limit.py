"""Whether --limit leaves any host, asked of Ansible itself: its patterns are many."""

from serviceheft import settings
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

    shared = settings.REPOSITORY / "inventories" / "_shared" / "hosts.yml"
    sources = [str(shared), str(customer.root / "hosts.yml")]
    try:
        inventory = InventoryManager(DataLoader(), sources)
        inventory.subset(limit)
        left = inventory.list_hosts("all")
    except AnsibleError:  # such as a file of hosts, @..., that cannot be read
        left = []
    if not left:
        raise NoHostLeft(
            f"--limit {limit} leaves no host of {customer.name}."
            f"{did_you_mean(limit, [*customer.hosts, *STANDARD_GROUPS])}"
        )
