"""What patch management does to a host, what it finds by the way, and why something waits: in words for people."""

from serviceheft.assess.actions import ActionKind
from serviceheft.assess.judgement import Cause, Severity
from serviceheft.assess.reasons import Reason
from serviceheft.i18n import N_

INSTALL, RESTART, DEFINITIONS = "update.install", "update.reboot", "definitions.update"

#: Findings that a person ends by saying that the cause is mended.
KEEPS_FAILING = ("patching.keeps_failing",)

ACTIONS = (
    ActionKind(
        INSTALL,
        N_("Install {subject}: {title}"),
        ("title", "update_id", "revision", "upgrade", "hresult", "build", "until"),
    ),
    ActionKind(RESTART, N_("Restart {subject}")),
    ActionKind(DEFINITIONS, N_("Bring the virus definitions of {subject} up to date")),
)

CAUSES = (
    Cause(
        "patching.exception_lapsed",
        Severity.INFO,
        N_("An exception for an update is over"),
        N_("{count} exception(s) for offered updates are over, the first of {update} since {expired_on}."),
        N_("Renew the exception in the inventory with a reason, or remove it; it does not count any more."),
        ("count", "update", "expired_on"),
    ),
    Cause(
        "patching.keeps_failing",
        Severity.WARNING,
        N_("Updates keep failing"),
        N_("{count} update(s) failed again and again on this device and are not tried any more: {updates}."),
        N_(
            "Look the error code up (0x80070643: the recovery partition is too small; 0x80070070: the disk is full) "
            "and mend the cause; note the finding as mended, then it is tried again. A new version is tried by itself."
        ),
        ("count", "updates"),
    ),
    Cause(
        "patching.came_in",
        Severity.WARNING,
        N_("More was installed than was chosen"),
        N_("{count} update(s) came in besides those that were chosen: {updates}."),
        N_("Find out who installed them: Windows by itself, its user, or one update that brought another."),
        ("count", "updates"),
    ),
)

REASONS = (
    Reason(
        "patch.pilot_refuses",
        N_("A pilot device does not take the update (rejected or hidden there), so nobody has tried it out"),
        N_(
            "Let a pilot device take it, or reject it for the others as well; after two weeks this is overdue."
        ),
        agreed=True,
    ),
    Reason(
        "patch.pilots_overdue",
        N_("The pilot devices have kept the update waiting for more than two weeks"),
        N_("See what keeps the pilot devices from it, or name others (patch_management_ring)."),
    ),
    Reason(
        "patch.undated",
        N_("It is not known when the update was published, and no pilot device has it"),
        N_("It follows once a pilot device has been well with it, or its date is known."),
        agreed=True,
    ),
    Reason(
        "patch.unidentified",
        N_("The device has not told the update's own id, revision or category yet"),
        N_("The next run asks again; an update is never chosen by its title."),
    ),
    Reason(
        "patch.keeps_failing",
        N_("The update failed again and again on this device"),
        N_("Mend the cause and note the finding as mended; a new version is tried by itself."),
    ),
    Reason(
        "patch.restarts_in_vain",
        N_("The device was restarted again and again, and still wants a restart"),
        N_("Look at its update log and at what was left half installed; one more restart changes nothing."),
    ),
    Reason(
        "patch.others_first",
        N_("Another device stands in for it, or goes before it, and is changed first"),
        N_("Its turn comes once the other one was measured well, in the same run or in the next."),
    ),
    Reason(
        "patch.partner_unwell",
        N_("The device that stands in for it was not reached when it was looked at last"),
        N_("See to the other device first; both are never away at the same time."),
    ),
    Reason(
        "patch.first_unwell",
        N_("A device that goes before it was not reached when it was looked at last"),
        N_("See to the other device first (patch_management_after)."),
    ),
    Reason(
        "patch.withdrawn",
        N_("The update is not offered any more"),
        N_("Nothing is to be done: Microsoft has withdrawn or replaced it."),
        agreed=True,
    ),
    Reason(
        "patch.changed_meanwhile",
        N_("The update was published anew, or in another category, since it was chosen"),
        N_("The next run chooses anew, and waits for the pilot devices anew."),
    ),
    Reason(
        "patch.busy",
        N_("Another installation was running on the device"),
        N_("The next run carries on."),
    ),
    Reason(
        "patch.restart_first",
        N_("The device wants a restart before it installs anything"),
        N_("The next run restarts it, within its terms."),
    ),
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
        N_("No pilot device has been well with it for long enough"),
        N_(
            "It follows once a pilot device has been well with it for the agreed time; after two weeks this is overdue."
        ),
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
        N_("A pilot device has been sick since it got the update, or was sick when it got it"),
        N_(
            "See to the pilot device and note its finding as mended; the others wait until it is measured well."
        ),
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
