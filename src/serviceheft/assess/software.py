"""3.3: does a host have the standard applications that were agreed, and what brings it there?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from serviceheft.assess import reach
from serviceheft.assess import software_words as _words  # noqa: F401 - registers them
from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Judgement
from serviceheft.assess.normalform import as_measured
from serviceheft.assess.reading import mapping, rows, text, texts, version_key
from serviceheft.assess.softwarestate import (
    Application,
    SoftwarePolicy,
    SoftwareState,
    Told,
    read,
    read_state,
    same_version,
)
from serviceheft.assess.subjects import Subject, Wanted
from serviceheft.assess.verdict import Verdict
from serviceheft.i18n import N_

SUBJECT = Subject(
    "software",
    N_("Standard applications"),
    roles=("standard_software",),
    form=SoftwareState,
    checks={
        "software.chocolatey": N_("package manager"),
        "software.source": N_("software source"),
        "software.foreign_source": N_("other software sources"),
        "software.missing": N_("standard applications installed"),
        "software.outdated": N_("standard applications up to date"),
        "software.wrong_version": N_("agreed versions"),
        "software.unwanted": N_("applications no longer wanted"),
        "software.pin_differs": N_("held versions"),
    },
    wanted={
        "standard_software_applications": Wanted(N_("Standard applications")),
    },
)

#: The first Chocolatey that can be told to move a package although it is held.
_IGNORES_PINS = (2, 3)

#: Chocolatey's installation sets the community's source up.
_BROUGHT_ALONG = ("chocolatey",)

#: State of an application -> the cause that it leads to; each cause is a check of its own.
_BY_STATE = {
    "missing": "software.missing",
    "outdated": "software.outdated",
    "wrong_version": "software.wrong_version",
    "unwanted": "software.unwanted",
    "held": "software.pin_differs",
    "not_held": "software.pin_differs",
}


_TO_A_VERSION = ("package.install", "package.upgrade", "package.exact")


@dataclass(frozen=True)
class Exact:
    """One package that is brought to a version, or (None) released and brought to the newest, by a task of its own."""

    package: str
    version: str | None
    pinned: bool
    ignore_pinned: bool


@dataclass(frozen=True)
class Plan:
    """What brings a host to its wanted state. `actions` tells the same in words for people.

    `held` is what the cap on removals keeps back; `ours` the packages that we installed, as the book knows.
    """

    chocolatey: bool = False
    source: bool = False
    disable: tuple[str, ...] = ()
    install: tuple[str, ...] = ()
    upgrade: tuple[str, ...] = ()
    singly: tuple[Exact, ...] = ()
    remove: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()

    @property
    def acts(self) -> bool:
        """Whether anything is to be done."""
        steps = (self.disable, self.install, self.upgrade, self.singly, self.remove)
        return self.chocolatey or self.source or any(steps)

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of as_data()."""
        names = ("disable", "install", "upgrade", "remove", "held", "ours")
        return cls(
            chocolatey=data["chocolatey"] is True,
            source=data["source"] is True,
            singly=tuple(Exact(**row) for row in data["singly"]),
            **{name: tuple(data[name]) for name in names},
        )


def judge(
    facts: object, policy: SoftwarePolicy, ours: Iterable[str], actions: Sequence[Action] = ()
) -> Judgement:
    """Judge one host by what Chocolatey told; `ours` are the packages that we installed, `actions` go along."""
    verdict = Verdict(SUBJECT.name)
    told = read(facts)
    if told is None:
        reason = _reason(facts)
        for check in ("software.chocolatey", "software.source", *dict.fromkeys(_BY_STATE.values())):
            verdict.unmeasured(check, reason)
        return verdict.conclude({}, actions)
    state = read_state(told, policy, ours)
    if any(wish.present for wish in policy.wishes):
        _judge_source(verdict, told, state, policy)
    _judge_applications(verdict, state)
    return verdict.conclude(as_measured(state), actions)


def plan(facts: object, policy: SoftwarePolicy, ours: Iterable[str]) -> Plan:
    """What a host needs; nothing for one that told nothing. Removals are still without cap: see `capped`."""
    known = tuple(sorted({name.casefold() for name in ours}))
    told = read(facts)
    if told is None:
        return Plan(ours=known)
    state = read_state(told, policy, known)
    applications = state.applications or ()
    wanted = any(wish.present for wish in policy.wishes)
    movable = (version_key(state.chocolatey) or ()) >= _IGNORES_PINS
    return Plan(
        chocolatey=wanted and not told.chocolatey,
        source=wanted and state.source != "ready",
        disable=(state.foreign_sources if told.chocolatey else _BROUGHT_ALONG) or () if wanted else (),
        install=_packages(row for row in applications if row.state == "missing" and row.wish == "newest"),
        upgrade=_packages(row for row in applications if row.state == "outdated"),
        singly=tuple(
            Exact(
                row.package or "",
                row.wanted_version,
                pinned=row.wish == "exact",
                ignore_pinned=row.installed is not None and movable,
            )
            for row in applications
            if row.state in ("wrong_version", "held", "not_held")
            or (row.state == "missing" and row.wish == "exact")
        ),
        remove=_packages(row for row in applications if row.state == "unwanted"),
        ours=known,
    )


def capped(plans: Mapping[str, Plan], maximum: int) -> dict[str, Plan]:
    """The plans of a run's hosts, in their order, with `maximum` removals in all; the rest is held back."""
    left, found = maximum, {}
    for host, one in plans.items():
        allowed = one.remove[: max(0, left)]
        left -= len(allowed)
        held = one.remove[len(allowed) :]
        found[host] = Plan(**{**vars(one), "remove": allowed, "held": held})
    return found


def actions_planned(one: Plan, facts: object, policy: SoftwarePolicy) -> tuple[Action, ...]:
    """What is to be done, and what the cap holds back."""
    return tuple(
        action
        if action.result is ActionResult.HELD
        else Action(**{**vars(action), "result": ActionResult.PLANNED})
        for action in _steps(one, facts, policy)
    )


def actions_taken(
    one: Plan, before: object, after: object, results: Iterable[object], policy: SoftwarePolicy
) -> tuple[Action, ...]:
    """What became of each step, by the second measurement; a module's word alone counts for nothing.

    `results` are the registered results of the tasks: they tell why a step failed. An update after which
    nothing newer is known and nothing changed was none, and is left out.
    """
    said = _said(results)
    then = read(after)
    now = read_state(then, policy, one.ours) if then else None
    was = read(before)
    found = []
    for action in _steps(one, before, policy):
        package = str(action.values.get("package", "")).casefold()
        if action.result is ActionResult.HELD:
            found.append(action)
        elif now is None or then is None:
            found.append(_failed(action, _reason(after)))
        elif _reached(action, then, now, package):
            version = then.installed.get(package)
            if action.kind != "package.upgrade" or was is None or version != was.installed.get(package):
                values = {**action.values, **({"version": version} if action.kind in _TO_A_VERSION else {})}
                found.append(Action(action.kind, action.subject, ActionResult.DONE, values=values))
        else:
            found.append(_failed(action, _why(said, package)))
    return tuple(found)


def ours_after(one: Plan, taken: Iterable[Action]) -> tuple[str, ...]:
    """The packages that we installed, after what was done."""
    kinds = ("package.install", "package.exact")
    added = {
        str(action.values["package"]).casefold()
        for action in taken
        if action.kind in kinds and action.result is ActionResult.DONE and action.values.get("before") is None
    }
    return tuple(sorted(added | set(one.ours)))


def _judge_source(verdict: Verdict, told: Told, state: SoftwareState, policy: SoftwarePolicy) -> None:
    if told.chocolatey:
        verdict.ok("software.chocolatey")
    else:
        verdict.found("software.chocolatey_missing")
    if state.source == "ready":
        verdict.ok("software.source")
    else:
        verdict.found("software.source_missing", source=policy.source_name)
    if state.foreign_sources:
        names = ", ".join(state.foreign_sources)
        verdict.found("software.foreign_source", count=len(state.foreign_sources), sources=names)
    else:
        verdict.ok("software.foreign_source")


def _judge_applications(verdict: Verdict, state: SoftwareState) -> None:
    rows_ = state.applications or ()
    for cause in dict.fromkeys(_BY_STATE.values()):
        named = [_named(row) for row in rows_ if _BY_STATE.get(row.state or "") == cause]
        if named:
            verdict.found(cause, count=len(named), applications=", ".join(named))
        elif cause == "software.outdated" and any(row.state == "unknown" for row in rows_):
            verdict.unmeasured(cause, "software.newest_unknown")
        else:
            verdict.ok(cause)


def _named(row: Application) -> str:
    if row.state == "wrong_version":
        return f"{row.title} {row.installed} ({row.wanted_version})"
    if row.state == "outdated":
        return f"{row.title} {row.installed} ({row.newest})"
    return row.title or ""


def _packages(found: Iterable[Application]) -> tuple[str, ...]:
    return tuple(row.package or "" for row in found)


def _steps(one: Plan, facts: object, policy: SoftwarePolicy) -> list[Action]:
    """Each step as an action; what is held back has its result already, the others are to get theirs."""
    told = read(facts)
    state = read_state(told, policy, one.ours) if told else SoftwareState()
    by_package = {(row.package or "").casefold(): row for row in state.applications or ()}

    def about(kind: str, package: str, result: ActionResult = ActionResult.PLANNED, **values: Any) -> Action:
        row = by_package.get(package.casefold(), Application(title=package))
        reason = "software.removal_cap" if result is ActionResult.HELD else None
        return Action(kind, row.title or package, result, reason, {"package": package, **values})

    def before(package: str) -> str | None:
        row = by_package.get(package.casefold())
        return row.installed if row else None

    found = []
    if one.chocolatey:
        found.append(Action("chocolatey.install", "Chocolatey", ActionResult.PLANNED))
    if one.source:
        found.append(Action("source.set", policy.source_name, ActionResult.PLANNED))
    found += [Action("source.disable", name, ActionResult.PLANNED) for name in one.disable]
    found += [about("package.remove", name, before=before(name)) for name in one.remove]
    found += [about("package.remove", name, ActionResult.HELD, before=before(name)) for name in one.held]
    found += [about("package.install", name) for name in one.install]
    found += [about("package.upgrade", name, before=before(name)) for name in one.upgrade]
    for exact in one.singly:
        if exact.version is None:
            found.append(about("package.release", exact.package))
        else:
            found.append(
                about("package.exact", exact.package, before=before(exact.package), version=exact.version)
            )
    return found


def _reached(action: Action, told: Told, state: SoftwareState, package: str) -> bool:
    row = next((row for row in state.applications or () if (row.package or "").casefold() == package), None)
    match action.kind:
        case "chocolatey.install":
            return told.chocolatey
        case "source.set":
            return state.source == "ready"
        case "source.disable":
            return action.subject not in (state.foreign_sources or ())
        case "package.remove":
            return package not in told.installed
        case "package.install":
            return package in told.installed
        case "package.exact":
            wanted = str(action.values.get("version"))
            return same_version(told.installed.get(package), wanted) and (
                row is None or row.state != "not_held"
            )
        case _:
            return row is not None and row.state == "current"


def _failed(action: Action, reason: str) -> Action:
    return Action(action.kind, action.subject, ActionResult.FAILED, reason, action.values)


def _said(results: Iterable[object]) -> list[tuple[str, str]]:
    """(what a failed task was about, what it said), small letters; of loops each round."""
    found = []
    for result in results:
        for one in rows(result, "results") or (mapping(result),):
            about = " ".join(
                (*texts(one, "msg"), *texts(mapping(one, "item"), "package"), *texts(one, "item"))
            )
            raw = "\n".join(str(one.get(key) or "") for key in ("msg", "stdout", "stderr"))
            if text(one, "msg"):  # only a failed module says anything
                found.append((about.casefold(), raw.casefold()))
    return found


#: What Chocolatey says -> why: what holds for the whole call, and what it says about one package.
_WHY_ALL = (
    ("unable to load the service index", "software.source_away"),
    ("unable to connect", "software.source_away"),
    ("failed to fetch results", "software.source_away"),
)
_WHY_ONE = (("checksum", "software.checksum"), ("was not found with the source", "software.not_in_source"))


def _why(said: list[tuple[str, str]], package: str) -> str:
    """The reason why a step failed, by what the tasks said that were about its package."""
    for about, raw in said:
        if package not in about and package not in raw:
            continue
        named = "\n".join(line for line in raw.splitlines() if package in line)
        for where, known in ((raw, _WHY_ALL), (named, _WHY_ONE)):
            if reason := next((reason for words, reason in known if words in where), None):
                return reason
        why = reach.reason(raw)
        if why in reach.SOURCE_AWAY:
            return "software.source_away"
        if why in reach.ON_HOST:
            return why
    return "software.failed"


def _reason(facts: object) -> str:
    if mapping(facts).get("unreachable") is True:
        return reach.classify(facts).code
    return "software.not_told"
