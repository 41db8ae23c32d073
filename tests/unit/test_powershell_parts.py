"""The visit's script, run by PowerShell 7 with stand-ins for Windows: a part that breaks is in Errors and nowhere else.

Left out where there is no PowerShell: put `pwsh` into PATH, or its path into PWSH.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import ansible
import pytest

from lab import visit as windows_visit
from lab.windows.modules import Call
from serviceheft.settings import REPOSITORY
from tests.unit.lab_machines import NOW, machine

PWSH = os.environ.get("PWSH") or shutil.which("pwsh")
pytestmark = pytest.mark.skipif(PWSH is None, reason="no PowerShell 7: install it, or name it in PWSH")

ANSWERS = "#!/bin/sh\ncase $1 in --get-id) echo {id};; --get-alias) echo pc@ad;; *) echo online;; esac\n"

#: Sessions by case: how many people, None where it cannot be told.
PEOPLE = {"people": 3, "nobody": 0, "no owner": None, "ended": 1, "all ended": None}
CASES = [
    "",
    *(f"{key},no agent" for key in ("uninstall", "denied key", "deleted key", "no uninstall key")),
    "deleted key",
    "Win32_Service,no program files",
    "registry",
    "two",
    "signature",
    *PEOPLE,
    "Win32_Process",
    "Win32_BIOS hangs,limit computer",
    "Win32_ComputerSystemProduct",
]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the module says in each case: one PowerShell for all, since its start costs seconds."""
    folder = tmp_path_factory.mktemp("programs")
    for name, number in (("AnyDesk", "1234567890"), ("AnyDesk-ad_1_msi", "1987654321")):
        file = folder / name / f"{name}.exe"
        file.parent.mkdir()
        file.write_text(ANSWERS.replace("{id}", number))
        file.chmod(0o755)
    script = Path(__file__).with_name("windows_visit_for_real.ps1")
    utilities = Path(ansible.__path__[0]) / "module_utils"
    named = {
        "-Repository": REPOSITORY,
        "-ModuleUtils": utilities,
        "-Folder": folder,
        "-Cases": "|".join(CASES),
    }
    done = subprocess.run(
        [
            str(PWSH),
            "-NoProfile",
            "-NonInteractive",
            "-File",
            script,
            *(it for pair in named.items() for it in pair),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    return dict(zip(CASES, told, strict=True))


def test_both_clients_of_anydesk_are_told_with_what_each_answers(results: dict[str, Any]) -> None:
    result = results[""]
    section = result["sections"]["anydesk"]
    assert (section["Errors"], result["errors"]) == ({}, {})
    assert [it["Name"] for it in section["Services"]] == ["AnyDesk", "AnyDesk-ad_1_msi"]
    assert {it["Service"]: it["Answers"]["Id"] for it in section["Installations"]} == {
        "AnyDesk": "1234567890",
        "AnyDesk-ad_1_msi": "1987654321",
    }
    assert [it["DisplayName"] for it in section["Programs"]] == ["AnyDesk", "AnyDesk-ad_1_msi"]
    assert section["Mark"] == {"PasswordFingerprint": "ab"}


def test_every_visit_says_which_machine_it_is(results: dict[str, Any]) -> None:
    identity = results[""]["identity"]
    assert identity["Name"]
    assert identity["Errors"] == {}
    assert (identity["DNSHostName"], identity["UUID"]) == ("pc-1", "4C4C4544-0043-3010-8052-B4C04F4E3333")


@pytest.mark.parametrize("broken", ["uninstall", "denied key", "deleted key", "no uninstall key"])
def test_a_list_of_programs_that_was_not_read_whole_is_an_error(results: dict[str, Any], broken: str) -> None:
    sections = results[f"{broken},no agent"]["sections"]
    assert "Programs" in sections["anydesk"]["Errors"]
    assert "Programs" in sections["programs"]["Errors"]
    assert "Bitdefender" in sections["antivirus"]["Errors"]
    assert "Bitdefender" not in sections["antivirus"]


def test_an_agent_that_is_listed_is_there_though_another_key_was_not_read(results: dict[str, Any]) -> None:
    section = results["deleted key"]["sections"]["antivirus"]
    assert [it["DisplayName"] for it in section["Bitdefender"]["Programs"]] == [
        "Bitdefender Endpoint Security Tools"
    ]


def test_broken_services_cost_their_part_and_not_the_section(results: dict[str, Any]) -> None:
    section = results["Win32_Service,no program files"]["sections"]["anydesk"]
    assert "Services" in section["Errors"]
    assert "Services" not in section
    assert section["Installations"] == []
    assert section["Mark"] == {"PasswordFingerprint": "ab"}


def test_a_registry_that_must_not_be_read_is_an_error_and_not_an_empty_key(results: dict[str, Any]) -> None:
    result = results["registry"]
    assert "Mark" in result["sections"]["anydesk"]["Errors"]
    assert {"Policy", "PendingReboot"} <= set(result["sections"]["updates"]["Errors"])
    assert "CurrentVersion" in result["sections"]["computer"]["Errors"]
    assert {"DNSHostName", "MachineGuid"} <= set(result["identity"]["Errors"])
    assert result["identity"]["Name"]


def test_of_several_objects_none_is_taken_for_the_one(results: dict[str, Any]) -> None:
    section = results["two"]["sections"]["computer"]
    assert [it["SerialNumber"] for it in section["Bios"]] == ["ONE", "TWO"]
    assert "ComputerSystem" in section["Errors"]


def test_a_signature_that_cannot_be_read_starts_nothing(results: dict[str, Any]) -> None:
    for file in results["signature"]["sections"]["anydesk"]["Installations"]:
        assert "Signature" in file["Errors"]
        assert file["Answers"] == {}


@pytest.mark.parametrize("case", PEOPLE)
def test_people_are_counted_by_sessions_that_somebody_owns(results: dict[str, Any], case: str) -> None:
    section = results[case]["sections"]["sessions"]
    assert section.get("People") == PEOPLE[case]
    # As the emulated host has it.
    state = (
        {"sessions_unreadable": True}
        if PEOPLE[case] is None
        else {"sessions": [{"user": f"P{number}", "kind": "rdp"} for number in range(PEOPLE[case])]}
    )
    one = machine()
    one.state |= state
    context = Call(check_mode=False, diff=False, now=NOW, user={})
    assert section == windows_visit.run(one, {"sections": ["sessions"]}, context)["sections"]["sessions"]


def test_processes_that_cannot_be_read_are_an_error(results: dict[str, Any]) -> None:
    section = results["Win32_Process"]["sections"]["sessions"]
    assert ("People" in section, "People" in section["Errors"]) == (False, True)


def test_a_section_that_hangs_costs_itself_alone(results: dict[str, Any]) -> None:
    result = results["Win32_BIOS hangs,limit computer"]
    assert list(result["errors"]) == ["computer"]
    assert result["errors"]["computer"].startswith("timed_out: ")
    assert set(result["sections"]) == {"antivirus", "updates", "programs", "anydesk", "sessions"}
    assert result["sections"]["anydesk"] == results[""]["sections"]["anydesk"]
    assert result["identity"] == results[""]["identity"]


def test_a_machine_that_does_not_tell_its_board_still_says_its_names(results: dict[str, Any]) -> None:
    identity = results["Win32_ComputerSystemProduct"]["identity"]
    assert (list(identity["Errors"]), identity["DNSHostName"]) == (["UUID"], "pc-1")
