"""`python -m lab.gravityzone --directory DIRECTORY --address A --port P`: serve the emulated console."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TextIO

from lab import serving
from lab.gravityzone.server import STATE_FILE, ConsoleServer


def main() -> int:
    """Exit code 0 after an orderly end, 2 when the console could not be raised."""
    parser = argparse.ArgumentParser(prog="python -m lab.gravityzone", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help=f"{STATE_FILE} and faults/ are in it")
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", type=Path, required=True, help="PEM file with certificate and key")
    arguments = parser.parse_args()
    directory: Path = arguments.directory
    if not (directory / STATE_FILE).exists():
        return _refuse(f"{directory} has no {STATE_FILE}.")
    with (directory / "gravityzone.pid").open("a+") as pid_file:
        if not serving.hold(pid_file):
            return _refuse(f"The console of {directory} is already up.")
        pid_file.truncate(0)
        try:
            server = ConsoleServer(directory, arguments.address, arguments.port, arguments.certificate)
            asyncio.run(_serve(server, pid_file))
        except OSError as error:
            return _refuse(f"Cannot serve on {arguments.address}:{arguments.port}: {error.strerror}.")
        pid_file.truncate(0)
    return 0


async def _serve(server: ConsoleServer, pid_file: TextIO) -> None:
    """Write the process id once the console listens, then serve until SIGTERM."""
    await server.open()
    pid_file.write(f"{os.getpid()}\n")
    pid_file.flush()
    serving = asyncio.ensure_future(server.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)  # noqa: T201
    return 2


if __name__ == "__main__":
    sys.exit(main())
