"""The catalogue against the service description, and what is said about mistakes in it."""

from pathlib import Path

import pytest

from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.groups import STANDARD_GROUPS
from serviceheft.model.problems import InvalidInventory

# The columns B, S, C of the service description, version 2.3.
FROM_BASIC = ["2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "3.1"]
FROM_STANDARD = ["3.2", "3.3", "3.4", "3.5", "3.6", "4.1", "4.2"]
FROM_COMFORT = ["3.7", "3.8", "3.9", "3.10", "4.3", "4.4", "4.5", "4.6"]
FRAME = ["1.1", "1.2", "1.3", "1.4", "5"]


def test_every_section_is_there_in_order() -> None:
    numbers = [f"1.{n}" for n in range(1, 5)] + [f"2.{n}" for n in range(1, 8)]
    numbers += [f"3.{n}" for n in range(1, 11)] + [f"4.{n}" for n in range(1, 7)] + ["5"]
    assert list(load_catalogue().services) == numbers


def test_tiers() -> None:
    services = load_catalogue().services
    tiers = {number: tuple(service.tiers) for number, service in services.items()}
    assert tiers == (
        dict.fromkeys(FROM_BASIC, ("basic", "standard", "comfort"))
        | dict.fromkeys(FROM_STANDARD, ("standard", "comfort"))
        | dict.fromkeys(FROM_COMFORT, ("comfort",))
        | dict.fromkeys(FRAME, ())
    )
    assert [number for number, service in services.items() if service.also_hourly] == FRAME


def test_facts_of_single_services() -> None:
    services = load_catalogue().services
    assert services["2.2"].reaction_hours == {"basic": 12, "standard": 10, "comfort": 6}
    assert (services["3.3"].limit, services["4.3"].limit) == (5, 2)
    assert services["2.7"].scope == ["windows_clients", "windows_servers"]
    assert services["3.1"].scope == ["windows_clients"]
    assert {number: service.role for number, service in services.items() if service.role} == {
        "2.4": "remote_access",
        "2.6": "documentation",
        "2.7": "antivirus_check",
        "3.1": "update_check",
        "3.2": "patch_management",
        "3.3": "standard_software",
        "4.3": "business_software",
    }
    assert {service.cadence for number, service in services.items() if number in ("2.7", "3.1", "3.4")} == {
        "weekly"
    }
    cadences = {number: services[number].cadence for number in ("1.2", "4.2", "4.6")}
    assert cadences == {"1.2": "quarterly", "4.2": "monthly", "4.6": "yearly"}


def test_the_german_titles_are_the_description_s_own() -> None:
    title = load_catalogue().services["2.1"].title
    assert title.de == "24/7 Monitoring betriebsrelevanter Parameter"
    assert set(STANDARD_GROUPS) >= {
        group for one in load_catalogue().services.values() for group in one.scope
    }


VALID = """---
catalogue:
  version: "1"
  changes:
    - {version: "1", date: 2026-01-01, name: Ada, remark: first}
  services:
    - number: "2.2"
      title: {de: Reaktionszeit, en: Reaction time}
      tiers: [basic, standard]
      cadence: continuous
      scope: []
      kind: people
      role: null
      reaction_hours: {basic: 12, standard: 10}
"""

CASES = {
    'version: "1"\n  changes': (
        'version: "2"\n  changes',
        "3: catalogue.version: version '2' is not the last one of the change list."
        " Describe the change there, or set the version back.",
    ),
    "standard: 10}": (
        "comfort: 6}",
        "7: catalogue.services[0]: reaction_hours and tiers name different tiers."
        " Give the hours of each tier, and of no other.",
    ),
    'number: "2.2"': (
        "number: 2.2",
        "7: catalogue.services[0].number: must be text. Put it into quotes.",
    ),
    "cadence: continuous": (
        "cadence: fortnightly",
        "10: catalogue.services[0].cadence: 'fortnightly' is none of continuous, weekly, monthly, quarterly,"
        " yearly, on_demand. Write one of them.",
    ),
    "scope: []": (
        "scope: [windows_client]",
        "11: catalogue.services[0].scope[0]: 'windows_client' is none of windows_clients, windows_laptops,"
        " windows_servers, domain_controllers, linux_servers, switches, routers, access_points, printers,"
        " nas, ip_phones, backup_systems. Write one of them. Did you mean 'windows_clients'?",
    ),
    "en: Reaction time": (
        "fr: Temps",
        "8: catalogue.services[0].title.en: is missing. Add it: its name in English.",
    ),
    "catalogue:\n": ("catalog:\n", "2: catalog: unknown key. This file holds `catalogue` alone."),
}


@pytest.mark.parametrize("written", CASES)
def test_a_mistake_is_named_with_its_line(written: str, tmp_path: Path) -> None:
    instead, message = CASES[written]
    path = tmp_path / "catalogue.yml"
    path.write_text(VALID.replace(written, instead, 1), encoding="utf-8")
    with pytest.raises(InvalidInventory) as caught:
        load_catalogue(path)
    assert f"group_vars/all/catalogue.yml:{message}" in str(caught.value).splitlines()


def test_a_number_twice_and_out_of_order(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yml"
    service = VALID[VALID.index('    - number: "2.2"') :]
    path.write_text(VALID + service.replace("2.2", "1.10") + service, encoding="utf-8")
    with pytest.raises(InvalidInventory) as caught:
        load_catalogue(path)
    assert [str(problem) for problem in caught.value.problems] == [
        "group_vars/all/catalogue.yml:6: catalogue.services: the services are not in the order of their"
        " numbers. Put 3.9 before 3.10, and so on.",
        "group_vars/all/catalogue.yml:23: catalogue.services[2].number: service 2.2 is there twice."
        " Give each service a number of its own.",
    ]


def test_a_catalogue_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInventory) as caught:
        load_catalogue(tmp_path / "none.yml")
    assert "group_vars/all/catalogue.yml: the file is missing." in str(caught.value)
