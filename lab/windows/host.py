"""One emulated host at run time: its address, its endpoint, what runs in the background, whether it is up."""

import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab.windows.cmd_shell import CmdShell
from lab.windows.execution import Output
from lab.windows.machine import Faults, Json, Machine, UnreadableState
from lab.windows.manifest import BOOTSTRAP_MARKER, Manifest
from lab.windows.psrp_shell import PsrpShell
from lab.windows.raw import run_raw
from lab.windows.task import run_manifest
from lab.windows.wsman import CMD, Endpoint, Shell


@dataclass(frozen=True)
class HostAddress:
    """Where a host listens."""

    name: str
    address: str
    port: int = 5986


class Host:
    """Runs what arrives for one machine, one script at a time; the state is read anew for each."""

    def __init__(self, directory: Path, where: HostAddress, log: Callable[[str], None]) -> None:
        self.where = where
        self._directory = directory
        self._log = log
        self._busy = threading.Lock()
        self._memory: Json = {}
        self._faults = Faults()
        self.endpoint = Endpoint(self._open_shell, self.log)

    def log(self, text: str) -> None:
        """One line in the lab's log, with the host's name."""
        self._log(f"{self.where.name}: {text}")

    def faults(self) -> Faults:
        """What is wrong with the machine just now. Lifting "reboot_never_ends" lets it come up."""
        try:
            self._faults = Faults.read(self._directory / "faults" / f"{self.where.name}.json")
        except ValueError as error:  # half written, or nonsense: what was so before stays so
            self.log(f"faults not understood: {error}")
        if self.endpoint.is_down and not self._faults.reboot_never_ends:
            self.endpoint.is_down = False
        return self._faults

    def load(self) -> Machine:
        """The machine that answers, as it is on disk."""
        faults = self.faults()
        return Machine.load(self._directory, faults.answers_as or self.where.name, faults, self._memory)

    def run(self, account: Json, script: str, stdin: str) -> Output:
        """Run a PowerShell script with its input, as `account`."""
        started = time.perf_counter()
        with self._busy:
            try:
                machine = self.load()
            except UnreadableState as error:
                self.log(str(error))
                return Output(errors=[str(error)], code=1)
            booted = machine.boot_time
            what, output = _run(machine, account, script, stdin)
            machine.save()
        milliseconds = (time.perf_counter() - started) * 1000
        self.log(f"{account['name']} {what} -> {output.code} ({milliseconds:.1f} ms)")
        if booted != machine.boot_time and machine.faults.reboot_never_ends:
            output.afterwards = self._stay_down
        return output

    def _stay_down(self) -> None:
        self.endpoint.is_down = True

    def _open_shell(self, resource: str, account: Json, request: ET.Element) -> Shell:
        def run(script: str, stdin: str) -> Output:
            return self.run(account, script, stdin)

        return CmdShell(run) if resource == CMD else PsrpShell(run, request)


def _run(machine: Machine, account: Json, script: str, stdin: str) -> tuple[str, Output]:
    if BOOTSTRAP_MARKER not in script:
        return run_raw(machine, script, account)
    try:
        manifest = Manifest.parse(stdin)
    except (ValueError, KeyError, TypeError) as error:
        reason = f"The lab cannot read what this ansible-core sends ({error!r}); it knows the format of 2.21."
        return "unreadable manifest", Output(errors=[reason], code=1)
    return run_manifest(machine, manifest, account)
