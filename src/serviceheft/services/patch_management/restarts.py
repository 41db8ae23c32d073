"""When a host may be restarted: by what was agreed for it, the clock, and who is signed in."""

from datetime import datetime
from enum import Enum

from serviceheft import maintenance
from serviceheft.services.patch_management.policy import CustomerPolicy, HostPolicy, Reboot


class SignedIn(Enum):
    """Whether somebody works on a host. NOT_ASKED is enough for a plan, never for a restart."""

    NOT_ASKED = "not asked"
    NOBODY = "nobody"
    SOMEBODY = "somebody"
    UNKNOWN = "unknown"


def window_waits(policy: CustomerPolicy, wanted: HostPolicy, now: datetime) -> str | None:
    """The reason code why it is not the host's time; None: one of its maintenance windows is open."""
    if maintenance.is_open(policy.windows, wanted.windows, now):
        return None
    return "patch.outside_window" if policy.windows else "patch.no_window"


def restart_waits(
    policy: CustomerPolicy,
    wanted: HostPolicy,
    signed_in: SignedIn,
    now: datetime,
    *,
    stopped: bool,
    planning: bool = False,
) -> str | None:
    """The reason code why the host may not be restarted at this moment; None: it may.

    An emergency leaves freeze days out. The device's own terms hold in it as on any other day: only what is restarted
    whenever needed is restarted outside of the window, and that by an emergency alone.
    """
    if stopped:
        return "change.stopped"
    urgent = policy.emergency is not None
    if not urgent and maintenance.is_frozen(policy.freeze, now):
        return "patch.freeze"
    window = window_waits(policy, wanted, now)
    match wanted.reboot:
        case Reboot.NEVER:
            return "patch.reboot_never"
        case Reboot.WHEN_NEEDED:
            return None if urgent else window
        case Reboot.IN_WINDOW:
            return window
        case Reboot.NOBODY_LOGGED_ON:
            return window or _session(signed_in, planning=planning)


def _session(signed_in: SignedIn, *, planning: bool) -> str | None:
    if planning and signed_in is SignedIn.NOT_ASKED:
        return None
    known = {SignedIn.NOBODY: None, SignedIn.SOMEBODY: "patch.somebody_logged_on"}
    return known.get(signed_in, "patch.sessions_unknown")
