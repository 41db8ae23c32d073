"""make bench does what it measures. No test asserts a time."""

import subprocess
import sys

import pytest

from serviceheft.settings import REPOSITORY
from tests.bench.harness import BenchFailed, measured


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


def test_the_book_is_whole_after_its_bench() -> None:
    finished = bench("--quick", "book", "clock")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "4 writers at once" in finished.stdout


def test_an_unknown_bench_is_told() -> None:
    finished = bench("weekley")
    assert finished.returncode == 2
    assert "no bench weekley. There are weekly, costs, clock, book, publish." in finished.stderr


def test_a_command_that_fails_gives_no_figure_but_its_last_words() -> None:
    with pytest.raises(BenchFailed, match="ended with 3:\nno book"):
        measured([sys.executable, "-c", "print('no book'); raise SystemExit(3)"], {})
