"""A machine's state, files, registry, accounts, and healthy defaults."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import visit
from lab.windows import modules
from lab.windows.defaults import Role, available_update, default_machine
from lab.windows.failures import DiskFull, ModuleFailure
from lab.windows.faults import Faults
from lab.windows.filesystem import normal, parent
from lab.windows.machine import Machine
from lab.windows.registry import normal as normal_key
from lab.windows.state_file import write_json
from serviceheft.assess.judgement import Outcome
from serviceheft.services.antivirus_check import judging as antivirus
from serviceheft.services.documentation import judging as computer
from serviceheft.services.update_check import judging as updates
from serviceheft.services.update_check.policy import UpdatePolicy
from tests.unit.lab_machines import ACCOUNTS, NOW, machine

ROLES: list[Role] = ["client", "laptop", "server", "domain_controller"]


def test_only_a_change_rewrites_the_file(tmp_path: Path) -> None:
    path = tmp_path / "machines" / "lab-1.json"
    write_json(path, machine().state)
    before = path.read_bytes(), path.stat().st_ino
    loaded = Machine.load(tmp_path, "lab-1", Faults(), {})
    loaded.state["packages"].append({"name": "x"})
    loaded.state["packages"].pop()
    assert loaded.save() is False
    assert (path.read_bytes(), path.stat().st_ino) == before
    loaded.state["packages"].append({"name": "x", "version": "1", "pinned": False})
    assert loaded.save() is True
    assert json.loads(path.read_text(encoding="utf-8"))["packages"][-1]["name"] == "x"
    assert [entry.name for entry in path.parent.iterdir()] == ["lab-1.json"]


@pytest.mark.parametrize(
    "user",
    [
        "leser",
        "LESER",
        r".\leser",
        r"LAB-1\leser",
        r"MUSTER\leser",
        r"muster.internal\leser",
        "leser@muster.internal",
    ],
)
def test_accounts_by_any_name(user: str) -> None:
    found = machine(domain="muster.internal").account(user)
    assert found is not None
    assert found["password"] == "L"


@pytest.mark.parametrize("user", ["niemand", r"ANDERE\leser", "leser@andere.internal", ""])
def test_no_such_account(user: str) -> None:
    assert machine(domain="muster.internal").account(user) is None


def test_a_disabled_account_is_none() -> None:
    one = machine()
    one.state["accounts"][1]["enabled"] = False
    assert one.account("leser") is None


def test_a_reboot_shows_even_when_the_clock_stands() -> None:
    one = machine()
    one.state["updates"]["reboot_required"] = True
    one.reboot()
    first = one.boot_time
    one.reboot()
    assert one.boot_time > first >= NOW
    assert one.state["updates"]["reboot_required"] is False


def test_files_regard_no_case_and_imply_folders() -> None:
    files = machine().files
    files.make_directory(r"C:\Daten\Übung")
    files.write(r"c:/daten/übung/A.txt", b"1")
    files.write(r"C:\DATEN\ÜBUNG\a.TXT", b"22")
    assert files.read(r"C:\Daten\Übung\a.txt") == b"22"
    assert files.children(r"C:\Daten") == [r"C:\Daten\Übung"]
    assert [files.kind(path) for path in ("C:", r"C:\Windows", r"C:\Daten", r"C:\x", "Z:")] == [
        "directory",
        "directory",
        "directory",
        None,
        None,
    ]
    assert files.size(r"C:\Daten") == 2
    files.remove(r"c:\daten")
    assert files.kind(r"C:\Daten\Übung\a.txt") is None


def test_files_fail_as_windows_does() -> None:
    files = machine().files
    with pytest.raises(ModuleFailure, match=r"^Could not find a part of the path 'C:\\fehlt\\x\.txt'\.$"):
        files.write(r"C:\fehlt\x.txt", b"")
    with pytest.raises(
        ModuleFailure, match=r"^Cannot find drive\. A drive with the name 'Q' does not exist\.$"
    ):
        files.make_directory(r"Q:\x")
    with pytest.raises(DiskFull, match=r"^There is not enough space on the disk\.\r\n$"):
        machine(faults=Faults(disk_full=True)).files.write(r"C:\Temp\x", b"")


def test_temporary_files_stay_in_memory() -> None:
    one = machine()
    one.files.make_directory(r"C:\Users\svc-serviceheft\AppData\Local\Temp\ansible-tmp-1")
    one.files.write(r"C:\Users\svc-serviceheft\AppData\Local\Temp\ansible-tmp-1\source", b"x")
    assert one.files.read(r"C:\Users\svc-serviceheft\AppData\Local\Temp\ansible-tmp-1\source") == b"x"
    assert one.state["files"] == {}


def test_a_full_disk_shows() -> None:
    assert machine(faults=Faults(disk_full=True)).volumes()[0]["free_bytes"] == 0
    assert machine().volumes()[0]["free_bytes"] > 0


def test_registry_regards_no_case() -> None:
    registry = machine().registry
    registry.set_value(r"HKLM:\SOFTWARE\Beispiel\Tief", "Wert", "dword", 1)
    registry.set_value(r"hkey_local_machine\software\BEISPIEL\tief", "WERT", "dword", 2)
    assert registry.data(r"HKLM:\Software\Beispiel\Tief", "wert") == 2
    assert registry.has_key(r"HKLM:\SOFTWARE\beispiel")
    assert registry.subkeys(r"HKLM:\SOFTWARE\Beispiel") == ["Tief"]
    registry.remove_key(r"HKLM:\SOFTWARE\Beispiel")
    assert not registry.has_key(r"HKLM:\SOFTWARE\Beispiel\Tief")


@given(st.text(alphabet="ab\\/ .ÜC:", max_size=20))
def test_a_normal_path_stays_as_it_is(path: str) -> None:
    assert normal(normal(path)) == normal(path)
    assert parent(path) in (normal(path), normal(path).rpartition("\\")[0])


@given(st.text(alphabet="ab\\/ Ü", max_size=20))
def test_a_normal_key_stays_as_it_is(rest: str) -> None:
    key = normal_key(rf"HKLM:\{rest}")
    assert normal_key(key) == key


@pytest.mark.parametrize("role", ROLES)
def test_defaults_are_the_same_each_time(role: Role) -> None:
    def make(now: datetime) -> str:
        return json.dumps(default_machine(role, name="m", address="127.101.9.1", now=now, accounts=ACCOUNTS))

    assert make(NOW) == make(NOW)
    assert make(NOW) != make(NOW + timedelta(days=1))


def test_a_password_with_a_colon_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^The password of x holds a colon; lab accounts cannot have one\.$"
    ):
        default_machine(
            "client", name="m", address="127.101.9.1", now=NOW, accounts=[{"name": "x", "password": "a:b"}]
        )


def test_updates_have_steady_ids() -> None:
    made = [
        available_update("Titel", "5000001", published=datetime(2026, 11, 1, tzinfo=UTC)) for _ in range(2)
    ]
    assert made[0] == made[1]
    assert len(made[0]["id"]) == 36


def test_unknown_faults_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"of": true}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"unknown fault of$"):
        Faults.read(path)


@pytest.mark.parametrize("role", ROLES)
def test_a_default_machine_is_healthy(role: Role) -> None:
    """What the project judges finds nothing wrong: a planted defect then is the only one."""
    one = machine(role)
    sections = call_visit(one)
    assert (
        antivirus.judge(sections["antivirus"], None, antivirus.AntivirusPolicy(), NOW).outcome is Outcome.DONE
    )
    assert updates.judge(sections["search"], sections["updates"], UpdatePolicy(), NOW).outcome is Outcome.DONE
    assert computer.judge(sections, computer.ComputerPolicy(), NOW).outcome is Outcome.DONE


def call_visit(one: Machine) -> dict[str, dict[str, object]]:
    """All sections, as the action plugin gets them."""
    wanted = {"sections": ["computer", "antivirus", "updates", "search", "volumes", "network"]}
    context = modules.Call(check_mode=False, diff=False, now=NOW, user=one.state["accounts"][0])
    return dict(visit.run(one, wanted, context)["sections"])
