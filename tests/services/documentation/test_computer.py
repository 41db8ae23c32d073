"""2.6: the computer as measured, beside the inventory."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from serviceheft.services.documentation.judging import ComputerPolicy, judge

NOW = datetime(2026, 11, 22, 20, 35, tzinfo=UTC)

SECTIONS: dict[str, Any] = {
    "computer": {
        "Errors": {},
        "ComputerSystem": {
            "Name": "PC-EMPFANG-01",
            "DNSHostName": "pc-empfang-01",
            "Domain": "nord.example",
            "Manufacturer": "Muster Computer",
            "Model": "Kompakt 7",
            "TotalPhysicalMemory": 17179869184,
        },
        "OperatingSystem": {
            "Caption": "Microsoft Windows 11 Pro",
            "Version": "10.0.26100",
            "BuildNumber": "26100",
            "OSArchitecture": "64-bit",
            "ProductType": 1,
            "InstallDate": "2025-03-01T09:00:00Z",
            "LastBootUpTime": "2026-11-20T06:00:00Z",
        },
        "CurrentVersion": {"DisplayVersion": "24H2", "UBR": 7171},
        "Bios": {"SerialNumber": "MC-4711", "SMBIOSBIOSVersion": "1.8"},
        "Processors": [{"Name": "Prozessor X", "NumberOfCores": 4}, {"NumberOfCores": 4}],
    },
    "volumes": {
        "Volumes": [
            {
                "DeviceID": "C:",
                "VolumeName": "System",
                "FileSystem": "NTFS",
                "Size": 10**11,
                "FreeSpace": 10**9,
            }
        ]
    },
    "network": {
        "Adapters": [
            {
                "Description": "Ethernet",
                "MACAddress": "02:00:5E:00:00:01",
                "IPAddress": ["127.30.1.1", "fe80::1"],
            }
        ]
    },
}


def test_the_ids_by_which_the_visit_knew_the_machine_are_kept() -> None:
    measured = judge(SECTIONS, ComputerPolicy(), NOW, {"b", "a"}).measured
    assert measured is not None
    assert measured["machine_ids"] == ["a", "b"]


def test_normal_form() -> None:
    judgement = judge(SECTIONS, ComputerPolicy(), NOW)
    assert judgement.outcome == "done"
    assert judgement.measured == {
        "name": "pc-empfang-01",
        "domain": "nord.example",
        "role": "client",
        "manufacturer": "Muster Computer",
        "model": "Kompakt 7",
        "serial_number": "MC-4711",
        "machine_ids": None,
        "operating_system": "Windows 11 Pro",
        "release": "24H2",
        "build": "26100.7171",
        "supported_until": None,
        "architecture": "64-bit",
        "installed_at": "2025-03-01T09:00:00Z",
        "booted_at": "2026-11-20T06:00:00Z",
        "bios_version": "1.8",
        "processor": "Prozessor X",
        "cores": 8,
        "memory_bytes": 17179869184,
        "volumes": [
            {
                "letter": "C:",
                "label": "System",
                "filesystem": "NTFS",
                "size_bytes": 10**11,
                "free_bytes": 10**9,
            }
        ],
        "adapters": [
            {"name": "Ethernet", "mac": "02:00:5E:00:00:01", "addresses": ["127.30.1.1", "fe80::1"]}
        ],
    }


@pytest.mark.parametrize(
    ("policy", "cause", "values"),
    [
        (
            ComputerPolicy(serial_number="MC-0815"),
            "computer.serial_number_differs",
            {"measured": "MC-4711", "wanted": "MC-0815"},
        ),
        (
            ComputerPolicy(operating_system="Windows 10"),
            "computer.operating_system_differs",
            {"measured": "Windows 11 Pro 24H2", "wanted": "Windows 10"},
        ),
        (
            ComputerPolicy(operating_system="Windows 11 Pro 23H2"),
            "computer.operating_system_differs",
            {"measured": "Windows 11 Pro 24H2", "wanted": "Windows 11 Pro 23H2"},
        ),
        (
            ComputerPolicy(serial_number="MC-47"),
            "computer.serial_number_differs",
            {"measured": "MC-4711", "wanted": "MC-47"},
        ),
        (ComputerPolicy(address="127.30.1.2"), "computer.address_differs", {"wanted": "127.30.1.2"}),
    ],
)
def test_each_deviation_is_an_information(policy: ComputerPolicy, cause: str, values: dict[str, Any]) -> None:
    judgement = judge(SECTIONS, policy, NOW)
    assert [(each.cause, dict(each.values)) for each in judgement.findings] == [(cause, values)]
    assert judgement.findings[0].definition.severity == "info"


@pytest.mark.parametrize(
    "policy",
    [
        ComputerPolicy(serial_number="mc-4711", operating_system="windows 11", address="127.30.1.1"),
        ComputerPolicy(operating_system="Windows 11 Pro 24H2"),
        ComputerPolicy(address="fe80:0::1"),
        ComputerPolicy(address="pc-empfang-01.nord.example"),
    ],
)
def test_what_agrees_is_done(policy: ComputerPolicy) -> None:
    assert judge(SECTIONS, policy, NOW).outcome == "done"


def test_placeholder_of_the_maker_is_no_serial_number() -> None:
    sections = deepcopy(SECTIONS)
    sections["computer"]["Bios"]["SerialNumber"] = "To be filled by O.E.M."
    judgement = judge(sections, ComputerPolicy(serial_number="MC-4711"), NOW)
    assert judgement.outcome == "not measured"
    assert judgement.measured["serial_number"] is None


@pytest.mark.parametrize("missing", ["computer", "volumes", "network"])
def test_missing_section_is_not_measured(missing: str) -> None:
    sections = {name: value for name, value in SECTIONS.items() if name != missing}
    judgement = judge(sections, ComputerPolicy(address="127.30.1.1"), NOW)
    assert (judgement.outcome, judgement.reason) == ("not measured", "visit.section_missing")


def test_nothing_collected() -> None:
    judgement = judge(None, ComputerPolicy(), NOW)
    assert (judgement.outcome, dict(judgement.measured)) == ("not measured", {})


def test_policy_from_variables() -> None:
    policy = ComputerPolicy.from_variables(
        {"documentation_serial_number": "S", "ansible_host": "127.30.1.1", "ansible_password": "canary"}
    )
    assert policy == ComputerPolicy(serial_number="S", address="127.30.1.1")
