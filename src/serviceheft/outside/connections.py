"""Ansible's connections to Windows hosts as a run has them: what connection_plugins/ is made of.

A plugin there bears the name of one of Ansible's (winrm, psrp, ssh), so that Ansible finds it in its place, and derives
from it. Whatever variables, vaults, options or the environment say, it speaks TLS only, checks certificate and name,
follows no redirect, uses no proxy, and ends what takes too long or gets too large.
"""

import importlib.util
import json
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import ansible.plugins.connection
import requests
import yaml
from ansible.errors import AnsibleConnectionFailure

from serviceheft.outside.conversation import MEGABYTE, ConversationEnded, Fault, Limits, operation

#: What a request may take longer than its silence is tolerated: the time for the answer itself on a slow line.
ANSWER_SECONDS = 90.0
LONGEST_SILENCE_SECONDS = 600.0
CLOSING_SECONDS = 60.0

OPTIONS = {
    "operation_seconds": {
        "description": "How long one command on the host may take in all, from 1 to 43200.",
        "type": "int",
        "default": 3600,
        "vars": [{"name": "reach_operation_seconds"}],
    },
    "answer_megabytes": {
        "description": "How large one answer of the host may be, from 1 to 256; all of one command, eight times that.",
        "type": "int",
        "default": 16,
        "vars": [{"name": "reach_answer_megabytes"}],
    },
}


def of_ansible(name: str) -> ModuleType:
    """A copy of Ansible's own plugin, whose name ours has taken."""
    path = Path(ansible.plugins.connection.__path__[0]) / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{__name__}.{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def documentation(module: ModuleType) -> str:
    """The plugin's documentation, from which Ansible takes its options, with ours."""
    read = yaml.load(module.DOCUMENTATION, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    read["options"] |= OPTIONS
    return json.dumps(read)


def refuse(setting: str, value: object) -> None:
    raise ConversationEnded(
        Fault.INSECURE, f"{setting} is {value!r}: hosts are reached over TLS with all its checks only."
    )


def demand(settings: Mapping[str, tuple[object, frozenset[object]]]) -> None:
    """Refuse the first setting (name -> value, accepted values) that has another value than those accepted."""
    for setting, (value, accepted) in settings.items():
        if (value.strip().lower() if isinstance(value, str) else value) not in tuple(accepted):
            refuse(setting, value)


class Guarded:
    """Mixed into a connection of Ansible's: each of its methods is one operation with a deadline."""

    def _connect(self) -> Any:
        with self._operation():
            return super()._connect()  # type: ignore[misc]

    def exec_command(self, *args: Any, **kwargs: Any) -> Any:
        with self._operation():
            return super().exec_command(*args, **kwargs)  # type: ignore[misc]

    def put_file(self, *args: Any, **kwargs: Any) -> Any:
        with self._operation():
            return super().put_file(*args, **kwargs)  # type: ignore[misc]

    def fetch_file(self, *args: Any, **kwargs: Any) -> Any:
        with self._operation():
            return super().fetch_file(*args, **kwargs)  # type: ignore[misc]

    def reset(self) -> Any:
        with self._operation():
            return super().reset()  # type: ignore[misc]

    def close(self) -> Any:
        with self._operation(at_most=CLOSING_SECONDS):
            return super().close()  # type: ignore[misc]

    @abstractmethod
    def silence_seconds(self) -> float:
        """How long the library waits for the next byte."""

    def changes_process(self) -> bool:
        """Whether connecting sets what holds for the whole process, so that no other host may be visited beside it."""
        return False

    def limits(self) -> Limits:
        seconds = self._bounded("operation_seconds", 43200)
        answer = self._bounded("answer_megabytes", 256) * MEGABYTE
        return Limits(
            request_seconds=min(self.silence_seconds(), LONGEST_SILENCE_SECONDS) + ANSWER_SECONDS,
            operation_seconds=float(seconds),
            answer_bytes=answer,
            operation_bytes=8 * answer,
        )

    def _bounded(self, option: str, most: int) -> int:
        value: int = self.get_option(option)  # type: ignore[attr-defined]
        if not 1 <= value <= most:
            raise AnsibleConnectionFailure(f"reach_{option} must be from 1 to {most}, not {value}.")
        return value

    @contextmanager
    def _operation(self, *, at_most: float | None = None) -> Iterator[None]:
        limits = self.limits()
        if at_most is not None:
            limits = replace(limits, operation_seconds=min(at_most, limits.operation_seconds))
        try:
            with operation(limits):
                yield
        except (ConversationEnded, requests.RequestException) as ended:
            # Of requests' own errors Ansible knows some: the others would pass for a failure on the host.
            raise AnsibleConnectionFailure(str(ended)) from None
