"""`python -m lab.windows --directory DIRECTORY`: serve the emulated Windows hosts that hosts.json names."""

import argparse
import fcntl
import os
import signal
import sys
import time
from pathlib import Path
from typing import TextIO

from lab.windows.server import LabError, Server

_ATTEMPTS = 20
_PAUSE_SECONDS = 0.05


def main() -> int:
    """Exit code 0 after an orderly end, 2 when the lab could not be raised."""
    parser = argparse.ArgumentParser(prog="python -m lab.windows", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="hosts.json and machines/ are in it")
    directory: Path = parser.parse_args().directory
    try:
        pid_file = (directory / "windows.pid").open("a+")
    except OSError as error:
        return _refuse(f"{directory} is no lab: {error.strerror}. `hosts.json` and `machines/` belong there.")
    with pid_file:
        if not _lock(pid_file):
            return _refuse(f"The Windows hosts of {directory} are already up.")
        pid_file.truncate(0)
        try:
            server = Server(directory)
            server.open()
        except LabError as error:
            return _refuse(str(error))
        signal.signal(signal.SIGTERM, server.end)
        signal.signal(signal.SIGINT, server.end)
        pid_file.write(f"{os.getpid()}\n")
        pid_file.flush()
        server.serve()
        pid_file.truncate(0)
    return 0


def _lock(pid_file: TextIO) -> bool:
    """Hold the file's lock. It, not the number in the file, says that a lab is up: it cannot outlive the process.

    Whoever asks whether the lab is up holds the lock for a moment, hence more than one attempt.
    """
    for _ in range(_ATTEMPTS):
        try:
            fcntl.flock(pid_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(_PAUSE_SECONDS)
        else:
            return True
    return False


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)  # noqa: T201
    return 2


if __name__ == "__main__":
    sys.exit(main())
