"""What the emulated console knows: plain data in gravityzone.json of the lab's folder.

    {"api_key", "company_id", "requests_per_second"?, "endpoints": [{"item", "details", "forgotten"?}]}

`item` is what getEndpointsList shows of an endpoint, `details` what getManagedEndpointDetails does
(null for an endpoint without agent); a `forgotten` one is not shown at all.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any

type Json = dict[str, Any]


def endpoint(
    name: str,
    *,
    address: str,
    macs: list[str] | None = None,
    domain: str | None = None,
    company_id: str,
    last_seen: datetime,
    definitions_updated: datetime,
    last_scan: datetime | None = None,
    **changes: Any,
) -> Json:
    """A healthy managed endpoint; `changes` alter its details, such as `agent={"licensed": 2}`."""
    identity = hashlib.sha256(f"{company_id}/{name}/{last_seen}".encode()).hexdigest()[:24]
    item = {
        "id": identity,
        "name": name,
        "label": "",
        "fqdn": f"{name}.{domain}".lower() if domain else name.lower(),
        "groupId": company_id,
        "isManaged": True,
        "machineType": 1,
        "operatingSystemVersion": "Windows 11 Pro",
        "ip": address,
        "macs": [mac.replace(":", "").replace("-", "").lower() for mac in macs or []],
        "managedWithBest": True,
    }
    details: Json = {
        "id": identity,
        "name": name,
        "companyId": company_id,
        "operatingSystem": "Windows 11 Pro",
        "state": 1,
        "ip": address,
        "lastSeen": _date(last_seen),
        "machineType": 1,
        "agent": {
            "engineVersion": "7.98245",
            "primaryEngine": 3,
            "fallbackEngine": 2,
            "lastUpdate": _date(definitions_updated),
            "licensed": 1,
            "productOutdated": False,
            "productUpdateDisabled": False,
            "productVersion": "7.9.22.537",
            "signatureOutdated": False,
            "signatureUpdateDisabled": False,
            "type": 3,
        },
        "group": {"id": company_id, "name": "Custom Groups"},
        "malwareStatus": {"detection": False, "infected": False},
        "modules": {"antimalware": True, "firewall": False, "contentControl": False, "deviceControl": False},
        "policy": {"id": identity[::-1], "name": "Default policy", "applied": True},
    }
    if last_scan is not None:
        scanned = last_scan.astimezone(UTC).isoformat(timespec="seconds")
        details["lastSuccessfulScan"] = {"name": "Weekly scan", "date": scanned}
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(details.get(key), dict):
            details[key] |= value
        else:
            details[key] = value
    return {"item": item, "details": details}


def _date(when: datetime) -> str:
    """As the console writes dates: UTC without saying so."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
