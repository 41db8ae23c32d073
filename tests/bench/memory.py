"""The memory of a process and of all its children, looked at from outside while they run (Linux: /proc)."""

import threading
from pathlib import Path
from time import perf_counter
from typing import Self

_PROC = Path("/proc")
_BETWEEN_SECONDS = 0.02
#: Looking may cost a twentieth of one core, so that it does not slow down what is measured.
_RESTS_PER_LOOK = 20


class Watch:
    """Looks at a process tree again and again. `peak` is the most in MB; None if it could never be seen."""

    def __init__(self, pid: int) -> None:
        self.peak: float | None = None
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.is_set():
            began = perf_counter()
            now = tree_megabytes(self._pid)
            if now is not None:
                self.peak = max(now, self.peak or 0.0)
            self._over.wait(max(_BETWEEN_SECONDS, _RESTS_PER_LOOK * (perf_counter() - began)))


def tree_megabytes(pid: int) -> float | None:
    """MB that a process and its children hold; None when it has gone, or where the system does not tell.

    Pages that forked processes share count once: the kernel shares them out among the holders (Pss).
    """
    own = _megabytes(pid)
    if own is None:
        return None
    return own + sum(tree_megabytes(child) or 0.0 for child in _children(pid))


def _children(pid: int) -> list[int]:
    try:
        lists = [
            thread.joinpath("children").read_text(encoding="ascii")
            for thread in (_PROC / str(pid) / "task").iterdir()
        ]
    except OSError:  # it has ended meanwhile
        return []
    return [int(child) for text in lists for child in text.split()]


def _megabytes(pid: int) -> float | None:
    try:
        text = (_PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return None
