"""The order for a run: for each host what is done now, and why the rest is not."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Literal

from serviceheft import maintenance
from serviceheft.model.patching import UpdateException
from serviceheft.services.patch_management import attempts, restarts, rings
from serviceheft.services.patch_management.attempts import Past
from serviceheft.services.patch_management.policy import RINGS, CustomerPolicy, HostPolicy, Ring
from serviceheft.services.patch_management.restarts import SignedIn
from serviceheft.services.patch_management.rings import Pilot
from serviceheft.services.patch_management.selection import Selection, choose
from serviceheft.services.patch_management.turns import Turns
from serviceheft.services.update_check.update import Had, Update
from serviceheft.settings import BERLIN

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class HostFacts:
    """What was measured on one host before anything was done, and what the book knows of it.

    offered: None when the search for updates brought no result. definitions: old ones of Windows' own scanner can be
    brought up to date on the host, those of another scanner only through its console. build: which Windows it has, as
    26200.7171; None: not told. reached: whether this run's visit came to something.
    """

    host: str
    policy: HostPolicy
    offered: tuple[Update, ...] | None = ()
    reboot_pending: bool | None = False
    definitions: Literal["current", "outdated", "outdated elsewhere", "unknown"] = "current"
    scanner: str = "Microsoft Defender"
    signed_in: SignedIn = SignedIn.NOT_ASKED
    build: str | None = None
    reached: bool = True
    past: Past = field(default_factory=Past)


@dataclass(frozen=True)
class Progress:
    """Hosts that this run has changed, or tried to, and those of them where it failed."""

    started: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Waiting:
    """What is not done now, and the code of the reason. `until`: the last day on which the wait is an agreed one."""

    what: Update | Literal["restart", "definitions"]
    reason: str
    until: date | None = None


@dataclass(frozen=True)
class HostOrder:
    """What is to be done on one host now.

    restart: it waits for one already, and gets it before anything else. Whether it is restarted after installing is
    decided then, by restarts.restart_waits. failing: updates that are not tried any more; retried: those that are,
    since somebody mended what made them fail.
    """

    host: str
    ring: Ring
    alone: bool = False
    install: tuple[Update, ...] = ()
    restart: bool = False
    definitions: bool = False
    scanner: str = "Microsoft Defender"
    waiting: tuple[Waiting, ...] = ()
    rejected: tuple[Update, ...] = ()
    lapsed: tuple[UpdateException, ...] = ()
    failing: tuple[Update, ...] = ()
    retried: tuple[Update, ...] = ()

    @property
    def acts(self) -> bool:
        """Whether the host is changed at all."""
        return self.disturbs or self.definitions

    @property
    def disturbs(self) -> bool:
        """Whether the host may be away for a while."""
        return bool(self.install or self.restart)


def order(
    hosts: Iterable[HostFacts],
    pilots: Iterable[Pilot],
    progress: Progress,
    policy: CustomerPolicy,
    now: datetime,
    *,
    stopped: bool,
    planning: bool = False,
    others: Mapping[str, HostPolicy] | None = None,
    unwell: Iterable[str] = (),
) -> dict[str, HostOrder]:
    """The order for every host that was not started yet in this run, in the order of their turns.

    `hosts` are all of the run: cap and failures are counted over them. `stopped`: the provider's stop file is there.
    `planning`: nothing is carried out upon this; whether somebody is signed in need not be known. `others`: the
    customer's hosts outside of this run. `unwell`: who was away when last looked at, in this run or before it.
    """
    return _Run(
        tuple(hosts),
        tuple(pilots),
        progress,
        policy,
        now,
        stopped=stopped,
        planning=planning,
        others=others or {},
        unwell=frozenset(unwell),
    ).orders()


class _Run:
    """One pass over all hosts; counts those that are to be changed."""

    def __init__(
        self,
        hosts: tuple[HostFacts, ...],
        pilots: tuple[Pilot, ...],
        progress: Progress,
        policy: CustomerPolicy,
        now: datetime,
        *,
        stopped: bool,
        planning: bool,
        others: Mapping[str, HostPolicy],
        unwell: frozenset[str],
    ) -> None:
        self._progress, self._policy, self._now = progress, policy, now
        self._stopped, self._planning = stopped, planning
        self._facts = {facts.host: facts for facts in hosts}
        self._policies = {**others, **{host: facts.policy for host, facts in self._facts.items()}}
        self._turns = Turns(self._policies)
        self._unwell = unwell | {host for host, facts in self._facts.items() if not facts.reached}
        today = now.astimezone(BERLIN).date()
        self._chosen = {
            facts.host: choose(facts.offered or (), facts.policy, today, policy.emergency)
            for facts in hosts
            if facts.host not in progress.started
        }
        self._ring = rings.Rings([self._seen_now(pilot) for pilot in pilots], policy.ring_wait_hours, now)

    def orders(self) -> dict[str, HostOrder]:
        """The order of each host. The cap's places go to those that have waited longest, whatever their ring."""
        tried_at = {host: facts.past.tried_at for host, facts in self._facts.items()}
        made: dict[str, HostOrder] = {}
        earlier: set[str] = set()
        for ring in RINGS:
            members = [host for host in self._chosen if self._facts[host].policy.ring == ring]
            too_many = self._too_many_failed(ring, members)
            for host in self._turns.in_turn(members, tried_at):
                made[host] = self._made(host, earlier, self._everything_waits(too_many))
                if made[host].disturbs:
                    earlier.add(host)
        acting = sorted(
            (host for host, one in made.items() if one.acts), key=lambda host: tried_at[host] or _LONG_AGO
        )
        places = max(0, self._policy.maximum_hosts - len(self._progress.started))
        for host in acting[places:]:
            made[host] = self._made(host, (), "patch.cap")
        return made

    def _too_many_failed(self, ring: Ring, members: list[str]) -> bool:
        """More than the agreed share of the ring; one alone never keeps the others waiting."""
        concerned = sum(_has_work(self._facts[host], self._chosen[host]) for host in members)
        of_ring = {host for host, policy in self._policies.items() if policy.ring == ring}
        started = of_ring & self._progress.started
        share = self._policy.maximum_failed_percent
        allowed = max(1, share * (len(started) + concerned) // 100) if share else 0
        return len(started & self._progress.failed) > allowed

    def _seen_now(self, pilot: Pilot) -> Pilot:
        """What a pilot of this run lacks was measured just now, whatever it had when it was measured before."""
        facts, selection = self._facts.get(pilot.host), self._chosen.get(pilot.host)
        if facts is None or selection is None or facts.offered is None:
            return pilot
        return replace(
            pilot,
            had=tuple(it for it in pilot.had if not _is_offered(it, facts.offered)),
            lacks=selection.chosen,
            refuses=(*selection.rejected, *selection.hidden),
            seen_at=self._now,
        )

    def _everything_waits(self, too_many: bool) -> str | None:
        if self._stopped:
            return "change.stopped"
        if self._policy.emergency is None and maintenance.is_frozen(self._policy.freeze, self._now):
            return "patch.freeze"
        return "patch.ring_failed" if too_many else None

    def _made(self, host: str, earlier: Collection[str], everything: str | None) -> HostOrder:
        facts, selection = self._facts[host], self._chosen[host]
        others = self._turns.others_wait(host, self._unwell, earlier)
        tried = (selection.chosen, facts.past, facts.build, self._policy.maximum_attempts)
        failing = attempts.failing(*tried)
        # An emergency is one update: it restarts nothing that does not get it, or got it before.
        policy = self._policy
        concerns = policy.emergency is None or policy.carried_on or bool(selection.chosen)
        pending = bool(facts.reboot_pending) and concerns
        restart_waits = (everything or self._restart_waits(facts) or others) if pending else None
        window = restarts.window_waits(self._policy, facts.policy, self._now)
        install, waiting = [], []
        for update in selection.chosen:
            reason = everything or self._update_waits(facts, update, failing, window) or others
            # With a restart outstanding Windows installs nothing more.
            if reason := reason or restart_waits:
                waiting.append(Waiting(update, reason, self._agreed_until(facts, update, reason)))
            else:
                install.append(update)
        waiting += [Waiting(update, "patch.hidden") for update in selection.hidden]
        if restart_waits:
            waiting.append(Waiting("restart", restart_waits))
        definitions = facts.definitions == "outdated" and self._policy.emergency is None
        if facts.definitions == "outdated elsewhere":
            waiting.append(Waiting("definitions", "patch.scanner_console"))
        elif definitions and everything:
            waiting.append(Waiting("definitions", everything))
        return HostOrder(
            host=host,
            ring=facts.policy.ring,
            alone=self._turns.goes_alone(host),
            install=tuple(install),
            restart=pending and not restart_waits,
            definitions=definitions and not everything,
            scanner=facts.scanner,
            waiting=tuple(waiting),
            rejected=selection.rejected,
            lapsed=selection.lapsed,
            failing=failing,
            retried=attempts.retried(*tried),
        )

    def _update_waits(
        self, facts: HostFacts, update: Update, failing: tuple[Update, ...], window: str | None
    ) -> str | None:
        """Why one update is not for now, the longest-lasting reason first."""
        if update in failing:
            return "patch.keeps_failing"
        if update.key is None or update.revision is None or not update.categories:
            return "patch.unidentified"
        if self._policy.emergency is not None:
            return None
        return window or self._ring_waits(facts, update)

    def _ring_waits(self, facts: HostFacts, update: Update) -> str | None:
        if facts.policy.ring == RINGS[0] or update.definitions:
            return None
        return self._ring.waits_for(update, facts.policy.kind, facts.past.waiting_since(update))

    def _agreed_until(self, facts: HostFacts, update: Update, reason: str) -> date | None:
        ends = self._ring.agreed_until(reason, facts.past.waiting_since(update))
        return ends and ends.astimezone(BERLIN).date()

    def _restart_waits(self, facts: HostFacts) -> str | None:
        if attempts.restarts_in_vain(facts.past, self._policy.maximum_attempts):
            return "patch.restarts_in_vain"
        return restarts.restart_waits(
            self._policy,
            facts.policy,
            facts.signed_in,
            self._now,
            stopped=self._stopped,
            planning=self._planning,
        )


def _is_offered(had: Had, offered: tuple[Update, ...]) -> bool:
    return any(had.update.same_version(one) for one in offered)


def _has_work(facts: HostFacts, selection: Selection) -> bool:
    return bool(selection.chosen or facts.reboot_pending or facts.definitions == "outdated")
