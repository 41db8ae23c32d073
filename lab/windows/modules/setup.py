"""setup: the facts that ansible.windows gathers, from the machine's state."""

import ipaddress
import math
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from lab.windows.machine import Json, Machine
from lab.windows.modules import Call, module

_GROUPS = {
    "min": ("date_time", "distribution", "dns", "env", "local", "platform", "powershell_version", "user"),
    "network": ("all_ipv4_addresses", "all_ipv6_addresses", "interfaces", "windows_domain", "winrm"),
    "hardware": ("bios", "memory", "processor", "uptime", "virtual"),
    "external": ("facter",),
}
_ALL = frozenset(name for names in _GROUPS.values() for name in names)
_PRODUCT_TYPES = {"client": "workstation", "laptop": "workstation", "server": "server"}
_BERLIN = ZoneInfo("Europe/Berlin")


@module("ansible.windows.setup", "ansible.legacy.setup")
def run(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:
    """Facts of the subsets asked for, by the real module's rules: all minus excluded plus named."""
    asked: list[str] = args["gather_subset"]
    facts: Json = {"gather_subset": asked, "module_setup": True}
    for subset in sorted(_subsets(asked, call)):
        if subset in _FACTS:
            facts |= _FACTS[subset](machine, call)
    return {"ansible_facts": facts}


def _subsets(asked: list[str], call: Call) -> set[str]:
    named: set[str] = set()
    excluded: set[str] = set()
    for entry in asked:
        name = entry.removeprefix("!")
        members = set(_ALL) if name == "all" else set(_GROUPS.get(name, [name] if name in _ALL else []))
        if entry.startswith("!"):
            excluded |= members - set(_GROUPS["min"]) if name == "all" else members
        elif members:
            named |= members
        else:
            call.warn(f"invalid value {entry} specified in gather_subset")
    return (set(_ALL) - excluded) | named


def _addresses(machine: Machine, _call: Call) -> Json:
    return {
        "ansible_ip_addresses": [
            address for adapter in machine.state["adapters"] for address in adapter["addresses"]
        ]
    }


def _bios(machine: Machine, _call: Call) -> Json:
    hardware = machine.state["hardware"]
    return {
        "ansible_bios_date": None,
        "ansible_bios_version": hardware.get("bios_version"),
        "ansible_product_name": hardware["model"],
        "ansible_product_serial": hardware["serial_number"],
        "ansible_product_uuid": None,
    }


def _date_time(_machine: Machine, call: Call) -> Json:
    local, utc = call.now.astimezone(_BERLIN), call.now.astimezone(ZoneInfo("UTC"))
    return {
        "ansible_date_time": {
            "date": f"{local:%Y-%m-%d}",
            "day": f"{local:%d}",
            "epoch": str(int(call.now.timestamp())),
            "epoch_int": int(call.now.timestamp()),
            "hour": f"{local:%H}",
            "iso8601": f"{utc:%Y-%m-%dT%H:%M:%SZ}",
            "iso8601_basic_short": f"{local:%Y%m%dT%H%M%S}",
            "minute": f"{local:%M}",
            "month": f"{local:%m}",
            "second": f"{local:%S}",
            "time": f"{local:%H:%M:%S}",
            "tz": "W. Europe Standard Time",
            "tz_offset": f"{local:%:z}",
            "weekday": f"{local:%A}",
            "weekday_number": f"{local:%w}",
            "weeknumber": f"{local:%W}",
            "year": f"{local:%Y}",
        }
    }


def _distribution(machine: Machine, call: Call) -> Json:
    system = machine.state["operating_system"]
    version = f"{system['version']}.0"
    return {
        # Without administrator's rights Windows does not tell its name.
        "ansible_distribution": system["caption"] if call.user.get("administrator") else None,
        "ansible_distribution_version": version,
        "ansible_distribution_major_version": version.partition(".")[0],
        "ansible_os_family": "Windows",
        "ansible_os_name": system["caption"] if call.user.get("administrator") else None,
        "ansible_os_product_type": _PRODUCT_TYPES.get(machine.state["role"], "domain_controller"),
        "ansible_os_installation_type": "Client"
        if machine.state["role"] in ("client", "laptop")
        else "Server",
        "ansible_os_install_date": system["install_date"],
    }


def _environment(machine: Machine, call: Call) -> Json:
    home = rf"C:\Users\{call.user['name']}"
    return {
        "ansible_env": {
            "COMPUTERNAME": machine.state["computer_name"],
            "OS": "Windows_NT",
            "PROCESSOR_ARCHITECTURE": "AMD64",
            "ProgramData": r"C:\ProgramData",
            "ProgramFiles": r"C:\Program Files",
            "SystemDrive": "C:",
            "SystemRoot": r"C:\Windows",
            "TEMP": rf"{home}\AppData\Local\Temp",
            "USERNAME": call.user["name"],
            "USERPROFILE": home,
        }
    }


def _interfaces(machine: Machine, _call: Call) -> Json:
    def formatted(index: int, adapter: Json) -> Json:
        networks = [ipaddress.ip_interface(address) for address in adapter["addresses"]]
        by_version: dict[int, Any] = {}
        for network in networks:
            prefix = (
                24 if network.version == 4 and network.network.prefixlen == 32 else network.network.prefixlen
            )
            by_version[network.version] = {"address": str(network.ip), "prefix": str(prefix)}
        return {
            "connection_name": adapter["name"],
            "default_gateway": None,
            "dns_domain": machine.state.get("domain"),
            "interface_index": index,
            "interface_name": adapter.get("description", adapter["name"]),
            "ipv4": by_version.get(4),
            "ipv6": by_version.get(6),
            "macaddress": adapter["mac"],
            "mtu": 1500,
            "speed": 1000,
        }

    return {
        "ansible_interfaces": [
            formatted(index, each) for index, each in enumerate(machine.state["adapters"], 2)
        ]
    }


def _memory(machine: Machine, _call: Call) -> Json:
    total = math.ceil(machine.state["hardware"]["memory_bytes"] / 2**20)
    return {"ansible_memtotal_mb": total, "ansible_memfree_mb": total // 2, "ansible_swaptotal_mb": 0}


def _platform(machine: Machine, call: Call) -> Json:
    state = machine.state
    name, domain = str(state["computer_name"]), str(state.get("domain") or "")
    full = f"{name}.{domain}" if domain else name
    return {
        "ansible_architecture": state["operating_system"]["architecture"]
        if call.user.get("administrator")
        else None,
        "ansible_architecture2": "x86_64",
        "ansible_domain": domain,
        "ansible_fqdn": full,
        "ansible_hostname": name,
        "ansible_kernel": f"{state['operating_system']['version']}.0",
        "ansible_machine_id": None,
        "ansible_netbios_name": name.upper()[:15],
        "ansible_nodename": full,
        "ansible_owner_contact": "",
        "ansible_owner_name": "",
        "ansible_reboot_pending": bool(state["updates"]["reboot_required"]),
        "ansible_system": "Win32NT",
        "ansible_system_description": "",
        "ansible_system_vendor": state["hardware"]["manufacturer"],
    }


def _processor(machine: Machine, _call: Call) -> Json:
    hardware = machine.state["hardware"]
    cores = int(hardware["cores"])
    return {
        "ansible_processor": [
            part for core in range(cores) for part in (str(core), None, hardware["processor"])
        ],
        "ansible_processor_cores": cores,
        "ansible_processor_count": 1,
        "ansible_processor_threads_per_core": 1,
        "ansible_processor_vcpus": cores,
    }


def _uptime(machine: Machine, call: Call) -> Json:
    return {
        "ansible_lastboot": f"{machine.boot_time.astimezone(_BERLIN):%Y-%m-%d %H:%M:%SZ}",
        "ansible_uptime_seconds": max(0, round((call.now - machine.boot_time).total_seconds())),
    }


def _user(_machine: Machine, call: Call) -> Json:
    return {
        "ansible_user_dir": rf"C:\Users\{call.user['name']}",
        "ansible_user_gecos": "",
        "ansible_user_id": call.user["name"],
        "ansible_user_sid": None,
    }


def _windows_domain(machine: Machine, _call: Call) -> Json:
    domain, role = machine.state.get("domain"), machine.state["role"]
    if role == "domain_controller":
        title = "Primary domain controller"
    else:
        kind = "server" if role == "server" else "workstation"
        title = f"Member {kind}" if domain else f"Stand-alone {kind}"
    return {
        "ansible_windows_domain": domain or "WORKGROUP",
        "ansible_windows_domain_member": bool(domain),
        "ansible_windows_domain_role": title,
    }


_FACTS: dict[str, Callable[[Machine, Call], Json]] = {
    "all_ipv4_addresses": _addresses,
    "all_ipv6_addresses": _addresses,
    "bios": _bios,
    "date_time": _date_time,
    "distribution": _distribution,
    "env": _environment,
    "interfaces": _interfaces,
    "memory": _memory,
    "platform": _platform,
    "powershell_version": lambda _machine, _call: {"ansible_powershell_version": 5},
    "processor": _processor,
    "uptime": _uptime,
    "user": _user,
    "virtual": lambda _machine, _call: {
        "ansible_virtualization_role": "NA",
        "ansible_virtualization_type": "NA",
    },
    "windows_domain": _windows_domain,
}
