"""What every bench needs: run a command fairly and take its wall time, CPU time and memory.

Benches compare ways side by side in one run, since machines and their neighbours differ. Nothing here judges.

A measured process sees the same environment whoever starts the bench: a setting of the caller's shell such as
PYTHONDONTWRITEBYTECODE makes one way dearer than another, since only ordinary tasks start Python libraries in each of
their workers.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from serviceheft.settings import REPOSITORY
from tests.bench.memory import Watch
from tests.bench.report import table, title

__all__ = ["BenchFailed", "Cost", "environment", "measured", "middle", "require_byte_code", "table"]
__all__ += ["timed", "title"]

LONGEST_SECONDS = 1800.0  # for one command; a machine that others use may be slow

#: All that is taken from the caller's environment.
_TAKEN = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER")
_LIBRARIES = "ansible.cli.playbook, sqlalchemy, pydantic, winrm, requests, serviceheft.running.recording"
#: Prints the loaded modules whose byte code is not kept.
_UNKEPT = f"""
import os, sys
import {_LIBRARIES}
for name, module in sorted(sys.modules.items()):
    spec = getattr(module, "__spec__", None)
    if getattr(spec, "has_location", False) and (spec.origin or "").endswith(".py"):
        if not (spec.cached and os.path.exists(spec.cached)):
            print(spec.origin)
"""


class BenchFailed(Exception):
    """What was to be measured did not do its work, so a figure would mean nothing."""


@dataclass(frozen=True)
class Cost:
    """Seconds of wall time, and of user and system time with that of all children; the tree's most memory in MB.

    memory: None where it was not measured.
    """

    wall: float
    cpu: float
    memory: float | None = None


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a measured process sees: a few names of the caller's environment, and `more`.

    So byte code is kept beside the sources (no PYTHONDONTWRITEBYTECODE, no PYTHONPYCACHEPREFIX), and no proxy, no
    setting of Ansible and none of Serviceheft gets in unseen.
    """
    taken = {name: os.environ[name] for name in _TAKEN if name in os.environ}
    return {**taken, **(more or {})}


def require_byte_code() -> None:
    """Warm the byte code of all libraries. Raises BenchFailed where Python cannot keep it."""
    for _ in range(2):  # what the first writes, the second finds
        checked = subprocess.run(
            [sys.executable, "-c", _UNKEPT],
            cwd=REPOSITORY,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    refuse_without_byte_code(checked.stdout.splitlines(), checked.stderr if checked.returncode else "")


def refuse_without_byte_code(unkept: Sequence[str], trouble: str = "") -> None:
    """Raise BenchFailed for sources without kept byte code, or where looking for them failed."""
    if trouble:
        raise BenchFailed(f"The libraries cannot be loaded: {trouble.strip().splitlines()[-1]}")
    if unkept:
        raise BenchFailed(
            f"Python keeps no byte code of {unkept[0]} ({len(unkept)} such files): is the folder read-only? "
            "Compiling them in each process would inflate the figures."
        )


def measured(command: Sequence[str], more: Mapping[str, str]) -> Cost:
    """Run a command from the repository's root to its end, in `environment(more)`. BenchFailed with its last lines."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        began = time.monotonic()
        with subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=environment(more),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process:
            late = threading.Timer(LONGEST_SECONDS, process.kill)
            late.start()
            try:
                with Watch(process.pid) as watch:
                    _, status, usage = os.wait4(process.pid, 0)
                    wall = time.monotonic() - began
            except BaseException:
                _end(process)
                raise
            finally:
                late.cancel()
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            last = "".join(output.readlines()[-15:])
            raise BenchFailed(f"{' '.join(command)} ended with {process.returncode}:\n{last}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, watch.peak)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let a run close itself, as after Ctrl-C; but not for ever."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of repeated runs; of their memory the most."""
    known = [cost.memory for cost in costs if cost.memory is not None]
    return Cost(
        median(cost.wall for cost in costs), median(cost.cpu for cost in costs), max(known) if known else None
    )


def timed[T](work: Callable[[], T]) -> tuple[Cost, T]:
    """What a call cost in this process and its children, and what it returned."""
    began, before = time.perf_counter(), sum(os.times()[:4])
    result = work()
    return Cost(time.perf_counter() - began, sum(os.times()[:4]) - before), result
