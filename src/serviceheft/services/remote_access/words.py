"""What can be wrong with remote access, what is done about it, and why it is not, in words for people."""

from serviceheft.assess.actions import ActionKind
from serviceheft.assess.judgement import Cause, Severity
from serviceheft.assess.reasons import Reason
from serviceheft.i18n import N_

CAUSES = (
    Cause(
        "remote_access.missing",
        Severity.WARNING,
        N_("AnyDesk is missing"),
        N_("AnyDesk is not installed on this host."),
        N_("Install AnyDesk from the provider's packages."),
        check="remote_access.installed",
    ),
    Cause(
        "remote_access.outdated",
        Severity.CRITICAL,
        N_("AnyDesk is too old"),
        N_("AnyDesk's version is {version}; at least {minimum} is wanted."),
        N_("Update AnyDesk: after the break-in at its maker in 2024 the old certificates were revoked."),
        ("version", "minimum"),
        check="remote_access.version",
    ),
    Cause(
        "remote_access.signature_invalid",
        Severity.CRITICAL,
        N_("AnyDesk's signature is not valid"),
        N_("Windows does not accept the signature of AnyDesk's program file."),
        N_("Take the host off the network and find out where the file came from; then install AnyDesk anew."),
        check="remote_access.signature",
    ),
    Cause(
        "remote_access.foreign_signer",
        Severity.CRITICAL,
        N_("AnyDesk is signed by somebody else"),
        N_("AnyDesk's program file is signed by {signer}, who is not on the list of accepted signers."),
        N_("Find out where the file came from; then install AnyDesk anew, or correct the list."),
        ("signer",),
        check="remote_access.signer",
    ),
    Cause(
        "remote_access.service_stopped",
        Severity.WARNING,
        N_("AnyDesk's service does not run"),
        N_("AnyDesk is installed, but its service does not run."),
        N_("Start the service and find out who stopped it."),
        check="remote_access.service",
    ),
    Cause(
        "remote_access.password_not_set",
        Severity.WARNING,
        N_("The agreed unattended password is not set"),
        N_("AnyDesk was not yet given the unattended password that the customer's vault holds."),
        N_("Carry the service out again; it sets the password."),
        check="remote_access.password",
    ),
    Cause(
        "remote_access.other_client",
        Severity.WARNING,
        N_("Another client of AnyDesk is installed"),
        N_("Besides the provider's, there is AnyDesk as {clients}: {count} in all."),
        N_("Find out who installed it and who gets in by it; remove it, or name it in remote_access_client."),
        ("clients", "count"),
        check="remote_access.other_clients",
    ),
)

ACTIONS = (
    ActionKind("anydesk.install", N_("Install AnyDesk ({subject})")),
    ActionKind(
        "anydesk.upgrade", N_("Bring AnyDesk ({subject}) up to date from version {version}"), ("version",)
    ),
    ActionKind("anydesk.start", N_("Start AnyDesk's service ({subject})")),
    ActionKind("anydesk.set_password", N_("Set AnyDesk's unattended password ({subject})")),
)

REASONS = (
    Reason(
        "remote_access.several_clients",
        N_("Several clients of AnyDesk are installed, and nothing tells which is the provider's"),
        N_("Write its name into remote_access_client, as its service is called; or remove the others."),
    ),
    Reason(
        "remote_access.no_id",
        N_("AnyDesk has no id yet"),
        N_("Check the host's way out to AnyDesk's network; the next run asks again."),
    ),
    Reason(
        "remote_access.not_trusted",
        N_("AnyDesk's program file is not one that we accept"),
        N_(
            "Find out where the file came from; a file of unknown origin is neither started nor given a password."
        ),
    ),
    Reason(
        "remote_access.password_unusable",
        N_("The unattended password cannot be used"),
        N_("Put a password of at least 8 visible ASCII characters without spaces into the customer's vault."),
    ),
    Reason(
        "remote_access.package_failed",
        N_("AnyDesk's package could not be installed"),
        N_("Check that the package source offers the package and that the host reaches it."),
    ),
    Reason(
        "remote_access.start_failed",
        N_("AnyDesk's service could not be started"),
        N_("Look at the host's event log."),
    ),
    Reason(
        "remote_access.password_refused",
        N_("AnyDesk did not take the unattended password"),
        N_("Set the password by hand and compare with what AnyDesk demands of passwords."),
    ),
    Reason(
        "remote_access.step_before_failed",
        N_("A step that must come before it did not succeed"),
        N_("Mend that step; the next run takes this one up."),
    ),
)
