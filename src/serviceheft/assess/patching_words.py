"""What patch management does to a host, what it finds by the way, and why something waits: in words for people."""

from serviceheft.assess import actions, reasons
from serviceheft.assess.actions import ActionKind
from serviceheft.assess.judgement import Cause, Severity, register
from serviceheft.assess.reasons import Reason
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

reasons.register(
    Reason(
        "patch.freeze",
        N_("Nothing is changed on this day, as agreed"),
        N_("The first run after the freeze days carries on; an emergency update does not wait for it."),
        agreed=True,
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
        agreed=True,
    ),
    Reason(
        "patch.pilot_absent",
        N_(
            "A pilot device has not been looked at for more than two weeks, and the update has been out for longer"
        ),
        N_(
            "Bring the pilot device back, or name another one (patch_management_ring); until then this is overdue."
        ),
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
        agreed=True,
    ),
    Reason(
        "patch.hidden",
        N_("The update is hidden on the device, so nothing can install it"),
        N_("Show it again on the device (Windows Update, hidden updates), or reject it in the inventory."),
    ),
    Reason(
        "patch.reboot_never",
        N_("The device is never restarted automatically, as agreed"),
        N_("Restart it by hand at a time that suits."),
        agreed=True,
    ),
    Reason(
        "patch.somebody_logged_on",
        N_("Somebody is signed in"),
        N_("A run at a time when nobody is signed in restarts the device."),
        agreed=True,
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
        "patch.definitions_unknown",
        N_("The age of the virus definitions could not be read"),
        N_("Look at the check of the virus protection (2.7): it says what could not be read."),
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
)
