"""The lab's side of 4.3: services, and what goes wrong with the customer's own products."""

from datetime import datetime

from lab.defect import Defect
from lab.raw_objects import service_row
from lab.windows.machine import Json, Machine


def _services(machine: Machine, arguments: Json, now: datetime) -> Json:  # noqa: ARG001
    return {"Errors": {}, "Services": [service_row(each) for each in machine.state["services"]]}


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


SECTIONS = {"services": _services}

DEFECTS = {
    "product_outdated": Defect(_product_outdated, _products_renewed),
    "product_missing": Defect(_product_missing, _products_renewed),
}
