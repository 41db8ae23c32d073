"""The normal form of standard software, read from what Chocolatey tells (win_chocolatey_facts)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from serviceheft.assess.normalform import Kind, shown
from serviceheft.assess.reading import flag, mapping, rows, text, version_key
from serviceheft.i18n import N_

SOURCES = {
    "ready": N_("set up"),
    "missing": N_("missing"),
    "disabled": N_("switched off"),
    "differs": N_("has another address"),
}
WISHES = {
    "newest": N_("newest version"),
    "exact": N_("this version"),
    "absent": N_("not installed"),
}
STATES = {
    "current": N_("as wanted"),
    "missing": N_("missing"),
    "outdated": N_("outdated"),
    "wrong_version": N_("another version"),
    "unwanted": N_("no longer wanted"),
    "held": N_("held back"),
    "not_held": N_("not held"),
    "unknown": N_("newest version not known"),
}

#: How the facts module begins its message where there is no choco.exe.
_NO_CHOCOLATEY = "Failed to find Chocolatey installation"


@dataclass(frozen=True)
class Application:
    """One application that is wanted, or was: what the inventory says beside what is there."""

    title: str | None = shown(N_("Application"))
    package: str | None = shown(N_("Package"))
    wish: str | None = shown(N_("Wanted"), words=WISHES)
    wanted_version: str | None = shown(N_("Wanted version"))
    installed: str | None = shown(N_("Installed"))
    newest: str | None = shown(N_("Newest in the source"))
    state: str | None = shown(N_("State"), words=STATES)


@dataclass(frozen=True)
class SoftwareState:
    """None means: not told. `ours` are the packages that this project installed and that are still there."""

    chocolatey: str | None = shown(N_("Chocolatey"))
    source: str | None = shown(N_("Software source"), words=SOURCES)
    foreign_sources: tuple[str, ...] | None = shown(N_("Other sources in use"), Kind.LIST)
    applications: tuple[Application, ...] | None = shown(
        N_("Applications"), Kind.TABLE, row=Application, wanted="standard_software_applications"
    )
    ours: tuple[str, ...] | None = shown(N_("Packages installed by the provider"), Kind.LIST)


@dataclass(frozen=True)
class Wish:
    """What the inventory says about one package; without version the newest one."""

    package: str
    title: str
    present: bool = True
    version: str | None = None


@dataclass(frozen=True)
class SoftwarePolicy:
    """The wanted state of a host, and where packages come from."""

    wishes: tuple[Wish, ...] = ()
    source_name: str = ""
    source_url: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_variables(cls, variables: Mapping[str, Any]) -> Self:
        """From a host's variables standard_software_*; titles in its `language`."""
        prefix = "standard_software_"
        language = "en" if variables.get("language") == "en" else "de"
        titles = {
            str(package["name"]).casefold(): str(package["title"][language])
            for package in variables.get(prefix + "packages") or ()
        }
        return cls(
            wishes=tuple(
                Wish(
                    package=str(entry["name"]),
                    title=titles.get(str(entry["name"]).casefold(), str(entry["name"])),
                    present=entry.get("state", "present") == "present",
                    version=entry.get("version"),
                )
                for entry in variables.get(prefix + "applications") or ()
            ),
            source_name=str(variables.get(prefix + "source_name") or ""),
            source_url=str(variables.get(prefix + "source_url") or ""),
            titles=titles,
        )


@dataclass(frozen=True)
class Told:
    """What Chocolatey told of a host, by package in small letters.

    `newer` holds what is listed as outdated: (newest version or None, held). Chocolatey lists a package under
    its own version when no source answered for it (chocolatey/choco#843): its newest version is not known then.
    """

    chocolatey: bool
    installed: Mapping[str, str]
    newer: Mapping[str, tuple[str | None, bool | None]]
    sources: tuple[Mapping[str, Any], ...]


def read(facts: object) -> Told | None:
    """What a registered win_chocolatey_facts result tells (filter packages, sources, outdated); None: nothing.

    A host without Chocolatey says so; one that has it lists it among its packages. A list without it, or with a row
    that names nothing, was not read: what it lacks is not absent.
    """
    told = mapping(mapping(facts, "ansible_facts"), "ansible_chocolatey")
    packages, sources, outdated = rows(told, "packages"), rows(told, "sources"), rows(told, "outdated")
    if packages is None or sources is None or outdated is None:
        missing = (text(facts, "msg") or "").startswith(_NO_CHOCOLATEY)
        return Told(False, {}, {}, ()) if missing else None
    installed: dict[str, str] = {}
    for package in packages:
        name, version = text(package, "package"), text(package, "version")
        if name is None or version is None:
            return None
        known = installed.get(name.casefold())
        installed[name.casefold()] = max(known or version, version, key=lambda v: version_key(v) or ())
    if "chocolatey" not in installed:
        return None
    newer: dict[str, tuple[str | None, bool | None]] = {}
    for package in outdated:
        name, version = text(package, "package"), text(package, "available_version")
        if name is None:
            return None
        same = same_version(version, installed.get(name.casefold()))
        newer[name.casefold()] = (None if same else version, flag(package, "pinned"))
    if not all(text(source, "name") and flag(source, "disabled") is not None for source in sources):
        return None
    return Told(True, installed, newer, sources)


def read_state(told: Told, policy: SoftwarePolicy, ours: Iterable[str]) -> SoftwareState:
    """The normal form. `ours` are the packages known to be installed by us, in any case."""
    still_ours = tuple(sorted(name for name in {name.casefold() for name in ours} if name in told.installed))
    listed = {wish.package.casefold() for wish in policy.wishes}
    delisted = [
        Wish(name, policy.titles.get(name, name), present=False) for name in still_ours if name not in listed
    ]
    source = _source(told, policy)
    return SoftwareState(
        chocolatey=told.installed.get("chocolatey"),
        source=source,
        foreign_sources=_foreign(told, policy),
        applications=tuple(_application(told, wish, source) for wish in (*policy.wishes, *delisted)),
        ours=still_ours,
    )


def same_version(one: str | None, other: str | None) -> bool:
    """Whether two versions are the same: 24.9 is 24.9.0."""
    if one is None or other is None:
        return False
    keys = version_key(one), version_key(other)
    return keys[0] == keys[1] if None not in keys else one.casefold() == other.casefold()


def _source(told: Told, policy: SoftwarePolicy) -> str:
    for source in told.sources:
        if (text(source, "name") or "").casefold() == policy.source_name.casefold():
            if flag(source, "disabled") is not False:
                return "disabled"
            return "ready" if _address(text(source, "source")) == _address(policy.source_url) else "differs"
    return "missing"


def _address(url: str | None) -> str:
    return (url or "").rstrip("/").casefold()


def _foreign(told: Told, policy: SoftwarePolicy) -> tuple[str, ...]:
    return tuple(
        name
        for source in told.sources
        if (name := text(source, "name"))
        and name.casefold() != policy.source_name.casefold()
        and flag(source, "disabled") is not True
    )


def _application(told: Told, wish: Wish, source: str) -> Application:
    name = wish.package.casefold()
    installed = told.installed.get(name)
    newest, held = told.newer.get(name, (installed, None))
    return Application(
        title=wish.title,
        package=wish.package,
        wish="absent" if not wish.present else "exact" if wish.version else "newest",
        wanted_version=wish.version,
        installed=installed,
        newest=newest if source == "ready" else None,
        state=_state(wish, installed, newest, held=held, source=source),
    )


def _state(wish: Wish, installed: str | None, newest: str | None, *, held: bool | None, source: str) -> str:
    if not wish.present:
        return "current" if installed is None else "unwanted"
    if installed is None:
        return "missing"
    if wish.version:
        if not same_version(installed, wish.version):
            return "wrong_version"
        # Only what could be updated is listed with its pin; nothing else needs one.
        return "not_held" if held is False and newest is not None else "current"
    if source != "ready" or newest is None:
        return "unknown"
    if same_version(installed, newest):
        return "current"
    return "held" if held else "outdated"
