"""Whether a machine of the lab is rid of a planted defect, read from its state file, not from what a run said."""

import json
from collections.abc import Callable
from typing import Any

from lab import site
from lab.site import Planted
from lab.windows import anydesk
from serviceheft.model.schema import Customer

type State = dict[str, Any]

_AUTOMATIC_UPDATES = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU"

#: The service that mends a defect where the contract contains it. For the others it takes a person: the scanner's
#: console is only read, and who switched protection off or signed a program is to be asked first.
MENDED_BY = {
    "definitions_outdated": "3.2",
    "update_missing": "3.2",
    "update_failed": "3.2",
    "reboot_pending": "3.2",
    "automatic_updates_off": "3.1",
    "anydesk_outdated": "2.4",
    "anydesk_missing": "2.4",
    "application_missing": "3.3",
    "application_outdated": "3.3",
    "application_unwanted": "3.3",
    "application_held": "3.3",
    "software_source_off": "3.3",
    "foreign_source_on": "3.3",
    "product_outdated": "4.3",
    "product_missing": "4.3",
}


def is_rid_of(customer: Customer, one: Planted) -> bool:
    """KeyError for a defect that the table below does not know yet."""
    path = site.directory(customer.name) / "machines" / f"{one.host}.json"
    state = json.loads(path.read_text(encoding="utf-8"))
    if "product" in one.arguments:
        packages = customer.hosts[one.host].variables["business_software_packages"]
        return _has_product(state, packages, one.arguments["product"])
    return bool(_RID[one.defect](state, **one.arguments))


def _has_product(state: State, packages: list[State], title: str) -> bool:
    """The wanted version, and no other beside it."""
    wanted = [each["version"] for each in packages if each["title"] == title]
    return [each["version"] for each in state["programs"] if each["name"].startswith(title)] == wanted


def _installed(state: State, *, kb: str, **_: Any) -> bool:
    return all(one["installed"] for one in state["updates"]["available"] if kb in one["kb"])


def _package(state: State, name: str) -> State:
    return next((each for each in state["packages"] if each["name"] == name), {})


def _newest(state: State, *, package: str, **_: Any) -> bool:
    found = _package(state, package)
    return bool(found) and found["version"] == state["feed"][package][-1] and not found["pinned"]


def _anydesk_is_current(state: State, **_: Any) -> bool:
    newest = state["feed"][anydesk.PACKAGE][-1]
    return bool(state["anydesk"]) and state["anydesk"]["version"] == newest and _is_signed(state)


def _is_signed(state: State) -> bool:
    return bool(state["anydesk"]["signature"]["SimpleName"] == anydesk.SIGNER)


_RID: dict[str, Callable[..., bool]] = {
    "definitions_outdated": lambda state, **_: state["scanner"]["defender"]["AntivirusSignatureAge"] == 0,
    "real_time_off": lambda state: state["scanner"]["defender"]["RealTimeProtectionEnabled"],
    "update_missing": _installed,
    "update_failed": _installed,
    "reboot_pending": lambda state: not state["updates"]["reboot_required"],
    "automatic_updates_off": lambda state: state["registry"][_AUTOMATIC_UPDATES]["NoAutoUpdate"]["data"] == 0,
    "anydesk_outdated": _anydesk_is_current,
    "anydesk_missing": _anydesk_is_current,
    "anydesk_foreign_signer": _is_signed,
    "application_missing": _newest,
    "application_outdated": _newest,
    "application_held": _newest,
    "application_unwanted": lambda state, *, package, **_: not _package(state, package),
    "foreign_source_on": lambda state: (
        [it["source"] for it in state["sources"] if not it["disabled"]] == [state["feed_address"]]
    ),
}
