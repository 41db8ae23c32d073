"""The line that is shown is the line that is run."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from serviceheft import settings
from serviceheft.running import command
from serviceheft.running.command import PlaybookCall, exit_code


@pytest.fixture(autouse=True)
def defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HEFT_INVENTORIES", "HEFT_VAR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HEFT_VAULT_DIR", str(tmp_path))


def test_the_plainest_line() -> None:
    call = PlaybookCall("weekly", "musterbau")
    assert call.arguments == [
        *("-i", "inventories/_shared", "-i", "inventories/musterbau"),
        *("--vault-id", "musterbau@lab/vault/musterbau.password"),
        "playbooks/weekly.yml",
    ]
    assert call.line.endswith("ansible-playbook " + " ".join(call.arguments))


def test_every_option() -> None:
    call = PlaybookCall(
        "site", "musterbau", check=True, diff=True, limit="a b", ticket="7", only_open=True, verbose=2
    )
    assert "--check --diff --limit 'a b' -e heft_ticket=7 -e heft_only_open=true -vv playbooks/site.yml" in (
        call.line
    )


def test_connections_never_print_what_they_send() -> None:
    assert "-vvv" in PlaybookCall("weekly", "musterbau", verbose=9).arguments


def test_the_technicians_own_vault_password_comes_first(tmp_path: Path) -> None:
    (tmp_path / "musterbau").write_text("x")
    assert f"musterbau@{tmp_path / 'musterbau'}" in PlaybookCall("weekly", "musterbau").arguments


def test_inventories_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEFT_INVENTORIES", str(tmp_path))
    assert str(tmp_path / "musterbau") in PlaybookCall("weekly", "musterbau").arguments
    assert settings.inventories_directory() == tmp_path


@pytest.mark.parametrize(
    ("ansible", "ours"), [(0, 0), (1, 1), (2, 2), (4, 1), (99, 1), (250, 1), (-signal.SIGKILL, 1)]
)
def test_exit_codes(ansible: int, ours: int) -> None:
    assert exit_code(ansible) == ours


def test_ansible_playbook_stands_beside_this_python() -> None:
    assert command.executable() == Path(sys.executable).with_name("ansible-playbook")
    shown = subprocess.run([command.executable(), "--version"], capture_output=True, text=True, check=True)
    assert "core 2.21" in shown.stdout
