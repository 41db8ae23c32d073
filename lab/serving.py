"""Which process serves a folder of the lab: the one that holds the lock on its .pid file, which cannot outlive it.

A POSIX record lock, because asking who holds one takes nothing: two that ask at once do not mistake each other for
the server, and do not keep it from starting.
"""

import fcntl
import os
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

_POLL_SECONDS = 0.02

#: struct flock of Linux on 64 bits: type, whence, start, length, process.
_FLOCK = struct.Struct("hhxxxxqqixxxx")


def hold(pid_file: TextIO) -> bool:
    """Hold the file's lock until this process ends or closes any handle of the file; False when another holds it."""
    try:
        fcntl.lockf(pid_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def holder(path: Path) -> int | None:
    """The id of the process that holds the file's lock, None for none."""
    try:
        with path.open("r+") as file:
            asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            kind, _, _, _, process = _FLOCK.unpack(fcntl.fcntl(file, fcntl.F_GETLK, asked))
    except FileNotFoundError:
        return None
    return None if kind == fcntl.F_UNLCK else int(process)


def ready(path: Path) -> int | None:
    """The same, once the holder serves: then it has written its id into the file."""
    process = holder(path)
    if process is None:
        return None
    return process if path.read_text(encoding="ascii").strip() == str(process) else None


def listens(address: str, port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection((address, port), timeout=2).close()
    except OSError:
        return False
    return True


def until(condition: Callable[[], bool], timeout: float) -> bool:
    """Wait for the condition; whether it came within `timeout` seconds."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_SECONDS)
    return True
