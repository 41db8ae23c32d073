"""win_chocolatey, _facts and _source: Chocolatey, its sources, and the one feed that the machine's state holds.

As Chocolatey does without stopOnFirstPackageFailure, a call goes on after a package that failed and then fails as a
whole. A package for which no source answers is listed as outdated under its own version (chocolatey/choco#843).

`recipes` of the state: package -> needs (packages that it depends on), program (its name in the list of installed
programs). `feed_account`: user and password that the feed asks for; `feed_forbids`: it answers 403. `unlisted`:
package -> versions that only an exact version finds. `ignores_unfound`: Chocolatey's feature
ignoreUnfoundPackagesOnUpgradeOutdated is on.
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
_REFUSED = (
    "Unable to connect to source '{source}':\r\n"
    " Failed to fetch results from V2 feed at '{source}Packages()?$filter=(tolower(Id)%20eq%20'{name}')' with "
    "following message : Response status code does not indicate success: {status}.\r\n"
    "{name} not installed. The package was not found with the source(s) listed."
)
_EXITED = (
    "{name} v{version} [Approved]\r\n"
    "ERROR: Running [\"setup.exe\"] was not successful. Exit code was '{code}'.\r\n"
    "Failures\r\n"
    " - {name} (exited {code}) - {name} not installed. An error occurred during installation"
)
_RESTART_FIRST = "Chocolatey detected a pending reboot. The operation was not started (exit code {code})."
_NEEDED = "Unable to uninstall '{name} {version}' because '{other}' depends on it."
_NO_SPACE = "{name} not installed. There is not enough space on the disk."
_BROKEN = (
    "{name} not installed. An error occurred during installation:\r\n"
    ' The running command stopped because the preference variable "ErrorActionPreference" is set to Stop.'
)
_NO_CHOCOLATEY = "Failed to find Chocolatey installation, make sure choco.exe is in the PATH env value"


#: Exit codes that tell of a restart: after the first ones all is done, before the others nothing is.
_RESTART = (1641, 3010)
_RESTART_BEFORE = (350, 1604)


class _PackageFailure(Exception):
    """One package could not be installed; the text is what Chocolatey prints."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


class _Unfound(_PackageFailure):
    """No source has the package: for an update only a warning, unless the call wants it to fail (choco#2937)."""


def put(state: Json, name: str, version: str, *, pinned: bool = False) -> None:
    """Have a package in this version, with what it needs and its program."""
    recipe = state.get("recipes", {}).get(name, {})
    for need in recipe.get("needs", ()):
        offered = state["feed"].get(need, [version])
        put(state, need, version if version in offered else offered[-1])
    found = next((each for each in state["packages"] if each["name"] == name), None)
    if found:
        found |= {"version": version, "pinned": pinned}
    else:
        state["packages"].append({"name": name, "version": version, "pinned": pinned})
    if "program" in recipe:
        _take_program(state, name)
        state["programs"].append(
            {
                "key": f"{name}_is1",
                "name": recipe["program"].format(version=version),
                "version": version,
                "publisher": "Beispielhersteller",
                "install_date": None,
                "hive": "machine",
            }
        )


def take(state: Json, *names: str) -> None:
    """Be without these packages and their programs, with all that they need."""
    for name in names:
        state["packages"] = [each for each in state["packages"] if each["name"] != name]
        _take_program(state, name)
        take(state, *state.get("recipes", {}).get(name, {}).get("needs", ()))


def _take_program(state: Json, name: str) -> None:
    state["programs"] = [each for each in state["programs"] if each.get("key") != f"{name}_is1"]


@module("chocolatey.chocolatey.win_chocolatey")
def win_chocolatey(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """Bring packages to a state. Options that only tune an installation (checksums ...) change nothing."""
    before, programs = _versions(machine), [dict(each) for each in machine.state["programs"]]
    try:
        _bootstrap(machine, args)
        chocolatey = find(machine, "chocolatey")
        code = _bring(machine, args)
        return {
            "changed": before != _versions(machine),
            "rc": code,
            "choco_cli_version": chocolatey["version"] if chocolatey else None,
        }
    finally:
        if call.check_mode:
            machine.state |= {"packages": before, "programs": programs}
        anydesk.follow_package(machine.state)


def _bootstrap(machine: Machine, args: dict[str, Any]) -> None:
    """Without Chocolatey the module installs it first, from the source's own server where one is named."""
    if find(machine, "chocolatey") is not None:
        return
    address = args["source"] or "https://community.chocolatey.org/"
    if machine.faults.feed_away or not _same_address(address, _feed_address(machine)):
        host = "/".join(address.split("/")[:3])
        raise ModuleFailure(
            f"Failed to download Chocolatey script from '{host}/install.ps1'; Unable to connect to the remote server"
        )
    if status := _refusal(machine, None, args):
        code, _, word = status.partition(" ")
        raise ModuleFailure(
            f"Failed to download Chocolatey script from '{address}/install.ps1'; "
            f"The remote server returned an error: ({code}) {word.strip('()')}."
        )
    machine.require_space()
    version = max(_feed(machine, "chocolatey", address), key=_key, default="2.5.1")
    machine.state["packages"].append({"name": "chocolatey", "version": version, "pinned": False})
    machine.state.setdefault("sources", [_community(disabled=False)])


def _bring(machine: Machine, args: dict[str, Any]) -> int:
    """The exit code of the last call of choco."""
    names = [name.casefold() for name in args["name"]]
    state = args["state"]
    if "all" in names:
        if state in ("present", "reinstalled"):
            raise ModuleFailure(f"Cannot specify the package name as 'all' when state={state}")
        names = [package["name"].casefold() for package in machine.state["packages"]]
    # The module installs what is missing in one call of choco, then updates the others in a second one.
    missing = [name for name in names if find(machine, name) is None]
    others = [name for name in names if name not in missing]
    code = 0
    for doing, group in (("installing", missing), ("updating", others)):
        code = _call(machine, "uninstalling" if state == "absent" else doing, group, args) or code
    if state != "absent" and args["pinned"] is not None:
        for package in machine.state["packages"]:
            if package["name"].casefold() in names:
                package["pinned"] = args["pinned"]
    return code


def _call(machine: Machine, doing: str, names: list[str], args: dict[str, Any]) -> int:
    """One call of choco; its exit code, where it is one of success."""
    code, failed, restart = 0, list[_PackageFailure](), list[str]()
    for name in names:
        try:
            if ended := _apply(machine, name, args["state"], args["version"], args):
                code = ended
                restart.append(f" - {name} (exit code {ended})")
        except _PackageFailure as failure:
            failed.append(failure)
    if not failed:
        return code
    said = (*(["Packages requiring reboot:", *restart] if restart else ()), *map(str, failed))
    raise ModuleFailure(
        f"Error {doing} package(s) '{', '.join(names)}'",
        rc=failed[-1].code,
        stdout="\r\n".join(said),
        stderr="",
    )


def listed_as_outdated(machine: Machine) -> list[tuple[Json, str]]:
    """The packages that a source has a newer version of, with that one; under their own those that none answers for."""
    return [
        (package, newest or package["version"])
        for package in machine.state["packages"]
        if _is_listed_as_outdated(machine, package, newest := _newest(machine, package["name"]))
    ]


@module("chocolatey.chocolatey.win_chocolatey_facts")
def win_chocolatey_facts(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:  # noqa: ARG001
    """Installed packages, sources, and those packages that a source has a newer version of, or none of."""
    if find(machine, "chocolatey") is None:
        raise ModuleFailure(_NO_CHOCOLATEY)
    asked = set(args["filter"])
    facts: Json = {"filter": args["filter"]}
    if asked & {"all", "config"}:
        facts["config"] = {}
    if asked & {"all", "feature"}:
        facts["feature"] = {}
    if asked & {"all", "sources"}:
        facts["sources"] = [
            {key: value for key, value in each.items() if key != "password"} for each in sources(machine)
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
            for package, newest in listed_as_outdated(machine)
        ]
    return {"ansible_facts": {"ansible_chocolatey": facts}}


@module("chocolatey.chocolatey.win_chocolatey_source")
def win_chocolatey_source(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """Set a source up, switch it off, remove it. A password is always "changed", as the module cannot read it."""
    if find(machine, "chocolatey") is None:
        raise ModuleFailure(_NO_CHOCOLATEY)
    every = [dict(each) for each in sources(machine)]
    found = next((each for each in every if each["name"].casefold() == args["name"].casefold()), None)
    changed = False
    if args["state"] == "absent":
        changed = found is not None
        every = [each for each in every if each is not found]
    else:
        if found is None:
            if args["source"] is None:
                raise ModuleFailure("The source option must be set when creating a new source")
            found = source(args["name"], args["source"])
            every.append(found)
            changed = True
        given = {
            name: args[name]
            for name in found
            if name not in ("name", "disabled", "password") and args[name] is not None
        }
        new_password = args["source_password"] is not None and args["update_password"] == "always"
        if new_password or any(found[name] != value for name, value in given.items()):
            changed = True
            found |= given | {"disabled": False, "password": args["source_password"]}
        disabled = args["state"] == "disabled"
        changed = changed or found["disabled"] is not disabled
        found["disabled"] = disabled
    if changed and not call.check_mode:
        machine.require_space()
        machine.state["sources"] = every
    return {"changed": changed}


def _is_listed_as_outdated(machine: Machine, package: Json, newest: str | None) -> bool:
    if newest is None:
        return not machine.state.get("ignores_unfound")
    return _key(newest) > _key(package["version"])


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


def sources(machine: Machine) -> list[Json]:
    """Chocolatey's, as its configuration has them."""
    found: list[Json] = machine.state.get("sources", [source("feed", FEED)])
    return found


def _feed_address(machine: Machine) -> str:
    return str(machine.state.get("feed_address", FEED))


def _same_address(one: str, other: str) -> bool:
    return one.rstrip("/").casefold() == other.rstrip("/").casefold()


def _asked(machine: Machine, source: str | None) -> list[str]:
    """Addresses of the sources that a call asks: all that are on, or the named one (by name or address)."""
    if source is None:
        return [each["source"] for each in sources(machine) if not each["disabled"]]
    return [each["source"] for each in sources(machine) if each["name"].casefold() == source.casefold()] or [
        source
    ]


def _apply(machine: Machine, name: str, state: str, version: str | None, args: dict[str, Any]) -> int:
    """The package's exit code, where it is one of success."""
    package = find(machine, name)
    if state in ("absent", "reinstalled"):
        if package and (version is None or package["version"] == version):
            _uninstall(machine, package)
            package = None
        if state == "absent":
            return 0
    if package is None:
        chosen, code = _offered(machine, name, version, args)
        put(machine.state, _spelled(machine, name), chosen)
        return code
    if state == "present":
        return _replace(machine, package, version, args) if version not in (None, package["version"]) else 0
    if (state == "downgrade" and version is None) or (package["pinned"] and not args["ignore_pinned"]):
        return 0
    try:
        chosen, code = _offered(machine, name, version, args)
    except _Unfound:
        if "--fail-on-unfound" in (args["choco_args"] or ()) and not machine.state.get("ignores_unfound"):
            raise
        return 0
    if _key(chosen) > _key(package["version"]) or (state == "downgrade" and chosen != package["version"]):
        put(machine.state, package["name"], chosen, pinned=package["pinned"])
    return code


def _uninstall(machine: Machine, package: Json) -> None:
    """The package alone: neither what it needs, nor, where its uninstaller fails unheard (choco#484), its program."""
    name = package["name"]
    recipes = machine.state.get("recipes", {})
    for other in machine.state["packages"]:
        if name in recipes.get(other["name"], {}).get("needs", ()):
            needed = _NEEDED.format(name=name, other=other["name"], version=package["version"])
            raise _PackageFailure(f"{name} not uninstalled. An error occurred during uninstall:\r\n {needed}")
    machine.state["packages"].remove(package)
    if name not in machine.faults.kept_programs:
        _take_program(machine.state, name)


def _replace(machine: Machine, package: Json, version: str | None, args: dict[str, Any]) -> int:
    name = package["name"].casefold()
    if not args["force"]:
        raise ModuleFailure(
            f"Chocolatey package '{name}' is already installed with version(s) '{package['version']}' but "
            f"was expecting '{version}'. Either change the expected version, set state=latest or "
            "state=upgrade, set allow_multiple=yes, or set force=yes to continue"
        )
    chosen, code = _offered(machine, name, version, args)
    put(machine.state, package["name"], chosen, pinned=package["pinned"])
    return code


def _offered(machine: Machine, name: str, version: str | None, args: dict[str, Any]) -> tuple[str, int]:
    """The version to take from the feed, and the exit code of its installation; fails in Chocolatey's words."""
    source = args["source"]
    asked = ";".join(_asked(machine, source))
    code = machine.faults.package_exits.get(name, 0)
    if code in _RESTART_BEFORE:
        raise _PackageFailure(_RESTART_FIRST.format(code=code), code)
    if machine.faults.feed_away:
        raise _Unfound(_AWAY.format(name=name, source=asked))
    if status := _refusal(machine, source, args):
        raise _Unfound(_REFUSED.format(name=name, source=asked, status=status))
    versions = _feed(machine, name, source)
    listed = [each for each in versions if each not in machine.state.get("unlisted", {}).get(name, ())]
    chosen = (version if version in versions else None) if version else max(listed, key=_key, default=None)
    if chosen is None:
        raise _Unfound(_NOT_FOUND.format(name=name, source=asked))
    if machine.faults.disk_full:
        raise _PackageFailure(_NO_SPACE.format(name=name))
    if name in machine.faults.broken_packages:
        raise _PackageFailure(_BROKEN.format(name=name))
    if code and code not in _RESTART:
        raise _PackageFailure(_EXITED.format(name=name, version=chosen, code=code), code)
    return chosen, code


def _refusal(machine: Machine, source: str | None, args: dict[str, Any] | None = None) -> str | None:
    """The HTTP status with which the feed turns a call away: by the source's own account, or by the call's."""
    if machine.state.get("feed_forbids"):
        return "403 (Forbidden)"
    account = machine.state.get("feed_account")
    if account is None:
        return None
    shown = [
        (each["source_username"], each.get("password"))
        for each in sources(machine)
        if _same_address(each["source"], _feed_address(machine)) and source in (None, each["name"])
    ]
    if args and args["source_username"]:
        shown.append((args["source_username"], args["source_password"]))
    return None if (account["user"], account["password"]) in shown else "401 (Unauthorized)"


def find(machine: Machine, name: str) -> Json | None:
    """The installed package of a name."""
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


def _newest(machine: Machine, name: str) -> str | None:
    """The newest version that is listed in the sources that are on; None where none of them answers."""
    if _refusal(machine, None):
        return None
    unlisted = machine.state.get("unlisted", {}).get(name, ())
    return max((each for each in _feed(machine, name) if each not in unlisted), key=_key, default=None)


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _versions(machine: Machine) -> list[Json]:
    return [dict(package) for package in machine.state["packages"]]
