"""Customers on other addresses than the committed ones, each in a folder of its own, for tests and the bench.

A folder holds inventories/ (with the link _shared to the provider's variables), var/, build/ and vault/, so that
nothing of it meets the checkout's own book, lab or customers.
"""

import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from serviceheft import settings
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.model.schema import Customer

_CONSOLE_PATH = "/api/v1.0/jsonrpc/network"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Elsewhere:
    """A customer whose inventory, book, lab and vault password lie below `base`."""

    base: Path
    name: str

    @property
    def root(self) -> Path:
        """The inventory."""
        return self.base / "inventories" / self.name

    @property
    def book_file(self) -> Path:
        """The customer's book."""
        return self.base / "data" / "heft.sqlite"

    @property
    def environment(self) -> dict[str, str]:
        """What `heft` and ansible-playbook need in order to work below `base` only."""
        return {
            "HEFT_INVENTORIES": str(self.base / "inventories"),
            "HEFT_VAR": str(self.base / "var"),
            "HEFT_DATA": str(self.base / "data"),
            "HEFT_BUILD": str(self.base / "build"),
            "HEFT_VAULT_DIR": str(self.base / "vault"),
        }

    def load(self) -> Customer:
        """The validated customer."""
        return load_customer(self.root, load_catalogue())


def copy_customer(base: Path, name: str, address_range: str) -> Elsewhere:
    """A fictional customer of this checkout on the addresses `address_range`.x.y, such as "127.111"."""
    copied = _prepare(base, name)
    shutil.copytree(settings.REPOSITORY / "inventories" / name, copied.root)
    for path in copied.root.rglob("*.yml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"\b127\.\d+(?=\.\d+\.\d+\b)", address_range, text), encoding="utf-8")
    shutil.copy(settings.REPOSITORY / "lab" / "vault" / f"{name}.password", base / "vault" / name)
    (base / "vault" / name).chmod(0o600)
    return copied


def write_customer(
    base: Path,
    *,
    name: str = "lichtblick",
    hosts: int = 3,
    tier: str | None = "basic",
    address_range: str = "127.109",
    scanner: str = "defender",
    secret: str | None = None,
    windows: Mapping[str, tuple[str, str]] | None = None,
    more: Mapping[str, Any] | None = None,
    more_secrets: Mapping[str, str] | None = None,
) -> Elsewhere:
    """A small customer with `hosts` Windows clients (pc-001 ...); without a tier it is billed by the hour.

    `scanner` bitdefender adds a GravityZone console at `address_range`.255.1. `secret` is what the vault holds
    as password and API key (default: random). `windows` are maintenance windows of every day, name -> (start, end).
    `more` are further files, path -> data; `more_secrets` go into the
    vault. ValueError for more hosts than the range has addresses for.
    """
    if not 1 <= hosts <= 250 * 250:
        raise ValueError(f"{hosts} hosts do not fit into {address_range}.0.0/16.")
    written = _prepare(base, name)
    password = secrets.token_urlsafe(24)
    (base / "vault" / name).write_text(password, encoding="utf-8")
    (base / "vault" / name).chmod(0o600)
    write_yaml(written.root / "hosts.yml", {"windows_clients": {"hosts": _hosts(hosts, address_range)}})
    everyone = written.root / "group_vars" / "all"
    write_yaml(everyone / "customer.yml", _facts(name, tier, windows or {}))
    ca = "{{ inventory_dir }}/../../var/lab/" + name + "/ca.pem"
    wanted = {
        "antivirus_check_product": scanner,
        "remote_access_password": "{{ vault_anydesk_password }}",
        "remote_access_fingerprint_key": "{{ vault_anydesk_fingerprint_key }}",
        "ansible_winrm_ca_trust_path": ca,
        "ansible_psrp_ca_cert": ca,
    }
    if scanner == "bitdefender":
        wanted |= {
            "antivirus_check_gravityzone_url": f"https://{address_range}.255.1:8443{_CONSOLE_PATH}",
            "antivirus_check_gravityzone_api_key": "{{ vault_gravityzone_api_key }}",
            "antivirus_check_gravityzone_ca": ca,
            "antivirus_check_gravityzone_parent_id": "5a37b6f2d4e8c1a09b34f7ff",
        }
    write_yaml(everyone / "wanted.yml", wanted)
    write_yaml(
        written.root / "group_vars" / "windows_clients" / "windows.yml",
        {
            "ansible_connection": "winrm",
            "ansible_port": 5986,
            "ansible_user": "svc-serviceheft",
            "ansible_password": "{{ vault_windows_password }}",
        },
    )
    vault = {
        "vault_windows_password": secret or secrets.token_urlsafe(16),
        "vault_gravityzone_api_key": secret or secrets.token_hex(16),
        "vault_anydesk_password": (secret or secrets.token_urlsafe(16)).encode("ascii", "ignore").decode(),
        "vault_anydesk_fingerprint_key": secret or secrets.token_hex(16),
    }
    for path, data in (more or {}).items():
        write_yaml(written.root / path, data)
    vault |= more_secrets or {}
    key = VaultSecret(password.encode())
    text = VaultLib([(name, key)]).encrypt(yaml.safe_dump(vault, allow_unicode=True), key, vault_id=name)
    (everyone / "vault.yml").write_bytes(text)
    return written


def _prepare(base: Path, name: str) -> Elsewhere:
    for folder in ("inventories", "var", "data", "build", "vault"):
        (base / folder).mkdir(parents=True, exist_ok=True)
    shared = base / "inventories" / "_shared"
    if not shared.exists():
        shared.symlink_to(settings.REPOSITORY / "inventories" / "_shared")
    return Elsewhere(base, name)


def _hosts(count: int, address_range: str) -> dict[str, Any]:
    return {
        f"pc-{number:03}": {"ansible_host": f"{address_range}.{(number - 1) // 250}.{(number - 1) % 250 + 1}"}
        for number in range(1, count + 1)
    }


def _facts(name: str, tier: str | None, windows: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    domain = f"{name.replace('_', '-')}.example"
    reporter = {"name": "Ägidius Größl", "email": f"empfang@{domain}"}
    contract: dict[str, Any] = {"kind": "service", "tier": tier} if tier else {"kind": "hourly"}
    billing: dict[str, Any] = {"hourly_rate_eur": 110, "invoice_email": f"rechnung@{domain}"}
    if tier:
        billing["monthly_price_eur"] = 240
    if windows:
        contract["maintenance_windows"] = [
            # A list of days for each: an inventory has no aliases.
            {"name": window, "days": [*_DAYS], "start": start, "end": end}
            for window, (start, end) in windows.items()
        ]
    return {
        "company": {"name": f"{name.capitalize()} GmbH", "customer_number": "10999", "bundesland": "BY"}
        | {"municipality": "Augsburg"},
        "sites": [
            {
                "name": "hof",
                "title": "Hof",
                "street": "Am Anger 1",
                "postcode": "86150",
                "city": "Augsburg",
            }
        ],
        "people": {
            "ours": {
                "contact": {"name": "Jürgen Weißhaupt", "email": "juergen.weisshaupt@lechblick.example"},
                "deputy": {"name": "Katrin Holzmann", "email": "katrin.holzmann@lechblick.example"},
            },
            "theirs": {"central_contact": reporter["email"], "authorised_reporters": [reporter]},
        },
        "contract": contract | {"start": "2024-01-01", "billing": billing},
    }


def write_yaml(path: Path, data: Any) -> None:
    """Write a file of an inventory, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
    path.write_text(f"---\n{text}", encoding="utf-8")
