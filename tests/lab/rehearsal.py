"""A customer's week carried out for real: heft and ansible-playbook as subprocesses against the lab.

Everything lies in a folder of its own, and every rehearsal has addresses of its own.
"""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lab import control, site
from lab.generated import Elsewhere, copy_customer, write_customer
from serviceheft import settings
from serviceheft.book import Book, Stamp
from serviceheft.ledger import owed, owed_hosts
from serviceheft.model.catalogue import load_catalogue

#: A Wednesday in service hours, so that no run lies on the edge of a week.
NOW = "2026-11-18T10:00:00+01:00"
BIN = Path(sys.executable).parent
#: What every command says first, as the time is made up.
REHEARSED = "Rehearsal: HEFT_NOW sets the time.\n"


@dataclass
class Rehearsal:
    """A customer elsewhere, with its lab up."""

    elsewhere: Elsewhere
    _opened: list[Book] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def environment(self) -> dict[str, str]:
        return self.elsewhere.environment | {"HEFT_NOW": NOW, "HEFT_WHO": "anna"}

    @property
    def lab(self) -> Path:
        return self.elsewhere.base / "var" / "lab" / self.elsewhere.name

    @property
    def book(self) -> Book:
        """Opened anew, since a test may replace the file; the last one is closed, and not whenever it is collected."""
        self.close()
        self._opened.append(Book.open(f"sqlite:///{self.book_file}", create=False))
        return self._opened[0]

    def close(self) -> None:
        while self._opened:
            self._opened.pop().close()

    @property
    def book_file(self) -> Path:
        return self.elsewhere.book_file

    def heft(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return self._run([BIN / "heft", *arguments], environment)

    def line(self, *arguments: str, playbook: str = "playbooks/weekly.yml", **environment: str) -> Any:
        """The plain ansible-playbook line, as a technician would type it."""
        return self._run([BIN / "ansible-playbook", *self.sources(), *arguments, playbook], environment)

    def sources(self) -> list[str]:
        name = self.elsewhere.name
        password = self.elsewhere.base / "vault" / name
        return [
            *("-i", "inventories/_shared", "-i", str(self.elsewhere.root)),
            *("--vault-id", f"{name}@{password}"),
        ]

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        """heft as the leader of a process group, as a shell starts it; output is read by the test."""
        return subprocess.Popen(
            [BIN / "heft", *arguments],
            cwd=settings.REPOSITORY,
            env=os.environ | self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _run(self, command: list[Any], environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            cwd=settings.REPOSITORY,
            env=os.environ | self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    # -- what came of it -------------------------------------------------------------------------------------

    def run_ids(self) -> list[str]:
        """Oldest first."""
        return [run.id for run in reversed(self.book.runs(self.elsewhere.name))]

    def stamps(self, run: str | None = None) -> list[Stamp]:
        """Of one run, by default of the last one."""
        return self.book.stamps(self.elsewhere.name, run=run or self.run_ids()[-1])

    def outcomes(self, run: str | None = None) -> dict[tuple[str | None, str], tuple[str, str | None]]:
        """(host, service) -> (outcome, reason) as stamped last."""
        return {(it.host, it.service): (it.outcome.value, it.reason) for it in self.stamps(run)}

    def owed(self) -> dict[str, set[str]]:
        """host -> services that a week's run carries out on it."""
        customer, catalogue = self.elsewhere.load(), load_catalogue()
        found = owed_hosts(owed(customer, catalogue, (), settings.now()), again=True)
        return {host: set(services) for host, services in found.items()}

    def machines(self) -> dict[str, bytes]:
        """Every machine's state file, byte for byte, and the console's."""
        files = [*(self.lab / "machines").glob("*.json"), *self.lab.glob("gravityzone.json")]
        return {path.stem: path.read_bytes() for path in files}

    def state(self, host: str) -> dict[str, Any]:
        return dict(json.loads((self.lab / "machines" / f"{host}.json").read_text(encoding="utf-8")))

    def change(self, host: str, edit: Callable[[dict[str, Any]], None]) -> None:
        """Edit a machine's state as somebody at the machine would."""
        state = self.state(host)
        edit(state)
        (self.lab / "machines" / f"{host}.json").write_text(json.dumps(state), encoding="utf-8")

    def faults(self, host: str, **faults: Any) -> None:
        control.set_faults(self.lab, host, **faults)


@contextmanager
def rehearse(base: Path, slot: int, name: str | None = None, **written: Any) -> Iterator[Rehearsal]:
    """Raise a copy of the fictional customer `name`, or a small one written for the purpose; lower it at the end.

    `slot`, 0 to 9: which addresses are tried first.
    """
    with addresses(slot) as address_range:
        if name:
            elsewhere = copy_customer(base, name, address_range)
        else:
            elsewhere = write_customer(base, address_range=address_range, **written)
        rehearsal = Rehearsal(elsewhere)
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in rehearsal.environment.items():
                patch.setenv(variable, value)
            try:
                site.raise_site(elsewhere.load(), settings.now())
                yield rehearsal
            finally:
                rehearsal.close()
                site.lower_site(elsewhere.name)


@contextmanager
def addresses(slot: int) -> Iterator[str]:
    """A range such as "127.113" that no other test on this machine uses meanwhile, whoever runs it."""
    ranges = sorted(range(110, 200), key=lambda number: (number - 110 - slot) % 10)
    for number in ranges:
        with (Path(tempfile.gettempdir()) / f"serviceheft-lab-127.{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            if _in_use(number):  # by the lab of a test run that was killed
                continue
            yield f"127.{number}"
            return
    raise AssertionError("no range of addresses is free")


def _in_use(number: int) -> bool:
    """Whether anything on this machine has a socket on 127.<number>.x.y; /proc writes addresses backwards."""
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return any(line.split()[1].partition(":")[0].endswith(f"{number:02X}7F") for line in lines)


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Poll for a condition; its value, or AssertionError when the time is over."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "the awaited condition did not come"
        time.sleep(0.02)
    return found
