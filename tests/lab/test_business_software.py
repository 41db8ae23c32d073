"""Business software (4.3) through real Ansible on emulated hosts: keys by their bytes, services, old entries, restarts.

One customer, four runs: a dry one, one that mends, one after a week in which somebody helped and somebody harmed, one
after a restart. The machines are emulators that read their command lines as Windows' programs do: this proves our side.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from serviceheft.book import Stamp
from tests.lab.rehearsal import Rehearsal, rehearse

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("business_software")]

KEY = 'Grüße-CANARY "1 2" 50€ %PATH% ^&|<> "\\" C:\\Wörter\\'
KEY_OF_THE_EXE = '\\\\srv\\ CANARY-"ä ö" 100%^& €\\\\'
NEW_CODE = "{6C1E4F0A-52B7-4D1C-9C83-2F6A8E0B2601}"
OLD_CODE = "{0A7B1C55-9E10-4C36-8B77-51D2C0AF2502}"
RELIC_CODES = ("{11111111-2222-3333-4444-555555555501}", "{11111111-2222-3333-4444-555555555502}")
#: A host names its keys as it likes: nothing of it may be carried out here.
TEMPLATE = "Planer {{ 7 * 7 }}"
MSI = r"\\srv-1\software$\kalkulon 2026.1.msi"
EXE = "https://planer.example/setup.exe"
PROGRAM_FILE = r"C:\Program Files\Kalkulon Bau\kalkulon.exe"
PACKAGES: list[dict[str, Any]] = [
    {
        "name": "kalkulon",
        "title": "Kalkulon Bau",
        "version": "2026.1",
        "installed_name": "Kalkulon Bau *",
        "installer": MSI,
        "checksum": "ab" * 32,
        "arguments": [r"INSTALLDIR=C:\Program Files\Kalkulon Bau" + "\\"],
        "licence_key": "{{ vault_kalkulon_licence_key }}",
        "licence_argument": "LICENCEKEY=",
        "product_id": NEW_CODE,
        "creates_path": PROGRAM_FILE,
        "before": [{"service": "KalkulonSync", "state": "stopped"}],
        "after": [{"service": "KalkulonSync", "state": "started"}],
    },
    {
        "name": "planer",
        "title": "Planer",
        "version": "14.2",
        "installed_name": "Planer",
        "installer": EXE,
        "checksum": "cd" * 32,
        "arguments": ["/S"],
        "licence_key": "{{ vault_planer_licence_key }}",
        "licence_argument": "/key=",
        "uninstall_arguments": ["/S", "/keep no data"],
    },
    {
        "name": "relic",
        "title": "Altlast",
        "version": "9.0",
        "installed_name": "Altlast *",
        "installer": r"\\srv-1\software$\relic.msi",
        "checksum": "ef" * 32,
    },
]
PRODUCTS = [{"name": "kalkulon"}, {"name": "planer"}, {"name": "relic", "state": "absent"}]
FILES: dict[str, Any] = {
    "group_vars/all/products.yml": {"business_software_packages": PACKAGES},
    "group_vars/windows_clients/products.yml": {"business_software_products": PRODUCTS},
    "host_vars/pc-007.yml": {
        "business_software_products": [{"name": "planer", "state": "absent"}, {"name": "kalkulon"}]
    },
}
HOSTS = [f"pc-{number:03}" for number in range(1, 10)]


def program(state: dict[str, Any], title: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in state["programs"] if each["name"].startswith(title))
    return found


def older(state: dict[str, Any], key: str = OLD_CODE) -> None:
    program(state, "Kalkulon").update(name="Kalkulon Bau 2025.2", version="2025.2", key=key)


def without(state: dict[str, Any], title: str) -> None:
    state["programs"].remove(program(state, title))


def add(state: dict[str, Any], key: str, name: str, version: str) -> None:
    state["programs"].append(
        {"key": key, "name": name, "version": version, "publisher": "X", "hive": "machine"}
    )


def sync(state: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in state["services"] if each["name"] == "KalkulonSync")
    return found


def first(state: dict[str, Any]) -> None:
    older(state)
    without(state, "Planer")
    state["installers"][MSI]["return_code"] = 1641


def third(state: dict[str, Any]) -> None:
    older(state)
    state["installers"][MSI]["leaves_old"] = True


def fifth(state: dict[str, Any]) -> None:
    for number, code in enumerate(RELIC_CODES, start=7):
        add(state, code, f"Altlast {number}.0", f"{number}.0")


def sixth(state: dict[str, Any]) -> None:
    older(state, NEW_CODE)
    state["files"][PROGRAM_FILE] = {"kind": "file", "modified": "2026-01-01T00:00:00Z"}
    state["file_versions"] = {PROGRAM_FILE.casefold(): "2025.2.0.0"}


def seventh(state: dict[str, Any]) -> None:
    """The 32-bit and the 64-bit one under the same key, and an older one."""
    add(state, TEMPLATE, "Planer", "13")
    add(state, "Planer", "Planer", "14.1")
    add(state, "Planer", "Planer", "14.1")
    state["programs"][-1]["hive"] = "machine32"


def eighth(state: dict[str, Any]) -> None:
    without(state, "Kalkulon")
    state["installers"][MSI]["hive"] = "user"
    without(state, "Planer")
    state["installers"][EXE]["return_code"] = 1603


def ninth(state: dict[str, Any]) -> None:
    older(state)
    sync(state)["start_mode"] = "disabled"
    program(state, "Planer")["version"] = "14.2.0.512"


def spoil(lab: Rehearsal) -> None:
    """pc-001 is to be updated by an installer that wants a restart, pc-002's service crashes, pc-003 keeps the old
    version, pc-004 has two products of one name, pc-005 relics, pc-006 the old version under the new code, pc-007 a
    product that is to go, pc-008 installers that fail each in its way, pc-009 a service that cannot be started."""
    lab.change("pc-001", first)
    lab.change("pc-002", lambda state: (older(state), sync(state).update(crashes=True)))  # type: ignore[func-returns-value]
    lab.change("pc-003", third)
    lab.change("pc-004", lambda state: (older(state), add(state, "{V}", "Kalkulon Bau Viewer 3.0", "3.0")))  # type: ignore[func-returns-value]
    lab.change("pc-005", fifth)
    lab.change("pc-006", sixth)
    lab.change("pc-007", seventh)
    lab.change("pc-008", eighth)
    lab.change("pc-009", ninth)


@dataclass
class Step:
    """One run and what was there after it."""

    output: str
    stamps: list[Stamp]
    machines: dict[str, bytes]
    states: dict[str, dict[str, Any]]

    def of(self, host: str) -> list[Stamp]:
        return [stamp for stamp in self.stamps if stamp.host == host and stamp.service == "4.3"]

    def actions(self, host: str) -> list[tuple[str, str, str, str | None]]:
        """(kind, subject, result, reason) of the host's last stamp."""
        return [(it.kind, it.subject, it.result.value, it.reason) for it in self.of(host)[-1].actions]

    def causes(self, host: str) -> list[set[str]]:
        return [{found.cause for found in stamp.findings} for stamp in self.of(host)]

    def received(self, host: str, what: str) -> dict[str, str]:
        """What an installer read on its command line."""
        told = self.states[host].get("received_arguments", {}).get(what, {})
        return {name: bytes.fromhex(value).decode() for name, value in told.items()}

    def programs(self, host: str) -> dict[str, str]:
        return {each["name"]: each.get("key", "") for each in self.states[host]["programs"]}


@dataclass
class Story:
    lab: Rehearsal
    before: dict[str, bytes]
    check: Step
    first: Step
    second: Step
    third: Step
    #: host -> the restart that was wanted after each of the three runs
    restarts: dict[str, list[Any]]


def carry_out(lab: Rehearsal, *options: str) -> Step:
    done = lab.line(*options, playbook="tests/lab/playbooks/business_software.yml")
    return Step(
        done.stdout + done.stderr, lab.stamps(), lab.machines(), {host: lab.state(host) for host in HOSTS}
    )


def restarts(lab: Rehearsal) -> dict[str | None, Any]:
    return {
        shot.host: shot.measured["restart_wanted_at"] for shot in lab.book.snapshots("lichtblick", "products")
    }


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    written = {
        "hosts": len(HOSTS),
        "tier": "comfort",
        "more": FILES,
        "more_secrets": {"vault_kalkulon_licence_key": KEY, "vault_planer_licence_key": KEY_OF_THE_EXE},
    }
    with rehearse(tmp_path_factory.mktemp("business"), 9, **written) as lab:
        spoil(lab)
        before = lab.machines()
        check = carry_out(lab, "--check", "--diff", "-vvv")
        mended = carry_out(lab, "--diff", "-vvv")
        told = [restarts(lab)]
        lab.change("pc-002", lambda state: sync(state).update(state="running", crashes=False))
        lab.change("pc-005", lambda state: sync(state).update(state="stopped"))
        second = carry_out(lab)
        told.append(restarts(lab))
        lab.change("pc-001", lambda state: state.update(boot_time="2026-11-18T09:30:00Z"))
        third = carry_out(lab)
        told.append(restarts(lab))
        wanted = {host: [each[host] for each in told] for host in HOSTS}
        yield Story(lab, before, check, mended, second, third, wanted)


def test_check_mode_touches_nothing_and_says_what_it_would_do(story: Story) -> None:
    assert "failed=0" in story.check.output, story.check.output
    assert story.check.machines == story.before
    assert story.check.actions("pc-001") == [
        ("product.upgrade", "Kalkulon Bau", "planned", None),
        ("product.install", "Planer", "planned", None),
    ]
    assert story.check.actions("pc-004") == []


def test_every_licence_key_reaches_its_installer_byte_by_byte(story: Story) -> None:
    told = story.first.states["pc-001"]["received_arguments"]
    assert bytes.fromhex(told[MSI]["LICENCEKEY"]) == KEY.encode()
    assert bytes.fromhex(told[EXE]["1"]) == f"/key={KEY_OF_THE_EXE}".encode()
    assert story.first.received("pc-001", MSI) == {
        "INSTALLDIR": r"C:\Program Files\Kalkulon Bau" + "\\",
        "LICENCEKEY": KEY,
        "REBOOT": "ReallySuppress",
    }
    assert story.first.received("pc-001", EXE) == {"0": "/S", "1": f"/key={KEY_OF_THE_EXE}"}


def test_the_licence_keys_are_nowhere(story: Story) -> None:
    parts = ("CANARY", KEY_OF_THE_EXE, KEY)
    for step in (story.check, story.first, story.second, story.third):
        assert not any(part in step.output for part in parts)
    base: Path = story.lab.elsewhere.base
    files = [path for path in base.rglob("*") if path.is_file() and not path.is_symlink()]
    assert files
    assert [path for path in files if b"CANARY" in path.read_bytes()] == []


def test_an_installer_that_would_restart_is_kept_from_it_and_its_wish_is_kept(story: Story) -> None:
    assert story.first.actions("pc-001") == [
        ("product.upgrade", "Kalkulon Bau", "done", None),
        ("product.install", "Planer", "done", None),
    ]
    boots = {step.states["pc-001"]["boot_time"] for step in (story.check, story.first, story.second)}
    assert len(boots) == 1
    wanted = story.restarts["pc-001"]
    assert wanted[0].startswith("2026-11-18T09:0")
    assert wanted == [wanted[0], wanted[0], None]
    assert story.restarts["pc-003"] == [None, None, None]


def test_a_service_that_does_not_stay_up_makes_the_action_fail_until_it_is_measured_mended(
    story: Story,
) -> None:
    assert story.first.actions("pc-002") == [
        ("product.upgrade", "Kalkulon Bau", "failed", "products.service_after")
    ]
    assert story.first.causes("pc-002")[-1] == {"products.service_after"}
    assert "Kalkulon Bau 2026.1" in story.first.programs("pc-002")
    assert story.second.causes("pc-002") == [set()]
    assert story.first.actions("pc-009") == [
        ("product.upgrade", "Kalkulon Bau", "failed", "products.service_after")
    ]
    assert story.third.causes("pc-009") == [{"products.service_after"}]
    lives = {
        life.host: life.state for life in story.lab.book.findings("lichtblick") if "service" in life.cause
    }
    assert lives == {"pc-002": "closed", "pc-009": "open", "pc-005": "open"}


def test_a_service_that_somebody_stopped_later_is_found_by_the_next_visit(story: Story) -> None:
    assert story.first.of("pc-005")[-1].outcome == "done"
    assert story.second.causes("pc-005") == [{"products.service_after"}]
    assert story.second.actions("pc-005") == []


def test_what_the_new_installer_leaves_is_no_green(story: Story) -> None:
    assert story.first.actions("pc-003") == [("product.upgrade", "Kalkulon Bau", "done", None)]
    [found] = story.first.of("pc-003")[-1].findings
    assert (found.cause, found.values["products"]) == ("products.left_over", "Kalkulon Bau 2025.2")


def test_where_a_name_fits_two_products_nothing_is_touched(story: Story) -> None:
    [stamp] = story.first.of("pc-004")
    assert (stamp.outcome, stamp.reason) == ("not measured", "products.ambiguous")
    assert story.first.machines["pc-004"] == story.before["pc-004"]
    [shot] = [it for it in story.lab.book.snapshots("lichtblick", "products") if it.host == "pc-004"]
    named = [it["installed"] for it in shot.measured["products"] if it["name"] == "kalkulon"]  # type: ignore[union-attr, index, call-overload]
    assert named == ["Kalkulon Bau 2025.2, Kalkulon Bau Viewer 3.0"]


def test_what_is_to_go_goes_by_its_measured_keys(story: Story) -> None:
    """Without a product_id in the inventory: two product codes, and entries of another program's uninstaller."""
    assert story.first.actions("pc-005") == [("product.remove", "Altlast", "done", None)]
    assert not [name for name in story.first.programs("pc-005") if name.startswith("Altlast")]
    for code in RELIC_CODES:
        assert story.first.received("pc-005", code) == {"REBOOT": "ReallySuppress"}
    assert story.first.received("pc-007", TEMPLATE) == {"0": "/S", "1": "/keep no data"}
    assert story.first.actions("pc-007") == [("product.remove", "Planer", "done", None)]
    assert "Planer" not in story.first.programs("pc-007")
    assert story.first.received("pc-007", "Planer") == {"0": "/S", "1": "/keep no data"}


def test_an_older_version_under_the_new_ones_code_is_installed_over(story: Story) -> None:
    assert story.first.actions("pc-006") == [("product.upgrade", "Kalkulon Bau", "done", None)]
    told = story.first.received("pc-006", MSI)
    assert (told["REINSTALL"], told["REINSTALLMODE"]) == ("ALL", "vomus")


def test_each_failure_has_its_reason(story: Story) -> None:
    assert story.first.actions("pc-008") == [
        ("product.install", "Kalkulon Bau", "failed", "products.not_listed"),
        ("product.install", "Planer", "failed", "products.broke_off"),
    ]


def test_a_longer_version_satisfies_a_shorter_one(story: Story) -> None:
    assert [action[1] for action in story.first.actions("pc-009")] == ["Kalkulon Bau"]


def test_the_next_runs_change_nothing_more(story: Story) -> None:
    changed = {host for host in HOSTS if story.second.machines[host] != story.first.machines[host]}
    assert changed <= {"pc-002", "pc-005", "pc-008"}  # by our own hands, and what failed is tried again
