"""The modules that an emulated Windows host answers: one file per family, registered by full name."""

import importlib
import pkgutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lab.windows.machine import Json, Machine

__all__ = ["Call", "Handler", "Hangs", "find", "module"]


class Hangs(Exception):
    """What a module waits for never comes: in the background its job stays unfinished, else its client waits.

    `watched`: Ansible's watchdog on the host, which is in the same process, ends the job by the time of `async`.
    """

    def __init__(self, *, watched: bool = False) -> None:
        super().__init__()
        self.watched = watched


@dataclass
class Call:
    """How a module is called: what Ansible asked for beside the arguments.

    check_mode and diff as the task has them; now: the machine's clock; user: the account that runs it (become
    counted); settings: Ansible's other `_ansible_*` settings without that prefix. `warn` collects warnings;
    `afterwards` is done once the client has the answer.
    """

    check_mode: bool
    diff: bool
    now: datetime
    user: Json
    settings: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    afterwards: Callable[[], None] | None = None

    def warn(self, text: str) -> None:
        """Add a warning to the module's result."""
        self.warnings.append(text)


type Handler = Callable[[Machine, dict[str, Any], Call], dict[str, Any]]

_handlers: dict[str, Handler] = {}
_loading = threading.Lock()
_loaded = False


def module(*names: str) -> Callable[[Handler], Handler]:
    """Register a handler under full names such as "ansible.windows.win_ping".

    A module of the repository's library/ arrives as "ansible.legacy.<name>". The handler returns the module's
    result ("changed" defaults to False) and raises ModuleFailure to fail.
    """

    def register(handler: Handler) -> Handler:
        for name in names:
            if name in _handlers:
                raise ValueError(f"two handlers for {name}")
            _handlers[name] = handler
        return handler

    return register


def names() -> list[str]:
    """All registered names, once the modules are loaded."""
    return sorted(_handlers)


def find(name: str) -> Handler | None:
    """The handler of a module, None when the lab does not know it."""
    global _loaded
    with _loading:
        if not _loaded:
            for info in pkgutil.iter_modules(__path__):
                importlib.import_module(f"{__name__}.{info.name}")
            _loaded = True
    return _handlers.get(name)
