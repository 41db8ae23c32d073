"""Emulated hosts for a bench: raised for a customer of their own, lowered again in any case."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from lab import control, site
from lab.generated import Elsewhere, write_customer
from serviceheft import settings
from tests.bench.harness import BenchFailed, environment

ADDRESS_RANGE = "127.120"


@dataclass(frozen=True)
class Raised:
    """A generated customer whose hosts are up; `pid` is the process that emulates all of them."""

    customer: Elsewhere
    directory: Path
    pid: int

    def playbook(self, path: str, *options: str) -> list[str]:
        """The ansible-playbook line for this customer, as `heft` writes it."""
        vault = f"{self.customer.name}@{self.customer.base / 'vault' / self.customer.name}"
        sources = ["-i", "inventories/_shared", "-i", str(self.customer.root), "--vault-id", vault]
        return [str(Path(sys.executable).with_name("ansible-playbook")), *sources, *options, path]

    @property
    def hosts(self) -> Sequence[str]:
        """Names of the emulated hosts."""
        return [host["name"] for host in self.served()]

    def served(self) -> list[dict[str, Any]]:
        """Name, address and port of each host, as the lab listens."""
        return list(json.loads((self.directory / "hosts.json").read_text(encoding="utf-8")))

    @property
    def account(self) -> str:
        """Whom the hosts know."""
        path = self.customer.root / "group_vars" / "windows_clients" / "windows.yml"
        return str(yaml.safe_load(path.read_text(encoding="utf-8"))["ansible_user"])

    def vaulted(self, name: str) -> str:
        """A value of the customer's vault."""
        key = VaultSecret((self.customer.base / "vault" / self.customer.name).read_bytes())
        path = self.customer.root / "group_vars" / "all" / "vault.yml"
        text = VaultLib([(self.customer.name, key)]).decrypt(path.read_bytes())
        return str(yaml.safe_load(text)[name])

    def lab_megabytes(self) -> float:
        """The most memory that the process of all emulated hosts has held."""
        for line in self._proc("status").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise BenchFailed("The lab's process has gone.")

    def lab_seconds(self) -> float:
        """CPU that the process of all emulated hosts has used, user and system."""
        after_name = self._proc("stat").rpartition(")")[2].split()
        user, system = after_name[11:13]  # fields 14 and 15 of proc_pid_stat(5)
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _proc(self, name: str) -> str:
        try:
            return Path(f"/proc/{self.pid}/{name}").read_text(encoding="ascii", errors="replace")
        except OSError as error:
            raise BenchFailed("The lab's process has gone.") from error


@contextmanager
def raised(hosts: int, **written: Any) -> Iterator[Raised]:
    """Emulated Windows hosts of a customer with a book of its own; lowered again in any case.

    `written`: more of lab.generated.write_customer's arguments.
    """
    with tempfile.TemporaryDirectory(prefix="heft-bench-") as folder:
        customer = write_customer(Path(folder), hosts=hosts, address_range=ADDRESS_RANGE, **written)
        with patch.dict(os.environ, environment(customer.environment), clear=True):
            try:
                where = site.raise_site(customer.load(), settings.now()).directory
                pid = control.status(where).pid
                if pid is None:
                    raise BenchFailed("The emulated hosts did not come up.")
                yield Raised(customer, where, pid)
            finally:
                site.lower_site(customer.name)
