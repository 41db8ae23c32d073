"""Healthy machines: what a well-kept client, laptop, server or domain controller looks like at a moment.

A scenario is such a state with a few entries changed. The same facts and the same `now` give the same state;
all ages are relative to `now`, so that a machine does not grow old with the repository.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from lab.windows.state_file import Json, iso

type Role = Literal["client", "laptop", "server", "domain_controller"]

_GIB = 2**30
_DEFINITIONS = "1.443.{number}.0"


@dataclass(frozen=True)
class _Model:
    manufacturer: str
    model: str
    processor: str
    cores: int
    memory: int
    disk: int
    caption: str
    version: str
    build: str


_CLIENT = ("Microsoft Windows 11 Pro", "10.0.26200", "26200.7171")
_SERVER = ("Microsoft Windows Server 2022 Standard", "10.0.20348", "20348.4405")
_MODELS: dict[str, _Model] = {
    "client": _Model(
        "Beispiel Systeme", "Arbeitsplatz 300", "Intel(R) Core(TM) i5-13500", 14, 16, 512, *_CLIENT
    ),
    "laptop": _Model("Beispiel Systeme", "Reisebuch 14", "AMD Ryzen 5 PRO 7540U", 6, 16, 512, *_CLIENT),
    "server": _Model("Beispiel Systeme", "Rack 2", "Intel(R) Xeon(R) Silver 4410Y", 12, 64, 960, *_SERVER),
    "domain_controller": _Model(
        "Beispiel Systeme", "Rack 1", "Intel(R) Xeon(R) E-2434", 4, 32, 480, *_SERVER
    ),
}

#: name, display name, state, start mode, path, account
_SERVICES = [
    ("BITS", "Background Intelligent Transfer Service", "stopped", "manual", "svchost.exe", "LocalSystem"),
    ("Dhcp", "DHCP Client", "running", "auto", "svchost.exe", "LocalService"),
    ("Dnscache", "DNS Client", "running", "auto", "svchost.exe", "NetworkService"),
    ("EventLog", "Windows Event Log", "running", "auto", "svchost.exe", "LocalService"),
    ("LanmanServer", "Server", "running", "auto", "svchost.exe", "LocalSystem"),
    ("mpssvc", "Windows Defender Firewall", "running", "auto", "svchost.exe", "LocalService"),
    ("Spooler", "Print Spooler", "running", "auto", "spoolsv.exe", "LocalSystem"),
    ("W32Time", "Windows Time", "running", "auto", "svchost.exe", "LocalService"),
    ("WinDefend", "Microsoft Defender Antivirus Service", "running", "auto", "MsMpEng.exe", "LocalSystem"),
    (
        "WinRM",
        "Windows Remote Management (WS-Management)",
        "running",
        "auto",
        "svchost.exe",
        "NetworkService",
    ),
    ("wuauserv", "Windows Update", "running", "manual", "svchost.exe", "LocalSystem"),
]
_DIRECTORY_SERVICES = [
    ("ADWS", "Active Directory Web Services", "running", "auto", "ADWS.exe", "LocalSystem"),
    ("DFSR", "DFS Replication", "running", "auto", "DFSRs.exe", "LocalSystem"),
    ("DNS", "DNS Server", "running", "auto", "dns.exe", "LocalSystem"),
    ("Kdc", "Kerberos Key Distribution Center", "running", "auto", "lsass.exe", "LocalSystem"),
    ("Netlogon", "Netlogon", "running", "auto", "lsass.exe", "LocalSystem"),
    ("NTDS", "Active Directory Domain Services", "running", "auto", "lsass.exe", "LocalSystem"),
]

_FEED = {
    "7zip": ["24.9.0", "25.1.0"],
    "7zip.install": ["24.9.0", "25.1.0"],
    "anydesk.install": ["9.0.4", "9.5.6"],
    "adobereader": ["2025.1.20693", "2025.1.20844"],
    "chocolatey": ["2.5.0", "2.5.1"],
    "firefox": ["144.0.2", "145.0.1"],
    "googlechrome": ["142.0.7444.60", "142.0.7444.176"],
    "greenshot": ["1.3.296", "1.3.301"],
    "keepassxc": ["2.7.9", "2.7.10"],
    "libreoffice-fresh": ["25.2.6", "25.8.2"],
    "notepadplusplus": ["8.8.6", "8.8.7"],
    "openvpn": ["2.6.14", "2.6.15"],
    "sumatrapdf": ["3.4.6", "3.5.2"],
    "temurin21": ["21.0.8.900", "21.0.9.1000"],
    "temurin21jre": ["21.0.8.900", "21.0.9.1000"],
    "vlc": ["3.0.20", "3.0.21"],
}

#: What packages need, and the programs that they bring; 7zip is a meta package, as on the community's feed.
_RECIPES: dict[str, Json] = {
    "7zip": {"needs": ["7zip.install"]},
    "7zip.install": {"program": "7-Zip {version} (x64)"},
    "adobereader": {"program": "Adobe Acrobat Reader - Deutsch"},
    "firefox": {"program": "Mozilla Firefox (x64 de)"},
    "googlechrome": {"program": "Google Chrome"},
    "greenshot": {"program": "Greenshot {version}"},
    "keepassxc": {"program": "KeePassXC"},
    "libreoffice-fresh": {"program": "LibreOffice {version}"},
    "notepadplusplus": {"program": "Notepad++ (64-bit x64)"},
    "openvpn": {"program": "OpenVPN {version}-I001 amd64"},
    "sumatrapdf": {"program": "SumatraPDF"},
    "temurin21jre": {"program": "Eclipse Temurin JRE mit Hotspot {version} (x64)"},
    "vlc": {"program": "VLC media player"},
}

_AUTOMATIC_UPDATES = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU"
_CURRENT_VERSION = r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion"


def default_machine(
    role: Role,
    *,
    name: str,
    address: str,
    now: datetime,
    accounts: Sequence[Json],
    domain: str | None = None,
    scanner: Literal["defender", "bitdefender", "none"] = "defender",
) -> Json:
    """State of a healthy machine, as machines/<name>.json holds it.

    `accounts` are {"name", "password"} and optionally "enabled" (true), "administrator" (true) and
    "remote_management" (false: only then does an account that is no administrator get in). ValueError for a
    password with a colon, which the accounts file of the NTLM library cannot hold.
    """
    model = _MODELS[role]
    number = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    return {
        "computer_name": name.upper(),
        "domain": domain,
        "role": role,
        "accounts": [_account(account) for account in accounts],
        "operating_system": {
            "caption": model.caption,
            "version": model.version,
            "build": model.build,
            "architecture": "64-bit",
            "install_date": iso(now - timedelta(days=400 + number % 300)),
        },
        "hardware": {
            "manufacturer": model.manufacturer,
            "model": model.model,
            "serial_number": f"BS{number:08X}",
            "memory_bytes": model.memory * _GIB,
            "processor": model.processor,
            "cores": model.cores,
        },
        "boot_time": iso(now - timedelta(days=2, hours=number % 12, minutes=number % 60)),
        "volumes": _volumes(role, model, number),
        "adapters": [{"name": "Ethernet", "mac": _mac(number), "addresses": [address]}],
        "services": _services(role, scanner),
        "registry": {
            _AUTOMATIC_UPDATES: {
                "NoAutoUpdate": {"type": "dword", "data": 0},
                "AUOptions": {"type": "dword", "data": 4},
            },
            _CURRENT_VERSION: {
                "CurrentBuild": {"type": "string", "data": model.build.partition(".")[0]},
                "RegisteredOwner": {"type": "string", "data": ""},
            },
        },
        "files": {},
        "packages": [{"name": "chocolatey", "version": _FEED["chocolatey"][-1], "pinned": False}],
        "feed": {package: list(versions) for package, versions in _FEED.items()},
        "recipes": {package: dict(recipe) for package, recipe in _RECIPES.items()},
        "programs": _programs(role, scanner, now),
        "updates": {
            "available": [],
            "history": _history(now),
            "last_search_success": iso(now - timedelta(hours=5)),
            "last_install_success": iso(now - timedelta(days=1, hours=3)),
            "search_failure": None,
            "reboot_required": False,
        },
        "scanner": _scanner(role, scanner, now, number),
        "event_logs": {},
        "users": [],
        "sessions": [],
    }


def available_update(
    title: str,
    kb: str,
    *,
    published: datetime,
    severity: Literal["Critical", "Important", "Moderate", "Low"] | None = None,
    categories: Sequence[str] = ("Security Updates",),
    reboot_required: bool = False,
    failure: str | None = None,
    hangs: bool | Literal["watched"] = False,
    after: str | None = None,
    optional: bool = False,
    revision: int = 200,
    brings: Sequence[str] = (),
    size_bytes: int = 80_000_000,
) -> Json:
    """An update that Windows Update would offer; append it to updates.available.

    `kb` is the bare number; `failure` an HRESULT such as "0x80070643" with which the installation ends; with `hangs`
    it never ends. `after` is the bare number of an update without which this one is not offered; `brings` are ids of
    updates that it installs unasked.
    """
    digest = hashlib.sha256(f"{kb} {title}".encode()).hexdigest()
    return {
        "id": f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}",
        "kb": [kb],
        "title": title,
        "categories": list(categories),
        "severity": severity,
        "published": iso(published),
        "size_bytes": size_bytes,
        "reboot_required": reboot_required,
        "optional": optional,
        "installed": False,
        "downloaded": False,
        "failure": failure,
        "hangs": hangs,
        "after": after,
        "revision": revision,
        "brings": list(brings),
    }


def _account(account: Json) -> Json:
    if ":" in account["password"]:
        raise ValueError(f"The password of {account['name']} holds a colon; lab accounts cannot have one.")
    return {"enabled": True, "administrator": True, "remote_management": False} | account


def _mac(number: int) -> str:
    # 02: locally administered, so that no vendor is claimed
    digits = f"02{number:010X}"
    return ":".join(digits[start : start + 2] for start in range(0, 12, 2))


def _volumes(role: str, model: _Model, number: int) -> list[Json]:
    def volume(letter: str, label: str, size: int, free: float) -> Json:
        return {
            "letter": letter,
            "label": label,
            "size_bytes": size * _GIB,
            "free_bytes": int(size * _GIB * free),
            "filesystem": "NTFS",
        }

    free = 0.4 + number % 40 / 100
    if role == "server":
        return [volume("C:", "System", 120, free), volume("D:", "Daten", model.disk - 120, 0.45)]
    return [volume("C:", "System", model.disk - 2, free)]


def _services(role: str, scanner: str) -> list[Json]:
    rows = _SERVICES + (_DIRECTORY_SERVICES if role == "domain_controller" else [])
    services = [
        {
            "name": name,
            "display_name": display_name,
            "state": state,
            "start_mode": start_mode,
            "path": rf"C:\Windows\System32\{path}",
            "username": account,
        }
        for name, display_name, state, start_mode, path, account in rows
    ]
    if scanner != "defender":
        next(service for service in services if service["name"] == "WinDefend").update(
            state="stopped", start_mode="manual"
        )
    if scanner == "bitdefender":
        services.append(
            {
                "name": "EPSecurityService",
                "display_name": "Bitdefender Endpoint Security Service",
                "state": "running",
                "start_mode": "auto",
                "path": r"C:\Program Files\Bitdefender\Endpoint Security\EPSecurityService.exe",
                "username": "LocalSystem",
            }
        )
    return sorted(services, key=lambda service: service["name"].casefold())


def _programs(role: str, scanner: str, now: datetime) -> list[Json]:
    def program(name: str, version: str, publisher: str, days: int, hive: str = "machine") -> Json:
        return {
            "name": name,
            "version": version,
            "publisher": publisher,
            "install_date": f"{now - timedelta(days=days):%Y%m%d}",
            "hive": hive,
        }

    programs = [program("Microsoft Edge", "142.0.3595.90", "Microsoft Corporation", 6, "machine32")]
    if role in ("client", "laptop"):
        programs.append(
            program(
                "Microsoft 365 Apps for Business - de-de", "16.0.19328.20244", "Microsoft Corporation", 90
            )
        )
    if scanner == "bitdefender":
        programs.append(program("Bitdefender Endpoint Security Tools", "7.9.24.523", "Bitdefender", 200))
    return programs


def _history(now: datetime) -> list[Json]:
    def entry(title: str, kb: str, age: timedelta, category: str = "Security Updates") -> Json:
        return {
            "categories": [category],
            "title": title,
            "kb": kb,
            "date": iso(now - age),
            "result_code": 2,
            "hresult": 0,
            "operation": "installation",
        }

    return [
        entry("2026-10 Cumulative Update (KB5066835)", "5066835", timedelta(days=33)),
        entry("2026-11 Cumulative Update (KB5068861)", "5068861", timedelta(days=5)),
        entry(
            "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602",
            "2267602",
            timedelta(days=1, hours=3),
            "Definition Updates",
        ),
    ]


def _scanner(role: str, scanner: str, now: datetime, number: int) -> Json:
    is_server = role in ("server", "domain_controller")
    windows_own = {
        "displayName": "Windows Defender",
        "productState": 397568,
        "timestamp": iso(now - timedelta(days=1)),
    }
    if scanner == "defender":
        return {
            "defender": _defender(now, number),
            "detections": [],
            "security_center": None if is_server else [windows_own],
            "bitdefender": None,
        }
    # Defender steps back when another product takes over, and on a server when it is switched off.
    idle = _defender(now, number) | {
        "AMRunningMode": "Not running",
        "AMServiceEnabled": False,
        "AntivirusEnabled": False,
        "RealTimeProtectionEnabled": False,
        "OnAccessProtectionEnabled": False,
        "IsTamperProtected": False,
    }
    entries: list[Json] = [windows_own | {"productState": 393472}]
    if scanner == "bitdefender":
        entries.append(
            {
                "displayName": "Bitdefender Endpoint Security Tools Antimalware",
                "productState": 266240,
                "timestamp": iso(now - timedelta(hours=4)),
            }
        )
    return {
        "defender": idle,
        "detections": [],
        "security_center": None if is_server else entries,
        "bitdefender": {"version": "7.9.24.523", "service": "running"} if scanner == "bitdefender" else None,
    }


def _defender(now: datetime, number: int) -> dict[str, Any]:
    """As Get-MpComputerStatus names it."""
    updated = now - timedelta(hours=4 + number % 10)
    return {
        "AMServiceEnabled": True,
        "AMRunningMode": "Normal",
        "AMProductVersion": "4.18.25100.9008",
        "AMEngineVersion": "1.1.25100.9002",
        "AntivirusEnabled": True,
        "AntivirusSignatureVersion": _DEFINITIONS.format(number=100 + now.timetuple().tm_yday),
        "AntivirusSignatureLastUpdated": iso(updated),
        "AntivirusSignatureAge": 0,
        "DefenderSignaturesOutOfDate": False,
        "RealTimeProtectionEnabled": True,
        "OnAccessProtectionEnabled": True,
        "IsTamperProtected": True,
        "QuickScanEndTime": iso(now - timedelta(days=1, hours=number % 8)),
        "QuickScanAge": 1,
        "FullScanEndTime": iso(now - timedelta(days=6, hours=number % 8)),
        "FullScanAge": 6,
    }
