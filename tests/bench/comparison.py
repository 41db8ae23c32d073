"""Ways of doing the same, side by side over the same hosts, in turns: what disturbs the machine hits all alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.bench.emulated import Raised
from tests.bench.harness import middle
from tests.bench.report import step
from tests.bench.runs import Run

#: Columns of a comparison.
HEAD = ["hosts", "way", "wall", "CPU per host", "less an empty play", "starts", "emulator's CPU per host"]
HEAD += ["memory", "tasks per host", "skipped"]

_NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Way:
    """One way: what it is called in tables, and how it is gone once over all hosts of a site."""

    name: str
    go: Callable[[Raised], Run]


@dataclass(frozen=True)
class Gone:
    """A way that was gone several times over the same hosts; figures are medians, of memory the most."""

    name: str
    runs: Sequence[Run]

    @property
    def hosts(self) -> int:
        return len(self.runs[0].hosts)

    @property
    def wall(self) -> float:
        return middle([run.cost for run in self.runs]).wall

    @property
    def cpu(self) -> float:
        return middle([run.cost for run in self.runs]).cpu

    @property
    def memory(self) -> float | None:
        return middle([run.cost for run in self.runs]).memory

    @property
    def emulator(self) -> float:
        return median(run.emulator for run in self.runs)

    @property
    def spread(self) -> float:
        """How far the dearest run's CPU lies above the cheapest one's, as a share of the median."""
        each = [run.cost.cpu for run in self.runs]
        return (max(each) - min(each)) / self.cpu

    def line(self, empty: "Gone | None", state: str = "") -> list[str]:
        """The row of the table; an empty play costs nothing beside itself."""
        work = self.runs[0].work()
        less = "" if empty is None else _per_host(self.cpu - empty.cpu, self.hosts)
        memory = _NOT_MEASURED if self.memory is None else f"{self.memory:,.0f} MB"
        return [
            f"{self.hosts}{state}",
            self.name,
            f"{self.wall:.1f} s",
            _per_host(self.cpu, self.hosts),
            less,
            _count(work.starts),
            _per_host(self.emulator, self.hosts),
            memory,
            _count(work.tasks),
            _count(work.skipped),
        ]

    def figures(self, state: str = "") -> dict[str, Any]:
        """The same as numbers, with those of each round: seconds, MB."""
        work = self.runs[0].work()
        return {
            "hosts": self.hosts,
            "state": state,
            "way": self.name,
            "wall_s": self.wall,
            "cpu_s": self.cpu,
            "cpu_ms_per_host": self.cpu / self.hosts * 1000,
            "emulator_cpu_s": self.emulator,
            "memory_mb": self.memory,
            "starts_per_host": work.starts,
            "tasks_per_host": work.tasks,
            "skipped_per_host": work.skipped,
            "rounds": [{"wall_s": run.cost.wall, "cpu_s": run.cost.cpu} for run in self.runs],
        }


def ratio(dear: Gone, cheap: Gone, empty: Gone, state: str = "") -> list[str]:
    """The row that says how many times dearer one way is than another."""
    net = (dear.cpu - empty.cpu) / (cheap.cpu - empty.cpu) if cheap.cpu > empty.cpu else None
    return [
        f"{dear.hosts}{state}",
        f"**{dear.name} : {cheap.name}**",
        f"{dear.wall / cheap.wall:.1f}",
        f"{dear.cpu / cheap.cpu:.1f}",
        "" if net is None else f"{net:.1f}",
        *[""] * 5,
    ]


def in_turns(
    site: Raised,
    ways: Sequence[Way],
    rounds: int,
    around: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Mapping[str, Gone]:
    """Go each way once in each round; `around` surrounds each run, unmeasured."""
    runs: dict[str, list[Run]] = {way.name: [] for way in ways}
    for number in range(1, rounds + 1):
        for way in ways:
            with step(f"{counted(len(site.hosts))}, round {number} of {rounds}: {way.name}"), around():
                runs[way.name].append(way.go(site))
    return {name: Gone(name, done) for name, done in runs.items()}


def steadiness(gone: Sequence[Gone]) -> Iterator[str]:
    """How much the rounds of a way differed; nothing of a single round."""
    if len(gone[0].runs) > 1:
        worst = max(gone, key=lambda way: way.spread)
        rounds = len(worst.runs)
        yield (
            f"{counted(worst.hosts)}: CPU of {rounds} rounds differed most for {worst.name}, by {worst.spread:.0%}."
        )


def counted(hosts: int) -> str:
    """A number of hosts as one says it."""
    return "1 host" if hosts == 1 else f"{hosts} hosts"


def _per_host(seconds: float, hosts: int) -> str:
    return f"{seconds / hosts * 1000:,.0f} ms"


def _count(count: float) -> str:
    return f"{count:.0f}" if count == round(count) else f"{count:.1f}"
