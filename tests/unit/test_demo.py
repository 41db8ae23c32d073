"""What the demo sets for itself fits to what the fictional inventories say."""

import runpy

import pytest

from lab import site
from serviceheft import settings
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer

DEMO = runpy.run_path(str(settings.REPOSITORY / "tools" / "demo.py"))


def test_the_demos_lab_is_where_its_customer_looks_for_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEFT_VAR")
    for name, value in DEMO["PLACE"].items():
        monkeypatch.setenv(name, value)
    root = settings.inventories_directory() / DEMO["CUSTOMER"]
    customer = load_customer(root, load_catalogue())
    named = {host.variables.get("ansible_winrm_ca_trust_path") for host in customer.hosts.values()} - {None}
    (path,) = {str(it).replace("{{ inventory_dir }}", str(root)) for it in named}
    assert (site.directory(DEMO["CUSTOMER"]) / "ca.pem").resolve() == (root / path).resolve()


def test_the_demos_book_is_its_own() -> None:
    assert set(DEMO["PLACE"]) >= {"HEFT_DATA", "HEFT_ANCHORS"}
    assert all(value.startswith(f"{settings.REPOSITORY}/var/demo/") for value in DEMO["PLACE"].values())
