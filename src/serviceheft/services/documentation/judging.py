"""2.6: what a computer is, measured, beside what the inventory documents.

Deviations are of severity info: the documentation is corrected, or the computer is not the one agreed.
"""

import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from serviceheft.assess.judgement import Cause, Judgement, Severity
from serviceheft.assess.normalform import Kind, as_measured, shown
from serviceheft.assess.parts import lacking, told, told_rows
from serviceheft.assess.reading import agreed, count, iso, mapping, moment, size, text, texts, whole_number
from serviceheft.assess.subjects import Subject, Wanted
from serviceheft.assess.verdict import Verdict
from serviceheft.assess.windowssupport import as_day, find_support, judge_support
from serviceheft.i18n import N_
from serviceheft.settings import BERLIN

ROLES = {
    "client": N_("client"),
    "server": N_("server"),
    "domain_controller": N_("domain controller"),
}
#: Win32_OperatingSystem.ProductType.
_ROLE_CODES = {1: "client", 2: "domain_controller", 3: "server"}

#: The parts that the system data is made of.
_SYSTEM = ("ComputerSystem", "OperatingSystem", "CurrentVersion")
_SYSTEM_ROWS = ("Bios", "Processors")

#: What makers leave in the BIOS when they did not set a serial number.
_PLACEHOLDERS = frozenset({"to be filled by o.e.m.", "system serial number", "default string", "none", "0"})


@dataclass(frozen=True)
class Volume:
    """A local volume; sizes in bytes."""

    letter: str | None = shown(N_("Drive"))
    label: str | None = shown(N_("Label"))
    filesystem: str | None = shown(N_("File system"))
    size_bytes: int | None = shown(N_("Size"), Kind.BYTES)
    free_bytes: int | None = shown(N_("Free"), Kind.BYTES)


@dataclass(frozen=True)
class Adapter:
    """A network adapter that has addresses."""

    name: str | None = shown(N_("Adapter"))
    mac: str | None = shown(N_("MAC address"))
    addresses: tuple[str, ...] | None = shown(N_("Addresses"), Kind.LIST)


@dataclass(frozen=True)
class ComputerState:
    """None means: not told. Dates are ISO 8601 in UTC."""

    name: str | None = shown(N_("Computer name"))
    domain: str | None = shown(N_("Domain or workgroup"))
    role: str | None = shown(N_("Role"), words=ROLES)
    manufacturer: str | None = shown(N_("Manufacturer"))
    model: str | None = shown(N_("Model"))
    serial_number: str | None = shown(N_("Serial number"), wanted="documentation_serial_number")
    machine_ids: tuple[str, ...] | None = shown(N_("Ids of the device"), Kind.LIST)
    operating_system: str | None = shown(N_("Operating system"), wanted="documentation_operating_system")
    release: str | None = shown(N_("Release"))
    build: str | None = shown(N_("Build"))
    supported_until: str | None = shown(N_("Maintained by Microsoft until"))
    architecture: str | None = shown(N_("Architecture"))
    installed_at: str | None = shown(N_("Installed"), Kind.MOMENT)
    booted_at: str | None = shown(N_("Last start"), Kind.MOMENT)
    bios_version: str | None = shown(N_("BIOS version"))
    processor: str | None = shown(N_("Processor"))
    cores: int | None = shown(N_("Processor cores"), Kind.NUMBER)
    memory_bytes: int | None = shown(N_("Memory"), Kind.BYTES)
    volumes: tuple[Volume, ...] | None = shown(N_("Volumes"), Kind.TABLE, row=Volume)
    adapters: tuple[Adapter, ...] | None = shown(N_("Network adapters"), Kind.TABLE, row=Adapter)


SUBJECT = Subject(
    "computer",
    N_("Computer"),
    place=10,
    form=ComputerState,
    checks={
        "computer.system": N_("system data"),
        "computer.volumes": N_("volumes"),
        "computer.network": N_("network adapters"),
        "computer.serial_number_differs": N_("serial number"),
        "computer.operating_system_differs": N_("operating system"),
        "computer.address_differs": N_("address"),
        "computer.support": N_("support by Microsoft"),
    },
    wanted={
        "documentation_serial_number": Wanted(N_("Serial number")),
        "documentation_operating_system": Wanted(N_("Operating system")),
    },
)

CAUSES = (
    Cause(
        "computer.serial_number_differs",
        Severity.INFO,
        N_("Serial number differs from the inventory"),
        N_("The host's serial number is {measured}; the inventory says {wanted}."),
        N_("Correct the inventory, or find out which computer this is."),
        ("measured", "wanted"),
    ),
    Cause(
        "computer.operating_system_differs",
        Severity.INFO,
        N_("Operating system differs from the inventory"),
        N_("The host runs {measured}; the inventory says {wanted}."),
        N_("Correct the inventory, or find out who changed the operating system."),
        ("measured", "wanted"),
    ),
    # Of weight info: where updates are looked after (3.1, 3.2), that service finds it, and opens the ticket.
    Cause(
        "computer.support_ended",
        Severity.INFO,
        N_("Windows is no longer maintained by Microsoft"),
        N_("{release} has had no more updates since {until}, {days} days ago."),
        N_("Bring a maintained release of Windows onto the host, or replace it."),
        ("release", "until", "days"),
        check="computer.support",
    ),
    Cause(
        "computer.support_ends_soon",
        Severity.INFO,
        N_("Microsoft stops maintaining this Windows soon"),
        N_("{release} gets updates until {until} only, for {days} more days."),
        N_("Plan a maintained release of Windows for the host, or its replacement."),
        ("release", "until", "days"),
        check="computer.support",
    ),
    Cause(
        "computer.address_differs",
        Severity.INFO,
        N_("Address differs from the inventory"),
        N_("None of the host's adapters has the address {wanted} of the inventory."),
        N_("Correct the inventory, or the host's address."),
        ("wanted",),
    ),
)


@dataclass(frozen=True)
class ComputerPolicy:
    """What the inventory documents of the host; None is not compared."""

    serial_number: str | None = None
    operating_system: str | None = None
    address: str | None = None
    extended_support_until: date | None = None
    support_warning_days: int = 120

    @classmethod
    def from_variables(cls, variables: Mapping[str, Any], host: str | None = None) -> Self:
        """From documentation_serial_number, documentation_operating_system, ansible_host (else the host's name) and, of
        3.1, what it says of support by Microsoft."""
        warning_days = count(variables, "update_check_support_warning_days")
        return cls(
            serial_number=text(variables, "documentation_serial_number"),
            operating_system=text(variables, "documentation_operating_system"),
            address=text(variables, "ansible_host") or host,
            extended_support_until=as_day(variables.get("update_check_extended_support_until")),
            **({} if warning_days is None else {"support_warning_days": warning_days}),
        )


def judge(
    sections: Mapping[str, Any] | None,
    policy: ComputerPolicy,
    now: datetime,
    ids: Collection[str] = frozenset(),
) -> Judgement:
    """Judge one host by the visit's raw sections computer, volumes and network (the whole mapping); ids as read_state
    takes them."""
    state = read_state(mapping(sections), now, ids)
    verdict = Verdict(SUBJECT.name)
    system = mapping(sections, "computer")
    for check, raw, measured in (
        ("computer.system", system, state.name is not None and _is_whole(system)),
        ("computer.volumes", mapping(sections, "volumes"), state.volumes is not None),
        ("computer.network", mapping(sections, "network"), state.adapters is not None),
    ):
        if measured:
            verdict.ok(check)
        else:
            verdict.unmeasured(check, lacking(raw))
    _judge_named(verdict, "computer.serial_number_differs", state.serial_number, policy.serial_number)
    # Windows keeps "24H2" apart from its caption; people write both.
    named = " ".join(part for part in (state.operating_system, state.release) if part)
    whole = state.operating_system is not None and told(system, "CurrentVersion") is not None
    _judge_named(
        verdict, "computer.operating_system_differs", named if whole else None, policy.operating_system
    )
    _judge_address(verdict, state, policy, lacking(mapping(sections, "network")))
    support = find_support(told(system, "CurrentVersion") or {})
    if support is not None:  # where it is not known, that is for the services to tell that look after updates
        today = now.astimezone(BERLIN).date()
        bought, warning_days = policy.extended_support_until, policy.support_warning_days
        judge_support(verdict, SUBJECT.name, support, bought, warning_days, today, missing=lacking(system))
    known = as_measured(state)
    return verdict.conclude(known if any(value is not None for value in known.values()) else {})


def read_state(
    sections: Mapping[str, Any], now: datetime, ids: Collection[str] = frozenset()
) -> ComputerState:
    """The raw sections as normal form. ids: by which the visit proved whom it reached (identity.machine_ids)."""
    section = mapping(sections, "computer")
    system, windows, version = (told(section, part) for part in _SYSTEM)
    bios, processors = (told_rows(section, part) or () for part in _SYSTEM_ROWS)
    cores = [size(each, "NumberOfCores") for each in processors]
    serial = agreed(bios, "SerialNumber")
    support = find_support(version or {})
    return ComputerState(
        name=text(system, "DNSHostName") or text(system, "Name"),
        domain=text(system, "Domain"),
        role=_ROLE_CODES.get(whole_number(windows, "ProductType") or 0),
        manufacturer=text(system, "Manufacturer"),
        model=text(system, "Model"),
        serial_number=None if serial is not None and serial.casefold() in _PLACEHOLDERS else serial,
        machine_ids=tuple(sorted(ids)) or None,
        operating_system=(text(windows, "Caption") or "").removeprefix("Microsoft ") or None,
        release=text(version, "DisplayVersion"),
        build=None if version is None else _build(text(windows, "BuildNumber"), count(version, "UBR")),
        supported_until=support.until.isoformat() if support else None,
        architecture=text(windows, "OSArchitecture"),
        installed_at=iso(moment(windows, "InstallDate", now)),
        booted_at=iso(moment(windows, "LastBootUpTime", now)),
        bios_version=agreed(bios, "SMBIOSBIOSVersion"),
        processor=", ".join(sorted({name for each in processors if (name := text(each, "Name"))})) or None,
        cores=sum(known)
        if cores and len(known := [it for it in cores if it is not None]) == len(cores)
        else None,
        memory_bytes=size(system, "TotalPhysicalMemory"),
        volumes=_volumes(sections),
        adapters=_adapters(sections),
    )


def _is_whole(section: Mapping[str, Any]) -> bool:
    parts = [told(section, part) for part in _SYSTEM]
    return None not in parts and all(told_rows(section, part) is not None for part in _SYSTEM_ROWS)


def _build(number: str | None, revision: int | None) -> str | None:
    return number if number is None or revision is None else f"{number}.{revision}"


def _volumes(sections: Mapping[str, Any]) -> tuple[Volume, ...] | None:
    found = told_rows(mapping(sections, "volumes"), "Volumes")
    return (
        None
        if found is None
        else tuple(
            Volume(
                letter=text(volume, "DeviceID"),
                label=text(volume, "VolumeName"),
                filesystem=text(volume, "FileSystem"),
                size_bytes=size(volume, "Size"),
                free_bytes=count(volume, "FreeSpace"),
            )
            for volume in found
        )
    )


def _adapters(sections: Mapping[str, Any]) -> tuple[Adapter, ...] | None:
    found = told_rows(mapping(sections, "network"), "Adapters")
    return (
        None
        if found is None
        else tuple(
            Adapter(
                name=text(adapter, "Description"),
                mac=text(adapter, "MACAddress"),
                addresses=texts(adapter, "IPAddress"),
            )
            for adapter in found
        )
    )


def _judge_named(verdict: Verdict, cause: str, measured: str | None, wanted: str | None) -> None:
    """Every word that the inventory gives must be there, in any case and order."""
    if wanted is None:
        return
    if measured is None:
        verdict.unmeasured(cause, "visit.section_missing")
    elif set(wanted.casefold().split()) <= set(measured.casefold().split()):
        verdict.ok(cause)
    else:
        verdict.found(cause, measured=measured, wanted=wanted)


def _judge_address(verdict: Verdict, state: ComputerState, policy: ComputerPolicy, missing: str) -> None:
    check = "computer.address_differs"
    try:
        wanted = ipaddress.ip_address(policy.address or "")
    except ValueError:
        return  # a name: which address it has is the name service's affair
    if state.adapters is None:
        verdict.unmeasured(check, missing)
    elif any(_same(address, wanted) for adapter in state.adapters for address in adapter.addresses or ()):
        verdict.ok(check)
    elif not all(adapter.addresses for adapter in state.adapters):
        verdict.unmeasured(check, missing)
    else:
        verdict.found(check, wanted=str(wanted))


def _same(address: str, wanted: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return ipaddress.ip_address(address) == wanted
    except ValueError:
        return False
