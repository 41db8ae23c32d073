"""Does an installed version satisfy the wanted one? By their parts: who wants 2026.1 is content with 2026.1.0.512."""

import re
from typing import Literal

type Compared = Literal["outdated", "current", "newer"]


def compare(installed: str | None, wanted: str) -> Compared | None:
    """How the installed version stands to the wanted one; None where they are not numbers with dots.

    Only as many parts count as the wanted version has; those that the installed one lacks are zeros.
    """
    if installed is not None and installed.casefold() == wanted.casefold():
        return "current"
    there, agreed = parts(installed), parts(wanted)
    if there is None or agreed is None:
        return None
    counted = (there + (0,) * len(agreed))[: len(agreed)]
    return "current" if counted == agreed else "outdated" if counted < agreed else "newer"


def parts(version: str | None) -> tuple[int, ...] | None:
    """The numbers of a dotted version; None for anything else."""
    if version is None or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}){0,7}", version):
        return None
    return tuple(int(part) for part in version.split("."))


def as_file_version(version: str) -> str | None:
    """The version as Windows writes that of a file: four numbers. None where it cannot be one.

    win_package compares creates_version as text, so that 2026.1 would never be there.
    """
    numbers = parts(version)
    if numbers is None or len(numbers) > 4 or max(numbers) > 65535:
        return None
    return ".".join(str(number) for number in (*numbers, 0, 0, 0)[:4])
