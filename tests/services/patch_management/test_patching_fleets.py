"""Laws over whole fleets: 1 to 300 hosts through 26 weeks of updates that fail, pilots that fall sick, hosts that are
off.

The simulation carries orders out as the playbook does: batches that grow, hosts that stand in for each other one by
one, each batch decided anew; what it does to a host is what a host would do, and what it remembers is what the book
keeps.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from serviceheft.services.patch_management.attempts import Attempt, Past
from serviceheft.services.patch_management.order import HostFacts, HostOrder, Progress, order
from serviceheft.services.patch_management.policy import CustomerPolicy, HostPolicy, Kind, Reboot
from serviceheft.services.patch_management.restarts import SignedIn, restart_waits
from serviceheft.services.patch_management.rings import PATIENCE, Pilot
from serviceheft.services.update_check.update import Had, Update
from serviceheft.settings import BERLIN
from tests.services.patch_management.test_patching_decisions import ALWAYS

WEEKS = 26
START = datetime(2026, 9, 1, 20, 0, tzinfo=BERLIN)  # the clock change lies in between
BATCHES = (1, 5, 25)
WAIT = timedelta(hours=48)
#: The first week in which everything is measured and nothing is late: a window that a run of 40 hosts fits into.
MAXIMUM_HOSTS = 40


_OF_THE_RING = ("patch.ring_waits", "patch.pilot", "patch.undated")


@dataclass
class Host:
    """One machine, and what the book would know of it."""

    name: str
    policy: HostPolicy
    fails: frozenset[str] = frozenset()
    often_off: bool = False
    installed: set[str] = field(default_factory=set)
    pending: bool = False
    had: list[Had] = field(default_factory=list)
    well_at: list[datetime] = field(default_factory=list)
    troubles: list[datetime] = field(default_factory=list)
    failed: list[Attempt] = field(default_factory=list)
    waiting: dict[Update, datetime] = field(default_factory=dict)
    tried_at: datetime | None = None
    seen_at: datetime | None = None
    lacked: tuple[Update, ...] = ()

    @property
    def past(self) -> Past:
        return Past(tuple(self.failed), (), None, self.tried_at, tuple(self.waiting.items()))

    @property
    def pilot(self) -> Pilot:
        return Pilot(
            self.name,
            self.policy.kind,
            tuple(self.had),
            tuple(self.well_at),
            tuple(self.troubles),
            self.lacked,
            (),
            self.seen_at,
        )

    def measured(self, offered: tuple[Update, ...], now: datetime) -> None:
        self.seen_at, self.lacked = now, offered
        if not self.pending:
            self.well_at.append(now)
        if self.troubles and now - self.troubles[0] > timedelta(days=20):
            self.troubles = []  # somebody saw to it

    def note_waiting(self, made: HostOrder, now: datetime) -> None:
        for waiting in made.waiting:
            if isinstance(waiting.what, Update) and waiting.reason.startswith(_OF_THE_RING):
                self.waiting.setdefault(waiting.what, now)


class Fleet:
    """A customer's hosts, and a world that publishes updates; `chance` is the only source of what happens."""

    def __init__(self, hosts: int, chance: random.Random) -> None:
        self.chance = chance
        self.policy = CustomerPolicy(windows=(ALWAYS,), maximum_hosts=max(1, min(MAXIMUM_HOSTS, hosts)))
        self.updates: list[tuple[Kind, Update]] = []
        self.bad: set[str] = set()
        self.hosts = {f"h{number:03}": self._host(number, hosts) for number in range(hosts)}
        self.restarts: list[tuple[int, str]] = []  # (moment, host): equal moments are at the same time
        self.moment = 0

    def _host(self, number: int, hosts: int) -> Host:
        chance = self.chance
        kind: Kind = "server" if number % 5 == 4 else "client"
        # The first of each kind is a pilot; pairs of servers stand in for each other.
        pilot = number == 0 or (number % 25 == 4)
        paired = kind == "server" and hosts > 9 and number < 50
        pair = frozenset({f"pair-{number // 10}"}) if paired else frozenset()
        return Host(
            f"h{number:03}",
            HostPolicy(
                ring="pilot" if pilot else "broad",
                kind=kind,
                reboot=chance.choice([Reboot.WHEN_NEEDED, Reboot.IN_WINDOW, Reboot.NOBODY_LOGGED_ON]),
                stands_in=pair,
            ),
            often_off=not pilot and chance.random() < 0.1,
        )

    def publish(self, week: int, now: datetime) -> None:
        for kind in ("client", "server"):
            name = f"{kind}-{week}"
            known = self.chance.random() < 0.9
            update = Update(
                name,
                (f"KB50{week:05}",),
                published_at=now - timedelta(days=self.chance.randint(0, 6)) if known else None,
                key=name,
                revision=1,
                categories=("SecurityUpdates",),
            )
            self.updates.append((kind, update))
            if week in (6, 13):
                self.bad.add(name)
            if week % 4 == 1:
                # A third of the fleet can never install it.
                for host in self.hosts.values():
                    if host.policy.ring == "broad" and self.chance.random() < 0.33:
                        host.fails |= {name}

    def offered(self, host: Host) -> tuple[Update, ...]:
        return tuple(
            update
            for kind, update in self.updates
            if kind == host.policy.kind and update.title not in host.installed
        )

    def run(self, now: datetime) -> Iterator[tuple[Host, HostOrder]]:
        """One run; every host that is changed, with the order it was changed upon."""
        on = {it.name for it in self.hosts.values() if not (it.often_off and self.chance.random() < 0.5)}
        run = _Run(self, now, on)
        plan = run.decide({}, planning=True)
        for names, sizes in _plays(plan, on):
            for batch in _batches(names, sizes):
                sessions = {name: self._session() for name in batch}
                orders = run.decide(sessions, planning=False)
                self.moment += 1
                for name in batch:
                    host, made = self.hosts[name], orders[name]
                    host.note_waiting(made, now)
                    if made.acts:
                        yield host, made
                        run.started.add(name)
                        if not self._carry_out(host, made, sessions[name], now):
                            run.failed.add(name)
        for name in on:
            self.hosts[name].note_waiting(plan[name], now)

    def _session(self) -> SignedIn:
        return SignedIn.SOMEBODY if self.chance.random() < 0.3 else SignedIn.NOBODY

    def _carry_out(self, host: Host, made: HostOrder, signed_in: SignedIn, now: datetime) -> bool:
        well = True
        if made.restart:
            self._restart(host, signed_in, now)
        for update in made.install:
            if update.title in host.fails:
                host.failed.append(Attempt(update, now))
                well = False
                continue
            host.installed.add(update.title)
            host.had.append(Had(update, now))
            host.pending = True
            if update.title in self.bad and host.policy.ring == "pilot":
                host.troubles.append(now + timedelta(days=1))
        host.tried_at = now
        host.lacked = self.offered(host)
        later = SignedIn.SOMEBODY if self.chance.random() < 0.2 else signed_in  # who came in meanwhile
        if host.pending and restart_waits(self.policy, host.policy, later, now, stopped=False) is None:
            self._restart(host, later, now)
        return well

    def _restart(self, host: Host, signed_in: SignedIn, now: datetime) -> None:
        assert host.policy.reboot is not Reboot.NOBODY_LOGGED_ON or signed_in is SignedIn.NOBODY
        host.pending = False
        self.restarts.append((self.moment, host.name))
        host.well_at.append(now)


class _Run:
    """One run: what its visit found, and how far it is."""

    def __init__(self, fleet: Fleet, now: datetime, on: set[str]) -> None:
        self._fleet, self._now, self._on = fleet, now, on
        self._offered = {name: fleet.offered(host) for name, host in fleet.hosts.items()}
        self.started: set[str] = set()
        self.failed: set[str] = set()
        for name in on:
            fleet.hosts[name].measured(self._offered[name], now)

    def decide(self, sessions: dict[str, SignedIn], *, planning: bool) -> dict[str, HostOrder]:
        hosts = self._fleet.hosts
        facts = [
            HostFacts(
                name,
                host.policy,
                self._offered[name] if name in self._on else None,
                host.pending,
                signed_in=sessions.get(name, SignedIn.NOT_ASKED),
                reached=name in self._on,
                past=host.past,
            )
            for name, host in hosts.items()
        ]
        return order(
            facts,
            [host.pilot for host in hosts.values() if host.policy.ring == "pilot"],
            Progress(frozenset(self.started), frozenset(self.failed)),
            self._fleet.policy,
            self._now,
            stopped=False,
            planning=planning,
        )


def _plays(plan: dict[str, HostOrder], on: set[str]) -> Iterator[tuple[list[str], tuple[int, ...]]]:
    """The hosts of each play that changes hosts, with its batches."""
    for ring in ("pilot", "broad"):
        for alone, sizes in ((False, BATCHES), (True, (1,))):
            yield (
                [
                    name
                    for name, made in plan.items()
                    if (made.ring, made.alone) == (ring, alone)
                    and name in on
                    and (made.acts or any(it.reason == "patch.others_first" for it in made.waiting))
                ],
                sizes,
            )


def _batches(names: list[str], sizes: tuple[int, ...]) -> Iterator[list[str]]:
    """As Ansible's serial: the last size holds for the rest."""
    left, number = list(names), 0
    while left:
        size = sizes[min(number, len(sizes) - 1)]
        yield left[:size]
        left, number = left[size:], number + 1


def check_ring(fleet: Fleet, host: Host, made: HostOrder, now: datetime) -> None:
    """What a broad host gets is vouched for, or was offered to no pilot of its kind and is old enough."""
    if made.ring != "broad":
        return
    pilots = [it for it in fleet.hosts.values() if it.policy.ring == "pilot"]
    own = [it for it in pilots if it.policy.kind == host.policy.kind]
    for update in made.install:
        having = [it for it in pilots if update.title in it.installed]
        if own:
            assert having
            assert any(
                had.update == update and had.at <= at <= now - WAIT
                for it in having
                for had in it.had
                for at in it.well_at
            )
        else:
            assert update.published_at is not None
            assert now - update.published_at >= WAIT
        for it in having:
            (had_at,) = (had.at for had in it.had if had.update == update)
            assert not any(had_at < at <= had_at + PATIENCE for at in it.troubles if at <= now)


@pytest.mark.parametrize(
    ("hosts", "seed"), [(1, 1), (2, 2), (3, 3), (5, 4), (9, 5), (14, 6), (30, 7), (31, 8), (80, 9), (300, 10)]
)
def test_26_weeks(hosts: int, seed: int) -> None:
    fleet = Fleet(hosts, random.Random(seed))
    published: dict[str, int] = {}
    for week in range(WEEKS):
        now = START + timedelta(weeks=week)
        fleet.publish(week, now)
        published |= {f"client-{week}": week, f"server-{week}": week}
        for evening in range(2):
            at = now + timedelta(days=evening)
            touched: list[str] = []
            for host, made in fleet.run(at):
                touched.append(host.name)
                offered = fleet.offered(host)
                assert set(made.install) <= set(offered)  # only what is chosen, and it is by id and revision
                assert all(it.key and it.revision for it in made.install)
                check_ring(fleet, host, made, at)
            assert len(touched) == len(set(touched)) <= fleet.policy.maximum_hosts
    check_pairs(fleet)
    check_nobody_starves(fleet, published)
    check_what_fails_is_given_up(fleet)


def check_pairs(fleet: Fleet) -> None:
    """Two that stand in for each other never restart together."""
    for moment, name in fleet.restarts:
        pair = fleet.hosts[name].policy.stands_in
        others = [other for at, other in fleet.restarts if at == moment and other != name]
        assert not any(pair & fleet.hosts[other].policy.stands_in for other in others)


def check_nobody_starves(fleet: Fleet, published: dict[str, int]) -> None:
    """Whoever is on, and can install it at all, has every update that is out for ten weeks."""
    off = [host for host in fleet.hosts.values() if host.often_off]
    for host in fleet.hosts.values():
        if any(host is it or it.policy.stands_in & host.policy.stands_in for it in off):
            continue
        for kind, update in fleet.updates:
            due = published[update.title] <= WEEKS - 10 and kind == host.policy.kind
            if due and update.title not in host.fails:
                assert update.title in host.installed, (host.name, host.policy.ring, update)


def check_what_fails_is_given_up(fleet: Fleet) -> None:
    for host in fleet.hosts.values():
        for update in {attempt.update for attempt in host.failed}:
            assert len([it for it in host.failed if it.update == update]) <= fleet.policy.maximum_attempts
