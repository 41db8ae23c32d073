"""The weekly log of the virus check."""

import os
import resource
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from serviceheft.assess.judgement import Check, CheckResult, Finding, Judgement, Outcome
from serviceheft.logs import LogUnavailable, append, log_file
from serviceheft.services.antivirus_check.log import antivirus_log_line
from serviceheft.settings import BERLIN

AT = datetime(2026, 11, 22, 21, 35, tzinfo=BERLIN)


def test_line_of_a_finding() -> None:
    judgement = Judgement(
        outcome=Outcome.FINDING,
        findings=(Finding("antivirus.definitions_outdated", {"age_days": 9, "tolerated_days": 3}),),
        measured={
            "product": "defender",
            "product_version": "4.18.26090.9",
            "product_name": "canary",
            "definitions_updated_at": "2026-11-13T15:00:00Z",
            "real_time_protection": True,
            "active_detections": 0,
            "source": "windows",
            "threats": ["canary"],
        },
        subject="antivirus",
        reason="visit.section_failed",
        checks=(
            Check("antivirus.definitions", CheckResult.FINDING),
            Check("antivirus.scan", CheckResult.NOT_MEASURED),
        ),
    )
    assert antivirus_log_line("pc-empfang-01", judgement, AT) == (
        "2026-11-22T21:35:00+01:00 pc-empfang-01 finding product=defender version=4.18.26090.9 "
        "definitions=2026-11-13T15:00:00Z real_time=true scan=- detections=0 console_seen=- source=windows "
        "findings=antivirus.definitions_outdated not_measured=antivirus.scan reason=visit.section_failed"
    )


def test_line_of_a_host_that_was_off() -> None:
    judgement = Judgement(outcome=Outcome.NOT_REACHED, subject="antivirus", reason="reach.no_route")
    line = antivirus_log_line("laptop-03", judgement, AT)
    assert line.startswith('2026-11-22T21:35:00+01:00 laptop-03 "not reached" product=- ')
    assert line.endswith("findings=- not_measured=- reason=reach.no_route")


@pytest.mark.parametrize("version", ["7 beta", "a\nb", 'x"y', "a=b", "Größe"])
def test_strange_values_stay_one_value_on_one_line(version: str) -> None:
    judgement = Judgement(
        outcome=Outcome.NOT_MEASURED, measured={"product_version": version}, subject="antivirus"
    )
    line = antivirus_log_line("pc", judgement, AT)
    assert "\n" not in line
    assert ' version="' in line


def test_file_is_that_of_the_week_in_berlin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HEFT_VAR", str(tmp_path))
    sunday = datetime(2026, 11, 22, 22, 59, tzinfo=UTC)
    monday = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    assert log_file("musterbau", "antivirus", sunday) == tmp_path / "log/musterbau/antivirus-2026-W47.log"
    assert log_file("musterbau", "antivirus", monday).name == "antivirus-2026-W48.log"


def write_many(path: Path, writer: int) -> None:
    for number in range(200):
        append(path, f"{writer}:{number}:" + "x" * 300)


def test_several_writers_lose_and_mix_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log" / "w.log"
    with ProcessPoolExecutor(3) as pool:
        list(pool.map(write_many, [path] * 3, range(3)))
    lines = path.read_text().splitlines()
    assert len(lines) == 600
    assert {line.rsplit(":", 1)[1] for line in lines} == {"x" * 300}
    for writer in range(3):
        mine = [int(line.split(":")[1]) for line in lines if line.startswith(f"{writer}:")]
        assert mine == list(range(200))


def test_two_lines_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="A log entry is one line"):
        append(tmp_path / "w.log", "a\nb")


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("")
    with pytest.raises(
        LogUnavailable, match=r"w\.log cannot be written: (?:Not a directory|File exists)\. Mend that"
    ):
        append(tmp_path / "log" / "w.log", "a")


def test_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    """A limit on the size of files cuts a write as a full disk does."""
    path = tmp_path / "w.log"
    append(path, "first")
    script = (
        "import resource, signal, sys; from pathlib import Path; from serviceheft.logs import *\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (10, {resource.RLIM_INFINITY}))\n"
        "try: append(Path(sys.argv[1]), 'second line')\n"
        "except LogUnavailable as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert done.stdout == f"{path} cannot be written: the disk is full. Free space, then run again.\n"
    assert path.read_text() == "first\n"
