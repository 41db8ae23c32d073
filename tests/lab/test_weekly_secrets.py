"""Planted canaries: secrets of the vault and of the machines reach neither book nor log nor screen."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.rehearsal import Rehearsal, rehearse

pytestmark = pytest.mark.lab

#: With what JSON, YAML, XML and PowerShell write in their own ways.
VAULT = "CANARY-vault ü\"<&>\\'$x"
MACHINE = "CANARY-machine-pässword"


def plant(state: dict[str, Any]) -> None:
    """A password in every place of a machine that a module may read but nobody needs."""
    state["registry"][r"HKLM:\SOFTWARE\Example"] = {"Password": {"type": "string", "data": MACHINE}}
    uninstall = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\x"
    state["registry"][uninstall] = {"DisplayName": {"type": "string", "data": MACHINE}}
    content = base64.b64encode(MACHINE.encode()).decode()
    state["files"][r"C:\password.txt"] = {
        "kind": "file",
        "content_base64": content,
        "modified": "2026-11-01T00:00:00Z",
    }
    state["services"].append(
        {
            "name": "canary",
            "display_name": MACHINE,
            "state": "running",
            "start_mode": "auto",
            "path": f"C:\\x.exe --password {MACHINE}",
            "username": MACHINE,
        }
    )
    state["users"] = [{"name": MACHINE}]
    for detection in state["scanner"]["detections"]:
        detection["Resources"] = [MACHINE]
    state["scanner"]["defender"]["ComputerID"] = MACHINE


@pytest.fixture(scope="module")
def site_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearse(
        tmp_path_factory.mktemp("secrets"), 5, hosts=2, secret=VAULT, scanner="bitdefender"
    ) as raised:
        (raised.elsewhere.root / "host_vars").mkdir()
        (raised.elsewhere.root / "host_vars" / "pc-002.yml").write_text("---\nansible_connection: psrp\n")
        for host in ("pc-001", "pc-002"):
            raised.change(host, plant)
        yield raised


def shapes(secret: str) -> set[bytes]:
    """How a secret may look when it was written by something."""
    texts = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    }
    encoded = {text.encode(coding) for text in texts for coding in ("utf-8", "utf-16-le", "cp1252")}
    return (
        encoded
        | {base64.b64encode(data) for data in list(encoded)}
        | {b"CANARY", "CANARY".encode("utf-16-le")}
    )


def leaks(rehearsal: Rehearsal, *shown: str) -> list[str]:
    """Where a canary stands: the book (with what SQLite keeps beside it), the logs, the screen."""
    var = rehearsal.elsewhere.base / "var"
    written = {str(path): path.read_bytes() for path in rehearsal.book_file.parent.glob("heft.sqlite*")}
    written |= {str(path): path.read_bytes() for path in (var / "log").rglob("*") if path.is_file()}
    written |= {f"screen {number}": text.encode() for number, text in enumerate(shown)}
    assert len(written) >= 2
    wanted = shapes(VAULT) | shapes(MACHINE)
    return [place for place, data in written.items() if any(shape in data for shape in wanted)]


def test_the_search_would_find_a_canary(site_up: Rehearsal) -> None:
    site_up.heft("weekly", "lichtblick", "--check")
    assert leaks(site_up, "all is well") == []
    assert leaks(site_up, f"password: {MACHINE}") == ["screen 0"]
    assert leaks(site_up, json.dumps({"password": VAULT})) == ["screen 0"]


@pytest.mark.parametrize("options", [(), ("-vvv", "--diff"), ("-vvvvvv", "--check", "--diff")], ids=" ".join)
def test_the_week_shows_and_keeps_no_secret(site_up: Rehearsal, options: tuple[str, ...]) -> None:
    done = site_up.heft("weekly", "lichtblick", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert leaks(site_up, done.stdout, done.stderr) == []


@pytest.mark.parametrize("options", [(), ("--diff",), ("-vvv", "--diff")], ids=" ".join)
def test_tasks_that_move_a_secret_about_show_and_keep_none(
    site_up: Rehearsal, options: tuple[str, ...]
) -> None:
    for host in ("pc-001", "pc-002"):
        site_up.change(host, lambda state: state["registry"].pop(r"HKLM:\SOFTWARE\Example", None))
    done = site_up.line(*options, playbook="tests/lab/playbooks/planted_secrets.yml")
    assert done.returncode == 1, done.stdout + done.stderr
    assert VAULT in site_up.state("pc-001")["registry"][r"HKLM:\SOFTWARE\Example"]["Token"]["data"]
    assert "changed" in done.stdout
    assert "failed: The visit failed on the host" in done.stdout
    if "--diff" in options:
        assert "[blacked out]" in done.stdout
    assert leaks(site_up, done.stdout, done.stderr) == []


def test_a_broken_vault_file_is_not_quoted(site_up: Rehearsal) -> None:
    path = site_up.elsewhere.root / "group_vars" / "all" / "vault.yml"
    sound = path.read_bytes()
    path.write_text(f"vault_windows_password: {MACHINE}\n")
    try:
        done = site_up.line()
    finally:
        path.write_bytes(sound)
    assert done.returncode == 2
    assert "the vault is not encrypted" in done.stderr
    assert leaks(site_up, done.stdout, done.stderr) == []
