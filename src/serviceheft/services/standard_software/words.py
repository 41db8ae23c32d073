"""What can be wrong with standard software, and what is done about it, in words for people."""

from serviceheft.assess.actions import ActionKind
from serviceheft.assess.judgement import Cause, Severity
from serviceheft.assess.reasons import Reason
from serviceheft.i18n import N_

_LISTED = ("count", "applications")

CAUSES = (
    Cause(
        "software.chocolatey_missing",
        Severity.WARNING,
        N_("Package manager missing"),
        N_("Chocolatey, which installs the standard applications, is not on the host."),
        N_("Install Chocolatey from the provider's software source."),
        check="software.chocolatey",
    ),
    Cause(
        "software.source_missing",
        Severity.WARNING,
        N_("Software source missing"),
        N_("The host does not take its packages from the software source {source}."),
        N_("Set up the source on the host, with the address of the inventory."),
        ("source",),
        check="software.source",
    ),
    Cause(
        "software.foreign_source",
        Severity.INFO,
        N_("Other software sources in use"),
        N_("{count} other software source(s) are in use on the host: {sources}."),
        N_("Switch them off: packages come from the provider's source alone."),
        ("count", "sources"),
    ),
    Cause(
        "software.missing",
        Severity.WARNING,
        N_("Standard applications missing"),
        N_("{count} standard application(s) are not installed: {applications}."),
        N_("Install them."),
        _LISTED,
    ),
    Cause(
        "software.outdated",
        Severity.WARNING,
        N_("Standard applications outdated"),
        N_("{count} standard application(s) are not at the newest version: {applications}."),
        N_("Update them; find out what kept them from it."),
        _LISTED,
    ),
    Cause(
        "software.wrong_version",
        Severity.WARNING,
        N_("Standard applications with another version than agreed"),
        N_("{count} standard application(s) have another version than agreed: {applications}."),
        N_("Install the agreed version, or correct the inventory."),
        _LISTED,
    ),
    Cause(
        "software.unwanted",
        Severity.INFO,
        N_("Applications that are no longer wanted"),
        N_("{count} application(s) are installed, but no longer wanted: {applications}."),
        N_("Remove them, or list them in the inventory."),
        _LISTED,
    ),
    Cause(
        "software.no_longer_listed",
        Severity.INFO,
        N_("Applications that are no longer listed"),
        N_(
            "{count} application(s) that the provider installed are no longer listed in the inventory:"
            " {applications}. They stay."
        ),
        N_("List them with state: absent to have them removed, or list them again."),
        _LISTED,
    ),
    Cause(
        "software.program_left",
        Severity.WARNING,
        N_("Programs that are still there without their package"),
        N_(
            "{count} application(s) that are not wanted are still among the installed programs, though the package"
            " manager no longer lists them: {applications}."
        ),
        N_("Remove them by their own uninstaller; the package manager cannot do it any more."),
        _LISTED,
    ),
    Cause(
        "software.program_gone",
        Severity.WARNING,
        N_("Packages whose program is gone"),
        N_(
            "{count} standard application(s) are listed by the package manager, but are not among the installed"
            " programs: {applications}."
        ),
        N_(
            "Install them again (choco install --force). Where the program is there under another name, correct"
            " program in group_vars/all/standard_software.yml."
        ),
        _LISTED,
    ),
    Cause(
        "software.account_refused",
        Severity.WARNING,
        N_("Software source refuses the account"),
        N_("The software source {source} refuses the account with which the host asks it."),
        N_("Check the source's account and its password in the inventory; the next run sets them anew."),
        ("source",),
        check="software.account",
    ),
    Cause(
        "software.pin_differs",
        Severity.INFO,
        N_("Versions held differently than agreed"),
        N_(
            "{count} standard application(s) are held at a version, or not held, against the agreement: {applications}."
        ),
        N_("Hold what has an agreed version, and release what is to be kept up to date."),
        _LISTED,
    ),
)

ACTIONS = (
    ActionKind("chocolatey.install", N_("Install the package manager Chocolatey")),
    ActionKind("source.set", N_("Set up the software source {subject}")),
    ActionKind("source.disable", N_("Switch off the software source {subject}")),
    ActionKind("package.install", N_("Install {subject}"), ("package", "version")),
    ActionKind("package.upgrade", N_("Update {subject} from {before}"), ("package", "before", "version")),
    ActionKind(
        "package.exact",
        N_("Install version {version} of {subject}, and hold it there"),
        ("package", "before", "version"),
    ),
    ActionKind("package.release", N_("Release {subject} and keep it up to date"), ("package",)),
    ActionKind("package.remove", N_("Remove {subject}"), ("package", "before", "along")),
)

REASONS = (
    Reason(
        "software.not_told",
        N_("Chocolatey does not tell what is installed"),
        N_("Run choco list and choco outdated on the host, and mend what they complain about."),
    ),
    Reason(
        "software.newest_unknown",
        N_("The software source does not tell the newest version"),
        N_("Check that the source can be reached from the host and offers the package."),
    ),
    Reason(
        "software.leaves_out",
        N_("Chocolatey is set to leave out what no software source answers for"),
        N_("Run choco feature disable --name=ignoreUnfoundPackagesOnUpgradeOutdated on the host."),
    ),
    Reason(
        "software.removal_cap",
        N_("The run has removed as many applications as it may"),
        N_("Check that the list of applications is right; the next run goes on."),
    ),
    Reason(
        "software.source_away",
        N_("The software source cannot be reached"),
        N_("Check the source's address in the inventory, its server, and the way to it from the host."),
    ),
    Reason(
        "software.account_refused",
        N_("The software source refuses the account"),
        N_("Correct the source's account and its password in the inventory (HTTP status 401)."),
    ),
    Reason(
        "software.not_allowed",
        N_("The software source does not let the account have the package"),
        N_("Give the source's account the right to read the packages (HTTP status 403)."),
    ),
    Reason(
        "software.not_in_source",
        N_("The software source does not have the package in this version, or does not list it"),
        N_("Add the package to the source and list it there, or correct the version in the inventory."),
    ),
    Reason(
        "software.download",
        N_("What the package downloads is not there"),
        N_("Mend the package in the source: the address that it downloads from no longer holds."),
    ),
    Reason(
        "software.checksum",
        N_("The package's checksum does not fit"),
        N_("Do not install it; find out who changed the file, then mend the package in the source."),
    ),
    Reason(
        "software.busy",
        N_("Another installation was running"),
        N_("The next run tries again; where it happens every time, look what installs there (code 1618)."),
    ),
    Reason(
        "software.restart_first",
        N_("The host has to be restarted first"),
        N_("Restart it within its maintenance window; the next run goes on."),
    ),
    Reason(
        "software.installer_failed",
        N_("Windows Installer broke off"),
        N_(
            "Search the log of Windows Installer for 'return value 3'; the cause stands above it (code 1603)."
        ),
    ),
    Reason(
        "software.needed",
        N_("Another package needs it"),
        N_("Remove the other package as well, or keep both."),
    ),
    Reason(
        "software.program_left",
        N_("The package is gone, but its program is still there"),
        N_("Remove the program by its own uninstaller."),
    ),
    Reason(
        "software.program_gone",
        N_("The package is listed, but its program is not there"),
        N_("Look at chocolatey.log on the host; where the program has another name, correct the catalogue."),
    ),
    Reason(
        "software.failed",
        N_("The installation failed"),
        N_("Look at chocolatey.log on the host, mend the cause, and run the service again."),
    ),
)
