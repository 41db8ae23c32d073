"""Ansible is given exactly what the model read and checked, of every valid inventory, and nothing of an invalid one."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecret, VaultSecretsContext
from ansible.template import is_trusted_as_template
from ansible.vars.manager import VariableManager

from serviceheft.book import RunRefused
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.groups import STANDARD_GROUPS
from serviceheft.model.load import load_customer, load_inventory
from serviceheft.running import handing_over, vault_password
from serviceheft.running.ansible_settings import OURS, refuse_foreign
from serviceheft.running.typed import NotAccepted
from serviceheft.settings import REPOSITORY
from tests.negative.test_inventories import KEY, NAMES, checkout, messages

CATALOGUE = load_catalogue()
CUSTOMERS = ["musterbau", "kanzlei_nord", "praxis_sued", "werkstatt"]
#: What Ansible adds to the variables of each host.
MAGIC = {"inventory_dir", "inventory_file", "inventory_hostname", "inventory_hostname_short", "group_names"}


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ansible-playbook starts in the repository; each test is a run of its own."""
    assert Path(C.CONFIG_FILE) == REPOSITORY / "ansible.cfg"
    monkeypatch.setattr(handing_over, "_handed_over", None)


def secrets_of(monkeypatch: pytest.MonkeyPatch, name: str, secret: VaultSecret) -> None:
    monkeypatch.setattr(VaultSecretsContext, "_current", VaultSecretsContext([(name, secret)]))


def ansible_reads(*sources: Path) -> tuple[InventoryManager, dict[str, dict[str, Any]]]:
    """Ansible's inventory, and each host's variables as a task would get them."""
    loader = DataLoader()
    inventory = InventoryManager(loader, [str(REPOSITORY / "inventories" / "_shared"), *map(str, sources)])
    manager = VariableManager(loader, inventory, version_info={"string": "test"})
    return inventory, {
        name: dict(manager.get_vars(host=host, include_hostvars=False))
        for name, host in inventory.hosts.items()
    }


def texts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


@pytest.mark.parametrize("name", CUSTOMERS)
def test_every_customer_is_the_same_to_ansible_and_to_the_model(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = REPOSITORY / "inventories" / name
    password = (REPOSITORY / "lab" / "vault" / f"{name}.password").read_bytes().strip()
    secrets_of(monkeypatch, name, VaultSecret(password))
    inventory, seen = ansible_reads(root)
    customer = load_customer(root, CATALOGUE)
    opened = handing_over.handed_over(root)
    assert list(seen) == list(customer.hosts)
    for host in customer.hosts.values():
        expected = {key: value for key, value in opened.common.items() if key not in host.variables}
        expected |= host.variables
        found = {key: value for key, value in seen[host.name].items() if key in expected}
        assert plain(found) == plain(handing_over.replaced(expected, opened))
        added = set(seen[host.name]) - set(expected) - MAGIC
        assert not {key for key in added if not key.startswith(("ansible_", "groups", "omit", "playbook"))}
        assert not any(map(is_trusted_as_template, texts(found)))
        assert not any("{{" in text for text in texts(found))
        groups = {group.name for group in inventory.hosts[host.name].get_groups()}
        assert groups - {"all"} == set(host.groups)
    assert set(STANDARD_GROUPS) <= set(inventory.groups)


@pytest.mark.parametrize("case", NAMES)
def test_of_a_faulty_inventory_ansible_is_given_nothing_but_the_same_messages(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = checkout(tmp_path, case)
    secrets_of(monkeypatch, "muster", KEY)
    if not (root / "hosts.yml").exists():  # then there is nothing that the plugin could be asked for
        with pytest.raises(AnsibleError, match="Completely failed to parse inventory source"):
            ansible_reads(root)
        return
    with pytest.raises(SystemExit) as refused:
        ansible_reads(root)
    assert refused.value.code == 2
    shown = capsys.readouterr().err.splitlines()
    assert shown == [*messages(root), "Nothing was touched."]


def test_a_password_with_braces_is_handed_over_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansible.parsing.vault import VaultLib

    root = checkout(tmp_path, None)
    secret = "{{ lookup('pipe', 'id') }}{% raw %}{# ä€ß"
    text = json.dumps({"vault_windows_password": secret}, ensure_ascii=False).encode()
    vault = root / "group_vars" / "all" / "vault.yml"
    vault.write_bytes(VaultLib().encrypt(text, KEY, vault_id="muster"))
    secrets_of(monkeypatch, "muster", KEY)
    _, seen = ansible_reads(root)
    assert {variables["ansible_password"] for variables in seen.values()} == {secret}


def test_the_run_is_made_with_what_ansible_was_given_whatever_became_of_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = checkout(tmp_path, None)
    secrets_of(monkeypatch, "muster", KEY)
    _, seen = ansible_reads(root)
    digest = handing_over.handed_over(root).customer.inventory_hash()
    (root / "hosts.yml").write_text("windows_clients:\n  hosts:\n    pc-9: {ansible_host: 127.9.9.9}\n")
    found = handing_over.handed_over(root)
    assert list(found.customer.hosts) == list(seen)
    assert found.customer.inventory_hash() == digest
    assert found is handing_over.read(root, CATALOGUE, lambda content: content)  # read once


def test_a_host_does_not_get_the_variables_of_one_whose_file_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = checkout(tmp_path, None)
    (root / "host_vars").mkdir()
    (root / "host_vars" / "pc-1.yml").write_text("ansible_port: 47001\n")
    secrets_of(monkeypatch, "muster", KEY)
    _, seen = ansible_reads(root)
    assert {host: values.get("ansible_port") for host, values in seen.items()} == {
        "pc-1": 47001,
        "pc-2": None,
        "srv-1": None,
    }


def test_two_customers_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = checkout(tmp_path, None)
    other = shutil.copytree(root, root.parent / "zweiter")
    secrets_of(monkeypatch, "muster", KEY)
    with pytest.raises(SystemExit):
        ansible_reads(root, other)
    assert (
        "A run touches exactly one customer, and this one names muster, zweiter." in capsys.readouterr().err
    )


def test_a_folder_that_another_plugin_read_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunRefused, match="was not read through the plugin 'serviceheft'"):
        handing_over.handed_over(tmp_path)


@pytest.mark.parametrize("setting", OURS)
def test_one_setting_from_elsewhere_is_enough(setting: str) -> None:
    ours = str(REPOSITORY / "ansible.cfg")
    refuse_foreign(lambda _: (None, ours))
    for origin in ("env: ANSIBLE_X", "default", "/etc/ansible/ansible.cfg"):
        with pytest.raises(NotAccepted, match=setting):
            refuse_foreign(lambda name, origin=origin: (None, origin if name == setting else ours))


def test_a_reference_inside_a_list_is_replaced(tmp_path: Path) -> None:
    root = checkout(tmp_path, None)
    inventory = load_inventory(root, CATALOGUE, vault_password.opener_with("muster", [("muster", KEY)]))
    value = [{"key": "{{ vault_anydesk_password }}", "path": "{{ inventory_dir }}/files/x.pem", "n": 1}]
    assert handing_over.replaced(value, inventory) == [
        {"key": "CANARY-anydesk_password", "path": f"{root}/files/x.pem", "n": 1}
    ]


def test_a_services_view_of_a_host_opens_only_the_secret_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = checkout(tmp_path, None)
    secrets_of(monkeypatch, "muster", KEY)
    ansible_reads(root)
    opened = handing_over.handed_over(root)
    asked = []

    class Watched(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            asked.append(name)
            return super().__getitem__(name)

    watched = replace(opened, secrets=Watched(opened.secrets))
    monkeypatch.setattr(handing_over, "_handed_over", watched)
    host = next(iter(opened.customer.hosts))
    view = handing_over.variables_of(opened.customer, host)
    assert (len(view), set(view)) == (
        len(opened.customer.hosts[host].variables),
        set(opened.customer.hosts[host].variables),
    )
    assert "ansible_password" in view
    assert "no_such_name" not in view
    view.get("ansible_user")
    said = f"{view} {view!r} {[view]}"
    assert asked == []
    secret = view["ansible_password"]
    assert asked == ["vault_windows_password"]
    assert secret == opened.secrets["vault_windows_password"]
    assert secret not in said
    with pytest.raises(KeyError):
        view["no_such_name"]


def test_without_an_inventory_that_was_handed_over_references_stay_closed() -> None:
    customer = load_customer(REPOSITORY / "inventories" / "musterbau", CATALOGUE)
    host = next(iter(customer.hosts))
    assert handing_over.variables_of(customer, host) == customer.hosts[host].variables
