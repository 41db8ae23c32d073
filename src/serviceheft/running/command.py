"""The ansible-playbook line of a run: built, shown, and carried out."""

import json
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from serviceheft import settings

#: From -vvvv on Ansible's connections print what they send, secrets included.
_MOST_VERBOSE = 3


@dataclass(frozen=True)
class Emergency:
    """One update that is installed now, outside of rings, windows and freeze days, and why."""

    kb: str
    reason: str
    #: Instead of the customer's own cap; None: that one holds.
    maximum_hosts: int | None = None

    @property
    def variables(self) -> dict[str, str | int]:
        found: dict[str, str | int] = {"heft_emergency": self.kb, "heft_reason": self.reason}
        return found | ({"heft_maximum_hosts": self.maximum_hosts} if self.maximum_hosts else {})


@dataclass(frozen=True)
class PlaybookCall:
    """One call of ansible-playbook from the repository's root; `line` is what a technician would type."""

    playbook: str
    customer: str
    check: bool = False
    diff: bool = False
    limit: str | None = None
    ticket: str | None = None
    only_open: bool = False
    catch_up: bool = False
    emergency: "Emergency | None" = None
    verbose: int = 0

    @property
    def arguments(self) -> list[str]:
        password = settings.vault_password_file(self.customer)
        found = ["-i", "inventories/_shared", "-i", _short(settings.inventories_directory() / self.customer)]
        found += ["--vault-id", f"{self.customer}@{_short(password)}"]
        found += ["--check"] if self.check else []
        found += ["--diff"] if self.diff else []
        found += ["--limit", self.limit] if self.limit else []
        found += ["-e", f"heft_ticket={self.ticket}"] if self.ticket else []
        found += ["-e", "heft_only_open=true"] if self.only_open else []
        found += ["-e", "heft_catch_up=true"] if self.catch_up else []
        found += ["-e", json.dumps(self.emergency.variables, ensure_ascii=False)] if self.emergency else []
        found += [f"-{'v' * min(self.verbose, _MOST_VERBOSE)}"] if self.verbose else []
        return [*found, f"playbooks/{self.playbook}.yml"]

    @property
    def line(self) -> str:
        return shlex.join([_short(executable()), *self.arguments])

    def run(self) -> int:
        """Carry it out in the foreground; returns ansible-playbook's exit code.

        Ctrl-C reaches ansible-playbook itself (same terminal), which closes its run; we only wait for that. SIGTERM,
        as from a timer's time limit, reaches us alone and is handed on in the same way.
        """
        environment = {**os.environ, "ANSIBLE_CONFIG": str(settings.REPOSITORY / "ansible.cfg")}
        command = [str(executable()), *self.arguments]
        with subprocess.Popen(command, cwd=settings.REPOSITORY, env=environment) as process:  # noqa: S603
            signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT))
            while True:
                try:
                    return process.wait()
                except KeyboardInterrupt:
                    continue


def executable() -> Path:
    """ansible-playbook beside the Python that runs this."""
    return Path(sys.executable).with_name("ansible-playbook")


def _short(path: Path) -> str:
    """Relative to the repository where it lies inside, as a technician would type it."""
    return (
        str(path.relative_to(settings.REPOSITORY)) if path.is_relative_to(settings.REPOSITORY) else str(path)
    )


def exit_code(ansible: int) -> int:
    """Ansible's exit code as heft's: 0 carried out, 1 not all carried out, 2 bad input and nothing touched."""
    return ansible if ansible in (0, 1, 2) else 1
