"""Raising and lowering emulated Windows hosts from Python; safe to call again at any time."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import serving
from lab.ca import CertificateAuthority
from lab.windows.faults import Faults
from lab.windows.host import HostAddress
from lab.windows.server import LabError
from lab.windows.state_file import Json, write_json

__all__ = ["LabError", "LabStatus", "WindowsHost", "lower_lab", "raise_lab", "set_faults", "status"]


@dataclass(frozen=True)
class WindowsHost:
    """A host to raise. `state` is written only when the machine has none yet: it survives between runs."""

    name: str
    address: str
    state: Json
    port: int = 5986


@dataclass(frozen=True)
class LabStatus:
    """Whether the hosts of a directory are served, and by which process."""

    directory: Path
    pid: int | None

    @property
    def is_up(self) -> bool:
        return self.pid is not None


def status(directory: Path) -> LabStatus:
    """Whether a server holds the directory and has bound all its addresses."""
    return LabStatus(directory, serving.ready(directory / "windows.pid"))


def raise_lab(directory: Path, hosts: Sequence[WindowsHost], *, timeout: float = 30.0) -> LabStatus:
    """Serve `hosts`; return once all listen. Keeps a running server that serves just these; replaces another.

    Raises LabError, with the server's own words, when it does not come up.
    """
    wanted = [{"name": host.name, "address": host.address, "port": host.port} for host in hosts]
    for host in hosts:
        path = directory / "machines" / f"{host.name}.json"
        if not path.exists():
            write_json(path, host.state)
    CertificateAuthority(directory)
    now = status(directory)
    if now.is_up and _served(directory) == wanted:
        return now
    lower_lab(directory)
    write_json(directory / "hosts.json", wanted)
    return _start(directory, timeout)


def lower_lab(directory: Path, *, timeout: float = 10.0) -> None:
    """End the server of `directory`, if there is one; its state stays. Raises LabError if it will not end."""
    pid_file = directory / "windows.pid"
    now = status(directory)
    if now.pid is None:
        return
    for way in (signal.SIGTERM, signal.SIGKILL):
        os.kill(now.pid, way)
        if serving.until(lambda: serving.holder(pid_file) is None, timeout):
            return
    raise LabError(f"The lab's process {now.pid} does not end. See {directory / 'windows.log'}.")


def set_faults(directory: Path, host: str, *, timeout: float = 10.0, **faults: Any) -> None:
    """Make a host faulty (no arguments: sound again); returns when being off or on can be felt outside."""
    path = directory / "faults" / f"{host}.json"
    Faults(**faults)  # an unknown one is refused here, not by the server
    address = _address(directory, host)
    if faults:
        write_json(path, faults)
    else:
        path.unlink(missing_ok=True)
    listening = not faults.get("off")
    if status(directory).is_up and not serving.until(
        lambda: serving.listens(address.address, address.port) is listening, timeout
    ):
        raise LabError(f"{host} did not follow its faults. See {directory / 'windows.log'}.")


def _start(directory: Path, timeout: float) -> LabStatus:
    log = directory / "windows.log"
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "lab.windows_hosts", "--directory", str(directory)],
            cwd=Path(__file__).resolve().parents[1],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    if not serving.until(lambda: status(directory).is_up or process.poll() is not None, timeout):
        process.kill()
        raise LabError(f"The Windows hosts did not come up in {timeout:.0f} s. See {log}.")
    if process.poll() is not None:
        last = log.read_text(encoding="utf-8").strip().splitlines()[-1:]
        raise LabError(
            last[0] if last else f"The Windows hosts ended with code {process.returncode}. See {log}."
        )
    return status(directory)


def _served(directory: Path) -> list[Json]:
    path = directory / "hosts.json"
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def _address(directory: Path, host: str) -> HostAddress:
    for entry in _served(directory):
        if entry["name"] == host:
            return HostAddress(host, entry["address"], entry["port"])
    raise LabError(f"{directory} has no host {host}.")
