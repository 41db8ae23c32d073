"""The lab's side of 3.3: programs, Chocolatey with its packages, and what goes wrong with them.

Key of the state for it alone: "choco_failure" (part of the section chocolatey -> why it could not be read).
"""

from collections.abc import Callable
from datetime import datetime

from lab.defect import Defect
from lab.raw_objects import program_row
from lab.windows.machine import Json, Machine
from lab.windows.modules.packages import find, listed_as_outdated, put, sources, take

_PATH = r"C:\ProgramData\chocolatey\bin\choco.exe"


def _programs(machine: Machine, arguments: Json, now: datetime) -> Json:  # noqa: ARG001
    return {
        "Errors": {},
        "Programs": [
            program_row(program)
            for program in machine.state["programs"]
            if program["hive"] in ("machine", "machine32")
        ],
    }


def _packages(machine: Machine, arguments: Json, now: datetime) -> Json:  # noqa: ARG001
    recipes = machine.state.get("recipes", {})
    return {
        "Errors": {},
        "Packages": [
            {
                "Id": package["name"],
                "Dependencies": list(recipes.get(package["name"], {}).get("needs", ())),
            }
            for package in machine.state["packages"]
        ],
        "IgnoresUnfound": machine.state.get("ignores_unfound", False),
    }


def _chocolatey(machine: Machine, arguments: Json, now: datetime) -> Json:  # noqa: ARG001
    """As the collector has it."""
    if find(machine, "chocolatey") is None:
        return {"Errors": {}, "Path": None}
    failures: Json = machine.state.get("choco_failure", {})
    parts: Json = {
        "Packages": [{"Id": it["name"], "Version": it["version"]} for it in machine.state["packages"]],
        "Sources": [
            {
                "Name": it["name"],
                "Source": it["source"],
                "Disabled": it["disabled"],
                "UserName": it["source_username"],
            }
            for it in sources(machine)
        ],
        "Outdated": [
            {"Id": it["name"], "Version": it["version"], "Available": newest, "Pinned": it["pinned"]}
            for it, newest in listed_as_outdated(machine)
        ],
    }
    told = {name: part for name, part in parts.items() if name not in failures}
    return {"Errors": dict(failures), "Path": _PATH, **told}


def _package(state: Json, name: str) -> Json:
    found: Json = next(each for each in state["packages"] if each["name"] == name)
    return found


def _missing(state: Json, now: datetime, *, package: str) -> None:  # noqa: ARG001
    take(state, package)
    state["planted_package"] = package


def _installed(state: Json, now: datetime) -> None:  # noqa: ARG001
    name = state.pop("planted_package")
    put(state, name, state["feed"][name][-1])


def _outdated(state: Json, now: datetime, *, package: str) -> None:  # noqa: ARG001
    put(state, package, state["feed"][package][0])


def _updated(state: Json, now: datetime) -> None:  # noqa: ARG001
    for package in list(state["packages"]):
        put(state, package["name"], state["feed"][package["name"]][-1], pinned=package["pinned"])


def _unwanted(state: Json, now: datetime, *, package: str, version: str = "1.0.0") -> None:  # noqa: ARG001
    state["packages"].append({"name": package, "version": version, "pinned": False})
    state["planted_package"] = package


def _removed(state: Json, now: datetime) -> None:  # noqa: ARG001
    state["packages"].remove(_package(state, state.pop("planted_package")))


def _held(*, at: int, pinned: bool) -> Callable[..., None]:
    def edit(state: Json, now: datetime, *, package: str | None = None) -> None:  # noqa: ARG001
        for each in list(state["packages"]):
            if package in (None, each["name"]):
                put(state, each["name"], state["feed"][each["name"]][at], pinned=pinned)

    return edit


def _source(*, ours: bool) -> Callable[..., None]:
    """Whether the provider's source is on, and the community's off."""

    def edit(state: Json, now: datetime) -> None:  # noqa: ARG001
        for source in state["sources"]:
            source["disabled"] = (source["source"] == state["feed_address"]) is not ours

    return edit


def _foreign(*, off: bool) -> Callable[..., None]:
    def edit(state: Json, now: datetime) -> None:  # noqa: ARG001
        for source in state["sources"]:
            if source["source"] != state["feed_address"]:
                source["disabled"] = off

    return edit


SECTIONS = {"programs": _programs, "packages": _packages, "chocolatey": _chocolatey}

DEFECTS = {
    "application_missing": Defect(_missing, _installed),
    "application_outdated": Defect(_outdated, _updated),
    "application_unwanted": Defect(_unwanted, _removed),
    "application_held": Defect(_held(at=0, pinned=True), _held(at=-1, pinned=False)),
    "software_source_off": Defect(_source(ours=False), _source(ours=True)),
    "foreign_source_on": Defect(_foreign(off=False), _foreign(off=True)),
}
