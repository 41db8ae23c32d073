"""The ansible-playbook line of a run: built, shown, and carried out."""

import json
import os
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from serviceheft import settings
from serviceheft.running import typed
from serviceheft.running.environment import for_ansible

#: From -vvvv on Ansible's connections print what they send, secrets included.
MOST_VERBOSE = 3
#: A shell in between reports a signal as 128 + its number.
_BY_SIGNAL = 128


class NotStarted(Exception):
    """ansible-playbook is not there or cannot be run; the message says what to do."""


@dataclass(frozen=True)
class Emergency:
    """One update that is installed now, outside of rings, windows and freeze days, and why."""

    kb: str
    reason: str
    #: Instead of the customer's own cap; None: that one holds.
    maximum_hosts: int | None = None


@dataclass(frozen=True)
class PlaybookCall:
    """One call of ansible-playbook from the repository's root; `line` is what a technician would type.

    What a person typed goes as JSON, or behind the "=" of its option, so that it is never more than a value. Raises
    NotAccepted for what is no readable line.
    """

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

    def __post_init__(self) -> None:
        if self.limit is not None:
            typed.host_pattern(self.limit)
        for name, value in self.variables.items():
            if isinstance(value, str):
                typed.one_line(f"--{name.removeprefix('heft_')}", value)

    @property
    def variables(self) -> dict[str, str | int | bool]:
        """What the run is told besides, by the names that serviceheft.running.invocation accepts."""
        found: dict[str, str | int | bool | None] = {
            "heft_ticket": self.ticket,
            "heft_only_open": self.only_open or None,
            "heft_catch_up": self.catch_up or None,
        }
        if order := self.emergency:
            found |= {
                "heft_emergency": order.kb,
                "heft_reason": order.reason,
                "heft_maximum_hosts": order.maximum_hosts,
            }
        return {name: value for name, value in found.items() if value is not None}

    @property
    def arguments(self) -> list[str]:
        password = settings.vault_password_file(self.customer)
        found = ["-i", "inventories/_shared", "-i", _short(settings.inventories_directory() / self.customer)]
        found += ["--vault-id", f"{self.customer}@{_short(password)}"]
        found += ["--check"] if self.check else []
        found += ["--diff"] if self.diff else []
        found += [f"--limit={self.limit}"] if self.limit is not None else []
        found += ["-e", json.dumps(self.variables, ensure_ascii=False)] if self.variables else []
        found += [f"-{'v' * min(self.verbose, MOST_VERBOSE)}"] if self.verbose else []
        return [*found, f"playbooks/{self.playbook}.yml"]

    @property
    def line(self) -> str:
        return shlex.join([_short(executable()), *self.arguments])

    def run(self) -> int:
        """Carry it out in the foreground; returns ansible-playbook's exit code. Raises NotStarted.

        Ctrl-C reaches ansible-playbook itself (same terminal), which closes its run; we only wait for that. SIGTERM,
        as from a timer's time limit, reaches us alone and is handed on in the same way.
        """
        environment = for_ansible(os.environ)
        command = [str(executable()), *self.arguments]
        try:
            started = subprocess.Popen(command, cwd=settings.REPOSITORY, env=environment)  # noqa: S603
        except OSError as error:
            raise NotStarted(
                f"{executable()} cannot be started ({error.strerror}), so nothing was touched. "
                "Install it anew: remove the folder .venv, then call make demo"
            ) from None
        with started as process:
            before = signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT))
            try:
                while True:
                    with suppress(KeyboardInterrupt):
                        return process.wait()
            finally:
                signal.signal(signal.SIGTERM, before)


def executable() -> Path:
    """ansible-playbook beside the Python that runs this."""
    return Path(sys.executable).with_name("ansible-playbook")


def _short(path: Path) -> str:
    """Relative to the repository where it lies inside, as a technician would type it."""
    return (
        str(path.relative_to(settings.REPOSITORY)) if path.is_relative_to(settings.REPOSITORY) else str(path)
    )


def end_in_words(ansible: int, customer: str) -> str | None:
    """What to say when ansible-playbook did not end by itself, and so could not say it; None when it did."""
    number = -ansible if ansible < 0 else ansible - _BY_SIGNAL
    try:
        name = signal.Signals(number).name
    except ValueError:
        return None
    why = " (as when memory runs out)" if name == "SIGKILL" else ""
    return (
        f"ansible-playbook was ended by {name}{why}, in the middle of the run. "
        "What it had stamped is safe in the book; "
        f"a host may stand in the middle of a change. Look at what is there: heft status {customer}. "
        f"Then take up the rest, which measures anew: heft run {customer}"
    )


def exit_code(ansible: int) -> int:
    """Ansible's exit code as heft's: 0 carried out, 1 not all carried out, 2 bad input and nothing touched."""
    return ansible if ansible in (0, 1, 2) else 1
