"""The project's connection, which writes down what a task sends over it."""

from serviceheft.outside.connections import documentation
from serviceheft.outside.winrm import Connection as Ours
from serviceheft.outside.winrm import builtin
from tests.lab.recorded_connection import recorded

DOCUMENTATION = documentation(builtin)
Connection = recorded(Ours)
