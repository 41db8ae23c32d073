"""A fictional customer's whole site on loopback: emulated Windows hosts and an emulated GravityZone console.

Planted defects come from lab/sites/<customer>.yml. State survives between runs in var/lab/<customer>; what a
machine has already is never overwritten, so that a mended machine stays mended.
"""

import ipaddress
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import AnsibleVaultError, VaultSecret

from lab import control, defects, software
from lab.gravityzone import endpoint, lower_console, raise_console
from lab.gravityzone.control import console_process
from lab.windows import anydesk
from lab.windows.defaults import Role, default_machine
from lab.windows.state_file import Json, write_json
from serviceheft import settings
from serviceheft.assess.windowssupport import table
from serviceheft.model.schema import Customer, Host
from serviceheft.services.remote_access.judging import RemoteAccessPolicy

WINDOWS = ("windows_clients", "windows_servers")
CONSOLE_STATE = "gravityzone.json"
_REMOTE_ACCESS_SECRETS = ("remote_access_password", "remote_access_fingerprint_key")


@dataclass(frozen=True)
class Planted:
    """One planted defect, the findings that it must lead to (service, cause), and what cannot be measured with it
    (service, reason)."""

    host: str
    defect: str
    arguments: Mapping[str, Any]
    finds: frozenset[tuple[str, str]]
    leaves_unmeasured: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class SiteStatus:
    """What of a customer's site is up."""

    customer: str
    directory: Path
    windows: bool
    console: bool | None


def directory(customer: str) -> Path:
    """Where the site keeps its state."""
    return settings.var_directory() / "lab" / customer


def planted(customer: str) -> list[Planted]:
    """The defects of lab/sites/<customer>.yml; none when the customer has no such file."""
    path = settings.REPOSITORY / "lab" / "sites" / f"{customer}.yml"
    if not path.exists():
        return []
    return [
        Planted(
            entry["host"],
            entry["defect"],
            entry.get("with", {}),
            frozenset((found["service"], found["cause"]) for found in entry["finds"]),
            frozenset((left["service"], left["reason"]) for left in entry.get("leaves_unmeasured", ())),
        )
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["defects"]
    ]


def windows_hosts(customer: Customer) -> list[Host]:
    """The customer's hosts that the lab can raise."""
    return [host for host in customer.hosts.values() if not set(WINDOWS).isdisjoint(host.groups)]


def raise_site(customer: Customer, now: datetime) -> SiteStatus:
    """Raise the site; machines without state are made new, with their planted defects.

    Raises control.LabError with what to do, above all when an address is taken or is no loopback address.
    """
    folder = directory(customer.name)
    secrets = vault(customer)
    found = planted(customer.name)
    hosts = []
    for host in windows_hosts(customer):
        if not ipaddress.ip_address(host.address).is_loopback:
            raise control.LabError(
                f"{host.name} has the address {host.address}. The lab raises fictional customers only, on 127.0.0.0/8."
            )
        state = machine(customer, host, secrets, now)
        for one in found:
            if one.host == host.name and not defects.DEFECTS[one.defect].console:
                defects.plant(state, one.defect, now, **one.arguments)
        hosts.append(control.WindowsHost(host.name, host.address, state, host.port or 5986))
    control.raise_lab(folder, hosts)
    _raise_console(customer, secrets, found, now)
    return status(customer)


def lower_site(customer: str, *, forget: bool = False) -> None:
    """Stop what runs; with `forget` the machines' state goes, too."""
    folder = directory(customer)
    control.lower_lab(folder)
    lower_console(folder)
    if forget:
        shutil.rmtree(folder, ignore_errors=True)


def status(customer: Customer) -> SiteStatus:
    """What is up now."""
    folder = directory(customer.name)
    console = console_process(folder) is not None if _console_url(customer) else None
    return SiteStatus(customer.name, folder, control.status(folder).is_up, console)


def mend(customer: str, host: str, defect: str, now: datetime) -> None:
    """Take a planted defect back, as a technician at the machine or the console would."""
    console = defects.DEFECTS[defect].console
    path = directory(customer) / (CONSOLE_STATE if console else f"machines/{host}.json")
    state: Json = json.loads(path.read_text(encoding="utf-8"))
    defects.mend(_endpoint_of(state, host) if console else state, defect, now)
    write_json(path, state)


def vault(customer: Customer) -> dict[str, Any]:
    """The customer's secrets: the lab's machines and console know the same passwords as the inventory."""
    loader = DataLoader()
    password = settings.vault_password_file(customer.name)
    try:
        loader.set_vault_secrets([(customer.name, VaultSecret(password.read_bytes().strip()))])
        data = loader.load_from_file(str(customer.root / "group_vars" / "all" / "vault.yml"))
    except (OSError, AnsibleVaultError) as error:
        raise control.LabError(f"The vault of {customer.name} cannot be opened with {password}.") from error
    return {str(name): str(value) for name, value in dict(data or {}).items()}


def machine(customer: Customer, host: Host, secrets: Mapping[str, str], now: datetime) -> Json:
    """A healthy machine that is just what the inventory wants."""
    variables = host.variables
    account = {
        "name": str(variables["ansible_user"]),
        "password": _opened(variables["ansible_password"], secrets),
    }
    state = default_machine(
        _role(host),
        name=host.name,
        address=host.address,
        now=now,
        accounts=[account],
        domain=f"{customer.name.replace('_', '-')}.example",
        scanner=variables["antivirus_check_product"],
    )
    _set_up_remote_access(state, variables, secrets)
    if wanted := variables.get("documentation_operating_system"):
        state["operating_system"].update(_windows(wanted, host))
    if serial := variables.get("documentation_serial_number"):
        state["hardware"]["serial_number"] = serial
    if "windows_clients" in host.groups:
        password = variables.get("standard_software_source_password")
        software.supply_packages(state, variables, password and _opened(str(password), secrets))
    software.supply_products(state, variables)
    return state


def _windows(wanted: str, host: Host) -> Json:
    """Caption and build of the Windows that the inventory names, where its build is known."""
    kind = "client" if "windows_clients" in host.groups else "server"
    builds = [
        build for build, row in table()[kind].items() if set(row["release"].split()) <= set(wanted.split())
    ]
    return {"caption": f"Microsoft {wanted}"} | ({"build": f"{max(builds, key=int)}.1000"} if builds else {})


def _set_up_remote_access(state: Json, variables: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
    """AnyDesk from its package, with the password and the mark that a run has left."""
    state["feed_address"] = str(variables["standard_software_source_url"])
    version = state["feed"][anydesk.PACKAGE][-1]
    state["packages"].append({"name": anydesk.PACKAGE, "version": version, "pinned": False})
    anydesk.install(state, version)
    if "remote_access_password" not in variables:
        return
    opened = {name: _opened(str(variables[name]), secrets) for name in _REMOTE_ACCESS_SECRETS}
    policy = RemoteAccessPolicy.from_variables({**variables, **opened})
    anydesk.set_password(state, opened["remote_access_password"])
    path, name = anydesk.FINGERPRINT
    mark = policy.fingerprint(state["anydesk"]["id"])
    state["registry"][path] = {name: {"type": "string", "data": mark}}


def _role(host: Host) -> Role:
    if "domain_controllers" in host.groups:
        return "domain_controller"
    if "windows_servers" in host.groups:
        return "server"
    return "laptop" if "windows_laptops" in host.groups else "client"


def _opened(value: str, secrets: Mapping[str, str]) -> str:
    """The secret that "{{ vault_x }}" names."""
    return secrets[value.strip("{} ")]


def _console_url(customer: Customer) -> str | None:
    urls = {host.variables.get("antivirus_check_gravityzone_url") for host in windows_hosts(customer)} - {
        None
    }
    return str(urls.pop()) if urls else None


def _raise_console(
    customer: Customer, secrets: Mapping[str, str], found: list[Planted], now: datetime
) -> None:
    url = _console_url(customer)
    if url is None:
        return
    watched = [
        host for host in windows_hosts(customer) if host.variables["antivirus_check_product"] == "bitdefender"
    ]
    variables = watched[0].variables
    company = str(variables["antivirus_check_gravityzone_parent_id"])
    state: Json = {
        "api_key": _opened(variables["antivirus_check_gravityzone_api_key"], secrets),
        "company_id": company,
        "endpoints": [
            endpoint(
                host.name.upper(),
                address=host.address,
                company_id=company,
                last_seen=now - timedelta(minutes=7),
                definitions_updated=now - timedelta(hours=3),
                last_scan=now - timedelta(days=2),
            )
            for host in watched
        ],
    }
    for one in found:
        if defects.DEFECTS[one.defect].console:
            defects.plant(_endpoint_of(state, one.host), one.defect, now, **one.arguments)
    where = urlsplit(url)
    raise_console(directory(customer.name), str(where.hostname), where.port or 443, state)


def _endpoint_of(console: Json, host: str) -> Json:
    found: Json = next(one for one in console["endpoints"] if one["item"]["name"] == host.upper())
    return found
