"""What the emulated machine answers to a visit, judged: healthy machines are well, each planted defect is found.

It proves that collector's shapes, emulator and judging agree; not that Windows answers so.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from lab import defects
from lab.gravityzone import endpoint
from lab.services import business_software, standard_software
from lab.visit import run
from lab.windows import anydesk
from lab.windows.defaults import Role, default_machine
from lab.windows.machine import Machine
from lab.windows.modules import Call
from serviceheft.assess.judgement import Judgement
from serviceheft.services.antivirus_check import judging as antivirus
from serviceheft.services.antivirus_check.judging import AntivirusPolicy
from serviceheft.services.documentation import judging as computer
from serviceheft.services.documentation.judging import ComputerPolicy
from serviceheft.services.update_check import judging as updates
from serviceheft.services.update_check.policy import UpdatePolicy
from serviceheft.settings import REPOSITORY
from tests.visit_sections import EVERY

NOW = datetime(2026, 11, 22, 20, 35, tzinfo=UTC)
ROLES: tuple[Role, ...] = ("client", "laptop", "server", "domain_controller")
SECTIONS = [*EVERY]
MODULES = sorted((REPOSITORY / "module_utils").glob("*.psm1"))


def visit(state: dict[str, Any], *, check_mode: bool = False) -> dict[str, Any]:
    machine = Machine("pc-1", state, now=NOW)
    call = Call(check_mode=check_mode, diff=False, now=NOW, user={})
    before = repr(state)
    result = run(machine, {"sections": SECTIONS}, call)
    assert repr(state) == before
    return result


def machine_state(role: Role = "client", scanner: Any = "defender") -> dict[str, Any]:
    return default_machine(role, name="pc-1", address="127.30.1.1", now=NOW, accounts=[], scanner=scanner)


def console_entry(**changes: Any) -> dict[str, Any]:
    return endpoint(
        "PC-1",
        address="127.30.1.1",
        company_id="c",
        last_seen=NOW,
        definitions_updated=NOW - timedelta(hours=3),
        last_scan=NOW - timedelta(days=2),
        **changes,
    )


def judged(state: dict[str, Any], product: str, console: dict[str, Any] | None = None) -> list[Judgement]:
    sections = visit(state)["sections"]
    part = {"available": True, "endpoint": (console or console_entry())["details"]}
    return [
        antivirus.judge(sections["antivirus"], part, AntivirusPolicy(product=product), NOW),
        updates.judge(sections["search"], sections["updates"], UpdatePolicy(), NOW),
        computer.judge(sections, ComputerPolicy(address="127.30.1.1"), NOW),
    ]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("product", ["defender", "bitdefender"])
def test_healthy_machine_is_well(role: Role, product: str) -> None:
    for judgement in judged(machine_state(role, product), product):
        assert judgement.outcome == "done", judgement


def test_machine_without_scanner() -> None:
    assert [finding.cause for finding in judged(machine_state(scanner="none"), "defender")[0].findings] == [
        "antivirus.no_scanner"
    ]


MACHINE_DEFECTS: dict[str, tuple[dict[str, Any], str]] = {
    "definitions_outdated": ({"days": 9}, "antivirus.definitions_outdated"),
    "real_time_off": ({}, "antivirus.real_time_off"),
    "threat_active": ({}, "antivirus.active_detections"),
    "update_missing": (
        {"severity": "Critical", "days": 12, "kb": "5068861", "title": "Cumulative Update"},
        "updates.missing_critical",
    ),
    "update_failed": ({"kb": "5066835"}, "updates.install_failed"),
    "reboot_pending": ({}, "updates.reboot_pending"),
    "automatic_updates_off": ({}, "updates.automatic_updates_off"),
    "updates_paused": ({}, "updates.paused"),
    "updates_paused_by_policy": ({}, "updates.paused_by_policy"),
    "updates_deferred": ({}, "updates.deferred"),
    "release_pinned": ({}, "updates.target_release_ended"),
    "connection_metered": ({}, "updates.metered"),
    "update_access_blocked": ({}, "updates.access_blocked"),
}


@pytest.mark.parametrize("defect", MACHINE_DEFECTS)
def test_planted_defect_is_found_alone_and_gone_when_mended(defect: str) -> None:
    arguments, cause = MACHINE_DEFECTS[defect]
    state = machine_state()
    defects.plant(state, defect, NOW, **arguments)
    assert [each.cause for judgement in judged(state, "defender") for each in judgement.findings] == [cause]
    defects.mend(state, defect, NOW)
    assert [judgement.outcome for judgement in judged(state, "defender")] == ["done"] * 3


CONSOLE_DEFECTS: dict[str, tuple[dict[str, Any], str]] = {
    "console_definitions_outdated": ({"days": 6}, "antivirus.definitions_outdated"),
    "console_silent": ({"days": 12}, "antivirus.console_silent"),
    "console_infected": ({"infected": True}, "antivirus.active_detections"),
}


@pytest.mark.parametrize("defect", CONSOLE_DEFECTS)
def test_defect_planted_in_the_console_is_found_alone(defect: str) -> None:
    arguments, cause = CONSOLE_DEFECTS[defect]
    state, entry = machine_state(scanner="bitdefender"), console_entry()
    defects.plant(entry, defect, NOW, **arguments)
    assert [each.cause for each in judged(state, "bitdefender", entry)[0].findings] == [cause]
    defects.mend(entry, defect, NOW)
    assert judged(state, "bitdefender", entry)[0].outcome == "done"


def test_every_defect_of_the_lab_is_tried() -> None:
    by_own_tests = {
        "console_unknown",
        *standard_software.DEFECTS,
        *business_software.DEFECTS,
        *(name for name in defects.DEFECTS if name.startswith("anydesk_")),
    }
    tried = {*MACHINE_DEFECTS, *CONSOLE_DEFECTS, *by_own_tests}
    assert tried == set(defects.DEFECTS)


def test_check_mode_collects_the_same() -> None:
    assert visit(machine_state(), check_mode=True) == visit(machine_state())


def test_emulator_script_and_documentation_offer_the_same_sections() -> None:
    script = (REPOSITORY / "library" / "windows_visit.ps1").read_text()
    limits = re.search(r"(?s)\$seconds = @\{\n(.*?)\n\}", script)[1]  # type: ignore[index]
    documented = yaml.safe_load((REPOSITORY / "library" / "windows_visit.yml").read_text())
    required = re.findall(r"(?m)^#AnsibleRequires -PowerShell Ansible\.ModuleUtils\.Section(\w+)$", script)
    collected = {it.casefold() for it in required} - {"worker", "identity"}
    assert sorted(re.findall(r"(?m)^    (\w+) = \d+$", limits)) == sorted(SECTIONS)
    assert sorted(documented["DOCUMENTATION"]["options"]["sections"]["choices"]) == sorted(SECTIONS)
    assert sorted(collected) == sorted(SECTIONS)


def test_every_section_is_the_function_of_its_own_file() -> None:
    for path in MODULES:
        if match := re.fullmatch(r"Ansible\.ModuleUtils\.Section(\w+)", path.stem):
            function = "Invoke-Section" if match[1] == "Worker" else f"Get-{match[1]}Section"
            assert f"Export-ModuleMember -Function '{function}'" in path.read_text(), path.name


def test_emulator_shows_no_property_that_the_script_does_not_collect() -> None:
    named = set(re.findall(r"\w+", "".join(path.read_text() for path in MODULES)))

    def keys(data: Any) -> set[str]:
        if isinstance(data, dict):
            return set(data) | {key for value in data.values() for key in keys(value)}
        return {key for item in data for key in keys(item)} if isinstance(data, list) else set()

    for scanner in ("defender", "bitdefender"):
        state = machine_state(scanner=scanner)
        anydesk.install(state, "9.5.6")
        shown = keys(visit(state)["sections"])
        assert shown - named == set()


def test_everybody_whose_work_a_restart_would_end_is_counted_and_not_named() -> None:
    def people(sessions: list[Any], **fields: Any) -> Any:
        return visit(machine_state() | {"sessions": sessions} | fields)["sections"]["sessions"]

    kinds = ("console", "rdp", "disconnected", "locked", "remote_app")
    assert people([{"user": f"person-{kind}", "kind": kind} for kind in kinds]) == {"Errors": {}, "People": 5}
    assert people(["LICHTBLICK\\anna", "LICHTBLICK\\anna", "ben"])["People"] == 2
    assert people([])["People"] == 0
    unreadable = people(["anna"], sessions_unreadable=True)
    assert (list(unreadable), list(unreadable["Errors"])) == (["Errors"], ["People"])
    with pytest.raises(ValueError, match="unknown kind of session: telnet"):
        people([{"user": "anna", "kind": "telnet"}])
