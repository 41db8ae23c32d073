"""make bench does what it measures, and measures all ways alike. No test asserts a time."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from lab import control
from lab.generated import Elsewhere
from lab.windows.defaults import default_machine
from lab.windows.state_file import write_json
from serviceheft import settings
from serviceheft.assess.judgement import Outcome
from serviceheft.settings import REPOSITORY
from tests.bench import bench_standard, bench_weekly, comparison, raw_limit, report, runs
from tests.bench.callback_plugins import task_costs
from tests.bench.emulated import Raised, raised
from tests.bench.harness import BenchFailed, Cost, environment, measured, refuse_without_byte_code
from tests.bench.memory import tree_megabytes

#: What a caller's shell may hold, and what would make one way dearer than another.
UNFAIR = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/nowhere", "ANSIBLE_FORKS": "1"}


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benches as make does, but from a shell with unfair settings."""
    return subprocess.run(
        [sys.executable, "-m", "tests.bench", *arguments],
        cwd=REPOSITORY,
        env={**environment(), **UNFAIR},
        capture_output=True,
        text=True,
        timeout=280,
    )


def figures(finished: subprocess.CompletedProcess[str]) -> dict[tuple[int, str, str], dict[str, Any]]:
    """Figures of a bench's JSON by hosts, way and state."""
    assert finished.returncode == 0, finished.stdout + finished.stderr
    sections = json.loads(finished.stdout)["sections"]
    every = [row for section in sections for row in section["figures"]]
    return {(row["hosts"], row["way"], row["state"]): row for row in every}


@pytest.mark.lab
def test_all_ways_of_the_weekly_checks_are_carried_out_on_emulated_hosts() -> None:
    finished = bench("--quick", "--json", "weekly")
    found = figures(finished)
    assert list(found) == [(2, way.name, "") for way in bench_weekly.WAYS]
    assert found[2, "empty play", ""]["starts_per_host"] == 0
    assert found[2, "raw WS-Man limit", ""]["starts_per_host"] == 1
    assert found[2, "ours", ""]["starts_per_host"] >= 1
    ten = found[2, "ten ordinary tasks", ""]
    assert (ten["tasks_per_host"], ten["skipped_per_host"]) == (10, 0)
    assert all(row["memory_mb"] and row["cpu_s"] and row["wall_s"] for row in found.values())
    assert "2 hosts, round 1 of 1: ours ..." in finished.stderr  # which is silent for seconds


@pytest.mark.lab
def test_tasks_of_the_standard_week_grow_with_what_is_mended_not_with_what_is_checked() -> None:
    finished = bench("--quick", "standard")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in finished.stdout.splitlines()]
    counts = {
        row[0]: [float(count) for count in row[1:]] for row in cells if row and " application" in row[0]
    }
    one, five = counts["1 application, well"], counts["5 applications, well"]
    assert one[:3] == five[:3] == counts["5 applications, well beside hosts to mend"][:3]
    assert five[3] == one[3] + 4  # the ordinary way has a task for each application
    assert counts["5 applications, one lacking, and an update with its restart"][0] > five[0]


# --- what would make it unfair ---


@pytest.fixture(scope="module")
def two_hosts() -> Iterator[Raised]:
    """Two hosts, raised from a shell with unfair settings."""
    with patch.dict(os.environ, UNFAIR), raised(2) as site:
        yield site


def test_a_measured_process_keeps_byte_code_whatever_the_shell_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in UNFAIR.items():
        monkeypatch.setenv(name, value)
    asked = "import os, sys; assert not sys.dont_write_bytecode and sys.pycache_prefix is None"
    measured([sys.executable, "-c", f"{asked} and 'ANSIBLE_FORKS' not in os.environ"], {})


@pytest.mark.lab
def test_the_emulated_hosts_keep_byte_code_too(two_hosts: Raised) -> None:
    seen = Path(f"/proc/{two_hosts.pid}/environ").read_bytes().decode().split("\0")
    names = {line.partition("=")[0] for line in seen}
    assert "HEFT_VAR" in names
    assert names.isdisjoint(UNFAIR)


def test_sources_without_byte_code_are_refused() -> None:
    with pytest.raises(
        BenchFailed, match=r"no byte code of /x/yaml.py \(2 such files\): is the folder read-only"
    ):
        refuse_without_byte_code(["/x/yaml.py", "/x/zlib.py"])
    with pytest.raises(BenchFailed, match="cannot be loaded: ModuleNotFoundError: winrm"):
        refuse_without_byte_code([], "Traceback\nModuleNotFoundError: winrm\n")
    refuse_without_byte_code([])


def test_ways_are_gone_in_turns_and_figures_are_medians(two_machines: Raised) -> None:
    order: list[str] = []
    costs = {"a": [5.0, 1.0, 3.0], "b": [2.0, 2.0, 8.0]}

    def go(name: str, _: Raised) -> runs.Run:
        order.append(name)
        cost = costs[name][order.count(name) - 1]
        return runs.Run(Cost(cost, cost, 10 * cost), cost, [], {"pc-001": runs.Work(0, 0, 1)})

    write_json(two_machines.directory / "hosts.json", [{"name": "pc-001"}])
    ways = [comparison.Way(name, lambda site, name=name: go(name, site)) for name in costs]
    found = comparison.in_turns(two_machines, ways, 3)
    assert order == ["a", "b"] * 3
    assert [(way.cpu, way.memory) for way in found.values()] == [(3.0, 50.0), (2.0, 80.0)]
    assert comparison.ratio(found["a"], found["b"], found["b"])[2:5] == ["1.5", "1.5", ""]


# --- what is measured ---


def test_the_memory_of_children_counts() -> None:
    hold = "b = bytearray(60_000_000); print(flush=True); input()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()  # the child holds it
        held = tree_megabytes(process.pid)
        process.communicate(b"\n")
    assert held is not None
    assert held > 57
    assert tree_megabytes(process.pid) is None


@pytest.mark.parametrize(("action", "once"), [("add_host", True), ("debug", False)])
def test_a_task_for_all_hosts_at_once_is_no_hosts_task(action: str, once: bool) -> None:
    task = SimpleNamespace(action=action, collections=[])
    assert task_costs.is_for_all(task) is once  # type: ignore[arg-type]


def test_a_command_that_fails_gives_no_figure_but_its_last_words() -> None:
    with pytest.raises(BenchFailed, match="ended with 3:\nno book"):
        measured([sys.executable, "-c", "print('no book'); raise SystemExit(3)"], {})


class Stamped:
    """As much of a stamp as is asked for."""

    def __init__(self, host: str, service: str, outcome: Outcome = Outcome.DONE) -> None:
        self.host, self.service, self.outcome = host, service, outcome


def undone(state: str, *stamps: Stamped) -> str | None:
    return bench_weekly.undone(state, ["pc-001", "pc-002"], stamps)  # type: ignore[arg-type]


def test_a_weekly_run_counts_only_when_all_hosts_were_measured() -> None:
    both = [Stamped(host, "2.7") for host in ("pc-001", "pc-002")]
    assert undone("carried out", *both) is None
    assert undone("incomplete", *both) == "The weekly run was incomplete"
    assert undone("carried out") == "The weekly run stamped nothing"
    assert undone("carried out", *both, Stamped("pc-001", "3.1")) == "pc-002 was not stamped for 3.1"
    lost = Stamped("pc-002", "3.1", Outcome.NOT_REACHED)
    assert undone("carried out", *both, lost) == "pc-002 was not reached for 3.1"


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


# --- the raw limit ---


@pytest.mark.lab
def test_the_raw_limit_gets_the_sections_of_a_visit(two_hosts: Raised) -> None:
    runs.raw_limit(two_hosts)
    order = raw_limit.Order.read(two_hosts.customer.base / "raw-limit.json")
    assert {"computer", "antivirus", "updates", "anydesk"} <= order.sections
    assert [host.name for host in order.hosts] == ["pc-001", "pc-002"]
    assert (two_hosts.customer.base / "raw-limit.json").stat().st_mode & 0o077 == 0


@pytest.mark.lab
def test_the_raw_limit_checks_the_certificate_and_tells_no_secret(two_hosts: Raised) -> None:
    runs.raw_limit(two_hosts)
    control.set_faults(two_hosts.directory, "pc-002", expired_certificate=True)
    try:
        with pytest.raises(BenchFailed, match=r"pc-002: .*certificate has expired") as refused:
            runs.raw_limit(two_hosts)
    finally:
        control.set_faults(two_hosts.directory, "pc-002")
    assert two_hosts.vaulted("vault_windows_password") not in str(refused.value)


@pytest.mark.lab
def test_the_raw_limit_gives_no_figure_for_a_host_that_does_not_answer(two_hosts: Raised) -> None:
    runs.raw_limit(two_hosts)
    control.set_faults(two_hosts.directory, "pc-001", off=True)
    try:
        with pytest.raises(BenchFailed, match=r"pc-001: .*refused"):
            runs.raw_limit(two_hosts)
    finally:
        control.set_faults(two_hosts.directory, "pc-001")


@pytest.mark.parametrize(
    ("code", "told", "gap"),
    [
        (0, {"sections": {"computer": {}}, "errors": {}}, None),
        (1, {"sections": {"computer": {}}, "errors": {}}, "the script ended with 1"),
        (0, {"sections": {}, "errors": {}}, "no section computer"),
        (0, {"sections": {"computer": {}}, "errors": {"volumes": "why"}}, "no section volumes"),
        (0, ["no", "visit"], "the answer is no visit's"),
    ],
)
def test_an_answer_that_is_not_whole_is_told(code: int, told: object, gap: str | None) -> None:
    assert raw_limit.lacking(code, json.dumps(told).encode(), frozenset({"computer"})) == gap


def test_input_is_cut_into_requests_and_ends_with_the_last() -> None:
    ends = [end for _, end in raw_limit.pieces(b"x" * 400_001)]
    assert ends == ["", "", ' End="true"']


# --- what is printed ---


def test_a_table_is_markdown_and_keeps_what_was_found_before_a_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def rows() -> Iterator[list[str]]:
        yield ["2.7 | Judge", "1"]
        raise BenchFailed("no more")

    report.begin(as_json=False)
    report.title("a bench")
    with pytest.raises(BenchFailed):
        report.table(["task", "CPU"], rows())
    lines = capsys.readouterr().out.splitlines()
    assert lines[-4:] == ["| task | CPU |", "|---|---|", r"| 2.7 \| Judge | 1 |", ""]


def test_the_book_is_whole_after_its_bench() -> None:
    finished = bench("--quick", "--json", "book", "clock")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    tables = [table for section in json.loads(finished.stdout)["sections"] for table in section["tables"]]
    assert "4 writers at once" in [row[0] for table in tables for row in table["rows"]]


def test_an_unknown_bench_is_told() -> None:
    finished = bench("weekley")
    assert finished.returncode == 2
    assert "no bench weekley. There are weekly, standard, costs, clock, book, publish." in finished.stderr
