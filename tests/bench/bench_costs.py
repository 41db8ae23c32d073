"""Where the controller's time goes in a weekly run, and what the number of forks changes."""

import sys

from tests.bench.harness import Cost, measured, raised, table, tell, title
from tests.bench.runs import WEEKLY, Run, playbook

HOSTS, QUICK_HOSTS = 50, 5
FORKS = (5, 10, 25)
IMPORTS = "import serviceheft.running.recording, serviceheft.running.closing, serviceheft.running.summary"


def run(*, quick: bool) -> None:
    """Print what each part costs."""
    hosts = QUICK_HOSTS if quick else HOSTS
    title(f"costs: where the time of a weekly run goes ({hosts} hosts)")
    with raised(hosts) as site:
        forks = {count: playbook(site, WEEKLY, "--forks", str(count)) for count in FORKS}
    _fixed()
    tell()
    parts(forks[FORKS[-1]])
    tell()
    _forks({count: run.cost for count, run in forks.items()}, hosts)


def _fixed() -> None:
    """What a run costs before its first host, in processes of their own."""
    ansible = [sys.executable, "-c", "import ansible.cli.playbook"]
    python, start = measured([sys.executable, "-c", ""], {}), measured(ansible, {})
    package = measured([*ansible[:2], f"{ansible[2]}; {IMPORTS}"], {})
    table(
        ["once per run", "CPU s"],
        [
            ["Python", f"{python.cpu:.2f}"],
            ["import of Ansible", f"{start.cpu - python.cpu:.2f}"],
            ["import of Serviceheft and its libraries", f"{package.cpu - start.cpu:.2f}"],
        ],
    )


def parts(run: Run) -> None:
    """Print one line per task that runs on hosts; what is done once is added up."""
    hosts, lines, other = len(run.hosts), [], [0.0, 0.0, 0.0]
    for row in run.rows:
        figures = [row.wall, row.own, row.workers]
        if row.name == "start" or (row.run + row.skipped and not row.once):
            lines.append([row.name, *_cells(figures, hosts)])
        else:
            other = [before + more for before, more in zip(other, figures, strict=True)]
    lines.append(["other: plays, tasks run once, summary", *_cells(other, hosts)])
    total = [sum(getattr(row, name) for row in run.rows) for name in ("wall", "own", "workers")]
    lines.append(["all", *_cells(total, hosts)])
    table(["part of the run", "wall s", "own CPU per host", "workers' CPU per host"], lines, first=64)


def _cells(figures: list[float], hosts: int) -> list[str]:
    wall, own, workers = figures
    return [f"{wall:.1f}", f"{own / hosts * 1000:.0f} ms", f"{workers / hosts * 1000:.0f} ms"]


def _forks(costs: dict[int, Cost], hosts: int) -> None:
    table(
        ["forks", "wall s", "CPU per host"],
        [
            [str(count), f"{cost.wall:.1f}", f"{cost.cpu / hosts * 1000:.0f} ms"]
            for count, cost in costs.items()
        ],
    )
