"""How far the visit of all hosts is, on the callback's screen while its one task runs.

The task runs in a process that Ansible forks, and its only result comes at its end. So before the fork the callback
opens a pipe; the task writes short lines into it, and a thread of the callback's process shows them.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

#: Nobody waits longer than this without being told that something goes on.
SILENT_SECONDS = 2.0
_REPEATED_SECONDS = 30.0
_END = b"end\n"


@dataclass(frozen=True)
class Progress:
    """So many hosts of all are done, and so many of those were not reached."""

    done: int
    hosts: int
    lost: int

    def __str__(self) -> str:
        return f"visited {self.done} of {self.hosts}, {self.lost} not reached"


class PlainPace:
    """Which progress is worth a line where lines stay (a file, a mail): the first after two seconds, then each tenth
    of the hosts, and one every half minute. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said_at = clock() + SILENT_SECONDS - _REPEATED_SECONDS
        self._said: Progress | None = None

    def due(self, progress: Progress) -> bool:
        now = self._clock()
        step = (
            self._said is not None
            and now - self._said_at >= SILENT_SECONDS
            and progress.done - self._said.done >= max(1, progress.hosts / 10)
        )
        if not step and now - self._said_at < _REPEATED_SECONDS:
            return False
        self._said_at, self._said = now, progress
        return True


class Listener:
    """Shows the progress of the task that runs; `show` is called in a thread of its own, until `stop` returns."""

    def __init__(self, show: Callable[[Progress], None]) -> None:
        global _telling
        self._show, self._behind = show, False
        self._reading, self._writing = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._writing, False)
        _telling = self._writing
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        global _telling
        _telling = None
        try:
            os.write(self._writing, _END)
        except OSError:  # full: as on a screen that stands still
            self._behind = True
        self._thread.join(SILENT_SECONDS)
        os.close(self._writing)

    def _listen(self) -> None:
        with os.fdopen(self._reading, "rb") as lines:
            for line in lines:
                if line == _END:
                    return
                with suppress(OSError):  # the screen is gone: whoever prints next says so
                    self._show(Progress(*(int(number) for number in line.split())))
                if self._behind:
                    return


#: Where a task writes to, inherited by its process.
_telling: int | None = None


def tell(progress: Progress) -> None:
    """Called by the task. A reader that is slow or gone hinders nobody."""
    if _telling is not None:
        with suppress(OSError):
            os.write(_telling, f"{progress.done} {progress.hosts} {progress.lost}\n".encode())
