"""Planted defects: what goes wrong on Windows machines, as small edits of a healthy state, and how each is mended.

Each defect is a pair: `plant` changes a machine's state (or its endpoint in the scanner's console) as reality would,
`mend` changes it as a technician would. Ages are relative to `now`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.defects_holds import HOLD_EDITS
from lab.defects_software import SOFTWARE_EDITS
from lab.windows import anydesk
from lab.windows.defaults import available_update
from lab.windows.state_file import Json, iso

_AUTOMATIC_UPDATES = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU"


#: Changes the state of a machine, or an endpoint of the console: (state, now, **arguments).
type Edit = Callable[..., None]


@dataclass(frozen=True)
class Defect:
    """`console`: it is planted in the scanner's console instead of the machine."""

    plant: Edit
    mend: Edit
    console: bool = False


def plant(state: Json, defect: str, now: datetime, **arguments: Any) -> None:
    """Make a machine's state (or an endpoint) defective. KeyError for an unknown defect."""
    DEFECTS[defect].plant(state, now, **arguments)


def mend(state: Json, defect: str, now: datetime) -> None:
    """Take the defect back."""
    DEFECTS[defect].mend(state, now)


def _definitions(state: Json, now: datetime, *, days: int = 0) -> None:
    defender = state["scanner"]["defender"]
    defender["AntivirusSignatureLastUpdated"] = iso(now - timedelta(days=days, hours=1))
    defender["AntivirusSignatureAge"] = days
    defender["DefenderSignaturesOutOfDate"] = days > 7


def _real_time(*, on: bool) -> Edit:
    def edit(state: Json, now: datetime, **_: Any) -> None:  # noqa: ARG001
        defender = state["scanner"]["defender"]
        defender["RealTimeProtectionEnabled"] = defender["OnAccessProtectionEnabled"] = on

    return edit


def _detected(state: Json, now: datetime, *, name: str = "EICAR_Test_File") -> None:
    state["scanner"]["detections"] = [
        {
            "ThreatID": 2147519003,
            "ThreatName": name,
            "ThreatStatusID": 1,
            "ActionSuccess": False,
            "InitialDetectionTime": iso(now - timedelta(hours=3)),
            "LastThreatStatusChangeTime": iso(now - timedelta(hours=3)),
        }
    ]


def _settled(state: Json, now: datetime) -> None:  # noqa: ARG001
    for detection in state["scanner"]["detections"]:
        detection.update(ThreatStatusID=3, ActionSuccess=True)


def _missing(state: Json, now: datetime, *, severity: str, days: int, kb: str, title: str) -> None:
    update = available_update(
        f"{title} (KB{kb})",
        kb,
        published=now - timedelta(days=days),
        severity=severity,  # type: ignore[arg-type]
        reboot_required=True,
    )
    state["updates"]["available"].append(update)


def _installed(state: Json, now: datetime) -> None:
    for update in state["updates"]["available"]:
        update.update(installed=True, downloaded=True)
    state["updates"]["last_install_success"] = iso(now)


def _failed(state: Json, now: datetime, *, kb: str, hresult: str = "0x80070643") -> None:
    """An update that is still offered (recent, so not yet overdue), and whose installation failed."""
    _missing(state, now, severity="Important", days=4, kb=kb, title="Security Update")
    update = state["updates"]["available"][-1]
    state["updates"]["history"].append(
        {
            "id": update["id"],
            "title": update["title"],
            "kb": kb,
            "date": iso(now - timedelta(days=2)),
            "result_code": 4,
            "hresult": int(hresult, 16) - (1 << 32),
            "operation": "installation",
        }
    )


def _repaired(state: Json, now: datetime) -> None:
    _installed(state, now)
    failed = [entry for entry in state["updates"]["history"] if entry["result_code"] == 4]
    for entry in failed:
        state["updates"]["history"].append(entry | {"date": iso(now), "result_code": 2, "hresult": 0})


def _reboot(*, pending: bool) -> Edit:
    def edit(state: Json, now: datetime, **_: Any) -> None:
        state["updates"]["reboot_required"] = pending
        if not pending:
            state["boot_time"] = iso(now)

    return edit


def _automatic_updates(*, off: bool) -> Edit:
    def edit(state: Json, now: datetime, **_: Any) -> None:  # noqa: ARG001
        state["registry"][_AUTOMATIC_UPDATES]["NoAutoUpdate"] = {"type": "dword", "data": int(off)}

    return edit


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


def _endpoint_definitions(endpoint: Json, now: datetime, *, days: int = 0) -> None:
    agent = endpoint["details"]["agent"]
    agent["lastUpdate"] = (now - timedelta(days=days, hours=1)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    agent["signatureOutdated"] = days > 0


def _endpoint_silent(endpoint: Json, now: datetime, *, days: int = 0) -> None:
    endpoint["details"]["lastSeen"] = iso(now - timedelta(days=days, minutes=5)).removesuffix("Z")


def _endpoint_infected(endpoint: Json, now: datetime, *, infected: bool = False) -> None:  # noqa: ARG001
    endpoint["details"]["malwareStatus"] = {"detection": infected, "infected": infected}


def _endpoint_unknown(endpoint: Json, now: datetime) -> None:  # noqa: ARG001
    endpoint["forgotten"] = True


def _endpoint_known(endpoint: Json, now: datetime) -> None:  # noqa: ARG001
    endpoint.pop("forgotten", None)


DEFECTS: dict[str, Defect] = {
    "definitions_outdated": Defect(_definitions, _definitions),
    "real_time_off": Defect(_real_time(on=False), _real_time(on=True)),
    "threat_active": Defect(_detected, _settled),
    "update_missing": Defect(_missing, _installed),
    "update_failed": Defect(_failed, _repaired),
    "reboot_pending": Defect(_reboot(pending=True), _reboot(pending=False)),
    "automatic_updates_off": Defect(_automatic_updates(off=True), _automatic_updates(off=False)),
    "anydesk_outdated": Defect(_anydesk_outdated, _anydesk_renewed),
    "anydesk_foreign_signer": Defect(_anydesk_foreign_signer, _anydesk_renewed),
    "anydesk_missing": Defect(_anydesk_missing, _anydesk_renewed),
    "console_definitions_outdated": Defect(_endpoint_definitions, _endpoint_definitions, console=True),
    "console_silent": Defect(_endpoint_silent, _endpoint_silent, console=True),
    "console_infected": Defect(_endpoint_infected, _endpoint_infected, console=True),
    "console_unknown": Defect(_endpoint_unknown, _endpoint_known, console=True),
    **{name: Defect(*edits) for name, edits in (HOLD_EDITS | SOFTWARE_EDITS).items()},
}
