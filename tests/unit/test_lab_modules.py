"""What the emulated modules do to a machine, against the argument specifications of the real ones."""

from collections.abc import Callable
from typing import Any

import pytest

from lab.windows import modules
from lab.windows.defaults import available_update
from lab.windows.failures import ModuleFailure
from lab.windows.faults import Faults
from lab.windows.machine import Machine
from tests.unit.lab_machines import NOW, call, machine

CHOCOLATEY = "chocolatey.chocolatey.win_chocolatey"
FEED = ["1.9.0", "1.10.0", "2.0.0"]


def with_package(version: str | None, *, pinned: bool = False) -> Machine:
    one = machine()
    one.state["feed"]["Werkzeug"] = list(FEED)
    if version:
        one.state["packages"].append({"name": "Werkzeug", "version": version, "pinned": pinned})
    return one


def version_of(one: Machine) -> str | None:
    return next((each["version"] for each in one.state["packages"] if each["name"] == "Werkzeug"), None)


@pytest.mark.parametrize(
    ("installed", "arguments", "then"),
    [
        (None, {}, "2.0.0"),
        (None, {"version": "1.9.0"}, "1.9.0"),
        ("1.9.0", {}, "1.9.0"),
        ("1.9.0", {"state": "latest"}, "2.0.0"),
        ("1.9.0", {"state": "latest", "version": "1.10.0"}, "1.10.0"),
        ("2.0.0", {"state": "latest", "version": "1.10.0"}, "2.0.0"),
        ("2.0.0", {"state": "downgrade", "version": "1.10.0"}, "1.10.0"),
        ("2.0.0", {"state": "downgrade"}, "2.0.0"),
        ("2.0.0", {"version": "1.9.0", "force": True}, "1.9.0"),
        ("1.9.0", {"state": "absent"}, None),
        ("1.9.0", {"state": "absent", "version": "2.0.0"}, "1.9.0"),
        ("1.9.0", {"state": "reinstalled"}, "2.0.0"),
        (None, {"state": "absent"}, None),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_packages(
    installed: str | None, arguments: dict[str, Any], then: str | None, check_mode: bool
) -> None:
    one = with_package(installed)
    result = call(one, CHOCOLATEY, name="werkzeug", check_mode=check_mode, **arguments)
    assert result["changed"] is (installed != then)
    assert version_of(one) == (installed if check_mode else then)
    if not check_mode and arguments.get("state") not in ("reinstalled",) and not arguments.get("force"):
        assert call(one, CHOCOLATEY, name="werkzeug", **arguments)["changed"] is False


def test_a_pinned_package_stays() -> None:
    one = with_package("1.9.0", pinned=True)
    assert call(one, CHOCOLATEY, name="werkzeug", state="latest")["changed"] is False
    assert call(one, CHOCOLATEY, name="werkzeug", pinned=False)["changed"] is True
    assert call(one, CHOCOLATEY, name="werkzeug", state="latest")["changed"] is True
    assert version_of(one) == "2.0.0"


def test_an_unknown_version_fails() -> None:
    with pytest.raises(ModuleFailure, match=r"^Error installing package\(s\) 'werkzeug'$") as caught:
        call(with_package(None), CHOCOLATEY, name="werkzeug", version="9")
    assert caught.value.result["rc"] == 1


@pytest.mark.parametrize(
    ("kind", "data", "kept"),
    [
        ("dword", "0x10", 16),
        ("dword", None, 0),
        ("qword", 2**40, 2**40),
        ("string", 5, "5"),
        ("expandstring", None, ""),
        ("multistring", "eins", ["eins"]),
        ("multistring", None, []),
        ("binary", "hex:be,ef", [0xBE, 0xEF]),
        ("binary", "beef", [0xBE, 0xEF]),
        ("binary", [1, 2], [1, 2]),
        ("binary", 255, [255]),
        ("none", None, []),
    ],
)
def test_registry_data(kind: str, data: object, kept: object) -> None:
    one = machine()
    wanted = {"path": r"HKLM:\SOFTWARE\Beispiel", "name": "Wert", "type": kind, "data": data}
    checked = call(one, "ansible.windows.win_regedit", check_mode=True, **wanted)
    assert not one.registry.has_key(r"HKLM:\SOFTWARE\Beispiel")
    first = call(one, "ansible.windows.win_regedit", **wanted)
    assert (checked["changed"], first["changed"]) == (True, True)
    assert one.registry.value(r"HKLM:\SOFTWARE\Beispiel", "Wert") == {"type": kind, "data": kept}
    assert call(one, "ansible.windows.win_regedit", **wanted)["changed"] is False


def test_registry_type_change_and_removal() -> None:
    one = machine()
    path = r"HKLM:\SOFTWARE\Beispiel"
    call(one, "ansible.windows.win_regedit", path=path, name="Wert", data="5")
    changed = call(one, "ansible.windows.win_regedit", path=path, name="Wert", data=5, type="dword")
    assert (changed["changed"], changed["data_type_changed"], changed["data_changed"]) == (True, True, True)
    assert changed["diff"]["after"] == {path: {"Wert": {"type": "DWord", "value": "0x00000005"}}}
    assert call(one, "ansible.windows.win_regedit", path=path, name="Wert", state="absent")["changed"] is True
    assert (
        call(one, "ansible.windows.win_regedit", path=path, name="Wert", state="absent")["changed"] is False
    )
    assert call(one, "ansible.windows.win_regedit", path=path, state="absent")["changed"] is True
    assert call(one, "ansible.windows.win_reg_stat", path=path)["exists"] is False


def test_the_default_value_is_a_string() -> None:
    one = machine()
    result = call(one, "ansible.windows.win_regedit", path=r"HKLM:\SOFTWARE\B", data=1, type="dword")
    assert result["warnings"] == [
        "the data type when name is not specified can only be 'string', the type has automatically been converted"
    ]
    assert one.registry.value(r"HKLM:\SOFTWARE\B", None) == {"type": "string", "data": "1"}


def test_a_disabled_service_does_not_start() -> None:
    one = machine()
    call(one, "ansible.windows.win_service", name="Spooler", start_mode="disabled", state="stopped")
    with pytest.raises(ModuleFailure, match=r"Service 'Print Spooler \(Spooler\)' cannot be started"):
        call(one, "ansible.windows.win_service", name="Spooler", state="started")


@pytest.mark.parametrize("check_mode", [False, True])
def test_services_in_check_mode(check_mode: bool) -> None:
    one = machine()
    before = [dict(service) for service in one.state["services"]]
    result = call(
        one, "ansible.windows.win_service", check_mode=check_mode, name="print spooler", state="stopped"
    )
    assert (result["changed"], result["state"], result["name"]) == (True, "stopped", "Spooler")
    assert (one.state["services"] == before) is check_mode


def search(one: Machine, **arguments: Any) -> dict[str, Any]:
    return call(one, "ansible.windows.win_updates", _operation_options={"wait": True}, **arguments)


def offered() -> Machine:
    one = machine()
    one.state["updates"]["available"] = [
        available_update("Eins", "5000001", published=NOW, reboot_required=True),
        available_update("Zwei", "5000002", published=NOW, categories=["Update Rollups"], optional=True),
        available_update("Drei", "5000003", published=NOW, categories=["Drivers"]),
    ]
    return one


@pytest.mark.parametrize(
    ("arguments", "articles"),
    [
        ({}, ["5000001", "5000002"]),
        ({"category_names": ["*"]}, ["5000001", "5000002", "5000003"]),
        ({"category_names": ["drivers"]}, ["5000003"]),
        ({"category_names": "SecurityUpdates"}, ["5000001"]),
        ({"accept_list": ["KB500000[12]"], "reject_list": ["Zwei"]}, ["5000001"]),
        ({"skip_optional": True}, ["5000001"]),
        ({"accept_list": ["nichts"]}, []),
    ],
)
def test_update_selection(arguments: dict[str, Any], articles: list[str]) -> None:
    one = offered()
    one.save()
    found = search(one, state="searched", **arguments)
    assert [update["kb"][0] for update in found["updates"].values()] == articles
    assert found["changed"] is False
    assert one.save() is False


def test_download_install_and_the_reboot_between() -> None:
    one = offered()
    assert search(one, state="downloaded")["changed"] is True
    assert search(one, state="downloaded")["changed"] is False
    installed = search(one, state="installed", reject_list=["Zwei"])
    assert (installed["installed_update_count"], installed["reboot_required"]) == (1, True)
    with pytest.raises(ModuleFailure, match="A reboot is required before more updates can be installed"):
        search(one, state="installed")
    one.reboot()
    assert search(one, state="installed")["installed_update_count"] == 1
    assert search(one, state="installed")["changed"] is False


def test_the_steps_of_the_action_plugin() -> None:
    one = offered()
    started = call(one, "ansible.windows.win_updates", state="searched")
    polled = call(
        one, "ansible.windows.win_updates", _operation="poll", _operation_options=started["poll_options"]
    )
    assert [step["task"] for step in polled["output"]] == ["search_result", "exit"]
    call(
        one, "ansible.windows.win_updates", _operation="cancel", _operation_options=started["cancel_options"]
    )
    assert one.memory["update_runs"] == {}


@pytest.mark.parametrize(
    ("prepare", "arguments", "hresult"),
    [
        (lambda one: one.state["updates"].update(search_failure="0x8024402C"), {}, 0x8024402C),
        (lambda one: one.state["services"][-1].update(start_mode="disabled"), {}, 0x80070422),
        (lambda one: None, {"server_selection": "managed_server"}, 0x80244011),
    ],
)
def test_a_search_that_fails(
    prepare: Callable[[Machine], None], arguments: dict[str, Any], hresult: int
) -> None:
    one = offered()
    assert one.state["services"][-1]["name"] == "wuauserv"
    prepare(one)
    started = call(one, "ansible.windows.win_updates", state="searched", **arguments)
    polled = call(
        one, "ansible.windows.win_updates", _operation="poll", _operation_options=started["poll_options"]
    )
    (finished,) = polled["output"]
    assert finished["result"]["failed"] is True
    assert finished["result"]["exception"]["hresult"] & 0xFFFFFFFF == hresult


def test_a_managed_server_that_is_set() -> None:
    one = offered()
    one.registry.set_value(
        r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate",
        "WUServer",
        "string",
        "https://wsus.example",
    )
    assert search(one, state="searched", server_selection="managed_server")["found_update_count"] == 2


def test_updates_on_a_full_disk() -> None:
    one = Machine("lab-1", offered().state, faults=Faults(disk_full=True), now=NOW)
    started = call(one, "ansible.windows.win_updates", state="installed")
    polled = call(
        one, "ansible.windows.win_updates", _operation="poll", _operation_options=started["poll_options"]
    )
    download = polled["output"][1]["result"]["info"][0]
    assert (download["result_code"], download["hresult"] & 0xFFFFFFFF) == (4, 0x80070070)


def test_facts_of_some_subsets() -> None:
    facts = call(machine("server"), "ansible.windows.setup", gather_subset=["!all", "!min", "processor"])
    assert set(facts["ansible_facts"]) == {
        "gather_subset",
        "module_setup",
        "ansible_processor",
        "ansible_processor_cores",
        "ansible_processor_count",
        "ansible_processor_threads_per_core",
        "ansible_processor_vcpus",
    }
    odd = call(machine(), "ansible.windows.setup", gather_subset=["!all", "quatsch"])
    assert odd["warnings"] == ["invalid value quatsch specified in gather_subset"]
    assert "ansible_hostname" in odd["ansible_facts"]


def test_facts_that_only_an_administrator_gets() -> None:
    one = machine()
    facts = call(one, "ansible.windows.setup", user=one.state["accounts"][1])["ansible_facts"]
    assert facts["ansible_distribution"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": r"C:\Windows", "state": "file"}, r"path C:\Windows is not a file"),
        ({"path": r"C:\neu.txt", "state": "file"}, r"path C:\neu.txt will not be created"),
        ({"path": r"C:\neu.txt"}, r"path C:\neu.txt will not be created"),
    ],
)
def test_files_that_are_not_made(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailure) as caught:
        call(machine(), "ansible.windows.win_file", **arguments)
    assert str(caught.value) == message


def test_touch_and_stat() -> None:
    one = machine()
    assert call(one, "ansible.windows.win_file", path=r"C:\Temp\neu.txt", state="touch")["changed"] is True
    stat = call(one, "ansible.windows.win_stat", path="C:/temp/NEU.txt")["stat"]
    assert (stat["path"], stat["size"], stat["extension"]) == (r"C:\Temp\neu.txt", 0, ".txt")
    assert stat["checksum"] == "da39a3ee5e6b4b0d3255bfef95601890afd80709"


def test_scripts_with_conditions() -> None:
    one = machine()
    skipped = call(one, "ansible.windows.win_powershell", script="# lab: uptime", creates=r"C:\Windows")
    assert (skipped["skipped"], skipped["msg"]) == (True, r"skipped, since C:\Windows exists")
    skipped = call(one, "ansible.windows.win_powershell", script="# lab: uptime", removes=r"C:\nichts")
    assert skipped["msg"] == r"skipped, since C:\nichts does not exist"


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match=r"^two handlers for ansible\.windows\.win_ping$"):
        modules.module("ansible.windows.win_ping")(lambda one, args, context: {})
