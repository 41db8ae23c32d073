"""Bare PowerShell that Ansible's plugins send beside modules. Known by what it says; anything else fails."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

from lab.windows.arguments import expand
from lab.windows.execution import Output
from lab.windows.machine import Json, Machine

_SERVICING = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Interface"
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def run_raw(machine: Machine, script: str, account: Json) -> tuple[str, Output]:
    """What it was, and what it yields."""
    for what, pattern, answer in _KNOWN:
        match = pattern.search(script)
        if match:
            return what, answer(machine, match, account)
    first = next((line.strip() for line in script.splitlines() if line.strip()), "")
    return "unknown script", _refuse(
        f"The lab's emulated Windows host does not know this script: {first[:100]}"
    )


def file_time(moment: datetime) -> int:
    """Windows' FILETIME: 100 ns since 1601."""
    return int((moment - _FILETIME_EPOCH).total_seconds()) * 10_000_000


def _boot_time(machine: Machine, _match: re.Match[str], _account: Json) -> Output:
    return Output(lines=[str(file_time(machine.boot_time))])


def _shut_down(machine: Machine, _match: re.Match[str], account: Json) -> Output:
    if not account.get("administrator"):
        return Output(lines=[json.dumps({"stdout": "", "stderr": "Access is denied.(5)", "rc": 5})])
    machine.reboot()
    return Output(lines=[json.dumps({"stdout": "", "stderr": "", "rc": 0})])


def _logged_on(_machine: Machine, match: re.Match[str], _account: Json) -> Output:
    return Output(lines=[match[1]])


def _servicing(machine: Machine, _match: re.Match[str], _account: Json) -> Output:
    busy = machine.registry.data(_SERVICING, "ServicingInProgress", 0)
    return Output(code=0 if busy in (0, 1) else int(busy))


def _remove(machine: Machine, match: re.Match[str], account: Json) -> Output:
    machine.files.remove(expand(match[1] or match[2], account))
    return Output()


def _posix(_machine: Machine, _match: re.Match[str], _account: Json) -> Output:
    # On stdout and as a module's result, because that is what Ansible shows.
    message = "A module for POSIX systems was sent to an emulated Windows host, which has no Python."
    return Output(lines=[json.dumps({"failed": True, "msg": message})], code=1)


def _refuse(text: str) -> Output:
    return Output(errors=[text], code=1)


type _Answer = Callable[[Machine, re.Match[str], Json], Output]

_KNOWN: list[tuple[str, re.Pattern[str], _Answer]] = [
    (
        "boot time",
        re.compile(r"^\(Get-CimInstance -ClassName Win32_OperatingSystem.*ToFileTime\(\)"),
        _boot_time,
    ),
    ("reboot", re.compile(r"C:\\Windows\\System32\\shutdown\.exe /r /t "), _shut_down),
    (
        "logon screen",
        re.compile(r"Winlogon\\AutoLogonChecked' -ErrorAction Stop; '(success-[0-9a-f-]+)'"),
        _logged_on,
    ),
    (
        "servicing",
        re.compile(r"Component Based Servicing\\Interface'\s+Name = 'ServicingInProgress'"),
        _servicing,
    ),
    ("remove", re.compile(r"^Remove-Item (?:'([^']+)'|(\S+)) -Force(?: -Recurse)?"), _remove),
    ("POSIX module", re.compile(r"^echo (?:FOUND|PLATFORM)|/usr/bin/python|\bcommand -v "), _posix),
]
