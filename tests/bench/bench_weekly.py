"""The Standard week on hosts that are well: ours, ordinary tasks, and the bounds below: no task, and no Ansible."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial

from serviceheft.book import Book, Stamp
from tests.bench.comparison import HEAD, Gone, Way, counted, in_turns, ratio, steadiness
from tests.bench.emulated import Raised, raised
from tests.bench.harness import BenchFailed
from tests.bench.report import figures, note, step, table, title
from tests.bench.runs import EMPTY, STANDARD, TEN, WEEKLY, Row, Run, playbook, raw_limit

#: hosts -> rounds
ROUNDS = {1: 5, 10: 5, 50: 3, 200: 2}
QUICK = {2: 1}

#: Share of the CPU from which a task has a line of its own.
_WORTH_A_LINE = 0.02

APPLICATIONS = ("7zip", "adobereader", "firefox", "googlechrome", "temurin21jre")


def ours(site: Raised) -> Run:
    """The weekly run as it is. Raises BenchFailed where the book does not tell that all was done."""
    run = playbook(site, WEEKLY)
    with Book.open(f"sqlite:///{site.customer.book_file}", create=False) as book:
        last = book.runs(site.customer.name, 1)[0]
        stamps = book.stamps(site.customer.name, run=last.id)
    if gap := undone(last.state, site.hosts, stamps):
        raise BenchFailed(f"{gap}: the figures mean nothing.")
    return run


def undone(state: str, hosts: Sequence[str], stamps: Sequence[Stamp]) -> str | None:
    """What a weekly run left undone by its stamps; None if each host was stamped for the same services, as measured."""
    if state != "carried out":
        return f"The weekly run was {state}"
    for stamp in stamps:
        if not stamp.outcome.measured:
            return f"{stamp.host} was {stamp.outcome} for {stamp.service}"
    services = {host: {stamp.service for stamp in stamps if stamp.host == host} for host in hosts}
    every = set().union(*services.values())
    if not every:
        return "The weekly run stamped nothing"
    for host, found in services.items():
        if lacking := every - found:
            return f"{host} was not stamped for {', '.join(sorted(lacking))}"
    return None


EMPTY_PLAY = Way("empty play", partial(playbook, path=EMPTY))
LIMIT = Way("raw WS-Man limit", raw_limit)
OURS = Way("ours", ours)
TEN_TASKS = Way("ten ordinary tasks", partial(playbook, path=TEN))
ORDINARY = Way("ordinary Standard week", partial(playbook, path=STANDARD))
WAYS = (EMPTY_PLAY, LIMIT, OURS, TEN_TASKS, ORDINARY)


def run(*, quick: bool) -> None:
    """Print the comparison."""
    title("weekly: the Standard week on hosts that are well")
    remarks: list[str] = []
    last: list[Run] = []
    table(HEAD, _sizes(QUICK, (), remarks, last) if quick else _sizes(ROUNDS, WAYS, remarks, last))
    for remark in remarks:
        note(remark)
    _parts(last[-1])


def _sizes(
    sizes: Mapping[int, int], cold: Sequence[Way], remarks: list[str], ours: list[Run]
) -> Iterator[list[str]]:
    """Rows as they come; what is to be said below the table is added to `remarks`, a run of each size to `ours`.

    cold: ways that are warmed up first, at the smallest size; hosts are at each.
    """
    for number, (hosts, rounds) in enumerate(sizes.items()):
        with standard(hosts) as site:
            warm(site, [LIMIT, *(cold if number == 0 else ())])
            gone = in_turns(site, WAYS, rounds)
            yield from _rows(gone)
            remarks += steadiness(list(gone.values()))
            remarks.append(
                f"{counted(hosts)}: the process that emulates them held at most {site.lab_megabytes():.0f} MB."
            )
        figures(way.figures() for way in gone.values())
        ours.append(gone[OURS.name].runs[0])


def _rows(gone: Mapping[str, Gone]) -> Iterator[list[str]]:
    empty = gone[EMPTY_PLAY.name]
    for way in gone.values():
        yield way.line(None if way in (empty, gone[LIMIT.name]) else empty)
    for dear in (TEN_TASKS, ORDINARY):
        yield ratio(gone[dear.name], gone[OURS.name], empty)


def _parts(run: Run) -> None:
    """Print where our time goes: the dearest tasks one by one, the others added up."""
    hosts, whole = len(run.hosts), sum(row.own + row.workers for row in run.rows)
    note(
        f"Where the time goes: ours, {counted(hosts)}; own is the process of ansible-playbook, workers are its forks."
    )
    dear = [row for row in run.rows if row.name == "start" or row.own + row.workers >= whole * _WORTH_A_LINE]
    rest = [row for row in run.rows if row not in dear]
    lines = [(row.name, [row]) for row in dear]
    lines += [(f"{len(rest)} other tasks and plays", rest), ("all", list(run.rows))]
    table(
        ("part of the run", "wall", "own CPU per host", "workers' CPU per host"),
        [_part(*line, hosts) for line in lines],
    )


def _part(name: str, rows: list[Row], hosts: int) -> list[str]:
    wall, own, workers = (sum(getattr(row, what) for row in rows) for what in ("wall", "own", "workers"))
    return [name, f"{wall:.1f} s", f"{own / hosts * 1000:.1f} ms", f"{workers / hosts * 1000:.1f} ms"]


def warm(site: Raised, ways: Sequence[Way]) -> None:
    """Go these ways once, unmeasured: byte code, the hosts' certificates, and what the system keeps of files."""
    for way in ways:
        with step(f"{counted(len(site.hosts))}, to warm up: {way.name}"):
            way.go(site)


def standard(hosts: int, *, applications: int = len(APPLICATIONS)) -> AbstractContextManager[Raised]:
    """All hosts want the first `applications`; the windows leave no hour out: a bench may run at any time."""
    wanted = {"standard_software_applications": [{"name": name} for name in APPLICATIONS[:applications]]}
    return raised(
        hosts,
        tier="standard",
        windows={"day": ("06:00", "18:00"), "night": ("18:00", "06:00")},
        more={"group_vars/windows_clients/applications.yml": wanted},
    )
