"""The weekly run beside the same checks as ten ordinary tasks, for growing numbers of emulated hosts."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from serviceheft.settings import REPOSITORY
from tests.bench.harness import BenchFailed, Cost, Raised, measured, middle, raised, table, title

#: hosts -> how often each way is run, in turns, so that a noisy neighbour hits both
REPEATS = {1: 3, 10: 2, 50: 1, 200: 1}
QUICK = {1: 1, 10: 1}

WEEKLY = "playbooks/weekly.yml"
ORDINARY = "tests/bench/ordinary.yml"
EMPTY = "tests/bench/empty.yml"


@dataclass(frozen=True)
class Tasks:
    """What a run did on each host, on average."""

    run: float
    skipped: float


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


def run(*, quick: bool) -> None:
    """Print the comparison."""
    title("weekly: the week's services in one visit, beside ten ordinary tasks")
    head = ["hosts, way", "wall s", "CPU s", "CPU per host", "less an empty run", "tasks per host", "skipped"]
    table(head, _sizes(QUICK if quick else REPEATS), first=22)


def _sizes(sizes: Mapping[int, int]) -> Iterator[list[str]]:
    memory = 0.0
    for hosts, repeats in sizes.items():
        with raised(hosts) as site:
            empty, _ = playbook(site, EMPTY)
            runs = [(playbook(site, WEEKLY), playbook(site, ORDINARY)) for _ in range(repeats)]
            memory = site.lab_megabytes()
        weekly, ordinary = (middle([cost for cost, _ in way]) for way in zip(*runs, strict=True))
        yield _line(hosts, "weekly", weekly, empty, runs[0][0][1])
        yield _line(hosts, "ordinary", ordinary, empty, runs[0][1][1])
        cpu, net = ordinary.cpu / weekly.cpu, (ordinary.cpu - empty.cpu) / (weekly.cpu - empty.cpu)
        ratios = [f"{ordinary.wall / weekly.wall:.2f}", f"{cpu:.2f}", f"{cpu:.2f}", f"{net:.2f}"]
        yield [f"{hosts:>3} ordinary : weekly", *ratios, "", ""]
    yield [f"memory of the process of {hosts} emulated hosts: {memory:.0f} MB", *[""] * 6]


def playbook(site: Raised, path: str, *options: str) -> tuple[Cost, Tasks]:
    """Run a playbook; its cost, and how many tasks each host had."""
    cost, rows = profiled(site, path, *options)
    each = [row for row in rows if not row.once]
    return cost, Tasks(
        sum(row.run for row in each) / site.hosts, sum(row.skipped for row in each) / site.hosts
    )


def profiled(site: Raised, path: str, *options: str) -> tuple[Cost, list[Row]]:
    """Run a playbook with the cost of each task."""
    figures = site.customer.base / "task-costs.json"
    figures.unlink(missing_ok=True)
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
    return cost, _rows(figures)


def _rows(figures: Path) -> list[Row]:
    try:
        return [Row(**row) for row in json.loads(figures.read_text(encoding="utf-8"))]
    except OSError as error:
        raise BenchFailed("Ansible wrote no costs of tasks.") from error


def _line(hosts: int, name: str, cost: Cost, empty: Cost, tasks: Tasks) -> list[str]:
    return [
        f"{hosts:>3} {name}",
        f"{cost.wall:.1f}",
        f"{cost.cpu:.1f}",
        f"{cost.cpu / hosts * 1000:,.0f} ms",
        f"{(cost.cpu - empty.cpu) / hosts * 1000:,.0f} ms",
        f"{tasks.run:.1f}",
        f"{tasks.skipped:.1f}",
    ]
