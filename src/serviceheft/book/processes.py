"""Which process carries a run out, and whether it still does."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

#: A run of another machine cannot be looked at; it counts as gone when nothing came from it for so long.
SILENCE = timedelta(hours=12)


@dataclass(frozen=True)
class Process:
    """A process on a machine. `started` (boot and clock tick) tells it from a later one of its id."""

    machine: str
    pid: int
    started: str

    @classmethod
    def of(cls, pid: int | None = None) -> "Process":
        """The process that carries a run out: by default this one. Ansible's workers name theirs."""
        pid = pid or os.getpid()
        return cls(socket.gethostname(), pid, _started(pid) or "")

    def alive(self, last_heard: Callable[[], datetime], now: datetime) -> bool:
        """Whether the run may still go on. `last_heard` says when it last wrote into the book, if need be."""
        if self.machine != socket.gethostname():
            return now - last_heard() < SILENCE
        return _started(self.pid) == (self.started or None)


def _started(pid: int) -> str | None:
    """Start of a living process; None when there is none (a zombie carries nothing out)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the command's name before it may hold anything
    return None if fields[0] in "ZX" else f"{boot} {fields[19]}"
