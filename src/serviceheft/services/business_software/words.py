"""What can be wrong with the customer's own products, and what is done about it, in words for people."""

from serviceheft.assess.actions import ActionKind
from serviceheft.assess.judgement import Cause, Severity
from serviceheft.assess.reasons import Reason
from serviceheft.i18n import N_

_LISTED = ("count", "products")

CAUSES = (
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
    Cause(
        "products.left_over",
        Severity.WARNING,
        N_("Older business applications left over"),
        N_("{count} business application(s) stand in the wanted version beside an older one: {products}."),
        N_(
            "Find out whether somebody still works with the older one, then remove it in Windows' settings: the new"
            " installer has left it there."
        ),
        _LISTED,
    ),
    Cause(
        "products.service_after",
        Severity.WARNING,
        N_("Services of business applications not as agreed"),
        N_(
            "{count} service(s) that the inventory names after an installation are not as it says (running or"
            " stopped): {services}."
        ),
        N_("Look into the event log for why, then start or stop them, or correct the inventory."),
        ("count", "services"),
    ),
)

ACTIONS = (
    ActionKind("product.install", N_("Install {subject} {version}"), ("product", "version")),
    ActionKind(
        "product.upgrade", N_("Update {subject} from {before} to {version}"), ("product", "before", "version")
    ),
    ActionKind("product.remove", N_("Remove {subject}"), ("product", "before")),
)

REASONS = (
    Reason(
        "products.ambiguous",
        N_("Several products fit the name in the inventory"),
        N_(
            "Write installed_name so that it fits one product alone; the table names those that it fits now. Nothing"
            " is installed or removed until then."
        ),
    ),
    Reason(
        "products.service_after",
        N_("A service is not as it is to be after the installation"),
        N_("The product is installed; look into the host's event log for why its service does not obey."),
    ),
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
        "products.broke_off",
        N_("The installer met an error and took everything back (1603)"),
        N_(
            "Look into the event log (MsiInstaller) for its first error; often a program was open, a right is"
            " missing, or the host waits for a restart."
        ),
    ),
    Reason(
        "products.other_version",
        N_("Windows Installer holds another version of this product (1638)"),
        N_(
            "Its product code is that of the installed version: write it as product_id and name the program's file"
            " as creates_path, or remove the installed version first."
        ),
    ),
    Reason(
        "products.already_there",
        N_("For the installer there was nothing to do, and yet the wanted version is not there"),
        N_(
            "Compare the installer with version and creates_path in the inventory; where the new version keeps the"
            " product code of the old one, creates_path and product_id are needed."
        ),
    ),
    Reason(
        "products.not_listed",
        N_("The installer reports success, but the list of programs does not show it"),
        N_(
            "Look at the list of programs on the host and correct installed_name or version; what was installed for"
            " one user alone stands in no list of the machine: install it for all (an MSI with ALLUSERS=1)."
        ),
    ),
    Reason(
        "products.needs_restart",
        N_("The installer has finished only with a restart"),
        N_("Restart the host; the next visit measures again."),
    ),
    Reason(
        "products.arguments",
        N_("The installer does not understand its arguments (1639)"),
        N_("Correct arguments and licence_argument in the inventory; an MSI takes PROPERTY=value."),
    ),
    Reason(
        "products.asks",
        N_("The uninstaller would ask, and nobody is there to answer"),
        N_("Remove it by hand, or describe it as an EXE with uninstall_arguments that make it ask nothing."),
    ),
    Reason(
        "products.failed",
        N_("The product's installation failed"),
        N_("Look at the installer's log on the host, mend the cause, and run the service again."),
    ),
)
