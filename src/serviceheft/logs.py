"""Weekly log files that people read: var/log/<customer>/<subject>-2026-W47.log, one line per host and run.

The book is the evidence; a log is its plain copy for the one subject that the catalogue asks it for (2.7).
"""

import fcntl
import os
from datetime import datetime
from pathlib import Path

from serviceheft import settings
from serviceheft.clock import period_of
from serviceheft.visible import visible


class LogUnavailable(Exception):
    """A line could not be written; the message says which file and what to do."""


def log_file(customer: str, subject: str, at: datetime) -> Path:
    """The file of the week that `at` lies in, in Europe/Berlin."""
    week = period_of("weekly", at)
    return settings.var_directory() / "log" / customer / f"{subject}-{week}.log"


def append(path: Path, line: str) -> None:
    """Append one line, whole or not at all, also with several writers; LogUnavailable otherwise."""
    if "\n" in line:
        raise ValueError("A log entry is one line.")
    data = f"{visible(line)}\n".encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            if os.write(descriptor, data) != len(data):
                # The disk is full in the middle of the line: half a line would read as evidence.
                os.ftruncate(descriptor, size)
                raise LogUnavailable(
                    f"{path} cannot be written: the disk is full. Free space, then run again."
                )
        finally:
            os.close(descriptor)
    except OSError as error:
        reason = error.strerror or str(error)
        raise LogUnavailable(f"{path} cannot be written: {reason}. Mend that, then run again.") from error
