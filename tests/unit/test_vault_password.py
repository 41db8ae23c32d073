"""heft validate opens the vault with the right password, which nobody else can read, or says what was not checked."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lab.generated import Elsewhere, write_customer
from serviceheft import settings
from serviceheft.cli import app
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.model.problems import InvalidInventory
from serviceheft.model.vault import Locked
from serviceheft.running import vault_password
from serviceheft.settings import REPOSITORY

VAULT = "inventories/lichtblick/group_vars/all/vault.yml"
NOT_CHECKED = (
    "Not checked until then: whether it has "
    "vault_anydesk_fingerprint_key, vault_anydesk_password, vault_windows_password."
)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    made = write_customer(tmp_path, hosts=1, address_range="127.248")
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def password(elsewhere: Elsewhere) -> Path:
    return elsewhere.base / "vault" / elsewhere.name


def validate(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["validate", "lichtblick", *arguments])


def problems() -> list[str]:
    result = validate()
    assert isinstance(result.exception, InvalidInventory)
    return [str(problem) for problem in result.exception.problems]


def test_the_right_password(elsewhere: Elsewhere) -> None:
    result = validate()
    assert result.exit_code == 0
    assert result.stdout.startswith("lichtblick: valid. ")
    assert "Not checked" not in result.stdout


def test_a_wrong_password(password: Path) -> None:
    password.write_text("another")
    assert problems() == [
        f"{VAULT}: the vault cannot be opened: the password on this machine is not its own."
        f" Put the right one there, or take the vault's last good version from git: {password}. {NOT_CHECKED}"
    ]


def test_no_password(password: Path) -> None:
    password.unlink()
    assert problems() == [
        f"{VAULT}: the vault cannot be opened: its password is missing."
        f" Put it into {password} and run: chmod 600 {password}. {NOT_CHECKED}"
    ]
    result = validate("--without-vault")
    assert result.exit_code == 0
    assert "Not checked: whether its vault opens and has what is referred to" in result.stdout


def test_an_empty_password(password: Path) -> None:
    password.write_text("\n")
    assert len(problems()) == 1


@pytest.mark.parametrize(("mode", "what"), [(0o640, "read"), (0o604, "read"), (0o620, "exchanged")])
def test_a_password_that_is_open_to_others(password: Path, mode: int, what: str) -> None:
    password.chmod(mode)
    assert problems() == [
        f"{VAULT}: the vault cannot be opened: its password can be {what} by others."
        f" Run: chmod go-rwx {password}. {NOT_CHECKED}"
    ]


def test_a_folder_where_others_can_exchange_the_password(password: Path) -> None:
    password.parent.chmod(0o777)
    with pytest.raises(Locked, match="its password can be exchanged by others"):
        vault_password.check("lichtblick")


def test_a_program_that_prints_the_password_may_be_read_but_not_changed(password: Path) -> None:
    text = password.read_text()
    password.write_text(f"#!/bin/sh\necho '{text}'\n")
    password.chmod(0o755)
    assert validate().exit_code == 0
    password.chmod(0o775)
    assert "exchanged by others" in problems()[0]


def test_a_password_that_is_a_folder(password: Path) -> None:
    password.unlink()
    password.mkdir()
    assert "its password is no file" in problems()[0]


def test_everybody_may_know_a_fictional_customers_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HEFT_VAULT_DIR", str(tmp_path))
    assert settings.vault_password_file("musterbau").is_relative_to(REPOSITORY / "lab")
    vault_password.check("musterbau")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda root: (root / "hosts.yml").chmod(0o664),
            "inventories/lichtblick/hosts.yml: can be changed by its group (mode 664)."
            " Run: chmod -R go-w inventories/lichtblick.",
        ),
        (
            lambda root: (root / "group_vars" / "all").chmod(0o757),
            "inventories/lichtblick/group_vars/all: can be changed by everybody (mode 757)."
            " Run: chmod -R go-w inventories/lichtblick.",
        ),
        (
            lambda root: subprocess.run(["chmod", "-R", "g+w", root], check=True),
            "inventories/lichtblick: can be changed by its group (mode 775, and 8 more)."
            " Run: chmod -R go-w inventories/lichtblick.",
        ),
        (
            lambda root: root.parent.chmod(0o775),
            "inventories: can be changed by its group (mode 775). Run: chmod -R go-w inventories.",
        ),
    ],
    ids=["a file", "a folder", "all of it", "the folder around it"],
)
def test_an_inventory_that_others_can_change(
    elsewhere: Elsewhere, change: Callable[[Path], object], message: str
) -> None:
    change(elsewhere.root)
    with pytest.raises(InvalidInventory) as refused:
        load_customer(elsewhere.root, load_catalogue())
    assert [str(problem) for problem in refused.value.problems] == [message]
