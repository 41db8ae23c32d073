"""In the place of Ansible's ssh connection: the host's key is always checked; see src/serviceheft/outside."""

from serviceheft.outside.ssh import Connection, builtin

DOCUMENTATION = builtin.DOCUMENTATION

__all__ = ["DOCUMENTATION", "Connection"]
