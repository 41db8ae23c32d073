"""In the place of Ansible's psrp connection: over checked TLS only, within limits; see src/serviceheft/outside."""

from serviceheft.outside.connections import documentation
from serviceheft.outside.psrp import Connection, builtin

DOCUMENTATION = documentation(builtin)

__all__ = ["DOCUMENTATION", "Connection"]
