"""Raising and lowering the emulated console from Python; safe to call again at any time."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from lab import serving
from lab.ca import CertificateAuthority
from lab.gravityzone.server import STATE_FILE
from lab.gravityzone.state import Json
from lab.windows.state_file import write_json


class ConsoleError(Exception):
    """The console could not be raised or lowered; the message says why."""


def raise_console(directory: Path, address: str, port: int, state: Json, *, timeout: float = 30.0) -> int:
    """Serve the console until lower_console(); returns the process id once it listens.

    `directory` is the lab's folder, whose CA signs the certificate. `state` (see lab.gravityzone.state) is
    written only when the folder has none yet: it survives between runs.
    """
    if not (directory / STATE_FILE).exists():
        write_json(directory / STATE_FILE, state)
    lower_console(directory, timeout=timeout)
    authority = CertificateAuthority(directory)
    certificate = authority.issue(directory / "certificates" / "gravityzone.pem", "gravityzone", address)
    log = directory / "gravityzone.log"
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603
            [
                *(sys.executable, "-m", "lab.gravityzone"),
                *("--directory", str(directory), "--certificate", str(certificate)),
                *("--address", address, "--port", str(port)),
            ],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    if not serving.until(
        lambda: process.poll() is not None or console_process(directory) is not None, timeout
    ):
        process.kill()
        raise ConsoleError(f"The emulated console did not come up in {timeout:.0f} s. See {log}.")
    if process.poll() is not None:
        last = log.read_text(encoding="utf-8").strip().splitlines()[-1:]
        raise ConsoleError(last[0] if last else f"The emulated console ended at once. See {log}.")
    return process.pid


def lower_console(directory: Path, *, timeout: float = 10.0) -> None:
    """End the console of `directory`, if it is up; its state stays."""
    pid = console_process(directory)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    if not serving.until(lambda: console_process(directory) is None, timeout):
        raise ConsoleError(f"The emulated console's process {pid} does not end.")


def set_console_faults(
    directory: Path, address: str, port: int, *, timeout: float = 10.0, **faults: Any
) -> None:
    """Make the console faulty (no arguments: sound again); returns when "off" can be felt, or no more."""
    path = directory / "faults" / STATE_FILE
    if faults:
        write_json(path, faults)
    else:
        path.unlink(missing_ok=True)
    listening = not faults.get("off")
    if console_process(directory) is not None and not serving.until(
        lambda: serving.listens(address, port) is listening, timeout
    ):
        raise ConsoleError("The emulated console did not follow its faults.")


def console_process(directory: Path) -> int | None:
    """The id of the process that serves `directory` and listens, None when there is none."""
    return serving.ready(directory / "gravityzone.pid")
