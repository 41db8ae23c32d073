"""A new customer: made whole or not at all, and honest about what is left to fill in."""

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lab.ca import CertificateAuthority
from serviceheft.model.boundaries import PLACEHOLDER
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.model.problems import InvalidInventory
from serviceheft.model.scaffold import NewCustomer, new_customer
from serviceheft.settings import REPOSITORY

VALUES = {
    "name: CHANGE ME": "name: Bäckerei Nord",
    "customer_number: CHANGE ME": 'customer_number: "77"',
    "bundesland: CHANGE ME": "bundesland: NI",
    "postcode: CHANGE ME": 'postcode: "30159"',
    "central_contact: CHANGE ME": "central_contact: c@bakery.example",
    "tier: CHANGE ME": "tier: basic",
    "start: CHANGE ME": "start: 2026-12-01",
    "_eur: CHANGE ME": "_eur: 100",
    "invoice_email: CHANGE ME": "invoice_email: c@bakery.example",
}


@pytest.fixture
def inventories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "inventories"
    shutil.copytree(REPOSITORY / "group_vars", tmp_path / "group_vars")
    shutil.copytree(REPOSITORY / "inventories" / "_template", folder / "_template")
    (folder / "_shared").mkdir()
    (folder / "_shared" / "group_vars").symlink_to("../../group_vars")
    monkeypatch.setenv("HEFT_VAULT_DIR", str(tmp_path / "vault"))
    return folder


def make(inventories: Path, name: str = "bakery") -> NewCustomer:
    return new_customer(name, load_catalogue(), inventories)


def refusal(inventories: Path, name: str) -> str:
    with pytest.raises(InvalidInventory) as caught:
        make(inventories, name)
    return str(caught.value)


def test_every_placeholder_is_named_with_its_line_and_nothing_else_is_wrong(inventories: Path) -> None:
    made = make(inventories)
    path = made.root / "group_vars" / "all" / "customer.yml"
    lines = path.read_text(encoding="utf-8").splitlines()
    marked = [number for number, line in enumerate(lines, start=1) if PLACEHOLDER in line]
    facts = [problem for problem in made.to_fill_in if problem.file.endswith("/customer.yml")]
    assert [problem.line for problem in facts] == marked
    assert {problem.message for problem in facts} == {"still holds the template's placeholder"}
    assert {problem.message for problem in made.to_fill_in if problem not in facts} == {
        "there is no file 'files/ca.pem' in the inventory"
    }


def test_filled_in_it_is_valid(inventories: Path) -> None:
    path = make(inventories).root / "group_vars" / "all" / "customer.yml"
    text = path.read_text(encoding="utf-8")
    for placeholder, value in VALUES.items():
        text = text.replace(placeholder, value)
    for person in ("a", "b", "c"):
        text = text.replace(" email: CHANGE ME", f" email: {person}@bakery.example", 1)
    path.write_text(text.replace("CHANGE ME", "Brotgasse 1"), encoding="utf-8")
    certificate = CertificateAuthority(inventories.parent / "ca").certificate_file
    shutil.copy(certificate, inventories / "bakery" / "files" / "ca.pem")
    customer = load_customer(inventories / "bakery", load_catalogue())
    assert (customer.company.name, customer.contract.tier, customer.hosts) == ("Bäckerei Nord", "basic", {})


def test_the_vault_opens_with_the_password_that_only_its_owner_can_read(inventories: Path) -> None:
    made = make(inventories)
    assert stat.S_IMODE(made.vault_password_file.stat().st_mode) == 0o600
    assert made.vault_password_file.parent == inventories.parent / "vault"
    vault = made.root / "group_vars" / "all" / "vault.yml"
    assert vault.read_text(encoding="ascii").startswith("$ANSIBLE_VAULT;1.2;AES256;bakery\n")
    command = [Path(sys.executable).with_name("ansible-vault"), "view", vault]
    opened = subprocess.run(
        [*command, "--vault-id", f"bakery@{made.vault_password_file}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
    )
    secrets = yaml.safe_load(opened.stdout)
    assert set(secrets) == {
        "vault_windows_password",
        "vault_anydesk_password",
        "vault_anydesk_fingerprint_key",
    }
    assert len(set(secrets.values())) == 3
    assert made.vault_password_file.read_text(encoding="ascii").strip() not in vault.read_text(
        encoding="ascii"
    )


def test_two_customers_have_different_passwords(inventories: Path) -> None:
    files = [make(inventories, name).vault_password_file for name in ("bakery", "butcher")]
    assert files[0].read_text(encoding="ascii") != files[1].read_text(encoding="ascii")


@pytest.mark.parametrize("name", ["", "Bakery", "bäckerei", "9to5", "bakery-north", "../bakery", "_template"])
def test_a_name_that_cannot_be_a_folder_and_a_vault_id(inventories: Path, name: str) -> None:
    before = sorted(inventories.parent.rglob("*"))
    assert "is no customer's name. Use small letters, digits and _" in refusal(inventories, name)
    assert sorted(inventories.parent.rglob("*")) == before


def test_an_existing_customer_stays_as_it_is(inventories: Path) -> None:
    make(inventories)
    before = {path: path.read_bytes() for path in (inventories / "bakery").rglob("*") if path.is_file()}
    assert refusal(inventories, "bakery") == (
        "inventories/bakery: there is such a customer already. Choose another name. Customers: bakery."
    )
    assert {path: path.read_bytes() for path in before} == before


def test_an_existing_vault_password_is_never_overwritten(inventories: Path) -> None:
    kept = inventories.parent / "vault" / "bakery"
    kept.parent.mkdir()
    kept.write_text("opens something\n", encoding="ascii")
    assert "there is a vault password for 'bakery' already" in refusal(inventories, "bakery")
    assert kept.read_text(encoding="ascii") == "opens something\n"
    assert not (inventories / "bakery").exists()


def test_nothing_stays_behind_when_the_password_cannot_be_kept(inventories: Path) -> None:
    (inventories.parent / "vault").write_text("a file where the folder should be", encoding="ascii")
    message = refusal(inventories, "bakery")
    assert message.startswith("inventories/bakery: cannot be made (")
    assert sorted(path.name for path in inventories.iterdir()) == ["_shared", "_template"]
