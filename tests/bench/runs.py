"""Runs of playbooks on emulated hosts: what a run cost, and what it did on each host."""

import json
import re
import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from serviceheft.settings import REPOSITORY
from tests.bench.emulated import Raised
from tests.bench.harness import BenchFailed, Cost, measured
from tests.bench.raw_limit import Host, Order

WEEKLY = "tests/bench/weekly.yml"
EMPTY = "tests/bench/empty.yml"
TEN = "tests/bench/ordinary.yml"
STANDARD = "tests/bench/ordinary_standard.yml"

_KEEP_VISIT = "tests/bench/raw_limit.yml"
_FORKS = re.compile(r"^forks = (\d+)$", re.MULTILINE)
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
    """What was carried out once; `emulator` is the CPU in seconds of the process that emulates all hosts."""

    cost: Cost
    emulator: float
    rows: Sequence[Row]
    hosts: Mapping[str, Work]

    def work(self, hosts: Collection[str] | None = None) -> Work:
        """The mean over these hosts, or over all."""
        of = [self.hosts[host] for host in hosts or self.hosts]
        return Work(
            mean(one.tasks for one in of), mean(one.skipped for one in of), mean(one.starts for one in of)
        )


def playbook(site: Raised, path: str, options: Sequence[str] = ()) -> Run:
    """Run a playbook to its end. Raises BenchFailed when it did not do its work."""
    figures, log = site.customer.base / "task-costs.json", site.directory / "windows.log"
    figures.unlink(missing_ok=True)
    logged, emulated = log.stat().st_size, site.lab_seconds()
    cost = measured(site.playbook(path, *options), _for_ansible(site, path, figures))
    emulator = site.lab_seconds() - emulated
    try:
        found = json.loads(figures.read_text(encoding="utf-8"))
    except OSError as error:
        raise BenchFailed("Ansible wrote no costs of tasks.") from error
    starts = _starts(log, logged)
    none = {"tasks": 0, "skipped": 0}  # of a host whose tasks all ran once for all hosts
    hosts = {host: Work(**found["hosts"].get(host, none), starts=starts[host]) for host in site.hosts}
    return Run(cost, emulator, [Row(**row) for row in found["tasks"]], hosts)


def raw_limit(site: Raised) -> Run:
    """Send the visit to all hosts without Ansible. Raises BenchFailed when one did not answer whole."""
    order, log = _order(site), site.directory / "windows.log"
    logged, emulated = log.stat().st_size, site.lab_seconds()
    cost = measured([sys.executable, "-m", "tests.bench.raw_limit", str(order)], {})
    emulator = site.lab_seconds() - emulated
    starts = _starts(log, logged)
    return Run(cost, emulator, [], {host: Work(0, 0, starts[host]) for host in site.hosts})


def _for_ansible(site: Raised, path: str, figures: Path) -> dict[str, str]:
    plugins = [str(REPOSITORY / folder) for folder in ("callback_plugins", "tests/bench/callback_plugins")]
    own = {
        "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
        "ANSIBLE_HOME": str(site.customer.base / "ansible"),  # nothing of the user's
        "ANSIBLE_CALLBACK_PLUGINS": ":".join(plugins),
        "ANSIBLE_CALLBACKS_ENABLED": "task_costs",
        "BENCH_TASK_COSTS": str(figures),
    }
    if path != WEEKLY:
        own["ANSIBLE_STDOUT_CALLBACK"] = "default"
    return site.customer.environment | own


def _order(site: Raised) -> Path:
    """The file for raw_limit, made on first use."""
    path = site.customer.base / "raw-limit.json"
    if not path.exists():
        visit = site.customer.base / "visit.json"
        keeping = site.playbook(_KEEP_VISIT, "-e", f"bench_path={visit}")
        measured(keeping, _for_ansible(site, _KEEP_VISIT, site.customer.base / "not-used.json"))
        kept = json.loads(visit.read_text(encoding="utf-8"))
        Order(
            hosts=[Host(host["name"], host["address"], host["port"]) for host in site.served()],
            user=site.account,
            password=site.vaulted("vault_windows_password"),
            ca=str(site.directory / "ca.pem"),
            command=kept["command"],
            given=kept["given"].encode(),
            sections=frozenset(kept["sections"]),
            threads=forks(),
        ).write(path)
    return path


def forks() -> int:
    """How many hosts Ansible asks at once."""
    found = _FORKS.search((REPOSITORY / "ansible.cfg").read_text(encoding="utf-8"))
    if found is None:
        raise BenchFailed("ansible.cfg names no forks.")
    return int(found[1])


def _starts(log: Path, since: int) -> Counter[str]:
    """How often each host has run something, by the part of the log from the byte `since` on."""
    with log.open("rb") as file:
        file.seek(since)
        return Counter(_STARTED.findall(file.read().decode()))
