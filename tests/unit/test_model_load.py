"""What a customer looks like once its inventory was read, and how a folder that is none is refused."""

import datetime
import shutil
from decimal import Decimal
from pathlib import Path
from typing import get_args

import holidays
import pytest
from pydantic import ValidationError

from serviceheft.clock.closures import ClockError, check_place
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.crosschecks import place_problem
from serviceheft.model.groups import STANDARD_GROUPS
from serviceheft.model.load import load_customer
from serviceheft.model.problems import InvalidInventory
from serviceheft.model.schema import Bundesland, Customer
from serviceheft.settings import REPOSITORY


def customer(name: str) -> Customer:
    return load_customer(REPOSITORY / "inventories" / name, load_catalogue())


def refusal(root: Path) -> list[str]:
    with pytest.raises(InvalidInventory) as caught:
        load_customer(root, load_catalogue())
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of its own with the inventories and the provider's variables; returns inventories/."""
    for folder in ("inventories", "group_vars"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, symlinks=True)
    return tmp_path / "inventories"


def test_the_four_kinds_of_contract() -> None:
    kinds = {
        name: customer(name).contract for name in ("musterbau", "kanzlei_nord", "praxis_sued", "werkstatt")
    }
    assert {name: (contract.kind, contract.tier) for name, contract in kinds.items()} == {
        "musterbau": ("service", "comfort"),
        "kanzlei_nord": ("service", "standard"),
        "praxis_sued": ("service", "basic"),
        "werkstatt": ("hourly", None),
    }


def test_what_musterbau_says() -> None:
    seen = customer("musterbau")
    assert (seen.company.bundesland, seen.company.municipality) == ("BY", "Augsburg")
    assert {group for host in seen.hosts.values() for group in host.groups} == set(STANDARD_GROUPS)
    assert {host.site for host in seen.hosts.values()} == {"augsburg", "bauhof"}
    assert seen.people.theirs.authorised_reporters[0].name == "Sören Größl"
    assert seen.contract.start == datetime.date(2024, 4, 1)
    assert seen.contract.billing.monthly_price_eur == Decimal("1890.00")
    assert seen.provider.email == "support@lechblick.example"


def test_a_host_has_all_that_holds_for_it() -> None:
    host = customer("musterbau").hosts["mb-pc-04"]
    assert (host.address, host.port, host.title, host.site) == ("127.20.1.4", 5986, "Kalkulation", "augsburg")
    assert host.groups == ("windows_clients",)
    assert host.source[0] == "inventories/musterbau/hosts.yml"
    lines = (REPOSITORY / host.source[0]).read_text(encoding="utf-8").splitlines()
    assert lines[host.source[1] - 1].strip() == "mb-pc-04:"
    assert host.variables["ansible_connection"] == "psrp"  # host
    assert host.variables["ansible_user"] == "svc-serviceheft"  # group
    assert host.variables["antivirus_check_product"] == "bitdefender"  # customer
    assert host.variables["update_check_server_selection"] == "default"  # provider
    assert host.variables["ansible_password"] == "{{ vault_windows_password }}"


def test_laptops_are_clients_and_more_particular() -> None:
    host = customer("musterbau").hosts["mb-nb-01"]
    assert host.groups == ("windows_clients", "windows_laptops")
    assert len(host.variables["standard_software_applications"]) == 5


def test_with_one_site_no_host_has_to_name_it_and_a_device_may_be_two_things() -> None:
    host = customer("kanzlei_nord").hosts["kn-nas-01"]
    assert (host.site, host.groups) == ("foerde", ("backup_systems", "nas"))


def test_fictional_hosts_stay_on_their_customer_s_loopback_range() -> None:
    ranges = {
        "musterbau": "127.20.",
        "kanzlei_nord": "127.30.",
        "praxis_sued": "127.40.",
        "werkstatt": "127.50.",
    }
    for name, prefix in ranges.items():
        assert all(host.address.startswith(prefix) for host in customer(name).hosts.values())


def test_a_customer_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        customer("werkstatt").contract.kind = "service"  # type: ignore[misc]


def test_the_hash_follows_every_byte_and_every_name(checkout: Path) -> None:
    root = checkout / "werkstatt"
    first = load_customer(root, load_catalogue()).inventory_hash()
    assert len(first) == 64
    (root / ".hosts.yml.swp").write_text("an editor's", encoding="utf-8")
    (root / "hosts.yml~").write_text("an editor's", encoding="utf-8")
    assert load_customer(root, load_catalogue()).inventory_hash() == first
    (root / "README.md").write_text("other words\n", encoding="utf-8")
    second = load_customer(root, load_catalogue()).inventory_hash()
    wanted = root / "group_vars" / "all" / "wanted.yml"
    wanted.rename(wanted.with_name("connection.yml"))
    third = load_customer(root, load_catalogue()).inventory_hash()
    assert len({first, second, third}) == 3


def test_groups_without_hosts_are_fine(checkout: Path) -> None:
    hosts = checkout / "werkstatt" / "hosts.yml"
    hosts.write_text("---\nswitches:\nrouters:\n  hosts:\nnas:\n  hosts: {}\n", encoding="utf-8")
    assert load_customer(checkout / "werkstatt", load_catalogue()).hosts == {}


def test_a_folder_that_is_not_there() -> None:
    assert refusal(REPOSITORY / "inventories" / "mustrebau") == [
        "inventories/mustrebau: there is no such customer. Did you mean 'musterbau'?"
    ]
    assert refusal(REPOSITORY / "inventories" / "qqq") == [
        "inventories/qqq: there is no such customer."
        " Customers: kanzlei_nord, musterbau, praxis_sued, werkstatt."
    ]


@pytest.mark.parametrize("name", ["_template", "_shared", "Muster", "a-b", "1a"])
def test_a_name_that_is_no_customer_s(name: str) -> None:
    assert refusal(REPOSITORY / "inventories" / name) == [
        f"inventories/{name}: {name!r} is no customer's name."
        " A customer's folder has small letters, digits and _ and begins with a letter."
    ]


def test_a_customer_that_is_a_link_to_another(checkout: Path) -> None:
    (checkout / "tarnung").symlink_to("werkstatt")
    assert refusal(checkout / "tarnung") == [
        "inventories/tarnung: the inventory is a link."
        " Make it a folder of its own: nothing is shared between customers."
    ]


def test_an_empty_folder(checkout: Path) -> None:
    (checkout / "leer").mkdir()
    sections = ("company", "contract", "people", "sites")
    assert refusal(checkout / "leer") == [
        *(
            f"inventories/leer/group_vars/all/customer.yml: {name}: this section is missing."
            " Add it; inventories/_template shows how."
            for name in sections
        ),
        "inventories/leer/hosts.yml: the file is missing. Create it; inventories/_template has one.",
    ]


def test_the_provider_s_variables_are_needed(checkout: Path) -> None:
    (checkout / "_shared" / "group_vars").unlink()
    assert refusal(checkout / "werkstatt") == [
        "inventories/_shared/group_vars: the provider's variables are missing. Link it to group_vars/."
    ]


def test_the_provider_speaks_for_all_hosts_alone(checkout: Path) -> None:
    # Ansible would apply it after the customer's group_vars/all.
    (checkout.parent / "group_vars" / "windows_servers").mkdir()
    assert refusal(checkout / "werkstatt") == [
        "group_vars/windows_servers: is not the provider's place."
        " The provider speaks in group_vars/all alone: move the variables there."
    ]


def test_a_fact_of_the_provider_is_missing(checkout: Path) -> None:
    path = checkout.parent / "group_vars" / "all" / "provider.yml"
    text = path.read_text(encoding="utf-8").replace("provider_phone:", "provider_fone:")
    path.write_text(text, encoding="utf-8")
    line = text[: text.index("provider_fone")].count("\n") + 1
    assert refusal(checkout / "werkstatt") == [
        "group_vars/all/provider.yml: provider_phone: is missing."
        " Add it: Phone number of the service hotline (1.3, 2.3).",
        f"group_vars/all/provider.yml:{line}: provider_fone: unknown key. Did you mean 'provider_phone'?",
    ]


def test_municipalities_with_own_holidays_are_those_of_the_library() -> None:
    lands = {code for code in holidays.Germany.subdivisions if len(code) == 2}
    assert set(holidays.Germany.subdivisions) - lands == {"Augsburg"}
    feast = set(holidays.Germany(subdiv="Augsburg", years=2026)) - set(
        holidays.Germany(subdiv="BY", years=2026)
    )
    assert datetime.date(2026, 8, 8) in feast


@pytest.mark.parametrize("bundesland", get_args(Bundesland.__value__))
@pytest.mark.parametrize("municipality", [None, "catholic", "Augsburg", "Irgendwo", "augsburg"])
def test_a_place_that_the_clock_refuses_is_refused_here(bundesland: str, municipality: str | None) -> None:
    try:
        check_place(bundesland, municipality)
    except ClockError:
        assert place_problem(bundesland, municipality)
    else:
        # Beyond what the clock needs: Augsburg anywhere else is a slip.
        slip = municipality == "Augsburg" and bundesland != "BY"
        assert bool(place_problem(bundesland, municipality)) == slip
