"""The gate that every .ps1 of the repository passes, and that a broken script does not."""

import re
from pathlib import Path

import pytest

from lab.powershell_syntax import check, main
from serviceheft.settings import REPOSITORY

SCRIPTS = sorted(
    path
    for folder in ("library", "module_utils", "roles", "lab", "playbooks")
    for path in (REPOSITORY / folder).rglob("*.ps*1")
)
VISIT = REPOSITORY / "library" / "windows_visit.ps1"
SECTIONS = sorted((REPOSITORY / "module_utils").glob("*.psm1"))


def test_there_are_scripts_to_check() -> None:
    assert VISIT in SCRIPTS


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_script_has_no_syntax_error(path: Path) -> None:
    assert check(path.read_text(encoding="utf-8-sig")) == []


@pytest.mark.parametrize(
    "broken",
    [
        "if ($true) {",
        "$x = @{ a = 1",
        "foreach ($a in $b { $a }",
        "Function { }",
        "$x = 'unfinished",
    ],
)
def test_broken_script_is_refused(broken: str) -> None:
    assert check(broken)


@pytest.mark.parametrize("closing", ["}", ")", "'"])
def test_losing_any_of_the_last_brackets_of_the_visit_is_noticed(closing: str) -> None:
    source = VISIT.read_text()
    position = source.rindex(closing)
    assert check(source[:position] + source[position + 1 :])


def test_problem_names_file_line_and_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "broken.ps1"
    script.write_text("$sound = 1\n$x = @{ a = 1\n")
    assert main([str(script)]) == 1
    assert re.match(rf"{re.escape(str(script))}:[23]:\d+: ", capsys.readouterr().err)


def test_sound_script_passes(tmp_path: Path) -> None:
    script = tmp_path / "sound.ps1"
    script.write_text("\N{BOM}Get-Date\n")
    assert main([str(script)]) == 0


def test_missing_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "no.ps1")]) == 2
    assert "cannot be read: No such file or directory" in capsys.readouterr().err


def test_visit_promises_check_mode_and_no_change() -> None:
    source = VISIT.read_text()
    assert "supports_check_mode = $true" in source
    assert "$module.Result.changed = $false" in source


@pytest.mark.parametrize("path", [VISIT, *SECTIONS], ids=lambda path: path.name)
def test_visit_only_reads(path: Path) -> None:
    """The verbs that change something have no place in it; nor has what searches, downloads or installs unwatched."""
    code = re.sub(r"#.*", "", path.read_text())
    assert not re.search(
        r"\b(?:Set|Remove|Install|Start|Stop|Restart|Update|Clear|Disable|Enable)-[A-Z]", code
    )
    assert not re.search(r"Win32_Product\b|BeginSearch|Downloader|CreateUpdateInstaller", code)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_script_is_ascii(path: Path) -> None:
    """Windows PowerShell takes a file without a byte order mark for the host's own code page."""
    assert path.read_text(encoding="utf-8-sig").isascii()
