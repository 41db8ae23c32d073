"""The one inventory plugin: hands Ansible what the model read and checked; see serviceheft.running.handing_over."""

from pathlib import Path
from typing import Any

from ansible.constants import config
from ansible.parsing.vault import VaultSecretsContext
from ansible.plugins.inventory import BaseInventoryPlugin

from serviceheft.book import RunRefused
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.problems import InvalidInventory
from serviceheft.running import handing_over, vault_password
from serviceheft.running.ansible_settings import refuse_foreign
from serviceheft.running.typed import NotAccepted
from serviceheft.screen import say

DOCUMENTATION = """
name: serviceheft
short_description: a customer's inventory as the model validated it
description:
  - Of an inventory's folder Ansible looks at C(hosts.yml) alone, and this plugin claims it without letting Ansible
    read it. Hosts, groups and variables come from the model, which has read every file of the folder once.
  - No text is trusted as a template. Ends the command with exit code 2 and every problem when something is wrong.
options: {}
"""

REFUSED = 2  # bad input, nothing touched


class InventoryModule(BaseInventoryPlugin):
    NAME = "serviceheft"

    def verify_file(self, path: str) -> bool:
        """By its name alone: nothing is opened."""
        return Path(path).name == "hosts.yml"

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        folder = Path(path).parent
        try:
            refuse_foreign(config.get_config_value_and_origin)
            catalogue = load_catalogue()
            handing_over.add_groups(inventory, catalogue)
            if Path(path).resolve().parent != handing_over.SHARED:
                opener = vault_password.opener_with(folder.name, VaultSecretsContext.current().secrets)
                read = handing_over.read(folder, catalogue, opener)
                handing_over.add_hosts(inventory, read.customer)
                handing_over.add_variables(inventory, read)
        except (InvalidInventory, NotAccepted, RunRefused) as error:
            # An exception would become a warning about one source, and the run would go on with the others.
            say(f"{error}\nNothing was touched.", error=True)
            raise SystemExit(REFUSED) from None
