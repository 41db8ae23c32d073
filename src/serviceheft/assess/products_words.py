"""What can be wrong with the customer's own products, and what is done about it, in words for people."""

from serviceheft.assess import actions, reasons
from serviceheft.assess.actions import ActionKind
from serviceheft.assess.judgement import Cause, Severity, register
from serviceheft.assess.reasons import Reason
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

reasons.register(
    Reason(
        "products.version_unknown",
        N_("A product does not tell its version in numbers"),
        N_("Look at the list of installed programs, and correct the version in the inventory."),
    ),
    Reason(
        "products.service_step",
        N_("A service could not be stopped or started for the installation"),
        N_("Check the service's name in the inventory and why it does not obey."),
    ),
    Reason(
        "products.busy",
        N_("Another installation was running on the host"),
        N_("Run the service again; restart the host when that does not help."),
    ),
    Reason(
        "products.cancelled",
        N_("Somebody cancelled the installation"),
        N_("Agree on a time with the user and run the service again."),
    ),
    Reason(
        "products.installer_away",
        N_("The installer cannot be reached"),
        N_("Check the path in the inventory, and that the computers' accounts may read the share."),
    ),
    Reason(
        "products.installer_unreadable",
        N_("Windows cannot open the installer"),
        N_("Check that the file is whole, and that the computers' accounts may read it."),
    ),
    Reason(
        "products.checksum",
        N_("The installer's checksum does not fit"),
        N_("Do not install it; find out who changed the file, then correct file or inventory."),
    ),
    Reason(
        "products.failed",
        N_("The product's installation failed"),
        N_("Look at the installer's log on the host, mend the cause, and run the service again."),
    ),
)
