"""Planted defects: what goes wrong on Windows machines, as small edits of a healthy state, and how each is mended.

Each service of the lab (lab/services) brings its own: `plant` changes a machine's state (or its endpoint in the
scanner's console) as reality would, `mend` changes it as a technician would. Ages are relative to `now`.
"""

from datetime import datetime
from typing import Any

from lab.services import DEFECTS
from lab.windows.state_file import Json

__all__ = ["DEFECTS", "mend", "plant"]


def plant(state: Json, defect: str, now: datetime, **arguments: Any) -> None:
    """Make a machine's state (or an endpoint) defective. KeyError for an unknown defect."""
    DEFECTS[defect].plant(state, now, **arguments)


def mend(state: Json, defect: str, now: datetime) -> None:
    """Take the defect back."""
    DEFECTS[defect].mend(state, now)
