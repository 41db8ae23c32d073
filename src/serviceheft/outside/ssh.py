"""SSH by OpenSSH: the host's key is checked, whatever options say."""

from typing import Any

from serviceheft.outside.connections import of_ansible

builtin = of_ansible("ssh")


class Connection(builtin.Connection):  # type: ignore[misc, name-defined]
    """Ansible's ssh connection; OpenSSH takes the first of several values, and the command line before any file."""

    def _build_command(self, *args: Any, **kwargs: Any) -> list[bytes]:
        command: list[bytes] = super()._build_command(*args, **kwargs)
        return [command[0], b"-o", b"StrictHostKeyChecking=yes", *command[1:]]
