"""3.3: does a host have the standard applications that were agreed, and what brings it there?

Wanted is judged against what Chocolatey lists and against the list of installed programs: see softwarestate.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from serviceheft.assess import parts, reach
from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Judgement
from serviceheft.assess.normalform import as_measured
from serviceheft.assess.reading import iso, mapping, version_key
from serviceheft.assess.subjects import Subject, Wanted
from serviceheft.assess.verdict import Verdict
from serviceheft.i18n import N_
from serviceheft.services.standard_software.failures import Said, source_refused, why_unanswered
from serviceheft.services.standard_software.state import (
    Application,
    Known,
    Look,
    SoftwarePolicy,
    SoftwareState,
    Told,
    read,
    read_state,
    same_version,
    to_remove,
)

SUBJECT = Subject(
    "software",
    N_("Standard applications"),
    place=50,
    form=SoftwareState,
    checks={
        "software.chocolatey": N_("package manager"),
        "software.source": N_("software source"),
        "software.account": N_("account of the software source"),
        "software.foreign_source": N_("other software sources"),
        "software.missing": N_("standard applications installed"),
        "software.outdated": N_("standard applications up to date"),
        "software.wrong_version": N_("agreed versions"),
        "software.unwanted": N_("applications no longer wanted"),
        "software.no_longer_listed": N_("applications no longer listed"),
        "software.program_left": N_("programs left behind"),
        "software.program_gone": N_("programs of the packages"),
        "software.pin_differs": N_("held versions"),
    },
    wanted={
        "standard_software_applications": Wanted(N_("Standard applications")),
        "standard_software_applications_here": Wanted(N_("Standard applications of this device")),
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
    "unlisted": "software.no_longer_listed",
    "program_left": "software.program_left",
    "program_gone": "software.program_gone",
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
class Removal:
    """An application that is removed, with all packages that go with it, in their order."""

    package: str
    packages: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What brings a host to its wanted state. `actions` tells the same in words for people.

    `account`: the source is set up anew since it refused the account. `held` is what the cap on removals keeps back;
    `known` is what the book knows.
    """

    chocolatey: bool = False
    source: bool = False
    account: bool = False
    disable: tuple[str, ...] = ()
    install: tuple[str, ...] = ()
    upgrade: tuple[str, ...] = ()
    singly: tuple[Exact, ...] = ()
    remove: tuple[Removal, ...] = ()
    held: tuple[Removal, ...] = ()
    known: Known = field(default_factory=Known)

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
        return cls(
            chocolatey=data["chocolatey"] is True,
            source=data["source"] is True,
            account=data["account"] is True,
            disable=tuple(data["disable"]),
            install=tuple(data["install"]),
            upgrade=tuple(data["upgrade"]),
            singly=tuple(Exact(**row) for row in data["singly"]),
            remove=_removals(data["remove"]),
            held=_removals(data["held"]),
            known=Known.from_measured(data["known"]),
        )


def _removals(data: Iterable[Mapping[str, Any]]) -> tuple[Removal, ...]:
    return tuple(Removal(row["package"], tuple(row["packages"])) for row in data)


def judge(look: Look, policy: SoftwarePolicy, known: Known, actions: Sequence[Action] = ()) -> Judgement:
    """Judge one host by a look at it and what the book knows; `actions` go along."""
    verdict = Verdict(SUBJECT.name)
    told = read(look)
    if told is None:
        reason = _reason(look.visit)
        if policy.wants_any and reason == "software.account_refused":
            verdict.found(reason, source=policy.source_name)
        for check in ("software.chocolatey", "software.source", *dict.fromkeys(_BY_STATE.values())):
            verdict.unmeasured(check, reason)
        return verdict.conclude({}, actions)
    state = read_state(told, policy, known)
    if policy.wants_any:
        _judge_source(verdict, told, state, policy, look)
    _judge_applications(verdict, told, state, look)
    return verdict.conclude(as_measured(state), actions)


def question(look: Look, policy: SoftwarePolicy) -> str | None:
    """The package whose dry update tells why the source does not; None where nothing is open.

    Chocolatey keeps to itself why no source answered when it lists what is outdated (chocolatey/choco#843).
    """
    told = read(look)
    rows = read_state(told, policy, Known()).applications or () if told else ()
    return next((row.package for row in rows if row.state == "unknown"), None)


def plan(look: Look, policy: SoftwarePolicy, known: Known) -> Plan:
    """What a host needs. Removals are still without cap: see `capped`.

    Of one that told nothing only a source that refuses the account is set up.
    """
    told = read(look)
    refused = policy.wants_any and policy.source_username is not None and _refused(look)
    if told is None:
        return Plan(source=refused, account=refused, known=known)
    state = read_state(told, policy, known)
    applications = state.applications or ()
    movable = (version_key(state.chocolatey) or ()) >= _IGNORES_PINS
    removals = (
        Removal(wish.package, packages)
        for wish in policy.wishes
        if not wish.present and (packages := to_remove(told, wish, policy, known))
    )
    foreign = state.foreign_sources if told.chocolatey else _BROUGHT_ALONG
    return Plan(
        chocolatey=policy.wants_any and not told.chocolatey,
        source=policy.wants_any and (state.source != "ready" or refused),
        account=refused,
        disable=foreign or () if policy.wants_any else (),
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
        remove=tuple(removals),
        known=known,
    )


def capped(plans: Mapping[str, Plan], maximum: int) -> dict[str, Plan]:
    """The plans of a run's hosts, in their order, with `maximum` removals in all; the rest is held back."""
    left, found = maximum, {}
    for host, one in plans.items():
        allowed = one.remove[: max(0, left)]
        left -= len(allowed)
        found[host] = replace(one, remove=allowed, held=one.remove[len(allowed) :])
    return found


def actions_planned(one: Plan, look: Look, policy: SoftwarePolicy) -> tuple[Action, ...]:
    """What is to be done, and what the cap holds back."""
    return tuple(_steps(one, look, policy))


def actions_taken(
    one: Plan, before: Look, after: Look, results: Iterable[object], policy: SoftwarePolicy
) -> tuple[Action, ...]:
    """What became of each step, by the second look; a module's word alone counts for nothing.

    `results` are the registered results of the tasks: they tell why a step failed. An update after which
    nothing newer is known and nothing changed was none, and is left out.
    """
    said = Said.of(results)
    then = read(after)
    now = read_state(then, policy, one.known) if then else None
    was = read(before)
    found = []
    for action in _steps(one, before, policy):
        package = str(action.values.get("package", "")).casefold()
        if action.result is ActionResult.HELD:
            found.append(action)
        elif now is None or then is None:
            found.append(_failed(action, _reason(after.visit)))
        elif reason := _short_of(action, one, after, then, now):
            found.append(
                _failed(action, said.why(_names(action, one)) if reason == "software.failed" else reason)
            )
        else:
            version = then.installed.get(package)
            if action.kind != "package.upgrade" or was is None or version != was.installed.get(package):
                values = {**action.values, **({"version": version} if action.kind in _TO_A_VERSION else {})}
                found.append(replace(action, result=ActionResult.DONE, values=values))
    return tuple(found)


def known_after(
    one: Plan, taken: Iterable[Action], before: Look, after: Look, results: Iterable[object], now: datetime
) -> Known:
    """What the book is to know: packages that we installed, those that came with them, a restart that is wanted."""
    kinds = ("package.install", "package.exact")
    added = {
        str(action.values["package"]).casefold()
        for action in taken
        if action.kind in kinds and action.result is ActionResult.DONE and action.values.get("before") is None
    }
    ours = added | set(one.known.ours)
    was, then = read(before), read(after)
    new = set(then.installed) - set(was.installed) if was and then else set()
    came = (then.came_along(ours) & new) - ours if then else set()
    restart = iso(now) if Said.of(results).restart_wanted else one.known.restart_wanted_at
    return Known(tuple(sorted(ours)), tuple(sorted(came | set(one.known.brought))), restart)


def _judge_source(
    verdict: Verdict, told: Told, state: SoftwareState, policy: SoftwarePolicy, look: Look
) -> None:
    if told.chocolatey:
        verdict.ok("software.chocolatey")
    else:
        verdict.found("software.chocolatey_missing")
    if state.source == "ready":
        verdict.ok("software.source")
    else:
        verdict.found("software.source_missing", source=policy.source_name)
    if _refused(look):
        verdict.found("software.account_refused", source=policy.source_name)
    elif policy.source_username is not None and state.source == "ready":
        if why := _silent(look):
            verdict.unmeasured("software.account", why)
        else:
            verdict.ok("software.account")
    if state.foreign_sources:
        names = ", ".join(state.foreign_sources)
        verdict.found("software.foreign_source", count=len(state.foreign_sources), sources=names)
    else:
        verdict.ok("software.foreign_source")


def _judge_applications(verdict: Verdict, told: Told, state: SoftwareState, look: Look) -> None:
    rows = state.applications or ()
    for cause in dict.fromkeys(_BY_STATE.values()):
        named = [_named(row) for row in rows if _BY_STATE.get(row.state or "") == cause]
        if named:
            verdict.found(cause, count=len(named), applications=", ".join(named))
        elif cause == "software.outdated" and any(row.state == "unknown" for row in rows):
            verdict.unmeasured(cause, why_unanswered(look.asked) or _no_newest(told, look))
        elif any(row.state == "not_measured" and _program_check(row) == cause for row in rows):
            verdict.unmeasured(cause, _unread(look, "programs"))
        else:
            verdict.ok(cause)


def _program_check(row: Application) -> str:
    return "software.program_left" if row.wish == "absent" else "software.program_gone"


def _no_newest(told: Told, look: Look) -> str:
    """Why the newest versions are not known, though no call to the source failed."""
    if told.leaves_out is None:
        return _unread(look, "packages")
    return "software.leaves_out" if told.leaves_out else "software.newest_unknown"


def _unread(look: Look, section: str) -> str:
    """Why a section of the visit was not read."""
    if mapping(look.visit).get("unreachable") is True:
        return reach.classify(look.visit).code
    return parts.lacking(parts.section(look.visit, section))


def _named(row: Application) -> str:
    if row.state == "wrong_version":
        return f"{row.title} {row.installed} ({row.wanted_version})"
    if row.state == "outdated":
        return f"{row.title} {row.installed} ({row.newest})"
    return row.title or ""


def _packages(found: Iterable[Application]) -> tuple[str, ...]:
    return tuple(row.package or "" for row in found)


def _steps(one: Plan, look: Look, policy: SoftwarePolicy) -> list[Action]:
    """Each step as an action; what is held back has its result already, the others are planned."""
    told = read(look)
    state = read_state(told, policy, one.known) if told else SoftwareState()
    by_package = {(row.package or "").casefold(): row for row in state.applications or ()}

    def about(kind: str, package: str, result: ActionResult = ActionResult.PLANNED, **values: Any) -> Action:
        row = by_package.get(package.casefold(), Application(title=package))
        reason = "software.removal_cap" if result is ActionResult.HELD else None
        return Action(kind, row.title or package, result, reason, {"package": package, **values})

    def before(package: str) -> str | None:
        row = by_package.get(package.casefold())
        return row.installed if row else None

    def removal(one: Removal, result: ActionResult) -> Action:
        along = ", ".join(name for name in one.packages if name != one.package.casefold())
        values = {"along": along} if along else {}
        return about("package.remove", one.package, result, before=before(one.package), **values)

    found = []
    if one.chocolatey:
        found.append(Action("chocolatey.install", "Chocolatey", ActionResult.PLANNED))
    if one.source:
        found.append(Action("source.set", policy.source_name, ActionResult.PLANNED))
    found += [Action("source.disable", name, ActionResult.PLANNED) for name in one.disable]
    found += [removal(each, ActionResult.PLANNED) for each in one.remove]
    found += [removal(each, ActionResult.HELD) for each in one.held]
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


def _names(action: Action, one: Plan) -> tuple[str, ...]:
    """What a step was about, in small letters: packages, Chocolatey itself, a source."""
    if action.kind.startswith(("chocolatey.", "source.")):
        return (action.subject.casefold(),)
    package = str(action.values.get("package", "")).casefold()
    removed = (each.packages for each in one.remove if each.package.casefold() == package)
    return next(removed, (package,)) if action.kind == "package.remove" else (package,)


def _short_of(action: Action, one: Plan, look: Look, told: Told, state: SoftwareState) -> str | None:
    """Why the second look does not show that a step was done; None: it does."""
    package = str(action.values.get("package", "")).casefold()
    row = next((row for row in state.applications or () if (row.package or "").casefold() == package), None)
    row_state = row.state if row else None
    match action.kind:
        case "chocolatey.install":
            done = told.chocolatey
        case "source.set":
            done = state.source == "ready"
            if one.account and (why := _silent(look)):
                return why
        case "source.disable":
            done = action.subject not in (state.foreign_sources or ())
        case "package.remove":
            done = row_state == "current"
        case "package.install":
            done = package in told.installed
        case "package.exact":
            wanted = str(action.values.get("version"))
            done = same_version(told.installed.get(package), wanted) and row_state != "not_held"
        case _:
            done = row_state == "current"
    if row_state == "not_measured":
        return _unread(look, "programs")
    if row_state in ("program_left", "program_gone"):
        return f"software.{row_state}"
    return None if done else "software.failed"


def _failed(action: Action, reason: str) -> Action:
    return replace(action, result=ActionResult.FAILED, reason=reason)


def _refused(look: Look) -> bool:
    return source_refused(look.asked) or source_refused(_failure(look.visit))


def _silent(look: Look) -> str | None:
    """Why the source gave no answer of any kind."""
    why = why_unanswered(look.asked)
    return None if why == "software.not_in_source" else why


def _reason(visit: object) -> str:
    """Why the packages were not told."""
    if mapping(visit).get("unreachable") is True:
        return reach.classify(visit).code
    return "software.account_refused" if source_refused(_failure(visit)) else "software.not_told"


def _failure(visit: object) -> dict[str, str]:
    """What Chocolatey said where it failed, in the form of a task that did."""
    errors = mapping(mapping(mapping(visit, "sections"), "chocolatey"), "Errors")
    said = [one for one in errors.values() if isinstance(one, str)]
    return {"msg": "\n".join(said)} if said else {}
