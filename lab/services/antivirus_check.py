"""The lab's side of 2.7: the scanner, and what goes wrong with it, also in its console."""

from datetime import UTC, datetime, timedelta
from typing import Any

from lab.defect import Defect, Edit
from lab.raw_objects import STATES
from lab.windows.machine import Json, Machine
from lab.windows.state_file import iso


def _antivirus(machine: Machine, arguments: Json, now: datetime) -> Json:  # noqa: ARG001
    scanner = machine.state["scanner"]
    defender = scanner.get("defender")
    if defender is not None:
        defender = dict(defender)
        updated = defender.get("AntivirusSignatureLastUpdated")
        defender.setdefault(
            "AntivirusSignatureAge",
            4294967295 if updated is None else max(0, (now - datetime.fromisoformat(updated)).days),
        )
    agent = scanner.get("bitdefender")
    return {
        "Errors": {},
        "Defender": defender,
        "Detections": scanner.get("detections", []),
        "SecurityCenter": scanner.get("security_center"),
        "Bitdefender": None
        if agent is None
        else {
            "Programs": [
                {"DisplayName": "Bitdefender Endpoint Security Tools", "DisplayVersion": agent["version"]}
            ],
            "Services": [
                {"Name": "EPSecurityService", "State": STATES[agent["service"]], "StartMode": "Auto"}
            ],
        },
    }


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


SECTIONS = {"antivirus": _antivirus}

DEFECTS = {
    "definitions_outdated": Defect(_definitions, _definitions),
    "real_time_off": Defect(_real_time(on=False), _real_time(on=True)),
    "threat_active": Defect(_detected, _settled),
    "console_definitions_outdated": Defect(_endpoint_definitions, _endpoint_definitions, console=True),
    "console_silent": Defect(_endpoint_silent, _endpoint_silent, console=True),
    "console_infected": Defect(_endpoint_infected, _endpoint_infected, console=True),
    "console_unknown": Defect(_endpoint_unknown, _endpoint_known, console=True),
}
