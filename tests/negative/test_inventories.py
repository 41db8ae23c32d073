"""Each folder beside this file is a valid inventory with one kind of mistake laid over it.

`inventories/_base` is the valid one. A case holds the files that differ, `NAME.removed` for a file that is
missing, `provider/` for the provider's files, `vault.plain` for another vault before it is encrypted, and
`expected.txt`: every message, exactly.
"""

import shutil
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_inventory
from serviceheft.model.problems import InvalidInventory
from serviceheft.model.vault import VAULT_FILE
from serviceheft.running.vault_password import opener_with
from serviceheft.settings import REPOSITORY

CASES = Path(__file__).parent / "inventories"
#: Opens the vault of `_base`.
KEY = VaultSecret(b"negative")
NAMES = sorted(path.name for path in CASES.iterdir() if path.name != "_base")


def checkout(tmp_path: Path, case: str | None) -> Path:
    """A checkout with the provider's files, the customer `muster` and a neighbour; returns muster's folder."""
    shutil.copytree(REPOSITORY / "group_vars", tmp_path / "group_vars")
    shared = tmp_path / "inventories" / "_shared"
    shared.mkdir(parents=True)
    (shared / "group_vars").symlink_to("../../group_vars")
    (tmp_path / "inventories" / "nachbar").mkdir()
    root = tmp_path / "inventories" / "muster"
    shutil.copytree(CASES / "_base", root)
    if case:
        ignored = shutil.ignore_patterns("expected.txt", "provider", "vault.plain")
        shutil.copytree(CASES / case, root, dirs_exist_ok=True, symlinks=True, ignore=ignored)
        for mark in root.rglob("*.removed"):
            mark.with_suffix("").unlink()
            mark.unlink()
        if (plain := CASES / case / "vault.plain").exists():
            encrypted = VaultLib().encrypt(plain.read_bytes(), KEY, vault_id="muster")
            (root / VAULT_FILE).write_bytes(encrypted)
        if (CASES / case / "provider").is_dir():
            shutil.copytree(CASES / case / "provider", tmp_path / "group_vars" / "all", dirs_exist_ok=True)
    return root


def messages(root: Path) -> list[str]:
    with pytest.raises(InvalidInventory) as caught:
        load_inventory(root, load_catalogue(), opener_with("muster", [("muster", KEY)]))
    return [str(problem) for problem in caught.value.problems]


def test_the_base_is_valid(tmp_path: Path) -> None:
    root = checkout(tmp_path, None)
    inventory = load_inventory(root, load_catalogue(), opener_with("muster", [("muster", KEY)]))
    assert list(inventory.customer.hosts) == ["pc-1", "pc-2", "srv-1"]
    assert "CANARY" not in repr(inventory)


def test_there_are_enough_cases() -> None:
    assert len(NAMES) >= 25


@pytest.mark.parametrize("case", NAMES)
def test_every_mistake_is_named(case: str, tmp_path: Path) -> None:
    expected = (CASES / case / "expected.txt").read_text(encoding="utf-8").splitlines()
    found = messages(checkout(tmp_path, case))
    assert found == expected
    assert not any("CANARY" in message for message in found)
