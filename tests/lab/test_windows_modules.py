"""Emulated Windows hosts: what modules do to a machine, over both connections, with unmodified Ansible."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lab.windows.defaults import available_update
from tests.lab.windows_site import PSRP, USER, Outcome, Site

pytestmark = pytest.mark.lab

HOSTS = ("lab-pc", "lab-srv")
GREETING = "Grüße aus dem Labor\n"
EXAMPLE = r"HKLM:\SOFTWARE\Beispiel"

TASKS: list[dict[str, Any]] = [
    {"name": "facts", "ansible.builtin.setup": {}},
    {"name": "ping", "ansible.windows.win_ping": {"data": "hallo"}},
    {
        "name": "service",
        "ansible.windows.win_service": {"name": "Spooler", "state": "stopped", "start_mode": "manual"},
    },
    {
        "name": "new service",
        "ansible.windows.win_service": {
            "name": "Beispiel",
            "path": r"C:\Daten\dienst.exe",
            "state": "started",
        },
    },
    {"name": "service info", "ansible.windows.win_service_info": {"name": "Sp*"}},
    {
        "name": "dword",
        "ansible.windows.win_regedit": {"path": EXAMPLE, "name": "Zahl", "data": 5, "type": "dword"},
    },
    {
        "name": "multistring",
        "ansible.windows.win_regedit": {
            "path": EXAMPLE,
            "name": "Liste",
            "data": ["a", "ü"],
            "type": "multistring",
        },
    },
    {"name": "registry key", "ansible.windows.win_reg_stat": {"path": EXAMPLE}},
    {
        "name": "latest",
        "chocolatey.chocolatey.win_chocolatey": {"name": ["7zip", "firefox"], "state": "latest"},
    },
    {
        "name": "pinned version",
        "chocolatey.chocolatey.win_chocolatey": {
            "name": "temurin21",
            "version": "21.0.8.900",
            "pinned": True,
        },
    },
    {"name": "packages", "chocolatey.chocolatey.win_chocolatey_facts": {}},
    {"name": "folder", "ansible.windows.win_file": {"path": r"C:\Daten\Übung", "state": "directory"}},
    {
        "name": "content",
        "ansible.windows.win_copy": {"content": GREETING, "dest": r"C:\Daten\Übung\gruß.txt"},
    },
    {"name": "tree", "ansible.windows.win_copy": {"src": "tree/", "dest": "C:\\Daten\\Baum\\"}},
    {
        "name": "on the machine",
        "ansible.windows.win_copy": {
            "src": r"C:\Daten\Baum\eins.txt",
            "dest": r"C:\Daten\Kopie.txt",
            "remote_src": True,
        },
    },
    {
        "name": "template",
        "ansible.windows.win_template": {"src": "greeting.j2", "dest": r"C:\Daten\gruß.ini"},
    },
    {"name": "stat", "ansible.windows.win_stat": {"path": r"C:\Daten\Übung\gruß.txt"}},
    {"name": "no such file", "ansible.windows.win_stat": {"path": r"C:\Daten\nichts.txt"}},
    {"name": "fetch", "ansible.builtin.fetch": {"src": r"C:\Daten\Übung\gruß.txt", "dest": "fetched/"}},
    {
        "name": "script",
        "ansible.windows.win_powershell": {"script": "# lab: uptime\n(Get-Uptime).TotalHours\n"},
    },
    {"name": "search", "ansible.windows.win_updates": {"state": "searched", "reject_list": ["KB5000002"]}},
]

AFTERWARDS: list[dict[str, Any]] = [
    {"name": "background", "ansible.windows.win_ping": {}, "async": 30, "poll": 1},
    {
        "name": "as another user",
        "ansible.builtin.setup": {"gather_subset": ["!all", "!min", "user"]},
        "become": True,
        "become_method": "ansible.builtin.runas",
        "become_user": "besucher",
        "vars": {"ansible_become_password": "Besuch-2"},
    },
    {
        "name": "as SYSTEM",
        "ansible.builtin.setup": {"gather_subset": ["!all", "!min", "user"]},
        "become": True,
        "become_method": "ansible.builtin.runas",
        "become_user": "SYSTEM",
    },
    {
        "name": "install",
        "ansible.windows.win_updates": {"state": "installed", "reboot": True, "reboot_timeout": 30},
    },
    {"name": "search again", "ansible.windows.win_updates": {"state": "searched"}},
    {"name": "reboot", "ansible.windows.win_reboot": {"pre_reboot_delay": 0, "reboot_timeout": 30}},
    {"name": "wait", "ansible.builtin.wait_for_connection": {"timeout": 10}},
    {
        "name": "remove package",
        "chocolatey.chocolatey.win_chocolatey": {"name": "firefox", "state": "absent"},
    },
    {"name": "remove key", "ansible.windows.win_regedit": {"path": EXAMPLE, "state": "absent"}},
    {"name": "remove folder", "ansible.windows.win_file": {"path": r"C:\Daten", "state": "absent"}},
    {"name": "remove service", "ansible.windows.win_service": {"name": "Beispiel", "state": "absent"}},
]


class Runs(NamedTuple):
    site: Site
    checked: Outcome
    before_check: dict[str, bytes]
    after_check: dict[str, bytes]
    first: Outcome
    states: dict[str, dict[str, Any]]
    before_second: dict[str, bytes]
    second: Outcome
    after_second: dict[str, bytes]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """One site: the tasks in check mode, applied, and applied again."""
    site = _site(tmp_path_factory.mktemp("windows"))
    site.up()
    try:
        before, checked, between = _bytes(site), site.play(TASKS, "--check"), _bytes(site)
        first = site.play(TASKS)
        states, applied = {name: site.state(name) for name in HOSTS}, _bytes(site)
        second = site.play(TASKS)
        yield Runs(site, checked, before, between, first, states, applied, second, _bytes(site))
    finally:
        site.down()


@pytest.fixture(scope="module")
def later(runs: Runs) -> Outcome:
    """What needs reboots, other users and the background; and the clearing away."""
    return runs.site.play(AFTERWARDS)


def _site(directory: Path) -> Site:
    site = Site(directory)
    site.add("lab-pc", "client")
    site.add("lab-srv", "server", domain="muster.internal", **PSRP)
    folder = directory / "ansible"
    (folder / "tree" / "zwei").mkdir(parents=True)
    (folder / "tree" / "eins.txt").write_text("eins\n", encoding="utf-8")
    (folder / "tree" / "zwei" / "drei.txt").write_text("drei\n", encoding="utf-8")
    (folder / "greeting.j2").write_text("[gruß]\nhost={{ inventory_hostname }}\n", encoding="utf-8")
    for host in site.hosts:
        published = datetime.fromisoformat(host.state["boot_time"])
        host.state["updates"]["available"] = [
            available_update(
                "Kumulatives Update (KB5000001)",
                "5000001",
                published=published,
                severity="Critical",
                reboot_required=True,
            ),
            available_update(
                "Sicherheitsupdate (KB5000002)", "5000002", published=published, severity="Important"
            ),
            available_update("Treiber (KB5000003)", "5000003", published=published, categories=["Drivers"]),
        ]
    return site


def _bytes(site: Site) -> dict[str, bytes]:
    return {name: site.state_file(name).read_bytes() for name in HOSTS}


@pytest.mark.parametrize("host", HOSTS)
class TestApplied:
    """The first run."""

    def test_carries_everything_out(self, runs: Runs, host: str) -> None:
        assert runs.first.code == 0, runs.first.output
        assert runs.first.changed(host) == [
            "service",
            "new service",
            "dword",
            "multistring",
            "latest",
            "pinned version",
            "folder",
            "content",
            "tree",
            "on the machine",
            "template",
            "fetch",
        ]

    def test_facts(self, runs: Runs, host: str) -> None:
        facts = runs.first.task(host, "facts")["ansible_facts"]
        state = runs.states[host]
        assert facts["ansible_os_family"] == "Windows"
        assert facts["ansible_distribution"] == state["operating_system"]["caption"]
        assert facts["ansible_hostname"] == state["computer_name"]
        assert facts["ansible_product_serial"] == state["hardware"]["serial_number"]
        assert facts["ansible_ip_addresses"] == state["adapters"][0]["addresses"]
        assert facts["ansible_windows_domain_member"] is (host == "lab-srv")
        assert facts["ansible_os_product_type"] == ("server" if host == "lab-srv" else "workstation")
        assert facts["ansible_reboot_pending"] is False

    def test_services(self, runs: Runs, host: str) -> None:
        services = {service["name"]: service for service in runs.states[host]["services"]}
        assert (services["Spooler"]["state"], services["Spooler"]["start_mode"]) == ("stopped", "manual")
        assert services["Beispiel"]["state"] == "running"
        (shown,) = runs.first.task(host, "service info")["services"]
        assert (shown["name"], shown["state"], shown["start_mode"]) == ("Spooler", "stopped", "manual")

    def test_registry(self, runs: Runs, host: str) -> None:
        assert runs.states[host]["registry"][EXAMPLE] == {
            "Zahl": {"type": "dword", "data": 5},
            "Liste": {"type": "multistring", "data": ["a", "ü"]},
        }
        properties = runs.first.task(host, "registry key")["properties"]
        assert properties["Zahl"] == {"type": "REG_DWORD", "value": 5, "raw_value": 5}

    def test_packages(self, runs: Runs, host: str) -> None:
        packages = {each["name"]: (each["version"], each["pinned"]) for each in runs.states[host]["packages"]}
        assert packages["7zip"] == ("25.1.0", False)
        assert packages["temurin21"] == ("21.0.8.900", True)
        facts = runs.first.task(host, "packages")["ansible_facts"]["ansible_chocolatey"]
        assert {"package": "7zip", "version": "25.1.0"} in facts["packages"]
        assert [each["package"] for each in facts["outdated"]] == ["temurin21"]

    def test_files(self, runs: Runs, host: str) -> None:
        files = runs.states[host]["files"]
        stat = runs.first.task(host, "stat")["stat"]
        assert stat["size"] == len(GREETING.encode())
        assert stat["isreg"] is True
        assert runs.first.task(host, "no such file")["stat"] == {"exists": False}
        assert {r"C:\Daten\Baum\eins.txt", r"C:\Daten\Baum\zwei\drei.txt", r"C:\Daten\Kopie.txt"} <= set(
            files
        )
        fetched = runs.site.directory / "ansible" / "fetched" / host / "C:" / "Daten" / "Übung" / "gruß.txt"
        assert fetched.read_text(encoding="utf-8") == GREETING

    def test_leaves_no_temporary_files(self, runs: Runs, host: str) -> None:
        assert not [name for name in runs.states[host]["files"] if "ansible-tmp" in name]

    def test_script(self, runs: Runs, host: str) -> None:
        (hours,) = runs.first.task(host, "script")["output"]
        assert 48 <= hours <= 61

    def test_search(self, runs: Runs, host: str) -> None:
        found = runs.first.task(host, "search")
        assert [update["kb"] for update in found["updates"].values()] == [["5000001"]]
        reasons = {
            update["kb"][0]: update["filtered_reasons"] for update in found["filtered_updates"].values()
        }
        assert reasons == {"5000002": ["reject_list"], "5000003": ["category_names"]}
        assert found["changed"] is False


@pytest.mark.parametrize("host", HOSTS)
def test_check_mode_leaves_the_machine_as_it_was(runs: Runs, host: str) -> None:
    assert runs.before_check[host] == runs.after_check[host]
    assert {"service", "dword", "latest", "folder"} <= set(runs.checked.changed(host))


@pytest.mark.parametrize("host", HOSTS)
def test_the_second_run_changes_nothing(runs: Runs, host: str) -> None:
    assert runs.second.code == 0, runs.second.output
    assert runs.second.changed(host) == []
    assert runs.before_second[host] == runs.after_second[host]


@pytest.mark.parametrize("host", HOSTS)
class TestAfterwards:
    """Reboots, other users, the background."""

    def test_all_is_carried_out(self, later: Outcome, host: str) -> None:
        assert later.code == 0, later.output

    def test_background(self, later: Outcome, host: str) -> None:
        result = later.task(host, "background")
        assert result["ping"] == "pong"
        assert bool(result["finished"]) is True

    def test_users(self, later: Outcome, host: str) -> None:
        assert later.task(host, "as another user")["ansible_facts"]["ansible_user_id"] == "besucher"
        assert later.task(host, "as SYSTEM")["ansible_facts"]["ansible_user_id"] == "SYSTEM"

    def test_updates_with_reboot(self, later: Outcome, runs: Runs, host: str) -> None:
        installed = later.task(host, "install")
        assert (installed["installed_update_count"], installed["rebooted"], installed["reboot_required"]) == (
            2,
            True,
            False,
        )
        again = later.task(host, "search again")
        assert again["updates"] == {}
        assert [each["kb"] for each in again["filtered_updates"].values()] == [["5000003"]]
        updates = runs.site.state(host)["updates"]
        assert [entry["kb"] for entry in updates["history"]][-2:] == ["5000001", "5000002"]
        assert updates["reboot_required"] is False

    def test_reboot(self, later: Outcome, runs: Runs, host: str) -> None:
        assert later.task(host, "reboot")["rebooted"] is True
        assert runs.site.state(host)["boot_time"] > runs.states[host]["boot_time"]

    def test_removals(self, later: Outcome, runs: Runs, host: str) -> None:
        state = runs.site.state(host)
        assert not [each for each in state["packages"] if each["name"] == "firefox"]
        assert EXAMPLE not in state["registry"]
        assert state["files"] == {}
        assert "Beispiel" not in [service["name"] for service in state["services"]]


def test_a_file_larger_than_one_answer(runs: Runs, later: Outcome) -> None:
    folder = runs.site.directory / "ansible"
    content = bytes(number * number % 251 for number in range(700_000))
    (folder / "big.bin").write_bytes(content)
    outcome = runs.site.play(
        [
            {"name": "put", "ansible.windows.win_copy": {"src": "big.bin", "dest": "C:\\Temp\\"}},
            {"name": "get", "ansible.builtin.fetch": {"src": r"C:\Temp\big.bin", "dest": "big/"}},
        ]
    )
    assert outcome.code == 0, outcome.output
    for host in HOSTS:
        assert (folder / "big" / host / "C:" / "Temp" / "big.bin").read_bytes() == content


def test_the_log_tells_tasks_and_no_passwords(runs: Runs, later: Outcome) -> None:
    log = (runs.site.directory / "windows.log").read_text(encoding="utf-8")
    assert f"lab-pc: {USER} ansible.windows.win_ping -> 0" in log
    assert "Lab-1" not in log
    assert "Besuch-2" not in log
    assert "Traceback" not in log
