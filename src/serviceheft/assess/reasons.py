"""Why something was not measured or not reached: codes, and one fixed text per code.

The code is all that travels. The text of an error is never passed on: it may hold what the host was sent. Here
are those of reaching and visiting a host; what only one service needs is declared beside its other words.
"""

from dataclasses import dataclass

from serviceheft.assess.registry import Registry
from serviceheft.i18n import N_


@dataclass(frozen=True)
class Reason:
    """`title` and `advice` are msgids without placeholders.

    agreed: what waits for this waits because the customer and we agreed on it, so it is no delay of ours.
    """

    key: str
    title: str
    advice: str
    agreed: bool = False


NO_COLLECTOR = "visit.no_collector"
NOT_JUDGED = "visit.not_judged"
STOPPED = "change.stopped"
NOT_ORDERED = "change.not_ordered"
FREEZE = "change.freeze"
OUTSIDE_WINDOW = "change.outside_window"
#: What is held for these waits for another hour, so the service stays owed.
WAIT_FOR_A_TIME = frozenset({FREEZE, OUTSIDE_WINDOW})

REASONS: Registry[Reason] = Registry("reason")
REASONS.add(
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
        "reach.wrong_machine",
        N_("Another machine answered under the host's address"),
        N_(
            "Look into DNS and DHCP: does the name still point at this device? Else correct the address or the"
            " computer's name in the inventory, or the name in its certificate. The visit is made up for later."
        ),
    ),
    Reason(
        "reach.identity_unproven",
        N_("The host did not prove which machine it is"),
        N_(
            "Run the visit by hand with -vvv. Where two names begin alike with 15 characters, write the host's id"
            " into documentation_machine_id."
        ),
    ),
    Reason(
        "reach.cut_off",
        N_("The connection broke off in the middle"),
        N_("Run the visit again; when it happens often, check the line and the host's event log."),
    ),
    Reason(
        "reach.too_large",
        N_("The host answers with far more than was asked for"),
        N_("Find out what answers at the host's address and why."),
    ),
    Reason(
        "reach.other_service",
        N_("Something else than the host's WinRM answers at its address"),
        N_("Find out what answers at the host's address; redirects are never followed."),
    ),
    Reason(
        "reach.insecure",
        N_("A setting would switch off the protection of the connection"),
        N_("Remove the setting that -vvv names; hosts are reached over checked TLS only."),
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
        "reach.network_path",
        N_("A network path that the host needs cannot be found"),
        N_("Check the name of the path, the server that offers it and the way there."),
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
        NO_COLLECTOR,
        N_("There is no automatic measurement for this kind of device yet"),
        N_("Its page shows what was agreed; check the device by hand."),
    ),
    Reason(
        NOT_JUDGED,
        N_("What the device told could not be judged"),
        N_("Report it to those who look after this program, with the run's number; the screen said where."),
    ),
    # Why nothing was changed, whatever the service
    Reason(
        STOPPED,
        N_("The provider has stopped all changes"),
        N_("The stop file tells why; when it is gone, the next run carries on."),
    ),
    Reason(
        FREEZE,
        N_("Nothing is changed on this day, as agreed"),
        N_("The first run after the freeze days carries on."),
        agreed=True,
    ),
    Reason(
        OUTSIDE_WINDOW,
        N_("It is not the time of the maintenance window"),
        N_("A run within the window carries on."),
    ),
    Reason(
        NOT_ORDERED,
        N_("The visit was to look only: changing devices is not part of the contract"),
        N_("Order the service; then the next visit does it."),
    ),
)
