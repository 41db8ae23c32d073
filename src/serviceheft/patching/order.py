"""The order for a run: for each host what is done now, and why the rest is not."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Literal

from serviceheft.model.patching import UpdateException
from serviceheft.patching import rings, windows
from serviceheft.patching.policy import RINGS, CustomerPolicy, HostPolicy, Reboot, Ring, Update
from serviceheft.patching.rings import Pilot
from serviceheft.patching.selection import Selection, choose
from serviceheft.settings import BERLIN


class SignedIn(Enum):
    """Whether somebody works on a host. NOT_ASKED is enough for a plan, never for a restart."""

    NOT_ASKED = "not asked"
    NOBODY = "nobody"
    SOMEBODY = "somebody"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class HostFacts:
    """What was measured on one host before anything was done.

    offered: None when the search for updates brought no result. definitions: old ones of Windows' own scanner can be
    brought up to date on the host, those of another scanner only through its console.
    """

    host: str
    policy: HostPolicy
    offered: tuple[Update, ...] | None = ()
    reboot_pending: bool | None = False
    definitions: Literal["current", "outdated", "outdated elsewhere", "unknown"] = "current"
    scanner: str = "Microsoft Defender"
    signed_in: SignedIn = SignedIn.NOT_ASKED


@dataclass(frozen=True)
class Progress:
    """Hosts that this run has changed, or tried to, and those of them where it failed."""

    started: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Waiting:
    """What is not done now, and the code of the reason."""

    what: Update | Literal["restart", "definitions"]
    reason: str


@dataclass(frozen=True)
class HostOrder:
    """What is to be done on one host now.

    restart: it waits for one already, and gets it now. restart_waits: the reason code why it may not be restarted
    after installing either; None: it may, where it is needed.
    """

    host: str
    ring: Ring
    install: tuple[Update, ...] = ()
    restart: bool = False
    restart_waits: str | None = None
    definitions: bool = False
    scanner: str = "Microsoft Defender"
    waiting: tuple[Waiting, ...] = ()
    rejected: tuple[Update, ...] = ()
    lapsed: tuple[UpdateException, ...] = ()

    @property
    def acts(self) -> bool:
        """Whether the host is changed at all."""
        return bool(self.install or self.restart or self.definitions)


def order(
    hosts: Iterable[HostFacts],
    pilots: Iterable[Pilot],
    progress: Progress,
    policy: CustomerPolicy,
    now: datetime,
    *,
    stopped: bool,
    planning: bool = False,
) -> dict[str, HostOrder]:
    """The order for every host that was not started yet in this run, ring by ring.

    `hosts` are all of the run: cap and failures are counted over them. `stopped`: the provider's stop file is there.
    `planning`: nothing is carried out upon this; whether somebody is signed in need not be known.
    """
    run = _Run(tuple(hosts), tuple(pilots), progress, policy, now, stopped, planning)
    return {found.host: found for ring in RINGS for found in run.ring(ring)}


class _Run:
    """One pass over all hosts; counts those that are to be changed."""

    def __init__(
        self,
        hosts: tuple[HostFacts, ...],
        pilots: tuple[Pilot, ...],
        progress: Progress,
        policy: CustomerPolicy,
        now: datetime,
        stopped: bool,
        planning: bool,
    ) -> None:
        self._progress = progress
        self._policy = policy
        self._now = now
        self._stopped = stopped
        self._planning = planning
        self._changed = set(progress.started)
        self._started = [facts for facts in hosts if facts.host in progress.started]
        today = now.astimezone(BERLIN).date()
        self._open = [
            (facts, choose(facts.offered or (), facts.policy, today, policy.emergency))
            for facts in sorted(hosts, key=lambda facts: facts.host)
            if facts.host not in progress.started
        ]
        found = {facts.host: (facts, selection) for facts, selection in self._open}
        # A pilot that lacks something now is not well, whatever it was when it was measured last.
        self._pilots = [
            replace(pilot, well_at=()) if pilot.host in found and _busy(pilot, *found[pilot.host]) else pilot
            for pilot in pilots
        ]

    def ring(self, ring: Ring) -> list[HostOrder]:
        members = [(facts, selection) for facts, selection in self._open if facts.policy.ring == ring]
        concerned = sum(_has_work(facts, selection) for facts, selection in members)
        started = {facts.host for facts in self._started if facts.policy.ring == ring}
        failed = len(started & self._progress.failed)
        too_many = failed * 100 > self._policy.maximum_failed_percent * (len(started) + concerned)
        return [self._host(facts, selection, too_many) for facts, selection in members]

    def _host(self, facts: HostFacts, selection: Selection, too_many: bool) -> HostOrder:
        everything = self._everything_waits(too_many)
        made = self._made(facts, selection, everything)
        if made.acts and len(self._changed) >= self._policy.maximum_hosts:
            return self._made(facts, selection, "patch.cap")
        if made.acts:
            self._changed.add(facts.host)
        return made

    def _everything_waits(self, too_many: bool) -> str | None:
        if self._stopped:
            return "change.stopped"
        if self._policy.emergency is None and windows.is_frozen(self._policy.freeze, self._now):
            return "patch.freeze"
        return "patch.ring_failed" if too_many else None

    def _made(self, facts: HostFacts, selection: Selection, everything: str | None) -> HostOrder:
        waiting: list[Waiting] = []
        changing = everything or self._window(facts)
        restarting = changing or self._restart_waits(facts)
        install = []
        for update in selection.chosen:
            # With a restart outstanding Windows installs nothing more.
            blocked = restarting if facts.reboot_pending else None
            reason = changing or self._ring_waits(facts, update) or blocked
            if reason:
                waiting.append(Waiting(update, reason))
            else:
                install.append(update)
        waiting += [Waiting(update, "patch.hidden") for update in selection.hidden]
        # An emergency is one update: it restarts nothing that does not get it.
        pending = bool(facts.reboot_pending) and (self._policy.emergency is None or bool(selection.chosen))
        if pending and restarting:
            waiting.append(Waiting("restart", restarting))
        definitions = facts.definitions == "outdated" and not everything and self._policy.emergency is None
        if facts.definitions == "outdated elsewhere":
            waiting.append(Waiting("definitions", "patch.scanner_console"))
        elif facts.definitions == "outdated" and everything:
            waiting.append(Waiting("definitions", everything))
        return HostOrder(
            host=facts.host,
            ring=facts.policy.ring,
            install=tuple(install),
            restart=pending and not restarting,
            restart_waits=restarting,
            definitions=definitions,
            scanner=facts.scanner,
            waiting=tuple(waiting),
            rejected=selection.rejected,
            lapsed=selection.lapsed,
        )

    def _window(self, facts: HostFacts) -> str | None:
        if self._policy.emergency is not None or self._is_open(facts):
            return None
        return "patch.outside_window" if self._policy.windows else "patch.no_window"

    def _is_open(self, facts: HostFacts) -> bool:
        return windows.is_open(self._policy.windows, facts.policy.windows, self._now)

    def _ring_waits(self, facts: HostFacts, update: Update) -> str | None:
        if facts.policy.ring == RINGS[0] or self._policy.emergency is not None or update.definitions:
            return None
        return rings.waits_for(update, self._pilots, self._policy.ring_wait_hours, self._now)

    def _restart_waits(self, facts: HostFacts) -> str | None:
        match facts.policy.reboot:
            case Reboot.NEVER:
                return "patch.reboot_never"
            case Reboot.IN_WINDOW:
                return None if self._is_open(facts) else "patch.outside_window"
            case Reboot.NOBODY_LOGGED_ON:
                if self._planning and facts.signed_in is SignedIn.NOT_ASKED:
                    return None
                reasons = {SignedIn.NOBODY: None, SignedIn.SOMEBODY: "patch.somebody_logged_on"}
                return reasons.get(facts.signed_in, "patch.sessions_unknown")
            case Reboot.WHEN_NEEDED:
                return None


def _busy(pilot: Pilot, facts: HostFacts, selection: Selection) -> bool:
    return bool(facts.reboot_pending) or any(pilot.lacks(update) for update in selection.chosen)


def _has_work(facts: HostFacts, selection: Selection) -> bool:
    return bool(selection.chosen or facts.reboot_pending or facts.definitions == "outdated")
