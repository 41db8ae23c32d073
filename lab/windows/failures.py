"""How a module fails on an emulated host."""

from typing import Any


class ModuleFailure(Exception):
    """What a module reports as failed: its message, and further result keys."""

    def __init__(self, message: str, **result: Any) -> None:
        super().__init__(message)
        self.result = result


class DiskFull(ModuleFailure):
    """Windows has no room left (ERROR_DISK_FULL, 0x80070070)."""

    def __init__(self, prefix: str = "") -> None:
        super().__init__(f"{prefix}There is not enough space on the disk.\r\n")
