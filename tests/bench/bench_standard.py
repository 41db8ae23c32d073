"""What a host that is not well costs more, beside ordinary tasks; and what a further application costs."""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from lab import defects
from lab.windows.state_file import write_json
from serviceheft import settings
from tests.bench.bench_weekly import APPLICATIONS, EMPTY_PLAY, LIMIT, ORDINARY, OURS, standard, warm
from tests.bench.comparison import HEAD, Gone, in_turns, ratio
from tests.bench.emulated import Raised
from tests.bench.harness import BenchFailed
from tests.bench.report import figures, note, table, title
from tests.bench.runs import Run

HOSTS, QUICK_HOSTS = 50, 3
ROUNDS, QUICK_ROUNDS = 2, 1
FEW, QUICK_FEW = 10, 2  # hosts of the customer with fewer applications: only counts are taken from it

LACKED = APPLICATIONS[0]
EVERY = 10
#: It needs a restart, as most do.
UPDATE = {"severity": "Critical", "days": 20, "kb": "5070892", "title": "Security Update for Windows 11"}

_WAYS = (EMPTY_PLAY, OURS, ORDINARY)


def run(*, quick: bool) -> None:
    """Print what both ways cost, and what they did on hosts in each state."""
    hosts, rounds = (QUICK_HOSTS, QUICK_ROUNDS) if quick else (HOSTS, ROUNDS)
    title("standard: hosts to mend, and what is done on hosts in each state")
    with standard(hosts) as site:
        warm(site, (LIMIT,))
        well = in_turns(site, _WAYS, 1, as_found(site))
        lacking = site.hosts[::EVERY]
        mended = in_turns(site, _WAYS[1:], rounds, as_found(site, lacking))
    state = f", {len(lacking)} to mend"
    empty, dear, cheap = well[EMPTY_PLAY.name], mended[ORDINARY.name], mended[OURS.name]
    table(HEAD, [cheap.line(empty, state), dear.line(empty, state), ratio(dear, cheap, empty, state)])
    note(_only_to_mend(cheap.runs[0], len(lacking)))
    with standard(QUICK_FEW if quick else FEW, applications=1) as site:
        fewer = in_turns(site, _WAYS[1:], 1, as_found(site))
    many = f"{len(APPLICATIONS)} applications"
    others = well[OURS.name].runs[0].hosts.keys() - set(lacking)
    table(
        ["a host", "ours: tasks", "skipped", "starts", "ordinary: tasks", "skipped", "starts"],
        [
            _counts("1 application, well", fewer[OURS.name], fewer[ORDINARY.name]),
            _counts(f"{many}, well", well[OURS.name], well[ORDINARY.name]),
            _counts(f"{many}, well beside hosts to mend", cheap, dear, others),
            _counts(f"{many}, one lacking, and an update with its restart", cheap, dear, lacking),
        ],
    )
    figures(
        [*(way.figures("well") for way in well.values()), *(way.figures(state) for way in mended.values())]
    )


def _counts(state: str, ours: Gone, ordinary: Gone, hosts: Collection[str] | None = None) -> list[str]:
    works = [way.runs[0].work(hosts) for way in (ours, ordinary)]
    return [state, *(f"{count:.1f}" for work in works for count in (work.tasks, work.skipped, work.starts))]


def _only_to_mend(run: Run, count: int) -> str:
    """What the tasks cost that only the `count` hosts to mend had. Ordinary ways have none: their tasks do more."""
    of_few = [row for row in run.rows if not row.once and 0 < row.run + row.skipped <= count]
    cpu = sum(row.own + row.workers for row in of_few) / count * 1000
    return f"CPU of our tasks that only the {count} of {len(run.hosts)} to mend had: {cpu:,.0f} ms each."


def as_found(site: Raised, lacking: Collection[str] = ()) -> Callable[[], AbstractContextManager[None]]:
    """Around each run: `lacking` hosts lack an application and an update before it, and not after it.

    Then they are put back. BenchFailed where a host was not mended, or was changed although it was well.
    """
    machines = {path.stem: path for path in (site.directory / "machines").glob("*.json")}

    @contextmanager
    def around() -> Iterator[None]:
        found = {host: path.read_bytes() for host, path in machines.items()}
        for host in lacking:
            _spoil(machines[host])
        yield
        for host, path in machines.items():
            if host not in lacking and path.read_bytes() != found[host]:
                raise BenchFailed(f"{host} was well, and was changed: the figures mean nothing.")
        for host in lacking:
            if not _is_mended(machines[host]):
                raise BenchFailed(f"{host} was not mended: the figures mean nothing.")
            machines[host].write_bytes(found[host])

    return around


def _spoil(path: Path) -> None:
    state = json.loads(path.read_text(encoding="utf-8"))
    defects.plant(state, "application_missing", settings.now(), package=LACKED)
    defects.plant(state, "update_missing", settings.now(), **UPDATE)
    write_json(path, state)


def _is_mended(path: Path) -> bool:
    state = json.loads(path.read_text(encoding="utf-8"))
    has_application = any(package["name"] == LACKED for package in state["packages"])
    updates = state["updates"]
    return (
        has_application
        and not updates["reboot_required"]
        and all(one["installed"] for one in updates["available"])
    )
