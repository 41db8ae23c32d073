"""The normal form of a virus scanner's state, from Windows' own data and from its console.

Sources: the properties of Get-MpComputerStatus and Get-MpThreatDetection (Microsoft's Defender module), the
uninstall entry and services of Bitdefender's agent, and GravityZone's getManagedEndpointDetails.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from serviceheft.assess.normalform import Kind, shown
from serviceheft.assess.parts import told_or_absent, told_rows, was_read
from serviceheft.assess.reading import (
    agreed,
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
    runs, active = bitdefender_runs(section), defender_active(section)
    if runs:
        return _from_agent(section, real_time_protection=None)
    if runs is None or active is None:
        # One of those who might be at work could not be asked: which is, nobody knows.
        return ScannerState(source="windows")
    if active:
        return _from_defender(section, mapping(section, "Defender"), now)
    if agents(section):
        return _from_agent(section, real_time_protection=False)
    others = hinted_products(section)
    if not others:
        return ScannerState(source="windows", product=None if others is None else "none")
    kinds = {_product_by_name(name) for name in others}
    return ScannerState(
        source="windows",
        product=kinds.pop() if len(kinds) == 1 else None,
        product_name=", ".join(others),
    )


def agents(section: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...] | None:
    """The uninstall entries of Bitdefender's agent; None when they could not be read."""
    agent = told_or_absent(section, "Bitdefender")
    if agent is None:
        return None
    return rows(agent, "Programs") if agent else ()


def _from_agent(section: Mapping[str, Any], *, real_time_protection: bool | None) -> ScannerState:
    found = agents(section) or ()
    return ScannerState(
        source="windows",
        product="bitdefender",
        product_name=agreed(found, "DisplayName"),
        product_version=version({"agreed": agreed(found, "DisplayVersion")}, "agreed"),
        real_time_protection=real_time_protection,
    )


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
    """Of a Bitdefender agent: Windows' word on what is installed and whether it runs, the console's on all else.

    Each value has one source, so that the other one's silence changes nothing: but protection in real time is on only
    where both say so, and detections are those of both.
    """
    windows = windows or ScannerState()
    known = replace(
        console or ScannerState(source=windows.source),
        product=windows.product,
        product_name=windows.product_name,
        product_version=windows.product_version if windows.product == "bitdefender" else None,
    )
    if windows.active_detections:
        total = windows.active_detections + (known.active_detections or 0)
        known = replace(known, active_detections=total, threats=windows.threats)
    if windows.real_time_protection is False and windows.product == "bitdefender":
        return replace(known, real_time_protection=False)
    return known if windows.product is not None else replace(known, real_time_protection=None)


def defender_active(section: Mapping[str, Any]) -> bool | None:
    """Whether Defender is the scanner at work; None when it could not be asked."""
    status = told_or_absent(section, "Defender")
    if not status:
        return None if status is None else False
    answers = [flag(status, "AMServiceEnabled"), flag(status, "AntivirusEnabled")]
    mode = text(status, "AMRunningMode")
    if False in answers or (mode is not None and mode != "Normal"):
        return False
    return None if None in answers else True


def bitdefender_runs(section: Mapping[str, Any]) -> bool | None:
    """Whether the agent is installed and its security service runs; None when that could not be asked."""
    found = agents(section)
    if not found:
        return None if found is None else False
    services = rows(mapping(section, "Bitdefender"), "Services")
    if services is None:
        return None
    states = {text(it, "State") for it in services if text(it, "Name") == "EPSecurityService"}
    return None if None in states else "Running" in states


def hinted_products(section: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The names of third-party scanners that the security centre lists as switched on: a hint, never proof.

    The bits of productState are not documented by Microsoft, and servers do not have the namespace. None: not read.
    """
    if was_read(section, "SecurityCenter") and section["SecurityCenter"] is None:
        return ()
    products = told_rows(section, "SecurityCenter")
    if products is None:
        return None
    names = set()
    for product in products:
        state = whole_number(product, "productState")
        name = text(product, "displayName")
        if state is None or name is None or "Defender" in name.split():
            continue
        if state >= 0 and (state >> 8) & 0xF0 == 0x10:
            names.add(name)
    return tuple(sorted(names))


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


def detections_read(section: Mapping[str, Any]) -> bool:
    """Whether it is known what Windows' own scanner found."""
    return _detections(section)[0] is not None


def _names(active: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({name for name in active if name}))


def _never(status: Mapping[str, Any], date: str, age: str) -> bool:
    """Whether Windows says by a date, or by days, that it never happened."""
    return says_never(status, date) or says_never(status, age)


def _detections(section: Mapping[str, Any]) -> tuple[list[str | None] | None, int | None]:
    """Names of the active detections (None where Windows has no name for it) and the number of the others."""
    # Where Defender is not, nobody can be asked for what it found.
    none = section.get("Detections") is None and told_or_absent(section, "Defender") == {}
    detections = () if none else told_rows(section, "Detections")
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
