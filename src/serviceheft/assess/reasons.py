"""Why something was not measured or not reached: codes, and one fixed text per code.

The code is all that travels. The text of an error is never passed on: it may hold what the host was sent.
"""

from dataclasses import dataclass

from serviceheft.i18n import N_


@dataclass(frozen=True)
class Reason:
    """`title` and `advice` are msgids without placeholders."""

    code: str
    title: str
    advice: str


_ALL = (
    # Reaching a host
    Reason(
        "reach.refused",
        N_("The host refuses the connection"),
        N_("Check that the WinRM service runs and that its HTTPS listener and the firewall allow the port."),
    ),
    Reason(
        "reach.no_route",
        N_("The host is off or not in the network"),
        N_("Switch the host on or check its network; the visit is made up for at the next run."),
    ),
    Reason(
        "reach.name_unknown",
        N_("The host's name is not known to the name service"),
        N_("Correct the address in the inventory or the entry in the name service."),
    ),
    Reason(
        "reach.timeout",
        N_("The host did not answer in time"),
        N_("Check the load of the host and the line; the visit is made up for at the next run."),
    ),
    Reason(
        "reach.credentials",
        N_("The host rejects the account"),
        N_("Check the service account and its password in the customer's vault."),
    ),
    Reason(
        "reach.certificate",
        N_("The host's certificate is not valid"),
        N_("Renew the certificate of the HTTPS listener; checking it is never switched off."),
    ),
    Reason(
        "reach.cut_off",
        N_("The connection broke off in the middle"),
        N_("Run the visit again; when it happens often, check the line and the host's event log."),
    ),
    Reason(
        "reach.access_denied",
        N_("The account lacks a right on the host"),
        N_("Give the service account the rights that the documentation lists for a visit."),
    ),
    Reason(
        "reach.disk_full",
        N_("The host's disk is full"),
        N_("Free space on the system volume, then run the visit again."),
    ),
    Reason(
        "reach.reboot_timeout",
        N_("The host did not come back from its restart in time"),
        N_("Look at the host's console; the visit is made up for at the next run."),
    ),
    Reason(
        "reach.module_failed",
        N_("The visit failed on the host"),
        N_("Run the visit by hand with -vvv to see the host's own message."),
    ),
    Reason(
        "reach.unknown",
        N_("The host could not be visited for a reason that is not classified"),
        N_("Run the visit by hand with -vvv to see the message."),
    ),
    # The visit's own answer
    Reason(
        "visit.section_missing",
        N_("The visit brought no data for this check"),
        N_("Run the visit again; the host may lack the component that the check asks."),
    ),
    Reason(
        "visit.section_failed",
        N_("The host could not read the data for this check"),
        N_("Run the visit by hand with -vvv to see the host's own message."),
    ),
    Reason(
        "visit.no_collector",
        N_("There is no automatic measurement for this kind of device yet"),
        N_("Its page shows what was agreed; check the device by hand."),
    ),
    # Virus protection
    Reason(
        "antivirus.only_a_hint",
        N_("Only Windows' security centre speaks of the scanner, which is a hint and no proof"),
        N_("Measure the scanner through its own console."),
    ),
    Reason(
        "antivirus.no_client",
        N_("The agreed scanner's console is not asked by this version"),
        N_("Look at the scanner's console by hand and note the result in the book."),
    ),
    Reason(
        "antivirus.not_shown",
        N_("The scanner does not tell this value"),
        N_("Update the scanner's agent or console so that it reports the value."),
    ),
    # The scanner's console
    Reason(
        "console.not_asked",
        N_("The scanner's console was not asked"),
        N_("Set the console's address and API key in the customer's inventory."),
    ),
    Reason(
        "console.unauthorised",
        N_("The scanner's console rejects the API key"),
        N_("Make a new API key in the console and put it into the customer's vault."),
    ),
    Reason(
        "console.forbidden",
        N_("The API key may not read the network inventory"),
        N_("Give the API key the right to use the network API."),
    ),
    Reason(
        "console.rate_limited",
        N_("The scanner's console had too many requests"),
        N_("Run the check again later; see which other tool uses the same API key."),
    ),
    Reason(
        "console.unreachable",
        N_("The scanner's console cannot be reached"),
        N_("Check the console's address in the inventory and the way out to it."),
    ),
    Reason(
        "console.timeout",
        N_("The scanner's console did not answer in time"),
        N_("Run the check again later."),
    ),
    Reason(
        "console.certificate",
        N_("The certificate of the scanner's console is not valid"),
        N_("Renew the certificate or name the right CA file in the inventory; it is always checked."),
    ),
    Reason(
        "console.cut_off",
        N_("The answer of the scanner's console broke off"),
        N_("Run the check again."),
    ),
    Reason(
        "console.server_error",
        N_("The scanner's console reports an error of its own"),
        N_("Run the check again later; look at the vendor's status page."),
    ),
    Reason(
        "console.refused_request",
        N_("The scanner's console refuses the request"),
        N_("Check the console's address and the parent group in the inventory."),
    ),
    Reason(
        "console.invalid_answer",
        N_("The scanner's console answers with something else than its API"),
        N_("Check the console's address in the inventory; a proxy may answer in its place."),
    ),
    Reason(
        "console.host_unknown",
        N_("The scanner's console does not know this host"),
        N_("Install the agent on the host or correct the host's name in the inventory."),
    ),
    # Windows updates
    Reason(
        "updates.not_searched",
        N_("No search for updates was made"),
        N_("Run the check again."),
    ),
    Reason(
        "updates.search_failed",
        N_("The host's search for updates failed"),
        N_("Look the error code up and mend the Windows Update Agent, then run the check again."),
    ),
    Reason(
        "updates.undated",
        N_("The age of a missing update is not known"),
        N_("Let the host look for updates by itself, then run the check again."),
    ),
    # Remote access
    Reason(
        "remote_access.no_id",
        N_("AnyDesk has no id yet"),
        N_("Check the host's way out to AnyDesk's network; the next run asks again."),
    ),
    Reason(
        "remote_access.not_trusted",
        N_("AnyDesk's program file is not one that we accept"),
        N_("Find out where the file came from; a file of unknown origin is neither started nor given a password."),
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

#: Owed and open, though nothing went wrong.
NO_COLLECTOR = "visit.no_collector"

REASONS: dict[str, Reason] = {reason.code: reason for reason in _ALL}
