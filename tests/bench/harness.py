"""What every bench needs: run a command and take its wall and CPU time, raise emulated hosts, print tables.

Benches compare ways side by side in one run, since machines and their neighbours differ. Nothing here judges.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from lab import control, site
from lab.generated import Elsewhere, write_customer
from serviceheft import settings
from serviceheft.settings import REPOSITORY

ADDRESS_RANGE = "127.120"
LONGEST_SECONDS = 900.0  # for one command; a machine that others use may be slow


class BenchFailed(Exception):
    """What was to be measured did not do its work, so a figure would mean nothing."""


@dataclass(frozen=True)
class Cost:
    """Seconds of wall time, and of user and system time with that of all children."""

    wall: float
    cpu: float


def measured(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a command from the repository's root to its end. Raises BenchFailed with its last lines."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        began = time.monotonic()
        with subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process:
            late = threading.Timer(LONGEST_SECONDS, process.kill)
            late.start()
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:
                _end(process)
                raise
            finally:
                late.cancel()
            wall = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            last = "".join(output.readlines()[-15:])
            raise BenchFailed(f"{' '.join(command)} ended with {process.returncode}:\n{last}")
    return Cost(wall, usage.ru_utime + usage.ru_stime)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let a run close itself, as after Ctrl-C; but not for ever."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of repeated runs."""
    return Cost(median(cost.wall for cost in costs), median(cost.cpu for cost in costs))


def timed[T](work: Callable[[], T]) -> tuple[Cost, T]:
    """What a call cost in this process and its children, and what it returned."""
    began, before = time.perf_counter(), sum(os.times()[:4])
    result = work()
    return Cost(time.perf_counter() - began, sum(os.times()[:4]) - before), result


@dataclass(frozen=True)
class Raised:
    """A generated customer whose hosts are up."""

    customer: Elsewhere
    directory: Path
    pid: int

    def playbook(self, path: str, *options: str) -> list[str]:
        """The ansible-playbook line for this customer, as `heft` writes it."""
        vault = f"{self.customer.name}@{self.customer.base / 'vault' / self.customer.name}"
        sources = ["-i", "inventories/_shared", "-i", str(self.customer.root), "--vault-id", vault]
        return [str(Path(sys.executable).with_name("ansible-playbook")), *sources, *options, path]

    def lab_megabytes(self) -> float:
        """Memory that the process of all emulated hosts holds."""
        for line in Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise BenchFailed("The lab's process has gone.")


@contextmanager
def raised(hosts: int, **written: Any) -> Iterator[Raised]:
    """Emulated Windows hosts of a customer with a book of its own; lowered again in any case.

    `written`: more of lab.generated.write_customer's arguments.
    """
    with tempfile.TemporaryDirectory(prefix="heft-bench-") as folder:
        customer = write_customer(Path(folder), hosts=hosts, address_range=ADDRESS_RANGE, **written)
        with patch.dict(os.environ, customer.environment):
            try:
                where = site.raise_site(customer.load(), settings.now()).directory
                pid = control.status(where).pid
                if pid is None:
                    raise BenchFailed("The emulated hosts did not come up.")
                yield Raised(customer, where, pid)
            finally:
                site.lower_site(customer.name)


def title(text: str) -> None:
    """Begin a bench's part of the report."""
    tell(f"\n{text}\n{'-' * len(text)}")


def tell(line: str = "") -> None:
    """Print a line at once: a bench takes minutes."""
    print(line, flush=True)  # noqa: T201 - a bench prints


def table(head: Sequence[str], rows: Iterable[Sequence[str]], first: int = 44) -> None:
    """Rows as they come, since some take minutes: `first` characters to the left, figures to the right."""
    widths = [max(len(name), 7) for name in head[1:]]
    tell(_line(head, first, widths))
    for row in rows:
        tell(_line(row, first, widths))


def _line(cells: Sequence[str], first: int, widths: Sequence[int]) -> str:
    figures = (cell.rjust(width) for cell, width in zip(cells[1:], widths, strict=True))
    return "  ".join([cells[0].ljust(first), *figures]).rstrip()
