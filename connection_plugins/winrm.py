"""In the place of Ansible's winrm connection: over checked TLS only, within limits; see src/serviceheft/outside."""

from serviceheft.outside.connections import documentation
from serviceheft.outside.winrm import Connection, builtin

DOCUMENTATION = documentation(builtin)

__all__ = ["DOCUMENTATION", "Connection"]
