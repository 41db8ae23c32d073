"""`python -m lab.windows_hosts --directory DIRECTORY`: serve the emulated Windows hosts that hosts.json names."""

import argparse
import os
import signal
import sys
from pathlib import Path

from lab import section_scripts, serving, visit
from lab.windows.server import LabError, Server

#: What answers besides the modules of other projects (lab.windows.modules).
OWN_MODULES = (visit, section_scripts)


def main() -> int:
    """Exit code 0 after an orderly end, 2 when the lab could not be raised."""
    parser = argparse.ArgumentParser(prog="python -m lab.windows_hosts", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="hosts.json and machines/ are in it")
    directory: Path = parser.parse_args().directory
    try:
        pid_file = (directory / "windows.pid").open("a+")
    except OSError as error:
        return _refuse(f"{directory} is no lab: {error.strerror}. `hosts.json` and `machines/` belong there.")
    with pid_file:
        if not serving.hold(pid_file):
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


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)  # noqa: T201
    return 2


if __name__ == "__main__":
    sys.exit(main())
