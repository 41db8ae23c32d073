"""The normal form of standard software: what Chocolatey tells beside the list of installed programs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from serviceheft.assess import parts
from serviceheft.assess.normalform import Kind, shown
from serviceheft.assess.reading import flag, iso, mapping, moment, text, texts, version_key
from serviceheft.i18n import N_
from serviceheft.model.schema import Language
from serviceheft.model.software import entries, wanted_applications

SOURCES = {
    "ready": N_("set up"),
    "missing": N_("missing"),
    "disabled": N_("switched off"),
    "differs": N_("has another address"),
    "other_account": N_("has another account"),
}
WISHES = {
    "newest": N_("newest version"),
    "exact": N_("this version"),
    "absent": N_("not installed"),
    "unlisted": N_("no longer listed"),
}
ORIGINS = {
    "group": N_("for all of the group"),
    "added": N_("added for this device"),
    "instead": N_("for this device, instead of the group's"),
}
STATES = {
    "current": N_("as wanted"),
    "missing": N_("missing"),
    "outdated": N_("outdated"),
    "wrong_version": N_("another version"),
    "unwanted": N_("no longer wanted"),
    "unlisted": N_("kept, though no longer listed"),
    "program_left": N_("program is still there"),
    "program_gone": N_("package is listed, but the program is gone"),
    "held": N_("held back"),
    "not_held": N_("not held"),
    "unknown": N_("newest version not known"),
    "not_measured": N_("not measured"),
}

#: States of the source in which it is the provider's that tells what is newer.
_ANSWERING = ("ready", "other_account")
#: A package of this name with one of these ends is what the package without it installs.
_SUB_PACKAGES = (".install", ".portable")


@dataclass(frozen=True)
class Application:
    """One application that is wanted, or was: what the inventory says beside what is there."""

    title: str | None = shown(N_("Application"))
    package: str | None = shown(N_("Package"))
    wish: str | None = shown(N_("Wanted"), words=WISHES)
    origin: str | None = shown(N_("Where from"), words=ORIGINS)
    wanted_version: str | None = shown(N_("Wanted version"))
    installed: str | None = shown(N_("Installed"))
    newest: str | None = shown(N_("Newest in the source"))
    program: str | None = shown(N_("In the list of programs"))
    state: str | None = shown(N_("State"), words=STATES)


@dataclass(frozen=True)
class SoftwareState:
    """None means: not told. `ours` are the packages that this project installed and that are still there.

    `brought` are those that came along with them. `restart_wanted_at` is when an installation last asked for a
    restart that has not happened since.
    """

    chocolatey: str | None = shown(N_("Chocolatey"))
    source: str | None = shown(N_("Software source"), words=SOURCES)
    foreign_sources: tuple[str, ...] | None = shown(N_("Other sources in use"), Kind.LIST)
    applications: tuple[Application, ...] | None = shown(
        N_("Applications"), Kind.TABLE, row=Application, wanted="standard_software_applications"
    )
    ours: tuple[str, ...] | None = shown(N_("Packages installed by the provider"), Kind.LIST)
    brought: tuple[str, ...] | None = shown(N_("Packages that came along with them"), Kind.LIST)
    restart_wanted_at: str | None = shown(N_("Restart wanted by an installation"), Kind.MOMENT)


@dataclass(frozen=True)
class Wish:
    """What the inventory says about one package; without version the newest one.

    `program` is its name in the list of installed programs, where a * at the end stands for any end.
    """

    package: str
    title: str
    present: bool = True
    version: str | None = None
    program: str | None = None
    origin: str | None = None
    listed: bool = True


@dataclass(frozen=True)
class SoftwarePolicy:
    """The wanted state of a host, and where packages come from."""

    wishes: tuple[Wish, ...] = ()
    source_name: str = ""
    source_url: str = ""
    source_username: str | None = None
    titles: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_variables(cls, variables: Mapping[str, Any], language: Language = "de") -> Self:
        """From a host's variables standard_software_*; titles in the customer's language."""
        prefix = "standard_software_"
        offered = {str(one["name"]).casefold(): one for one in entries(variables.get(prefix + "packages"))}
        titles = {name: str(one["title"][language]) for name, one in offered.items()}
        programs = {name: str(one["program"]) for name, one in offered.items() if one.get("program")}
        return cls(
            wishes=tuple(
                Wish(
                    package=wanted.name,
                    title=titles.get(wanted.name.casefold(), wanted.name),
                    present=wanted.present,
                    version=wanted.entry.get("version"),
                    program=programs.get(wanted.name.casefold()),
                    origin=wanted.origin,
                )
                for wanted in wanted_applications(variables)
            ),
            source_name=str(variables.get(prefix + "source_name") or ""),
            source_url=str(variables.get(prefix + "source_url") or ""),
            source_username=text(variables, prefix + "source_username"),
            titles=titles,
        )

    @property
    def wants_any(self) -> bool:
        """Whether anything is to be installed, so that the source matters."""
        return any(wish.present for wish in self.wishes)


@dataclass(frozen=True)
class Look:
    """One look at a host: the visit, and the source's answer as Ansible registered it.

    `asked` is the dry update of one package, made only where the newest versions are not known: it tells why.
    """

    visit: object
    asked: object = None


@dataclass(frozen=True)
class Known:
    """What the book knows of a host, in small letters: see SoftwareState."""

    ours: tuple[str, ...] = ()
    brought: tuple[str, ...] = ()
    restart_wanted_at: str | None = None

    @classmethod
    def from_measured(cls, measured: object) -> Self:
        """From the state that was measured last."""
        return cls(
            tuple(sorted({name.casefold() for name in texts(measured, "ours")})),
            tuple(sorted({name.casefold() for name in texts(measured, "brought")})),
            text(measured, "restart_wanted_at"),
        )

    def at_visit(self, visit: object, now: datetime) -> "Known":
        """The same without a restart that has happened: the visit tells when the host was started."""
        wanted = moment({"at": self.restart_wanted_at}, "at", now)
        started = parts.started_at(visit, now)
        done = wanted is None or (started is not None and started > wanted)
        return Known(self.ours, self.brought, None if done else iso(wanted))


@dataclass(frozen=True)
class Told:
    """What a host told, by package in small letters.

    `newer` holds what is listed as outdated: (newest version or None, held). Chocolatey lists a package under
    its own version when no source answered for it (chocolatey/choco#843): its newest version is not known then.
    `programs` is the list of installed programs, (name in small letters, version), and `needs` what each package
    depends on; each None where it was not read. `leaves_out`: Chocolatey is set not to list as outdated what no
    source answers for (None: not read), so that what it does not list may be anything.
    """

    chocolatey: bool
    installed: Mapping[str, str]
    newer: Mapping[str, tuple[str | None, bool | None]]
    sources: tuple[Mapping[str, Any], ...]
    programs: tuple[tuple[str, str | None], ...] | None = None
    needs: Mapping[str, frozenset[str]] | None = None
    leaves_out: bool | None = False

    def program(self, wish: Wish) -> str | None:
        """Version, or else name, of the wish's program in the list of installed programs."""
        pattern = (wish.program or "").casefold()
        for name, version in self.programs or ():
            if name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern:
                return version or name
        return None

    def along(self, package: str, brought: Iterable[str]) -> tuple[str, ...]:
        """Packages that go with this one: its sub-packages, and of what it depends on those that it brought."""
        named = [package + end for end in _SUB_PACKAGES]
        return tuple(sorted(set(self.installed) & {*named, *(self._below(package) & set(brought))}))

    def came_along(self, roots: Iterable[str]) -> set[str]:
        """Everything that these packages depend on, near and far."""
        return set().union(*(self._below(root) for root in roots))

    def needed_by(self, package: str) -> set[str]:
        """The installed packages that depend on this one."""
        needs = (self.needs or {}).items()
        return {name for name, needed in needs if package in needed and name in self.installed}

    def _below(self, package: str) -> set[str]:
        found: set[str] = set()
        open_ = [package]
        while open_:
            new = (self.needs or {}).get(open_.pop(), frozenset()) - found
            found |= new
            open_ += new
        return found - {package}


def read(look: Look) -> Told | None:
    """What a look tells by the section chocolatey of the visit; None: nothing of the packages.

    A host without Chocolatey says so; one that has it lists it among its packages. A list without it, or with a row
    that names nothing, was not read: what it lacks is not absent.
    """
    programs, needs = _programs(look.visit), _needs(look.visit)
    chocolatey = parts.section(look.visit, "chocolatey")
    if not parts.was_read(chocolatey, "Path"):
        return None
    if mapping(chocolatey).get("Path") is None:
        return Told(False, {}, {}, (), programs, {})
    packages, sources, outdated = (
        parts.told_rows(chocolatey, part) for part in ("Packages", "Sources", "Outdated")
    )
    if packages is None or sources is None or outdated is None:
        return None
    installed: dict[str, str] = {}
    for package in packages:
        name, version = text(package, "Id"), text(package, "Version")
        if name is None or version is None:
            return None
        known = installed.get(name.casefold())
        installed[name.casefold()] = max(known or version, version, key=lambda v: version_key(v) or ())
    if "chocolatey" not in installed:
        return None
    newer: dict[str, tuple[str | None, bool | None]] = {}
    for package in outdated:
        name, version = text(package, "Id"), text(package, "Available")
        if name is None:
            return None
        same = same_version(version, installed.get(name.casefold()))
        newer[name.casefold()] = (None if same else version, flag(package, "Pinned"))
    if not all(text(source, "Name") and flag(source, "Disabled") is not None for source in sources):
        return None
    return Told(True, installed, newer, sources, programs, needs, _leaves_out(look.visit))


def _programs(visit: object) -> tuple[tuple[str, str | None], ...] | None:
    found = parts.told_rows(parts.section(visit, "programs"), "Programs")
    if found is None:
        return None
    return tuple(
        (name.casefold(), text(row, "DisplayVersion")) for row in found if (name := text(row, "DisplayName"))
    )


def _needs(visit: object) -> Mapping[str, frozenset[str]] | None:
    found = parts.told_rows(parts.section(visit, "packages"), "Packages")
    if found is None:
        return None
    return {
        name.casefold(): frozenset(other.casefold() for other in texts(row, "Dependencies"))
        for row in found
        if (name := text(row, "Id"))
    }


def _leaves_out(visit: object) -> bool | None:
    found = parts.section(visit, "packages")
    return flag(found, "IgnoresUnfound") if parts.was_read(found, "IgnoresUnfound") else None


def read_state(told: Told, policy: SoftwarePolicy, known: Known) -> SoftwareState:
    """The normal form, with what the book knows of the host."""
    ours = tuple(name for name in known.ours if name in told.installed)
    wished = {wish.package.casefold() for wish in policy.wishes}
    no_longer = [
        Wish(name, policy.titles.get(name, name), listed=False) for name in ours if name not in wished
    ]
    source = _source(told, policy)
    return SoftwareState(
        chocolatey=told.installed.get("chocolatey"),
        source=source,
        foreign_sources=_foreign(told, policy),
        applications=tuple(
            _application(told, wish, source, policy, known) for wish in (*policy.wishes, *no_longer)
        ),
        ours=ours,
        brought=tuple(name for name in known.brought if name in told.installed and name not in wished),
        restart_wanted_at=known.restart_wanted_at,
    )


def to_remove(told: Told, wish: Wish, policy: SoftwarePolicy, known: Known) -> tuple[str, ...]:
    """The installed packages that make up an application that is not wanted, each before those that it needs.

    What another package needs that stays, and what is itself wanted, is not among them. What several unwanted ones
    need goes with the last of them.
    """
    package = wish.package.casefold()
    wanted = {one.package.casefold() for one in policy.wishes if one.present}
    absent = [one.package.casefold() for one in policy.wishes if not one.present]
    gone_before = set(absent[: absent.index(package)])
    going = {package, *told.along(package, known.brought)} & set(told.installed)
    # Another one that is not wanted either is removed for its own sake, and only once.
    going -= (wanted | set(known.ours) | set(absent)) - {package}
    while kept := {one for one in going - {package} if told.needed_by(one) - going - gone_before}:
        going -= kept
    ordered: list[str] = []
    while going:
        free = {one for one in going if not told.needed_by(one) & (going - {one})} or going
        ordered.append(min(free, key=lambda one: (one != package, one)))
        going.discard(ordered[-1])
    return tuple(ordered)


def same_version(one: str | None, other: str | None) -> bool:
    """Whether two versions are the same: 24.9 is 24.9.0."""
    if one is None or other is None:
        return False
    keys = version_key(one), version_key(other)
    return keys[0] == keys[1] if None not in keys else one.casefold() == other.casefold()


def _source(told: Told, policy: SoftwarePolicy) -> str:
    for source in told.sources:
        if (text(source, "Name") or "").casefold() == policy.source_name.casefold():
            if flag(source, "Disabled") is not False:
                return "disabled"
            if _address(text(source, "Source")) != _address(policy.source_url):
                return "differs"
            other = policy.source_username and text(source, "UserName") != policy.source_username
            return "other_account" if other else "ready"
    return "missing"


def _address(url: str | None) -> str:
    return (url or "").rstrip("/").casefold()


def _foreign(told: Told, policy: SoftwarePolicy) -> tuple[str, ...]:
    return tuple(
        name
        for source in told.sources
        if (name := text(source, "Name"))
        and name.casefold() != policy.source_name.casefold()
        and flag(source, "Disabled") is not True
    )


def _application(told: Told, wish: Wish, source: str, policy: SoftwarePolicy, known: Known) -> Application:
    name = wish.package.casefold()
    installed = told.installed.get(name)
    newest, held = told.newer.get(name, (installed if told.leaves_out is False else None, None))
    if not wish.listed:
        wanted, state = "unlisted", "unlisted"
    elif not wish.present:
        wanted, state = "absent", _absent(told, wish, to_remove(told, wish, policy, known))
    else:
        wanted = "exact" if wish.version else "newest"
        state = _present(told, wish, _state(wish, installed, newest, held=held, source=source))
    return Application(
        title=wish.title,
        package=wish.package,
        wish=wanted,
        origin=wish.origin,
        wanted_version=wish.version,
        installed=installed,
        newest=newest if source in _ANSWERING else None,
        program=told.program(wish) if wish.program else None,
        state=state,
    )


def _absent(told: Told, wish: Wish, packages: tuple[str, ...]) -> str:
    if packages:
        return "unwanted"
    if wish.program is None:
        return "current"
    if told.programs is None:
        return "not_measured"
    return "program_left" if told.program(wish) else "current"


def _present(told: Told, wish: Wish, state: str) -> str:
    """What an installation would mend anyway goes before a program that is gone."""
    if state not in ("current", "unknown") or wish.program is None:
        return state
    if told.programs is None:
        return "not_measured" if state == "current" else state
    return state if told.program(wish) else "program_gone"


def _state(wish: Wish, installed: str | None, newest: str | None, *, held: bool | None, source: str) -> str:
    """By Chocolatey's word alone."""
    if installed is None:
        return "missing"
    if wish.version:
        if not same_version(installed, wish.version):
            return "wrong_version"
        # Only what could be updated is listed with its pin; nothing else needs one.
        return "not_held" if held is False and newest is not None else "current"
    if source not in _ANSWERING or newest is None:
        return "unknown"
    if same_version(installed, newest):
        return "current"
    return "held" if held else "outdated"
