"""What a run costs before its first host, and what the number of forks changes."""

import sys
from functools import partial

from tests.bench.bench_weekly import LIMIT, standard, warm
from tests.bench.comparison import Gone, Way, in_turns
from tests.bench.harness import Cost, measured, middle
from tests.bench.report import step, table, title
from tests.bench.runs import WEEKLY, playbook

HOSTS, QUICK_HOSTS = 50, 3
ROUNDS, QUICK_ROUNDS = 3, 1
FORKS = (5, 10, 25)
IMPORTS = "import serviceheft.running.recording, serviceheft.running.closing, serviceheft.running.summary"


def run(*, quick: bool) -> None:
    """Print what each part costs."""
    hosts, rounds = (QUICK_HOSTS, QUICK_ROUNDS) if quick else (HOSTS, ROUNDS)
    title("costs: before the first host, and by the number of forks")
    _fixed(rounds)
    ways = [
        Way(f"{count} forks", partial(playbook, path=WEEKLY, options=("--forks", str(count))))
        for count in FORKS
    ]
    with standard(hosts) as site:
        warm(site, (LIMIT,))
        by_forks = in_turns(site, ways, rounds)
    table((f"ours, {hosts} hosts", "wall", "CPU per host"), [_line(gone) for gone in by_forks.values()])


def _fixed(rounds: int) -> None:
    """What a run costs before its first host, in processes of their own."""
    codes = {"Python": "", "Ansible": "import ansible.cli.playbook"}
    codes["Serviceheft"] = f"{codes['Ansible']}; {IMPORTS}"
    with step("imports"):
        each: dict[str, list[Cost]] = {name: [] for name in codes}
        for _ in range(rounds):
            for name, code in codes.items():
                each[name].append(measured([sys.executable, "-c", code], {}))
    python, ansible, package = (middle(costs).cpu for costs in each.values())
    table(
        ["once per run", "CPU"],
        [
            ["Python", f"{python:.2f} s"],
            ["import of Ansible", f"{ansible - python:.2f} s"],
            ["import of Serviceheft and its libraries", f"{package - ansible:.2f} s"],
        ],
    )


def _line(gone: Gone) -> list[str]:
    return [gone.name, f"{gone.wall:.1f} s", f"{gone.cpu / gone.hosts * 1000:,.0f} ms"]
