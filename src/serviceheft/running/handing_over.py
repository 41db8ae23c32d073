"""What Ansible is given of a customer: exactly what the model read and checked, and nothing that it would execute.

Ansible itself reads no file of an inventory. The plugin `serviceheft` hands it the validated hosts, groups and
variables. References to the vault and to the inventory's files are replaced here, so that no template is left; and
since none of the texts is marked as trusted, Ansible takes braces in a password or a title for what they are.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from serviceheft import settings
from serviceheft.book import RunRefused
from serviceheft.model.boundaries import referred_secret
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.fields import INVENTORY_PATH
from serviceheft.model.groups import PARENTS, STANDARD_GROUPS, VISITING_ALONE, run_group
from serviceheft.model.load import Inventory, load_inventory
from serviceheft.model.schema import Customer
from serviceheft.model.vault import Opener
from serviceheft.services import SERVICES

SHARED = settings.REPOSITORY / "inventories" / "_shared"


class Receiver(Protocol):
    """Ansible's inventory, as far as it is filled here."""

    def add_group(self, group: str) -> Any: ...

    def add_child(self, group: str, child: str) -> Any: ...

    def add_host(self, host: str, group: str) -> Any: ...

    def set_variable(self, entity: str, varname: str, value: Any) -> Any: ...


_handed_over: Inventory | None = None


def read(root: Path, catalogue: Catalogue, opener: Opener) -> Inventory:
    """The inventory in the folder `root`, read once in the life of this process.

    Raises InvalidInventory, and RunRefused when the process has another customer's already.
    """
    global _handed_over
    if _handed_over is None:
        _handed_over = load_inventory(root, catalogue, opener)
    elif _handed_over.customer.root != root.absolute():
        raise several_customers([_handed_over.customer.name, root.name])
    return _handed_over


def handed_over(root: Path) -> Inventory:
    """What Ansible was given of this customer. Raises RunRefused when it read the folder in another way."""
    if _handed_over is None or _handed_over.customer.root.resolve() != root:
        raise RunRefused(
            "The inventory was not read through the plugin 'serviceheft', so nobody checked what Ansible has of it. "
            "Call ansible-playbook in this repository, and leave ANSIBLE_CONFIG and ANSIBLE_INVENTORY_ENABLED unset."
        )
    return _handed_over


def several_customers(names: Sequence[str]) -> RunRefused:
    """A run has none, or two."""
    return RunRefused(
        f"A run touches exactly one customer, and this one names {', '.join(names) or 'none'}. "
        "Call it with: -i inventories/_shared -i inventories/CUSTOMER"
    )


def add_groups(receiver: Receiver, catalogue: Catalogue) -> None:
    """The standard groups, and those that a run fills: what it owes to which hosts, and on which it mends."""
    for group in STANDARD_GROUPS:
        receiver.add_group(group)
    for child, parent in PARENTS.items():
        receiver.add_child(parent, child)
    purposes: tuple[Literal["owed", "mending"], ...] = ("owed", "mending")
    for purpose in purposes:
        numbers = [service.number for service in catalogue.services.values() if service.role]
        _add_below(receiver, purpose, (run_group(purpose, number) for number in numbers))
    receiver.add_group(VISITING_ALONE)
    _add_below(receiver, "mending", (group for service in SERVICES.values() for group in service.groups))


def _add_below(receiver: Receiver, parent: str, groups: Iterable[str]) -> None:
    receiver.add_group(parent)
    for group in groups:
        receiver.add_group(group)
        receiver.add_child(parent, group)


def add_hosts(receiver: Receiver, customer: Customer) -> None:
    """The hosts in their standard groups."""
    for host in customer.hosts.values():
        parents = {PARENTS.get(group) for group in host.groups}
        for group in host.groups:
            if group not in parents:
                receiver.add_host(host.name, group)


def add_variables(receiver: Receiver, inventory: Inventory) -> None:
    """All variables: for all hosts what holds for all, for each host what differs."""
    for name, value in inventory.common.items():
        receiver.set_variable("all", name, replaced(value, inventory))
    for host in inventory.customer.hosts.values():
        for name, value in host.variables.items():
            if name not in inventory.common or inventory.common[name] is not value:
                receiver.set_variable(host.name, name, replaced(value, inventory))


class Resolved(Mapping[str, Any]):
    """A host's variables, in which a reference to a secret or to a file is replaced when somebody asks for it."""

    def __init__(self, variables: Mapping[str, Any], inventory: Inventory) -> None:
        self._variables, self._inventory = variables, inventory

    def __getitem__(self, name: str) -> Any:
        return replaced(self._variables[name], self._inventory)

    def __contains__(self, name: object) -> bool:
        return name in self._variables

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def __repr__(self) -> str:
        return f"Resolved({len(self)})"


def variables_of(customer: Customer, host: str) -> Mapping[str, Any]:
    """What the inventory says of one host, as Ansible has it, too; secrets are in clear for whoever asks for them."""
    variables = customer.hosts[host].variables
    if _handed_over is None or _handed_over.customer.root != customer.root:
        return variables
    return Resolved(variables, _handed_over)


def replaced(value: Any, inventory: Inventory) -> Any:
    """The value with each reference to a secret or to a file of the inventory replaced by what it stands for."""
    if isinstance(value, dict):
        return {key: replaced(inner, inventory) for key, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, inventory) for inner in value]
    if name := referred_secret(value):
        return inventory.secrets[name]
    if isinstance(value, str) and re.fullmatch(INVENTORY_PATH, value):
        return f"{inventory.customer.root}/{value.partition('}}/')[2]}"
    return value


def refuse_missing_certificates(inventory: Inventory) -> None:
    """Raises RunRefused when a CA certificate is gone that hosts' certificates are checked against.

    Validation has seen those of the inventory; the lab's are there while it is up.
    """
    customer = inventory.customer
    for host in customer.hosts.values():
        for name in ("ansible_winrm_ca_trust_path", "ansible_psrp_ca_cert"):
            path = replaced(host.variables.get(name), inventory)
            if path is not None and not Path(path).is_file():
                hint = (
                    f"Raise the lab: heft lab up {customer.name}" if "/var/lab/" in path else "Put it there"
                )
                gone = os.path.normpath(path)
                raise RunRefused(
                    f"{name}: there is no file {gone}, so no host's certificate can be checked. {hint}."
                )
