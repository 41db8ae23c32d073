"""make bench does what it measures. No test asserts a time."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lab.generated import Elsewhere
from lab.windows.defaults import default_machine
from lab.windows.state_file import write_json
from serviceheft import settings
from serviceheft.settings import REPOSITORY
from tests.bench import bench_standard
from tests.bench.harness import BenchFailed, Raised, measured


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benches as make does."""
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=280,
    )


@pytest.mark.lab
def test_both_ways_of_the_weekly_checks_are_carried_out_on_emulated_hosts() -> None:
    finished = bench("--quick", "weekly")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    lines = [line.split() for line in finished.stdout.splitlines()]
    ordinary = [line for line in lines if line[1:2] == ["ordinary"] and line[2] != ":"]
    assert [line[0] for line in ordinary] == ["1", "10"]
    assert [line[-2:] for line in ordinary] == [["10.0", "0.0"]] * 2  # ten tasks on each host, none skipped
    assert "10 ordinary : weekly" in finished.stdout


@pytest.mark.lab
def test_tasks_of_the_standard_week_grow_with_what_is_mended_not_with_what_is_checked() -> None:
    finished = bench("--quick", "standard")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    lines = [re.split(r"\s{2,}", line) for line in finished.stdout.splitlines()]
    counts = {line[0]: [float(count) for count in line[1:]] for line in lines if "application" in line[0]}
    one, five = counts["1 application, well"], counts["5 applications, 3 hosts, all well"]
    assert one[:3] == five[:3] == counts["5 applications, well beside 1 to mend"][:3]
    assert five[3] == one[3] + 4  # the ordinary way has a task for each application
    assert counts["5 applications, one lacking, and an update"][0] > five[0]


@pytest.fixture
def two_machines(tmp_path: Path) -> Raised:
    """Two machines that nothing serves: the second is to be mended."""
    now = settings.now()
    for number, host in enumerate(("pc-001", "pc-002"), 1):
        state = default_machine("client", name=host, address=f"127.120.0.{number}", now=now, accounts=[])
        state["packages"].append({"name": bench_standard.LACKED, "version": "25.1.0", "pinned": False})
        write_json(tmp_path / "machines" / f"{host}.json", state)
    return Raised(Elsewhere(tmp_path, "lichtblick"), tmp_path, 0)


def test_figures_of_a_run_that_mended_nothing_are_refused(two_machines: Raised) -> None:
    with (
        pytest.raises(BenchFailed, match="pc-002 was not mended: the figures mean nothing"),
        bench_standard.as_found(two_machines, ["pc-002"])(),
    ):
        pass


def test_figures_of_a_run_that_changed_what_was_well_are_refused(two_machines: Raised) -> None:
    machine = two_machines.directory / "machines" / "pc-001.json"
    with (
        pytest.raises(BenchFailed, match="pc-001 was well, and was changed"),
        bench_standard.as_found(two_machines)(),
    ):
        machine.write_text("{}", encoding="utf-8")


def test_the_book_is_whole_after_its_bench() -> None:
    finished = bench("--quick", "book", "clock")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "4 writers at once" in finished.stdout


def test_an_unknown_bench_is_told() -> None:
    finished = bench("weekley")
    assert finished.returncode == 2
    assert "no bench weekley. There are weekly, standard, costs, clock, book, publish." in finished.stderr


def test_a_command_that_fails_gives_no_figure_but_its_last_words() -> None:
    with pytest.raises(BenchFailed, match="ended with 3:\nno book"):
        measured([sys.executable, "-c", "print('no book'); raise SystemExit(3)"], {})
