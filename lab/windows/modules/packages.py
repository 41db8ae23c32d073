"""win_chocolatey, _facts and _source: Chocolatey, its sources, and the one feed that the machine's state holds.

As Chocolatey does without stopOnFirstPackageFailure, a call goes on after a package that failed and then fails as a
whole. A package for which no source answers is listed as outdated under its own version (chocolatey/choco#843).
"""

import re
from typing import Any

from lab.windows import anydesk
from lab.windows.machine import Json, Machine, ModuleFailure
from lab.windows.modules import Call, module

#: Where the feed of a machine is, unless its state says otherwise.
FEED = "https://feed.example/"

_NOT_FOUND = (
    "{name} not installed. The package was not found with the source(s) listed.\r\n"
    " Source(s): '{source}'\r\n"
    " NOTE: When you specify explicit sources, it overrides default sources."
)
_AWAY = (
    "Unable to load the service index for source {source}.\r\n"
    "{name} not installed. The package was not found with the source(s) listed."
)
_NO_SPACE = "{name} not installed. There is not enough space on the disk."
_BROKEN = (
    "{name} not installed. An error occurred during installation:\r\n"
    ' The running command stopped because the preference variable "ErrorActionPreference" is set to Stop.'
)
_NO_CHOCOLATEY = "Failed to find Chocolatey installation, make sure choco.exe is in the PATH env value"


class _PackageFailure(Exception):
    """One package could not be installed; the text is what Chocolatey prints."""


@module("chocolatey.chocolatey.win_chocolatey")
def win_chocolatey(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """Bring packages to a state. Options that only tune an installation (checksums ...) change nothing."""
    before = _versions(machine)
    try:
        _bootstrap(machine, args)
        chocolatey = _find(machine, "chocolatey")
        _bring(machine, args)
        return {
            "changed": before != _versions(machine),
            "rc": 0,
            "choco_cli_version": chocolatey["version"] if chocolatey else None,
        }
    finally:
        if call.check_mode:
            _restore(machine, before)
        anydesk.follow_package(machine.state)


def _bootstrap(machine: Machine, args: dict[str, Any]) -> None:
    """Without Chocolatey the module installs it first, from the source's own server where one is named."""
    if _find(machine, "chocolatey") is not None:
        return
    address = args["source"] or "https://community.chocolatey.org/"
    if machine.faults.feed_away or not _same_address(address, _feed_address(machine)):
        host = "/".join(address.split("/")[:3])
        raise ModuleFailure(
            f"Failed to download Chocolatey script from '{host}/install.ps1'; Unable to connect to the remote server"
        )
    machine.require_space()
    version = _newest(machine, "chocolatey", address) or "2.5.1"
    machine.state["packages"].append({"name": "chocolatey", "version": version, "pinned": False})
    machine.state.setdefault("sources", [_community(disabled=False)])


def _bring(machine: Machine, args: dict[str, Any]) -> None:
    names = [name.casefold() for name in args["name"]]
    state, version = args["state"], args["version"]
    if "all" in names:
        if state in ("present", "reinstalled"):
            raise ModuleFailure(f"Cannot specify the package name as 'all' when state={state}")
        names = [package["name"].casefold() for package in machine.state["packages"]]
    # The module installs what is missing in one call of choco, then updates the others in a second one.
    missing = [name for name in names if _find(machine, name) is None]
    others = [name for name in names if name not in missing]
    for doing, group in (("installing", missing), ("updating", others)):
        failed: list[str] = []
        for name in group:
            try:
                _apply(machine, name, state, version, args)
            except _PackageFailure as failure:
                failed.append(str(failure))
        if failed:
            listed = ", ".join(group)
            raise ModuleFailure(
                f"Error {doing} package(s) '{listed}'", rc=1, stdout="\r\n".join(failed), stderr=""
            )
    if state != "absent" and args["pinned"] is not None:
        for package in machine.state["packages"]:
            if package["name"].casefold() in names:
                package["pinned"] = args["pinned"]


@module("chocolatey.chocolatey.win_chocolatey_facts")
def win_chocolatey_facts(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:  # noqa: ARG001
    """Installed packages, sources, and those packages that a source has a newer version of, or none of."""
    if _find(machine, "chocolatey") is None:
        raise ModuleFailure(_NO_CHOCOLATEY)
    asked = set(args["filter"])
    facts: Json = {"filter": args["filter"]}
    if asked & {"all", "config"}:
        facts["config"] = {}
    if asked & {"all", "feature"}:
        facts["feature"] = {}
    if asked & {"all", "sources"}:
        facts["sources"] = [dict(each) for each in _sources(machine)]
    if asked & {"all", "packages"}:
        facts["packages"] = [
            {"package": package["name"], "version": package["version"]}
            for package in machine.state["packages"]
        ]
    if asked & {"all", "outdated"}:
        facts["outdated"] = [
            {
                "package": package["name"],
                "current_version": package["version"],
                "available_version": newest or package["version"],
                "pinned": package["pinned"],
            }
            for package in machine.state["packages"]
            if (newest := _newest(machine, package["name"])) is None
            or _key(newest) > _key(package["version"])
        ]
    return {"ansible_facts": {"ansible_chocolatey": facts}}


@module("chocolatey.chocolatey.win_chocolatey_source")
def win_chocolatey_source(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """Set a source up, switch it off, remove it. A password is always "changed", as the module cannot read it."""
    if _find(machine, "chocolatey") is None:
        raise ModuleFailure(_NO_CHOCOLATEY)
    sources = [dict(each) for each in _sources(machine)]
    found = next((each for each in sources if each["name"].casefold() == args["name"].casefold()), None)
    changed = False
    if args["state"] == "absent":
        changed = found is not None
        sources = [each for each in sources if each is not found]
    else:
        if found is None:
            if args["source"] is None:
                raise ModuleFailure("The source option must be set when creating a new source")
            found = source(args["name"], args["source"])
            sources.append(found)
            changed = True
        given = {
            name: args[name] for name in found if name not in ("name", "disabled") and args[name] is not None
        }
        new_password = args["source_password"] is not None and args["update_password"] == "always"
        if new_password or any(found[name] != value for name, value in given.items()):
            changed = True
            found |= given | {"disabled": False}
        disabled = args["state"] == "disabled"
        changed = changed or found["disabled"] is not disabled
        found["disabled"] = disabled
    if changed and not call.check_mode:
        machine.require_space()
        machine.state["sources"] = sources
    return {"changed": changed}


def source(name: str, address: str, *, disabled: bool = False) -> Json:
    """A source as Chocolatey's configuration lists it."""
    return {
        "name": name,
        "source": address,
        "disabled": disabled,
        "source_username": None,
        "priority": 0,
        "certificate": None,
        "bypass_proxy": False,
        "allow_self_service": False,
        "admin_only": False,
    }


def _community(*, disabled: bool) -> Json:
    return source("chocolatey", "https://community.chocolatey.org/api/v2/", disabled=disabled)


def _sources(machine: Machine) -> list[Json]:
    sources: list[Json] = machine.state.get("sources", [source("feed", FEED)])
    return sources


def _feed_address(machine: Machine) -> str:
    return str(machine.state.get("feed_address", FEED))


def _same_address(one: str, other: str) -> bool:
    return one.rstrip("/").casefold() == other.rstrip("/").casefold()


def _asked(machine: Machine, source: str | None) -> list[str]:
    """Addresses of the sources that a call asks: all that are on, or the named one (by name or address)."""
    if source is None:
        return [each["source"] for each in _sources(machine) if not each["disabled"]]
    return [each["source"] for each in _sources(machine) if each["name"].casefold() == source.casefold()] or [
        source
    ]


def _apply(machine: Machine, name: str, state: str, version: str | None, args: dict[str, Any]) -> None:
    package = _find(machine, name)
    packages: list[Json] = machine.state["packages"]
    if state in ("absent", "reinstalled"):
        if package and (version is None or package["version"] == version):
            packages.remove(package)
            package = None
        if state == "absent":
            return
    if package is None:
        chosen = _offered(machine, name, version, args["source"])
        packages.append({"name": _spelled(machine, name), "version": chosen, "pinned": False})
        return
    if state == "present":
        if version is not None and package["version"] != version:
            _replace(machine, package, version, args)
        return
    if (state == "downgrade" and version is None) or (package["pinned"] and not args["ignore_pinned"]):
        return
    chosen = _offered(machine, name, version, args["source"])
    if _key(chosen) > _key(package["version"]) or (state == "downgrade" and chosen != package["version"]):
        package["version"] = chosen


def _replace(machine: Machine, package: Json, version: str, args: dict[str, Any]) -> None:
    name = package["name"].casefold()
    if not args["force"]:
        raise ModuleFailure(
            f"Chocolatey package '{name}' is already installed with version(s) '{package['version']}' but "
            f"was expecting '{version}'. Either change the expected version, set state=latest or "
            "state=upgrade, set allow_multiple=yes, or set force=yes to continue"
        )
    package["version"] = _offered(machine, name, version, args["source"])


def _offered(machine: Machine, name: str, version: str | None, source: str | None) -> str:
    """The version to take from the feed; fails in Chocolatey's words."""
    asked = ";".join(_asked(machine, source))
    if machine.faults.feed_away:
        raise _PackageFailure(_AWAY.format(name=name, source=asked))
    versions = _feed(machine, name, source)
    chosen = (version if version in versions else None) if version else _newest(machine, name, source)
    if chosen is None:
        raise _PackageFailure(_NOT_FOUND.format(name=name, source=asked))
    if machine.faults.disk_full:
        raise _PackageFailure(_NO_SPACE.format(name=name))
    if name in machine.faults.broken_packages:
        raise _PackageFailure(_BROKEN.format(name=name))
    return chosen


def _find(machine: Machine, name: str) -> Json | None:
    packages: list[Json] = machine.state["packages"]
    return next((package for package in packages if package["name"].casefold() == name.casefold()), None)


def _feed(machine: Machine, name: str, source: str | None = None) -> list[str]:
    """The versions that the asked sources have: those of the feed, when it is one of them and can be reached."""
    address = _feed_address(machine)
    if machine.faults.feed_away or not any(_same_address(each, address) for each in _asked(machine, source)):
        return []
    feed: dict[str, list[str]] = machine.state["feed"]
    return next((versions for package, versions in feed.items() if package.casefold() == name.casefold()), [])


def _spelled(machine: Machine, name: str) -> str:
    return next((package for package in machine.state["feed"] if package.casefold() == name.casefold()), name)


def _newest(machine: Machine, name: str, source: str | None = None) -> str | None:
    return max(_feed(machine, name, source), key=_key, default=None)


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _versions(machine: Machine) -> list[Json]:
    return [dict(package) for package in machine.state["packages"]]


def _restore(machine: Machine, packages: list[Json]) -> None:
    machine.state["packages"] = packages
