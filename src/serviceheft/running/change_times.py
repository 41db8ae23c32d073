"""When a run may change a host for a service: not on freeze days, and where the inventory says so only in a window."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from serviceheft import maintenance
from serviceheft.assess.reasons import FREEZE, OUTSIDE_WINDOW
from serviceheft.model.patching import FreezeDays
from serviceheft.model.schema import Contract


def held_now(role: str, variables: Mapping[str, Any], contract: Contract, now: datetime) -> str | None:
    """The reason code why the role must not change the host at this moment; None: it may.

    `variables` are the host's. Patch management decides for itself, update by update. Without an agreed window there is
    none to wait for.
    """
    days = [FreezeDays(**entry) for entry in variables["patch_management_freeze"]]
    if maintenance.is_frozen(days, now):
        return FREEZE
    agreed = contract.maintenance_windows
    if not variables.get(f"{role}_in_window", False) or not agreed:
        return None
    return None if maintenance.is_open(agreed, variables["patch_management_windows"], now) else OUTSIDE_WINDOW
