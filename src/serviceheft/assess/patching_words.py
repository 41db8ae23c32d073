"""What patch management does to a host, what it finds by the way, and why something waits: in words for people."""

from serviceheft.assess import actions
from serviceheft.assess.actions import ActionKind
from serviceheft.assess.judgement import Cause, Severity, register
from serviceheft.i18n import N_

INSTALL, RESTART, DEFINITIONS = "update.install", "update.reboot", "definitions.update"

actions.register(
    ActionKind(INSTALL, N_("Install {subject}: {title}"), ("title", "hresult")),
    ActionKind(RESTART, N_("Restart {subject}")),
    ActionKind(DEFINITIONS, N_("Bring the virus definitions of {subject} up to date")),
)

register(
    Cause(
        "patching.exception_lapsed",
        Severity.INFO,
        N_("An exception for an update is over"),
        N_("{count} exception(s) for offered updates are over, the first of {update} since {expired_on}."),
        N_("Renew the exception in the inventory with a reason, or remove it; it does not count any more."),
        ("count", "update", "expired_on"),
    )
)
