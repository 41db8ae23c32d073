"""Connections and the script for a visit, made as Ansible makes them for a task on that one host.

The only place that uses what is private to ansible-core (docs/decisions/0012). tests/lab/test_visit_golden.py compares
what comes of it with what an ordinary task sends, so a newer ansible-core that does otherwise is noticed.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError, AnsibleValueOmittedError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.playbook.play_context import PlayContext
from ansible.plugins.action import ActionBase
from ansible.plugins.connection import ConnectionBase
from ansible.plugins.loader import connection_loader
from ansible.template import Templar

from serviceheft.outside.connections import CLOSING_SECONDS
from serviceheft.running import visiting

MODULE = "windows_visit"
#: What a visit may take besides the two operations that it consists of: looking up a name has a time of its own.
_BESIDES_SECONDS = 60.0


@dataclass(frozen=True)
class Script:
    """What is executed on a host: a command line, what it reads, and what is done to what it printed."""

    command: str
    stdin: bytes | None
    finish: Callable[[int, bytes, bytes], tuple[int, bytes, bytes]]


@dataclass(frozen=True)
class Visit:
    """A visit that may be made in any thread, once: nothing in it is templated any more."""

    connection: Any
    script: Script

    @property
    def seconds(self) -> float:
        """After this time it is not waited for: the connection's own limits have failed."""
        limit: float = self.connection.limits().operation_seconds
        return limit + CLOSING_SECONDS + _BESIDES_SECONDS

    def __call__(self) -> dict[str, Any]:
        """What the host answered. Raises what the connection raises."""
        try:
            printed = self.connection.exec_command(
                self.script.command, in_data=self.script.stdin, sudoable=False
            )
        finally:
            self._close()
        code, out, err = self.script.finish(*printed)
        return visiting.answer(out.decode(errors="replace"), err.decode(errors="replace"), code)

    def _close(self) -> None:
        with suppress(Exception):  # as Ansible: a host that does not let go has answered all the same
            self.connection.close()


@dataclass(frozen=True)
class Alone:
    """The host needs a task of its own."""

    why: str


class Builder:
    """Makes the visits of a task's hosts; in the main thread, since templates and options hang on its context.

    The script is the same for all hosts with the same shell, sections and arguments, and is built once.
    """

    def __init__(self, action: ActionBase) -> None:
        self._action = action
        self._built: dict[str, Script] = {}

    def visit(self, host: str, variables: Mapping[str, Any], arguments: dict[str, Any]) -> Visit | Alone:
        """`arguments` are the module's, `variables` of the host as the inventory has them, with templates.

        Raises what Ansible raises for them.
        """
        templar = Templar(loader=self._action._loader, variables=variables)  # noqa: SLF001
        connection = self._connection(host, variables, templar)
        if isinstance(connection, Alone):
            return connection
        return Visit(connection, self._script(connection, variables, templar, arguments))

    def _connection(
        self, host: str, variables: Mapping[str, Any], templar: Templar
    ) -> ConnectionBase | Alone:
        task = self._action._task  # noqa: SLF001
        name = str(templar.template(variables.get("ansible_connection")) or task.connection)
        become = boolean(templar.template(variables.get("ansible_become", task.become)) or False)
        if why := visiting.why_alone(name, become=become, changes_process=False):
            return Alone(why)
        # Not the action's own: that is of the task's first host, with its password.
        context = PlayContext().set_task_and_variable_override(task, variables, templar)
        context.post_validate(templar)
        context.connection, context.remote_addr = name, host
        connection = connection_loader.get(
            name,
            context,
            new_stdin=None,
            task_uuid=task._uuid,  # noqa: SLF001
            ansible_playbook_pid=str(os.getppid()),
        )
        if connection is None:
            raise AnsibleError(f"The connection plugin {name!r} was not found.")
        connection.set_become_plugin(None)
        keys = task.dump_attrs()
        keys["timeout"] = context.timeout
        if context.password:
            keys["password"] = context.password
        del keys["retries"]
        options = connection._resolve_option_variables(variables, templar)  # noqa: SLF001
        connection.set_options(task_keys=keys, var_options=options)
        shell = connection._shell  # noqa: SLF001
        shell_options = _templated("shell", shell._load_name, variables, templar)  # noqa: SLF001
        shell.set_options(task_keys=keys, var_options=shell_options)
        if why := visiting.why_alone(name, become=False, changes_process=connection.changes_process()):
            return Alone(why)
        return connection

    def _script(
        self, connection: Any, variables: Mapping[str, Any], templar: Templar, arguments: dict[str, Any]
    ) -> Script:
        action = self._action
        with self._standing_in(connection, templar):
            action._update_module_args(MODULE, arguments, variables)  # noqa: SLF001
            interpreter = str(variables.get("ansible_powershell_interpreter"))
            key = json.dumps(
                [connection._load_name, connection._shell._load_name, interpreter, arguments],  # noqa: SLF001
                sort_keys=True,
                default=str,
            )
            if key not in self._built:
                bits, _ = action._configure_module(MODULE, arguments, dict(variables))  # noqa: SLF001
                found = bits.get_command_args(None)
                if found is None:
                    raise AnsibleError("Ansible built no command line for the visit.")
                words, stdin = found
                self._built[key] = Script(connection._shell.join(words), stdin, bits.process_module_result)  # noqa: SLF001
        return self._built[key]

    @contextmanager
    def _standing_in(self, connection: Any, templar: Templar) -> Iterator[None]:
        """The action as if it ran for the host of this connection."""
        action = self._action
        before = action._connection, action._play_context, action._templar  # noqa: SLF001
        theirs = connection, connection._play_context, templar  # noqa: SLF001
        action._connection, action._play_context, action._templar = theirs  # noqa: SLF001
        try:
            yield
        finally:
            action._connection, action._play_context, action._templar = before  # noqa: SLF001


def _templated(kind: str, name: str, variables: Mapping[str, Any], templar: Templar) -> dict[str, Any]:
    """The variables of the host that are options of the plugin."""
    options = {}
    for variable in constants.config.get_plugin_vars(kind, name):
        if variable in variables:
            with suppress(AnsibleValueOmittedError):
                options[variable] = templar.template(variables[variable])
    return options
