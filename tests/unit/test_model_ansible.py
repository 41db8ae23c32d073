"""Ansible and Serviceheft read one and the same inventory, so they must understand it alike."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.groups import PARENTS, STANDARD_GROUPS
from serviceheft.model.load import SECTIONS, load_customer
from serviceheft.model.vault import VAULT_FILE
from serviceheft.settings import REPOSITORY

CUSTOMERS = ["musterbau", "kanzlei_nord", "praxis_sued", "werkstatt"]


def ansible_inventory(customer: str) -> dict[str, Any]:
    """What Ansible makes of the shared folder and the customer's, in the order that every run gives them."""
    program = Path(sys.executable).with_name("ansible-inventory")
    command = [program, "-i", "inventories/_shared", "-i", f"inventories/{customer}", "--list"]
    vault = ["--vault-id", f"{customer}@lab/vault/{customer}.password"]
    done = subprocess.run([*command, *vault], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return json.loads(done.stdout)


def plain(value: Any) -> Any:
    """Without the mark that ansible-inventory puts on each text that is no template."""
    if isinstance(value, dict):
        if value.keys() == {"__ansible_unsafe"}:
            return value["__ansible_unsafe"]
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def unmarked(value: Any) -> list[str]:
    """Texts without that mark: a text in an inventory that Ansible would take for a template."""
    if isinstance(value, dict):
        inner = () if value.keys() == {"__ansible_unsafe"} else value.values()
        return [text for part in inner for text in unmarked(part)]
    if isinstance(value, list):
        return [text for part in value for text in unmarked(part)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("name", CUSTOMERS)
def test_variables_and_groups_are_those_of_the_model(name: str) -> None:
    seen = ansible_inventory(name)
    customer = load_customer(REPOSITORY / "inventories" / name, load_catalogue())
    hostvars = seen["_meta"]["hostvars"]
    assert hostvars.keys() == customer.hosts.keys()
    for host in customer.hosts.values():
        found = {key: plain(value) for key, value in hostvars[host.name].items()}
        for key, value in json.loads(json.dumps(host.variables, default=str)).items():
            assert found[key] == value or "{{" in json.dumps(value)
        others = {*SECTIONS, *found} - host.variables.keys() - SECTIONS.keys()
        assert all(key.startswith("provider_") for key in others)
        # A date is written without a mark, as the text that it is not.
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", text) for text in unmarked(hostvars[host.name]))
    for group in STANDARD_GROUPS:
        members = set(seen.get(group, {}).get("hosts", []))
        for child, parent in PARENTS.items():
            if parent == group:
                members |= set(seen.get(child, {}).get("hosts", []))
        assert members == {host.name for host in customer.hosts.values() if group in host.groups}


@pytest.mark.parametrize("name", CUSTOMERS)
def test_each_vault_opens_with_its_password_and_holds_vault_variables_only(name: str) -> None:
    program = Path(sys.executable).with_name("ansible-vault")
    vault = f"inventories/{name}/{VAULT_FILE}"
    done = subprocess.run(
        [program, "view", "--vault-id", f"{name}@lab/vault/{name}.password", vault],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_VAULT_ID_MATCH": "true", "PAGER": "cat"},
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line and line != "---"]
    assert lines
    assert all(line.startswith("vault_") and "CANARY" in line for line in lines)


def test_the_shared_folder_declares_the_standard_groups() -> None:
    seen = ansible_inventory("werkstatt")
    # These are what a run fills with hosts; they say nothing about what a device is.
    filled = {"owed", "mending", "visiting_alone"}
    assert set(seen["all"]["children"]) - {"ungrouped", *filled} == set(STANDARD_GROUPS) - set(PARENTS)
    known = {group: seen.get(group, {}).get("children", []) for group in STANDARD_GROUPS}
    children = {child: group for group in known for child in known[group]}
    assert children == PARENTS
