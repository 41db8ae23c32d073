"""The Standard week beside the same work as ordinary per-item tasks, on hosts that are well and hosts that are not.

A host that is well costs the same whatever is checked on it: `tasks per host` shows that, beside what grows.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import defects
from lab.windows.state_file import write_json
from serviceheft import settings
from tests.bench.bench_costs import parts
from tests.bench.harness import BenchFailed, Raised, raised, table, tell, title
from tests.bench.runs import HEAD, Comparison, compare

#: hosts -> how often each way is run
REPEATS = {50: 1, 200: 1}
QUICK = {3: 1}
FEW, QUICK_FEW = 10, 2  # hosts of the customer with fewer applications: only counts are taken from it

ORDINARY = "tests/bench/ordinary_standard.yml"

APPLICATIONS = ("7zip", "adobereader", "firefox", "googlechrome", "temurin21jre")
LACKED = APPLICATIONS[0]
EVERY = 10
#: It needs a restart, as most do.
UPDATE = {"severity": "Critical", "days": 20, "kb": "5070892", "title": "Security Update for Windows 11"}


@dataclass(frozen=True)
class Measured:
    """A customer whose hosts were all well, then with `lacking` hosts to mend."""

    well: Comparison
    mended: Comparison
    lacking: Collection[str]

    def counts(self) -> Iterator[list[str]]:
        """Lines of the table that counts what was done on hosts in each state."""
        many, hosts = f"{len(APPLICATIONS)} applications", self.well.weekly[0].hosts.keys()
        yield _count(f"{many}, {len(hosts)} hosts, all well", self.well)
        if others := hosts - set(self.lacking):
            yield _count(f"{many}, well beside {len(self.lacking)} to mend", self.mended, others)
        yield _count(f"{many}, one lacking, and an update", self.mended, self.lacking)

    def only_to_mend(self) -> str:
        """What the tasks cost that only hosts to mend had. The ordinary way has none: its tasks do more there."""
        count = len(self.lacking)
        rows = [row for row in self.mended.weekly[0].rows if not row.once]
        of_few = [row for row in rows if 0 < row.run + row.skipped <= count]
        cpu = sum(row.own + row.workers for row in of_few) / count * 1000
        hosts = len(self.well.weekly[0].hosts)
        return (
            f"CPU of the weekly run's tasks that only the {count} of {hosts} to mend had: {cpu:,.0f} ms each"
        )


def run(*, quick: bool) -> None:
    """Print what both ways cost, what they did on hosts in each state, and where the weekly run's time goes."""
    title("standard: the Standard week, beside ordinary tasks per item")
    found: list[Measured] = []
    table(HEAD, _sizes(QUICK if quick else REPEATS, found), first=32)
    for measured in found:
        tell(measured.only_to_mend())
    tell()
    with _standard(QUICK_FEW if quick else FEW, applications=1) as site:
        fewer = compare(site, ORDINARY, around=as_found(site))
    head = [f"{way}{what}" for way in ("weekly", "ordinary") for what in ("", " skipped", " starts")]
    counts = (line for measured in found for line in measured.counts())
    table(["tasks per host", *head], [_count("1 application, well", fewer), *counts], first=44)
    tell()
    parts(found[-1].well.weekly[0])


def _sizes(sizes: Mapping[int, int], found: list[Measured]) -> Iterator[list[str]]:
    """Lines of costs as they come; what was measured is added to `found`."""
    for hosts, repeats in sizes.items():
        with _standard(hosts, applications=len(APPLICATIONS)) as site:
            well = compare(site, ORDINARY, repeats=repeats, around=as_found(site))
            yield from well.lines(", all well")
            lacking = sorted(well.weekly[0].hosts)[::EVERY]
            mended = compare(site, ORDINARY, repeats=repeats, around=as_found(site, lacking))
            yield from mended.lines(f", {len(lacking)} to mend")
        found.append(Measured(well, mended, lacking))


def _count(state: str, comparison: Comparison, hosts: Collection[str] | None = None) -> list[str]:
    works = [way[0].work(hosts) for way in (comparison.weekly, comparison.ordinary)]
    return [state, *(f"{count:.1f}" for work in works for count in (work.tasks, work.skipped, work.starts))]


def _standard(hosts: int, *, applications: int) -> AbstractContextManager[Raised]:
    """All hosts want the first `applications`; the windows leave no hour out: a bench may run at any time."""
    wanted = {"standard_software_applications": [{"name": name} for name in APPLICATIONS[:applications]]}
    return raised(
        hosts,
        tier="standard",
        windows={"day": ("06:00", "18:00"), "night": ("18:00", "06:00")},
        more={"group_vars/windows_clients/applications.yml": wanted},
    )


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
