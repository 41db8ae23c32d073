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
    # Patch management
    Reason(
        "patch.stop_file",
        N_("The provider has stopped all changes"),
        N_("The stop file tells why; when it is gone, the next run carries on."),
    ),
    Reason(
        "patch.freeze",
        N_("Nothing is changed on this day, as agreed"),
        N_("The first run after the freeze days carries on; an emergency update does not wait for it."),
    ),
    Reason(
        "patch.no_window",
        N_("No maintenance window has been agreed"),
        N_("Agree a maintenance window and enter it into the contract."),
    ),
    Reason(
        "patch.outside_window",
        N_("It is not the time of the maintenance window"),
        N_("A run within the window carries on."),
    ),
    Reason(
        "patch.ring_waits",
        N_("The pilot devices have not been well with it for long enough"),
        N_("It follows by itself once every pilot device has been well for the agreed time."),
    ),
    Reason(
        "patch.pilot_sick",
        N_("A pilot device is not well after its updates, or cannot be reached"),
        N_("Look at the pilot device first; the other devices wait for it."),
    ),
    Reason(
        "patch.ring_failed",
        N_("Too many devices failed, so no further ones were started"),
        N_("Find out why they failed; the next run starts over with what is missing."),
    ),
    Reason(
        "patch.cap",
        N_("As many devices as agreed were changed in this run"),
        N_("The next run carries on with the others."),
    ),
    Reason(
        "patch.in_turn",
        N_("Its turn comes later in the same run"),
        N_("When the run broke off, the next one carries on."),
    ),
    Reason(
        "patch.planned",
        N_("Nothing was changed: this run only shows what would be done"),
        N_("Carry it out with a run that is no rehearsal."),
    ),
    Reason(
        "patch.next_run",
        N_("The update was offered only after the others had been installed"),
        N_("The next run installs it."),
    ),
    Reason(
        "patch.rejected",
        N_("The update is rejected in the inventory, with a reason and for a time"),
        N_("When the time is over it is installed; remove the exception to have it earlier."),
    ),
    Reason(
        "patch.reboot_never",
        N_("The device is never restarted automatically, as agreed"),
        N_("Restart it by hand at a time that suits."),
    ),
    Reason(
        "patch.somebody_logged_on",
        N_("Somebody is signed in"),
        N_("A run at a time when nobody is signed in restarts the device."),
    ),
    Reason(
        "patch.sessions_unknown",
        N_("It could not be told whether somebody is signed in"),
        N_("Run it again; when it happens again, look at the device."),
    ),
    Reason(
        "patch.scanner_console",
        N_("This scanner's definitions are brought up to date by its own console only"),
        N_("Start the update in the scanner's console; the finding's ticket stays open until then."),
    ),
    Reason(
        "patch.definitions_still_old",
        N_("The virus definitions are still old after their update"),
        N_("Check the device's way to the update source of its scanner."),
    ),
    Reason(
        "patch.install_failed",
        N_("The update could not be installed"),
        N_("Look the error code up, mend the cause and run it again."),
    ),
    Reason(
        "patch.installation_hangs",
        N_("The installation did not end in the time allowed"),
        N_("Look at the device's update log; restart the device before the next attempt."),
    ),
    Reason(
        "patch.restart_still_pending",
        N_("A restart is still pending after the restart"),
        N_("Look at the device's update log; some updates need more than one restart."),
    ),
    Reason(
        "patch.not_searched_again",
        N_("What is still missing could not be searched after the installation"),
        N_("Run it again; the search tells what is installed."),
    ),
    # Standard software
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
        "software.not_in_source",
        N_("The software source does not have the package in this version"),
        N_("Add the package to the source, or correct the version in the inventory."),
    ),
    Reason(
        "software.checksum",
        N_("The package's checksum does not fit"),
        N_("Do not install it; find out who changed the file, then mend the package in the source."),
    ),
    Reason(
        "software.failed",
        N_("The installation failed"),
        N_("Look at chocolatey.log on the host, mend the cause, and run the service again."),
    ),
    # Business software
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

#: Owed and open, though nothing went wrong.
NO_COLLECTOR = "visit.no_collector"

REASONS: dict[str, Reason] = {reason.code: reason for reason in _ALL}
