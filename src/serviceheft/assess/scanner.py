"""The normal form of a virus scanner's state, from Windows' own data and from its console.

Sources: the properties of Get-MpComputerStatus and Get-MpThreatDetection (Microsoft's Defender module), the
uninstall entry and services of Bitdefender's agent, and GravityZone's getManagedEndpointDetails.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from serviceheft.assess.normalform import Kind, shown
from serviceheft.assess.reading import (
    flag,
    iso,
    mapping,
    moment,
    rows,
    says_never,
    text,
    version,
    whole_number,
)
from serviceheft.i18n import N_

#: ThreatStatusID of MSFT_MpThreatDetection that leave nothing to do: cleaned, quarantined, removed, allowed
#: by a person, blocked. All others (detected, the failures, unknown) count as active.
SETTLED_THREATS = frozenset({2, 3, 4, 5, 6})

PRODUCTS = {
    "defender": N_("Microsoft Defender"),
    "bitdefender": N_("Bitdefender GravityZone"),
    "kaspersky": N_("Kaspersky"),
    "other": N_("another scanner"),
    "none": N_("no scanner"),
}

SOURCES = {
    "windows": N_("Windows' own data"),
    "console": N_("the scanner's console"),
}

LICENCES = {
    "pending": N_("not yet confirmed"),
    "active": N_("active"),
    "expired": N_("expired"),
    "missing": N_("none"),
}
_LICENCE_CODES = {0: "pending", 1: "active", 2: "expired", 6: "missing"}


@dataclass(frozen=True)
class ScannerState:
    """None means: this source does not tell. Dates are ISO 8601 in UTC."""

    source: str | None = shown(N_("Source"), words=SOURCES)
    product: str | None = shown(N_("Scanner"), wanted="antivirus_check_product", words=PRODUCTS)
    product_name: str | None = shown(N_("Scanner as Windows names it"))
    product_version: str | None = shown(
        N_("Product version"), wanted="antivirus_check_minimum_product_version"
    )
    product_outdated: bool | None = shown(N_("Product outdated"), Kind.FLAG)
    engine_version: str | None = shown(N_("Engine version"))
    definitions_version: str | None = shown(N_("Version of the definitions"))
    definitions_updated_at: str | None = shown(N_("Definitions last updated"), Kind.MOMENT)
    definitions_outdated: bool | None = shown(N_("Definitions outdated by the scanner's own word"), Kind.FLAG)
    definitions_never_loaded: bool | None = shown(N_("Definitions never loaded"), Kind.FLAG)
    real_time_protection: bool | None = shown(N_("Real-time protection"), Kind.FLAG)
    last_scan_at: str | None = shown(N_("Last scan"), Kind.MOMENT)
    never_scanned: bool | None = shown(N_("Never scanned"), Kind.FLAG)
    active_detections: int | None = shown(N_("Active detections"), Kind.NUMBER)
    handled_detections: int | None = shown(N_("Detections dealt with"), Kind.NUMBER)
    threats: tuple[str, ...] | None = shown(N_("Names of the active threats"), Kind.LIST)
    updates_disabled: bool | None = shown(N_("Scanner's own updating switched off"), Kind.FLAG)
    licence: str | None = shown(N_("Licence"), words=LICENCES)
    console_known: bool | None = shown(N_("Known to the console"), Kind.FLAG)
    console_last_seen_at: str | None = shown(N_("Last seen by the console"), Kind.MOMENT)


def from_windows(section: Mapping[str, Any], now: datetime) -> ScannerState:
    """The scanner that really runs, by its own interface; the security centre only fills in a name.

    A Bitdefender agent whose service runs outranks Defender, which then steps back into passive mode. What Defender
    found before and could not remove is on the host still, whoever protects it now.
    """
    state = _at_work(section, now)
    active, _ = _detections(section)
    if state.product == "defender" or not active:
        return state
    return replace(state, active_detections=len(active), threats=_names(active))


def _at_work(section: Mapping[str, Any], now: datetime) -> ScannerState:
    defender = mapping(section, "Defender")
    agent = mapping(section, "Bitdefender")
    if agent and bitdefender_runs(section):
        return ScannerState(
            source="windows",
            product="bitdefender",
            product_name=text(agent, "DisplayName"),
            product_version=version(agent, "DisplayVersion"),
        )
    if defender_active(section):
        return _from_defender(section, defender, now)
    if agent:
        return ScannerState(
            source="windows",
            product="bitdefender",
            product_name=text(agent, "DisplayName"),
            product_version=version(agent, "DisplayVersion"),
            real_time_protection=False if bitdefender_runs(section) is False else None,
        )
    name = hinted_product(section)
    if name is not None:
        return ScannerState(source="windows", product=_product_by_name(name), product_name=name)
    return ScannerState(source="windows", product="none" if defender_active(section) is False else None)


def from_console(endpoint: Mapping[str, Any], now: datetime) -> ScannerState:
    """What GravityZone's getManagedEndpointDetails says of a host; its dates carry no offset and are UTC."""
    agent = mapping(endpoint, "agent")
    malware = mapping(endpoint, "malwareStatus")
    infected = flag(malware, "infected")
    updates = [flag(agent, "signatureUpdateDisabled"), flag(agent, "productUpdateDisabled")]
    disabled = True if True in updates else (None if None in updates else False)
    return ScannerState(
        source="console",
        product="bitdefender",
        product_version=version(agent, "productVersion"),
        product_outdated=flag(agent, "productOutdated"),
        engine_version=version(agent, "engineVersion"),
        definitions_updated_at=iso(moment(agent, "lastUpdate", now)),
        definitions_outdated=flag(agent, "signatureOutdated"),
        real_time_protection=flag(mapping(endpoint, "modules"), "antimalware"),
        last_scan_at=iso(moment(mapping(endpoint, "lastSuccessfulScan"), "date", now)),
        active_detections=None if infected is None else int(infected),
        updates_disabled=disabled,
        licence=_LICENCE_CODES.get(number)
        if (number := whole_number(agent, "licensed")) is not None
        else None,
        console_known=True,
        console_last_seen_at=iso(moment(endpoint, "lastSeen", now)),
    )


def merged(windows: ScannerState | None, console: ScannerState | None) -> ScannerState:
    """The console's word where it has one, Windows' otherwise; detections are those of both."""
    if console is None or windows is None:
        return console or windows or ScannerState()
    told = {
        field.name: value for field in fields(console) if (value := getattr(console, field.name)) is not None
    }
    both = [state.active_detections for state in (windows, console)]
    if None not in both:
        told["active_detections"] = sum(number or 0 for number in both)
    return replace(windows, **told)


def defender_active(section: Mapping[str, Any]) -> bool | None:
    """Whether Defender is the scanner at work; None when it could not be asked."""
    if "Defender" in mapping(section, "Errors") or "Defender" not in section:
        return None
    status = mapping(section, "Defender")
    if not status:
        return False
    answers = [flag(status, "AMServiceEnabled"), flag(status, "AntivirusEnabled")]
    mode = text(status, "AMRunningMode")
    if False in answers or (mode is not None and mode != "Normal"):
        return False
    return None if None in answers else True


def bitdefender_runs(section: Mapping[str, Any]) -> bool | None:
    """Whether the agent is installed and its security service runs; None when that could not be asked."""
    if "Bitdefender" in mapping(section, "Errors") or "Bitdefender" not in section:
        return None
    agent = mapping(section, "Bitdefender")
    if not agent:
        return False
    for service in rows(agent, "Services") or ():
        if text(service, "Name") == "EPSecurityService":
            state = text(service, "State")
            return None if state is None else state == "Running"
    return False


def hinted_product(section: Mapping[str, Any]) -> str | None:
    """The name of a third-party scanner that the security centre lists as switched on: a hint, never proof.

    The bits of productState are not documented by Microsoft, and servers do not have the namespace.
    """
    for product in rows(section, "SecurityCenter") or ():
        state = whole_number(product, "productState")
        name = text(product, "displayName")
        if state is None or name is None or "Defender" in name.split():
            continue
        if state >= 0 and (state >> 8) & 0xF0 == 0x10:
            return name
    return None


def _from_defender(section: Mapping[str, Any], status: Mapping[str, Any], now: datetime) -> ScannerState:
    updated = moment(status, "AntivirusSignatureLastUpdated", now)
    scans = [when for key in ("QuickScanEndTime", "FullScanEndTime") if (when := moment(status, key, now))]
    told = (
        _never(status, "QuickScanEndTime", "QuickScanAge"),
        _never(status, "FullScanEndTime", "FullScanAge"),
    )
    never_scanned = False if scans else (True if all(told) else None)
    loaded = _never(status, "AntivirusSignatureLastUpdated", "AntivirusSignatureAge")
    never_loaded = False if updated else (True if loaded else None)
    active, handled = _detections(section)
    return ScannerState(
        source="windows",
        product="defender",
        product_name=PRODUCTS["defender"],
        product_version=version(status, "AMProductVersion"),
        engine_version=version(status, "AMEngineVersion"),
        definitions_version=version(status, "AntivirusSignatureVersion"),
        definitions_updated_at=iso(updated),
        definitions_outdated=flag(status, "DefenderSignaturesOutOfDate"),
        definitions_never_loaded=never_loaded,
        real_time_protection=flag(status, "RealTimeProtectionEnabled"),
        last_scan_at=iso(max(scans)) if scans else None,
        never_scanned=never_scanned,
        active_detections=None if active is None else len(active),
        handled_detections=handled,
        threats=None if active is None else _names(active),
    )


def _names(active: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({name for name in active if name}))


def _never(status: Mapping[str, Any], date: str, age: str) -> bool:
    """Whether Windows says by a date, or by days, that it never happened."""
    return says_never(status, date) or says_never(status, age)


def _detections(section: Mapping[str, Any]) -> tuple[list[str | None] | None, int | None]:
    """Names of the active detections (None where Windows has no name for it) and the number of the others."""
    if "Detections" in mapping(section, "Errors"):
        return None, None
    detections = rows(section, "Detections")
    if detections is None:
        return None, None
    active: list[str | None] = []
    handled = 0
    for detection in detections:
        if whole_number(detection, "ThreatStatusID") in SETTLED_THREATS:
            handled += 1
        else:
            active.append(text(detection, "ThreatName"))
    return active, handled


def _product_by_name(name: str) -> str:
    lowered = name.casefold()
    return next((product for product in ("bitdefender", "kaspersky") if product in lowered), "other")
