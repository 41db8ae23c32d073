"""Runs of playbooks on emulated hosts: what a run cost, and what it did on each host; ways side by side."""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Literal

from serviceheft.settings import REPOSITORY
from tests.bench.harness import BenchFailed, Cost, Raised, measured, middle

WEEKLY = "tests/bench/weekly.yml"
EMPTY = "tests/bench/empty.yml"

#: Columns of a comparison.
HEAD = ["hosts, way", "wall s", "CPU s", "CPU per host", "less an empty run", "PowerShell starts"]
HEAD += ["tasks per host", "skipped"]

type Way = Literal["weekly", "ordinary"]

_STARTED = re.compile(r"^\S+ (\S+): .+ ms\)$", re.MULTILINE)


@dataclass(frozen=True)
class Work:
    """What a run did on one host, or on average. A loop is as many tasks as it has items: each is a task's work.

    starts: how often the host started PowerShell, by the lab's log.
    """

    tasks: float
    skipped: float
    starts: float


@dataclass(frozen=True)
class Row:
    """One task of a run: seconds of wall time, of the controller's own CPU and of its workers' CPU."""

    name: str
    once: bool
    run: int
    skipped: int
    wall: float
    own: float
    workers: float


@dataclass(frozen=True)
class Run:
    """A playbook that was carried out."""

    cost: Cost
    rows: Sequence[Row]
    hosts: Mapping[str, Work]

    def work(self, hosts: Collection[str] | None = None) -> Work:
        """The mean over these hosts, or over all."""
        of = [self.hosts[host] for host in hosts or self.hosts]
        return Work(
            mean(one.tasks for one in of), mean(one.skipped for one in of), mean(one.starts for one in of)
        )


@dataclass(frozen=True)
class Comparison:
    """The weekly run beside ordinary tasks, each several times over the same hosts, and beside no tasks at all."""

    empty: Cost
    weekly: Sequence[Run]
    ordinary: Sequence[Run]

    def middle(self, way: Way) -> Cost:
        """The median of one way's runs."""
        return middle([run.cost for run in (self.weekly if way == "weekly" else self.ordinary)])

    def lines(self, state: str = "") -> Iterator[list[str]]:
        """A line for each way and their ratio, under HEAD; `state` tells in what state the hosts were."""
        hosts = len(self.weekly[0].hosts)
        weekly, ordinary = self.middle("weekly"), self.middle("ordinary")
        for way, cost, runs in (("weekly", weekly, self.weekly), ("ordinary", ordinary, self.ordinary)):
            work = runs[0].work()
            yield [
                f"{hosts:>3} {way}{state}",
                f"{cost.wall:.1f}",
                f"{cost.cpu:.1f}",
                f"{cost.cpu / hosts * 1000:,.0f} ms",
                f"{(cost.cpu - self.empty.cpu) / hosts * 1000:,.0f} ms",
                *(f"{count:.1f}" for count in (work.starts, work.tasks, work.skipped)),
            ]
        cpu, net = ordinary.cpu / weekly.cpu, (ordinary.cpu - self.empty.cpu) / (weekly.cpu - self.empty.cpu)
        ratios = [f"{ordinary.wall / weekly.wall:.2f}", f"{cpu:.2f}", f"{cpu:.2f}", f"{net:.2f}"]
        yield [f"{hosts:>3} ordinary : weekly", *ratios, "", "", ""]


def compare(
    site: Raised,
    ordinary: str,
    *,
    repeats: int = 1,
    around: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Comparison:
    """Run both ways in turns, so that a noisy neighbour hits both; `around` surrounds each run, unmeasured."""
    empty = playbook(site, EMPTY).cost
    runs: dict[str, list[Run]] = {WEEKLY: [], ordinary: []}
    for _ in range(repeats):
        for path, done in runs.items():
            with around():
                done.append(playbook(site, path))
    return Comparison(empty, runs[WEEKLY], runs[ordinary])


def playbook(site: Raised, path: str, *options: str) -> Run:
    """Run a playbook to its end. Raises BenchFailed when it did not do its work."""
    figures, log = site.customer.base / "task-costs.json", site.directory / "windows.log"
    figures.unlink(missing_ok=True)
    logged = log.stat().st_size
    plugins = [str(REPOSITORY / folder) for folder in ("callback_plugins", "tests/bench/callback_plugins")]
    environment = {
        "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
        "ANSIBLE_CALLBACK_PLUGINS": ":".join(plugins),
        "ANSIBLE_CALLBACKS_ENABLED": "task_costs",
        "BENCH_TASK_COSTS": str(figures),
    }
    if path != WEEKLY:
        environment["ANSIBLE_STDOUT_CALLBACK"] = "default"
    cost = measured(site.playbook(path, *options), environment)
    try:
        found = json.loads(figures.read_text(encoding="utf-8"))
    except OSError as error:
        raise BenchFailed("Ansible wrote no costs of tasks.") from error
    starts = _starts(log, logged)
    hosts = {host: Work(**counts, starts=starts[host]) for host, counts in found["hosts"].items()}
    return Run(cost, [Row(**row) for row in found["tasks"]], hosts)


def _starts(log: Path, since: int) -> Counter[str]:
    """How often each host has run something, by the part of the log from the byte `since` on."""
    with log.open("rb") as file:
        file.seek(since)
        return Counter(_STARTED.findall(file.read().decode()))
