"""Bare PowerShell that Ansible's plugins send beside modules. Known by what it says; anything else fails."""

from lab.windows.execution import Output
from lab.windows.machine import Machine


def run_raw(machine: Machine, script: str) -> tuple[str, Output]:  # noqa: ARG001
    """What it was, and what it yields."""
    first = script.strip().splitlines()[0][:100] if script.strip() else ""
    if script.startswith("echo FOUND"):
        return "POSIX module", _refuse("A module for POSIX systems was sent to an emulated Windows host.")
    return "unknown script", _refuse(f"The lab's emulated Windows host does not know this script: {first}")


def _refuse(text: str) -> Output:
    return Output(errors=[text], code=1)
