"""The groups of what a run owes to which hosts and mends on them; see inventories/_shared/services.yml."""

from pathlib import Path
from typing import Any, Literal

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin

from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.groups import run_group
from serviceheft.model.problems import InvalidInventory

DOCUMENTATION = """
name: service_groups
short_description: groups of a run, empty until it fills them
description:
  - For each service of the catalogue that a role carries out, the groups C(owed_<number>), a part of C(owed), and
    C(mending_<number>), a part of C(mending).
options:
  plugin:
    description: Marks the file as this plugin's.
    type: str
    required: true
    choices: [service_groups]
"""


class InventoryModule(BaseInventoryPlugin):
    NAME = "service_groups"

    def verify_file(self, path: str) -> bool:
        """The provider's own file only: a customer's inventory holds plain YAML."""
        return super().verify_file(path) and Path(path).parts[-2:] == ("_shared", "services.yml")

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        try:
            services = load_catalogue().services.values()
        except InvalidInventory as error:
            raise AnsibleParserError(str(error)) from None
        purposes: tuple[Literal["owed", "mending"], ...] = ("owed", "mending")
        for purpose in purposes:
            inventory.add_group(purpose)
            for service in services:
                if service.role:
                    group = run_group(purpose, service.number)
                    inventory.add_group(group)
                    inventory.add_child(purpose, group)
