"""The visit's section "chocolatey" in real PowerShell, against a stand-in for choco.exe that sees real arguments."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from serviceheft.services.standard_software.state import Look, read
from serviceheft.settings import REPOSITORY

PWSH = os.environ.get("PWSH") or shutil.which("pwsh")
pytestmark = pytest.mark.skipif(PWSH is None, reason="no PowerShell 7: install it, or name it in PWSH")

CANARY = "CANARY-feed-password"
CONFIG = f"""<?xml version="1.0" encoding="utf-8"?>
<chocolatey><sources>
  <source id="lechblick" value="https://leser:{CANARY}@packages.example/chocolatey/" disabled="false"
          user="leser" password="AQAA" />
  <source id="chocolatey" value="https://community.chocolatey.org/api/v2/" disabled="true" />
</sources></chocolatey>
"""
ONE = "chocolatey|2.5.1"
#: The stand-in answers `list` and `outdated` with these files and exit codes, and writes down how it was called.
CHOCO = """#!/bin/sh
folder=$(dirname "$(dirname "$0")")
echo "$@" >> "$folder/calls"
cat "$folder/$1.out"
if [ -e "$folder/$1.sleep" ]; then exec sleep 30; fi
exit "$(cat "$folder/$1.code")"
"""


@dataclass
class Case:
    """What choco prints and how it ends. `listed` None: there is no choco."""

    listed: str | bytes | None = ONE
    outdated: str | bytes = ""
    list_code: int = 0
    outdated_code: int = 0
    sleeps: tuple[str, ...] = ()
    config: str = CONFIG
    calls: list[str] = field(default_factory=list)

    def install(self, folder: Path) -> None:
        (folder / "bin").mkdir(parents=True)
        (folder / "config").mkdir()
        (folder / "config" / "chocolatey.config").write_text(self.config, encoding="utf-8")
        if self.listed is None:
            return
        for name, text, code in (
            ("list", self.listed, self.list_code),
            ("outdated", self.outdated, self.outdated_code),
        ):
            data = text if isinstance(text, bytes) else text.encode()
            (folder / f"{name}.out").write_bytes(data)
            (folder / f"{name}.code").write_text(str(code), encoding="utf-8")
        for name in self.sleeps:
            (folder / f"{name}.sleep").touch()
        choco = folder / "bin" / "choco.exe"
        choco.write_text(CHOCO, encoding="utf-8")
        choco.chmod(0o755)


CASES = {
    "well": Case(f"{ONE}\r\n7zip|25.1.0\r\n", "7zip|25.1.0|26.0.0|false\r\n"),
    "one": Case(),
    "none": Case("", list_code=2, outdated_code=2),
    "umlauts": Case(f"{ONE}\nprüfprogramm-€|1.0\n"),
    "warnings": Case(f"{ONE}\nDeprecated: choco says something.\n", "You are using a preview.\n"),
    "held": Case(f"{ONE}\nvlc|3.0.20\n", "vlc|3.0.20|3.0.21|true\n"),
    "absent": Case(None),
    "cut list": Case(f"{ONE}\n7zip|"),
    "cut outdated": Case(ONE, "7zip|25.1.0|26"),
    "pinned is no word": Case(ONE, "7zip|25.1.0|26.0.0|vielleicht"),
    "list fails": Case("cannot", list_code=1),
    "outdated fails": Case(
        ONE,
        f"Unable to load the service index for source https://leser:{CANARY}@packages.example/ (401 (Unauthorized))",
        outdated_code=1,
    ),
    "config is no XML": Case(config="<chocolatey><sources>"),
    "outdated never ends": Case(sleeps=("outdated",)),
    "floods": Case(b"x|1\n" * 700_000),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the section tells in each case: one PowerShell for all."""
    base = tmp_path_factory.mktemp("chocolatey")
    folders = {name: base / str(number) for number, name in enumerate(CASES)}
    for name, case in CASES.items():
        case.install(folders[name])
    assert PWSH is not None
    script = Path(__file__).parents[2] / "unit" / "chocolatey_for_real.ps1"
    named = {"-Repository": REPOSITORY, "-Folders": "|".join(map(str, folders.values())), "-Seconds": "2"}
    done = subprocess.run(
        [
            PWSH,
            "-NoProfile",
            "-NonInteractive",
            "-File",
            script,
            *(str(it) for pair in named.items() for it in pair),
        ],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode().strip().splitlines()
    assert CANARY not in done.stdout.decode() + done.stderr.decode()
    for name, case in CASES.items():
        calls = folders[name] / "calls"
        case.calls = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
    return dict(zip(CASES, map(json.loads, lines), strict=True))


def test_packages_sources_and_what_is_newer_are_told(told: dict[str, Any]) -> None:
    well = told["well"]
    assert well["Errors"] == {}
    assert well["Packages"] == [{"Id": "chocolatey", "Version": "2.5.1"}, {"Id": "7zip", "Version": "25.1.0"}]
    assert well["Outdated"] == [{"Id": "7zip", "Version": "25.1.0", "Available": "26.0.0", "Pinned": False}]
    assert well["Sources"] == [
        {
            "Name": "lechblick",
            "Source": "https://packages.example/chocolatey/",
            "Disabled": False,
            "UserName": "leser",
        },
        {
            "Name": "chocolatey",
            "Source": "https://community.chocolatey.org/api/v2/",
            "Disabled": True,
            "UserName": None,
        },
    ]


def test_it_is_called_for_what_is_installed_and_for_what_is_newer(told: dict[str, Any]) -> None:
    assert told
    assert CASES["well"].calls == [
        "list --limit-output --all-versions",
        "outdated --limit-output --no-progress",
    ]


@pytest.mark.parametrize(("case", "count"), [("none", 0), ("one", 1), ("well", 2)])
def test_a_list_stays_a_list(told: dict[str, Any], case: str, count: int) -> None:
    assert isinstance(told[case]["Packages"], list)
    assert len(told[case]["Packages"]) == count
    assert isinstance(told[case]["Outdated"], list)


def test_text_is_read_as_it_is(told: dict[str, Any]) -> None:
    assert told["umlauts"]["Packages"][1] == {"Id": "prüfprogramm-€", "Version": "1.0"}
    assert [it["Id"] for it in told["warnings"]["Packages"]] == ["chocolatey"]
    assert told["warnings"]["Outdated"] == []
    assert told["held"]["Outdated"][0]["Pinned"] is True


def test_without_chocolatey_that_is_told_and_nothing_else(told: dict[str, Any]) -> None:
    assert told["absent"] == {"Errors": {}, "Path": None}
    found = read(Look({"sections": {"chocolatey": told["absent"]}}))
    assert found is not None
    assert not found.chocolatey


@pytest.mark.parametrize(
    ("case", "part"),
    [
        ("cut list", "Packages"),
        ("cut outdated", "Outdated"),
        ("pinned is no word", "Outdated"),
        ("list fails", "Packages"),
        ("outdated fails", "Outdated"),
        ("config is no XML", "Sources"),
        ("outdated never ends", "Outdated"),
        ("floods", "Packages"),
    ],
)
def test_a_part_that_fails_costs_itself_and_is_never_absent(
    told: dict[str, Any], case: str, part: str
) -> None:
    section = told[case]
    assert list(section["Errors"]) == [part]
    assert part not in section
    assert {"Packages", "Sources", "Outdated"} - {part} <= section.keys()
    assert read(Look({"sections": {"chocolatey": section}})) is None


def test_what_failed_says_why(told: dict[str, Any]) -> None:
    assert told["outdated never ends"]["Errors"]["Outdated"].startswith("timed_out: ")
    assert told["list fails"]["Errors"]["Packages"] == "Exit code 1. cannot"
    failure = told["outdated fails"]["Errors"]["Outdated"]
    assert failure.startswith(
        "Exit code 1. Unable to load the service index for source https://packages.example/"
    )
