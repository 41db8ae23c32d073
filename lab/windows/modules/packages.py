"""win_chocolatey and win_chocolatey_facts, from the feed that the machine's state holds."""

import re
from typing import Any

from lab.windows import anydesk
from lab.windows.machine import Json, Machine, ModuleFailure
from lab.windows.modules import Call, module

_NOT_FOUND = (
    "{name} not installed. The package was not found with the source(s) listed.\r\n"
    " Source(s): 'feed'\r\n"
    " NOTE: When you specify explicit sources, it overrides default sources."
)


@module("chocolatey.chocolatey.win_chocolatey")
def win_chocolatey(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """Bring packages to a state. Options that only tune an installation (checksums ...) change nothing."""
    names = [name.casefold() for name in args["name"]]
    state, version = args["state"], args["version"]
    if "all" in names:
        if state in ("present", "reinstalled"):
            raise ModuleFailure(f"Cannot specify the package name as 'all' when state={state}")
        names = [package["name"].casefold() for package in machine.state["packages"]]
    before = _versions(machine)
    for name in names:
        _apply(machine, name, state, version, args)
    if state != "absent" and args["pinned"] is not None:
        for package in machine.state["packages"]:
            if package["name"].casefold() in names:
                package["pinned"] = args["pinned"]
    after = _versions(machine)
    if call.check_mode:
        _restore(machine, before)
    anydesk.follow_package(machine.state)
    chocolatey = _find(machine, "chocolatey")
    return {
        "changed": before != after,
        "rc": 0,
        "choco_cli_version": chocolatey["version"] if chocolatey else "2.5.1",
    }


@module("chocolatey.chocolatey.win_chocolatey_facts")
def win_chocolatey_facts(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:  # noqa: ARG001
    """Installed packages and those that the feed has a newer version of."""
    asked = set(args["filter"])
    facts: Json = {"filter": args["filter"]}
    if asked & {"all", "config"}:
        facts["config"] = {}
    if asked & {"all", "feature"}:
        facts["feature"] = {}
    if asked & {"all", "sources"}:
        facts["sources"] = [
            {"name": "feed", "source": "https://feed.example/", "disabled": False, "priority": 0}
        ]
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
                "available_version": newest,
                "pinned": package["pinned"],
            }
            for package in machine.state["packages"]
            if (newest := _newest(machine, package["name"])) and _key(newest) > _key(package["version"])
        ]
    return {"ansible_facts": {"ansible_chocolatey": facts}}


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
        chosen = _offered(machine, name, version, "installing")
        packages.append({"name": _spelled(machine, name), "version": chosen, "pinned": False})
        return
    if state == "present":
        if version is not None and package["version"] != version:
            _replace(machine, package, version, forced=args["force"])
        return
    if (state == "downgrade" and version is None) or (package["pinned"] and not args["ignore_pinned"]):
        return
    chosen = _offered(machine, name, version, "updating")
    if _key(chosen) > _key(package["version"]) or (state == "downgrade" and chosen != package["version"]):
        package["version"] = chosen


def _replace(machine: Machine, package: Json, version: str, *, forced: bool) -> None:
    name = package["name"].casefold()
    if not forced:
        raise ModuleFailure(
            f"Chocolatey package '{name}' is already installed with version(s) '{package['version']}' but "
            f"was expecting '{version}'. Either change the expected version, set state=latest or "
            "state=upgrade, set allow_multiple=yes, or set force=yes to continue"
        )
    package["version"] = _offered(machine, name, version, "installing")


def _offered(machine: Machine, name: str, version: str | None, doing: str) -> str:
    """The version to take from the feed. Fails in Chocolatey's words when there is none, or no room."""
    versions = _feed(machine, name)
    chosen = (version if version in versions else None) if version else _newest(machine, name)
    if chosen is None:
        raise ModuleFailure(
            f"Error {doing} package(s) '{name}'", rc=1, stdout=_NOT_FOUND.format(name=name), stderr=""
        )
    if machine.faults.disk_full:
        raise ModuleFailure(
            f"Error {doing} package(s) '{name}'",
            rc=1,
            stdout=f"{name} not installed. There is not enough space on the disk.",
            stderr="There is not enough space on the disk.\r\n",
        )
    return chosen


def _find(machine: Machine, name: str) -> Json | None:
    packages: list[Json] = machine.state["packages"]
    return next((package for package in packages if package["name"].casefold() == name.casefold()), None)


def _feed(machine: Machine, name: str) -> list[str]:
    feed: dict[str, list[str]] = machine.state["feed"]
    return next((versions for package, versions in feed.items() if package.casefold() == name.casefold()), [])


def _spelled(machine: Machine, name: str) -> str:
    return next((package for package in machine.state["feed"] if package.casefold() == name.casefold()), name)


def _newest(machine: Machine, name: str) -> str | None:
    return max(_feed(machine, name), key=_key, default=None)


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _versions(machine: Machine) -> list[Json]:
    return [dict(package) for package in machine.state["packages"]]


def _restore(machine: Machine, packages: list[Json]) -> None:
    machine.state["packages"] = packages
