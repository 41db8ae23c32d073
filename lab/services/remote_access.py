"""The lab's side of 2.4: AnyDesk's clients, and what goes wrong with them."""

from datetime import datetime

from lab.defect import Defect
from lab.raw_objects import program_row, registry_values, service_row
from lab.windows import anydesk
from lab.windows.machine import Json, Machine


def _anydesk(machine: Machine, arguments: Json, now: datetime) -> Json:  # noqa: ARG001
    """All clients of AnyDesk; as the collector, it asks only a file with a valid signature whose service runs."""
    state = machine.state
    services = [each for each in state["services"] if each["name"].startswith(anydesk.SERVICE)]
    return {
        "Errors": {},
        "Programs": [
            program_row(each) for each in state["programs"] if each["name"].startswith(anydesk.SERVICE)
        ],
        "Services": [service_row(each) | {"PathName": each["path"]} for each in services],
        "Installations": [
            _anydesk_installation(path, client, services) for path, client in anydesk.clients(state).items()
        ],
        "Mark": registry_values(machine, anydesk.FINGERPRINT[0]),
    }


def _anydesk_installation(path: str, client: Json, services: list[Json]) -> Json:
    service = next((each for each in services if path in each["path"]), None)
    asked = service is not None and service["state"] == "running" and client["signature"]["Status"] == "Valid"
    return {
        "Path": path,
        "Errors": {},
        "FileVersion": client["version"],
        "ProductVersion": client["version"],
        "Service": service and service["name"],
        "Signature": dict(client["signature"]),
        "Answers": {"Id": client["id"] or "0", "Alias": client["alias"] or "", "Status": "online"}
        if asked
        else {},
    }


def _anydesk_outdated(state: Json, now: datetime, *, version: str = "7.1.13") -> None:  # noqa: ARG001
    """Signed with the certificate that was revoked in 2024, as versions of that age are."""
    anydesk.install(state, version)
    for package in state["packages"]:
        if package["name"] == anydesk.PACKAGE:
            package["version"] = version


def _anydesk_foreign_signer(state: Json, now: datetime, *, signer: str = "Fernhilfe Freeware Ltd") -> None:  # noqa: ARG001
    state["anydesk"]["signature"] = anydesk.signature(signer)


def _anydesk_missing(state: Json, now: datetime) -> None:  # noqa: ARG001
    anydesk.remove(state)


def _anydesk_renewed(state: Json, now: datetime) -> None:  # noqa: ARG001
    """A technician installs the newest version; the unattended password is the next run's affair."""
    version = state["feed"][anydesk.PACKAGE][-1]
    state["packages"] = [each for each in state["packages"] if each["name"] != anydesk.PACKAGE]
    state["packages"].append({"name": anydesk.PACKAGE, "version": version, "pinned": False})
    anydesk.install(state, version)


SECTIONS = {"anydesk": _anydesk}

DEFECTS = {
    "anydesk_outdated": Defect(_anydesk_outdated, _anydesk_renewed),
    "anydesk_foreign_signer": Defect(_anydesk_foreign_signer, _anydesk_renewed),
    "anydesk_missing": Defect(_anydesk_missing, _anydesk_renewed),
}
