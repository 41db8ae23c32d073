"""Which service is owed on which groups of hosts, for each of the four fictional customers.

Written by hand from the service description, not from the catalogue file: a change of a tier, a cadence or a
scope there must show here.
"""

import pytest

from serviceheft import settings
from serviceheft.clock import parse_instant
from serviceheft.entitlement import contained
from serviceheft.ledger import owed, owed_hosts
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.model.schema import Customer

CATALOGUE = load_catalogue()
WEDNESDAY = parse_instant("2026-11-18 12:00")
INVENTORIES = settings.REPOSITORY / "inventories"

WHOLE_CUSTOMER: tuple[str, ...] = ()
WINDOWS = ("windows_clients", "windows_servers")
SERVERS = ("windows_servers", "linux_servers", "backup_systems")

EVERYTHING = (
    *WINDOWS, "linux_servers", "switches", "routers", "access_points", "printers", "nas", "ip_phones", "backup_systems"
)  # fmt: skip

REMOTE = (*WINDOWS, "linux_servers")
BASIC = {"1.2": WHOLE_CUSTOMER, "2.4": REMOTE, "2.6": EVERYTHING, "2.7": WINDOWS, "3.1": ("windows_clients",)}
STANDARD = BASIC | {"3.2": WINDOWS, "3.3": ("windows_clients",), "3.4": SERVERS, "4.2": WHOLE_CUSTOMER}
COMFORT = STANDARD | {"4.3": WINDOWS, "4.6": WHOLE_CUSTOMER}
GOLDEN = {
    "musterbau": COMFORT,
    "kanzlei_nord": STANDARD,
    "praxis_sued": BASIC,
    "werkstatt": {"1.2": WHOLE_CUSTOMER},
}

PERIODS = {
    "1.2": "2026-Q4",
    "2.4": "2026-W47",
    "2.6": "2026-W47",
    "2.7": "2026-W47",
    "3.1": "2026-W47",
    "3.2": "2026-W47",
    "3.3": "2026-W47",
    "3.4": "2026-W47",
    "4.2": "2026-11",
    "4.3": "2026-W47",
    "4.6": "2026",
}

BY_TIER = {
    "1.1 1.2 1.3 1.4 5": ("musterbau", "kanzlei_nord", "praxis_sued", "werkstatt"),
    "2.1 2.2 2.3 2.4 2.5 2.6 2.7 3.1": ("musterbau", "kanzlei_nord", "praxis_sued"),
    "3.2 3.3 3.4 3.5 3.6 4.1 4.2": ("musterbau", "kanzlei_nord"),
    "3.8 3.9 3.10 4.3 4.4 4.5 4.6": ("musterbau",),
    "3.7": ("kanzlei_nord",),  # ordered by kanzlei_nord, switched off by musterbau
}


def customer(name: str) -> Customer:
    return load_customer(INVENTORIES / name, CATALOGUE)


def members(found: Customer, groups: tuple[str, ...]) -> set[str | None]:
    if groups == WHOLE_CUSTOMER:
        return {None}
    return {name for name, host in found.hosts.items() if set(groups) & set(host.groups)}


def test_every_fictional_customer_is_here() -> None:
    folders = {path.parents[2].name for path in INVENTORIES.glob("[!_]*/group_vars/all/customer.yml")}
    assert folders == set(GOLDEN)


@pytest.mark.parametrize("name", GOLDEN)
def test_owed_services_and_their_hosts(name: str) -> None:
    found = customer(name)
    hosts: dict[str, set[str | None]] = {}
    for one in owed(found, CATALOGUE, [], WEDNESDAY):
        if one.current:
            assert one.period == PERIODS[one.service]
            assert one.host not in hosts.setdefault(one.service, set()), "listed twice"
            hosts[one.service].add(one.host)
    assert hosts == {service: members(found, groups) for service, groups in GOLDEN[name].items()}


@pytest.mark.parametrize(
    ("name", "clients", "servers", "linuxes", "others"),
    [
        ("musterbau", 9, 4, 1, 11),
        ("kanzlei_nord", 4, 1, 0, 3),
        ("praxis_sued", 3, 1, 0, 2),
        ("werkstatt", 0, 0, 0, 0),
    ],
)
def test_what_the_weekly_run_visits(name: str, clients: int, servers: int, linuxes: int, others: int) -> None:
    plan = owed_hosts(owed(customer(name), CATALOGUE, [], WEDNESDAY))
    other = {"2.6": "2026-W47"}
    linux = {**other, "2.4": "2026-W47"}
    server = {**linux, "2.7": "2026-W47"}
    client = {**server, "3.1": "2026-W47"}
    if name != "praxis_sued":
        client |= {"3.2": "2026-W47", "3.3": "2026-W47"}
        server |= {"3.2": "2026-W47"}
    if name == "musterbau":
        client |= {"4.3": "2026-W47"}
        server |= {"4.3": "2026-W47"}
    found = [sum(services == kind for services in plan.values()) for kind in (client, server, linux, other)]
    assert found == [clients, servers, linuxes, others]
    assert sum(found) == len(plan)


@pytest.mark.parametrize("name", GOLDEN)
def test_contained_services(name: str) -> None:
    expected = {number for numbers, names in BY_TIER.items() if name in names for number in numbers.split()}
    assert {one.service for one in contained(customer(name), CATALOGUE) if one.standing.contained} == expected


def test_the_description_and_the_catalogue_have_the_same_numbers() -> None:
    assert {number for numbers in BY_TIER for number in numbers.split()} == set(CATALOGUE.services)
