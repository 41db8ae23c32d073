"""An emulator of Bitdefender GravityZone's network API, written from the vendor's public documentation.

It proves our side of the conversation, not the vendor's. What it does not model it refuses by name.
"""

from lab.gravityzone.control import lower_console, raise_console, set_console_faults
from lab.gravityzone.state import endpoint

__all__ = ["endpoint", "lower_console", "raise_console", "set_console_faults"]
