"""The lab's side of 2.6: what the computer is."""

from datetime import datetime

from lab.raw_objects import CHASSIS, current_version
from lab.windows.machine import Json, Machine

_PRODUCT_TYPES = {"client": 1, "laptop": 1, "domain_controller": 2, "server": 3}


def _computer(machine: Machine, arguments: Json, now: datetime) -> Json:  # noqa: ARG001
    state = machine.state
    windows, hardware = state["operating_system"], state["hardware"]
    build = str(windows["build"]).partition(".")[0]
    return {
        "Errors": {},
        "ComputerSystem": {
            "Name": state["computer_name"].upper()[:15],
            "DNSHostName": state["computer_name"],
            "Domain": state.get("domain") or "WORKGROUP",
            "PartOfDomain": bool(state.get("domain")),
            "Manufacturer": hardware["manufacturer"],
            "Model": hardware["model"],
            "TotalPhysicalMemory": hardware["memory_bytes"],
        },
        "OperatingSystem": {
            "Caption": windows["caption"],
            "Version": windows["version"],
            "BuildNumber": build,
            "OSArchitecture": windows["architecture"],
            "ProductType": _PRODUCT_TYPES[state["role"]],
            "InstallDate": windows["install_date"],
            "LastBootUpTime": state["boot_time"],
        },
        "CurrentVersion": {
            name: value for name, value in current_version(state).items() if name != "InstallDate"
        },
        "Bios": [{"SerialNumber": hardware["serial_number"]}],
        "Chassis": [{"ChassisTypes": [CHASSIS.get(state["role"], 17)]}],
        "Processors": [{"Name": hardware["processor"], "NumberOfCores": hardware["cores"]}],
    }


def _volumes(machine: Machine, arguments: Json, now: datetime) -> Json:  # noqa: ARG001
    return {
        "Errors": {},
        "Volumes": [
            {
                "DeviceID": volume["letter"],
                "VolumeName": volume["label"],
                "FileSystem": volume["filesystem"],
                "Size": volume["size_bytes"],
                "FreeSpace": volume["free_bytes"],
            }
            for volume in machine.volumes()
        ],
    }


def _network(machine: Machine, arguments: Json, now: datetime) -> Json:  # noqa: ARG001
    return {
        "Errors": {},
        "Adapters": [
            {
                "Description": adapter["name"],
                "MACAddress": adapter["mac"],
                "IPAddress": adapter["addresses"],
            }
            for adapter in machine.state["adapters"]
        ],
    }


SECTIONS = {"computer": _computer, "volumes": _volumes, "network": _network}
