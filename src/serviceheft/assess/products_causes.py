"""What can be wrong with the customer's own products, and what is done about it, in words for people."""

from serviceheft.assess import actions
from serviceheft.assess.actions import ActionKind
from serviceheft.assess.judgement import Cause, Severity, register
from serviceheft.i18n import N_

_LISTED = ("count", "products")

register(
    Cause(
        "products.missing",
        Severity.WARNING,
        N_("Business applications missing"),
        N_("{count} business application(s) are not installed: {products}."),
        N_("Install them."),
        _LISTED,
    ),
    Cause(
        "products.outdated",
        Severity.WARNING,
        N_("Business applications outdated"),
        N_("{count} business application(s) are older than agreed: {products}."),
        N_("Update them; find out what kept them from it."),
        _LISTED,
    ),
    Cause(
        "products.newer",
        Severity.INFO,
        N_("Business applications newer than agreed"),
        N_("{count} business application(s) are newer than agreed: {products}."),
        N_("Put the new version and its installer into the inventory, or find out who updated them."),
        _LISTED,
    ),
    Cause(
        "products.unwanted",
        Severity.WARNING,
        N_("Business applications that are no longer wanted"),
        N_("{count} business application(s) are installed, but no longer wanted: {products}."),
        N_("Remove them, or correct the inventory."),
        _LISTED,
    ),
)

actions.register(
    ActionKind("product.install", N_("Install {subject} {version}"), ("product", "version")),
    ActionKind(
        "product.upgrade", N_("Update {subject} from {before} to {version}"), ("product", "before", "version")
    ),
    ActionKind("product.remove", N_("Remove {subject}"), ("product", "before")),
)
