"""Planted defects of installed software (3.3, 4.3), as pairs of edits: how each comes about, how each is mended."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from lab.windows.modules.packages import put, take
from lab.windows.state_file import Json


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


def _program(state: Json, product: str) -> Json:
    found: Json = next(each for each in state["programs"] if each["name"].startswith(product))
    return found


def _product_outdated(state: Json, now: datetime, *, product: str, version: str) -> None:  # noqa: ARG001
    """An older version: an MSI's under a product code of its own, as a major upgrade leaves it."""
    program = _program(state, product)
    name = program["name"].removesuffix(program["version"])
    program |= {"name": f"{name}{version}" if name != program["name"] else name, "version": version}
    if program["key"].startswith("{"):
        program["key"] = "{0A7B1C55-9E10-4C36-8B77-51D2C0AF2502}"


def _product_missing(state: Json, now: datetime, *, product: str) -> None:  # noqa: ARG001
    state["programs"].remove(_program(state, product))


def _products_renewed(state: Json, now: datetime) -> None:  # noqa: ARG001
    """Every product whose installer the machine knows, in that version."""
    for installer in state["installers"].values():
        family = installer["name"].removesuffix(installer["version"])
        state["programs"] = [each for each in state["programs"] if not each["name"].startswith(family)]
        state["programs"].append(
            {key: installer[key] for key in ("name", "version", "publisher", "hive")}
            | {"key": installer["product_id"], "install_date": None}
        )


SOFTWARE_EDITS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "application_missing": (_missing, _installed),
    "application_outdated": (_outdated, _updated),
    "application_unwanted": (_unwanted, _removed),
    "application_held": (_held(at=0, pinned=True), _held(at=-1, pinned=False)),
    "software_source_off": (_source(ours=False), _source(ours=True)),
    "foreign_source_on": (_foreign(off=False), _foreign(off=True)),
    "product_outdated": (_product_outdated, _products_renewed),
    "product_missing": (_product_missing, _products_renewed),
}
