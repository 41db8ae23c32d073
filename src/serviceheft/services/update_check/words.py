"""What can be wrong with Windows updates, in words for people."""

from serviceheft.assess.actions import ActionKind
from serviceheft.assess.judgement import Cause, Severity
from serviceheft.assess.reasons import Reason
from serviceheft.i18n import N_

_MISSING_ADVICE = N_("Install the update and restart the host; find out why it did not install itself.")
_MISSING_VALUES = ("count", "oldest_days", "tolerated_days", "kb")

CAUSES = (
    Cause(
        "updates.missing_critical",
        Severity.CRITICAL,
        N_("Critical updates missing"),
        N_("{count} critical update(s) missing for up to {oldest_days} days; tolerated: {tolerated_days}."),
        _MISSING_ADVICE,
        _MISSING_VALUES,
    ),
    Cause(
        "updates.missing_important",
        Severity.WARNING,
        N_("Important updates missing"),
        N_("{count} important update(s) missing for up to {oldest_days} days; tolerated: {tolerated_days}."),
        _MISSING_ADVICE,
        _MISSING_VALUES,
    ),
    Cause(
        "updates.missing_moderate",
        Severity.WARNING,
        N_("Moderate updates missing"),
        N_("{count} moderate update(s) missing for up to {oldest_days} days; tolerated: {tolerated_days}."),
        _MISSING_ADVICE,
        _MISSING_VALUES,
    ),
    Cause(
        "updates.missing_low",
        Severity.WARNING,
        N_("Updates of low severity missing"),
        N_("{count} minor update(s) missing for up to {oldest_days} days; tolerated: {tolerated_days}."),
        _MISSING_ADVICE,
        _MISSING_VALUES,
    ),
    Cause(
        "updates.missing_unspecified",
        Severity.WARNING,
        N_("Updates without severity missing"),
        N_("{count} unrated update(s) missing for up to {oldest_days} days; tolerated: {tolerated_days}."),
        _MISSING_ADVICE,
        _MISSING_VALUES,
    ),
    Cause(
        "updates.install_failed",
        Severity.WARNING,
        N_("Updates fail to install"),
        N_("{count} update(s) failed to install, last with the error {hresult} at {failed_at}."),
        N_("Look the error code up, mend the cause and install the update again."),
        ("count", "hresult", "kb", "failed_at"),
    ),
    Cause(
        "updates.reboot_pending",
        Severity.WARNING,
        N_("Restart pending"),
        N_("The host must be restarted before its updates take effect."),
        N_("Restart the host in its maintenance window."),
        ("since", "days"),
    ),
    Cause(
        "updates.search_outdated",
        Severity.WARNING,
        N_("Last search for updates too long ago"),
        N_("The host last searched for updates {age_days} days ago; {tolerated_days} days are tolerated."),
        N_("Check the update service and its way to the update server."),
        ("age_days", "tolerated_days", "searched_at"),
    ),
    Cause(
        "updates.install_outdated",
        Severity.WARNING,
        N_("Last installation of updates too long ago"),
        N_(
            "The host last installed a cumulative update of Windows {age_days} days ago; {tolerated_days} days are "
            "tolerated."
        ),
        N_("Check the update service and why nothing is installed."),
        ("age_days", "tolerated_days", "installed_at"),
    ),
    Cause(
        "updates.never_installed",
        Severity.WARNING,
        N_("No cumulative update was installed"),
        N_(
            "In the {known_days} days that the host's history of updates reaches back, no cumulative update of "
            "Windows was installed; {tolerated_days} days are tolerated."
        ),
        N_("Check the update service and why nothing is installed."),
        ("known_days", "tolerated_days"),
        check="updates.install_outdated",
    ),
    Cause(
        "updates.support_ended",
        Severity.CRITICAL,
        N_("Windows is no longer maintained by Microsoft"),
        N_("{release} has had no more updates since {until}, {days} days ago."),
        N_("Bring a maintained release of Windows onto the host, or replace it."),
        ("release", "until", "days"),
        check="updates.support",
    ),
    Cause(
        "updates.support_ends_soon",
        Severity.WARNING,
        N_("Microsoft stops maintaining this Windows soon"),
        N_("{release} gets updates until {until} only, for {days} more days."),
        N_("Plan a maintained release of Windows for the host, or its replacement."),
        ("release", "until", "days"),
        check="updates.support",
    ),
    Cause(
        "updates.automatic_updates_off",
        Severity.WARNING,
        N_("Automatic updating switched off"),
        N_("The host does not install updates by itself ({setting})."),
        N_("Switch automatic updating on; find out who or which policy switched it off."),
        ("setting",),
        check="updates.automatic_updates",
    ),
    Cause(
        "updates.managed_by_wsus",
        Severity.INFO,
        N_("Updates come from an own update server"),
        N_("The host gets its updates from an own server (WSUS); Windows Update was agreed."),
        N_("Correct the policy on the host, or the inventory."),
        check="updates.source",
    ),
    Cause(
        "updates.not_managed_by_wsus",
        Severity.WARNING,
        N_("Updates do not come from the own update server"),
        N_("The host gets its updates straight from Windows Update; an own server (WSUS) was agreed."),
        N_("Correct the policy on the host, or the inventory."),
        check="updates.source",
    ),
)

CAUSES_OF_HOLDS = (
    Cause(
        "updates.paused",
        Severity.WARNING,
        N_("Updates are paused"),
        N_("In the settings of the device, updates are paused until {until}, for {days} more days."),
        N_("Let updates go on in the settings of Windows Update; ask who paused them, and why."),
        ("until", "days", "by"),
    ),
    Cause(
        "updates.paused_by_policy",
        Severity.WARNING,
        N_("Updates are paused by policy"),
        N_("Group policy or device management pauses updates until {until}, for {days} more days."),
        N_("Take the pause out of the policy once its cause is gone."),
        ("until", "days", "by"),
        check="updates.paused",
    ),
    Cause(
        "updates.deferred",
        Severity.WARNING,
        N_("Updates are put off for too long"),
        N_("The host gets each update only after {days} days; {tolerated_days} days are tolerated."),
        N_("Shorten the time in the policy or in the settings of the device, or correct the inventory."),
        ("days", "tolerated_days", "by"),
    ),
    Cause(
        "updates.target_release_ended",
        Severity.CRITICAL,
        N_("Windows is kept at a release that is no longer maintained"),
        N_(
            "By policy, Windows stays at {release}, which has had no more updates since {until}, {days} days ago."
        ),
        N_("Name a maintained release in the policy, or none."),
        ("release", "until", "days"),
        check="updates.target_release",
    ),
    Cause(
        "updates.target_release_ends_soon",
        Severity.WARNING,
        N_("Windows is kept at a release that is not maintained for long"),
        N_(
            "By policy, Windows stays at {release}, which gets updates until {until} only, for {days} more days."
        ),
        N_("Name a maintained release in the policy, or none."),
        ("release", "until", "days"),
        check="updates.target_release",
    ),
    Cause(
        "updates.target_release_older",
        Severity.INFO,
        N_("Windows is kept at a release that is older than the installed one"),
        N_("The policy names {release}, but {installed} is installed; newer releases do not come."),
        N_("Name a maintained release in the policy, or none."),
        ("release", "until", "installed"),
        check="updates.target_release",
    ),
    Cause(
        "updates.release_held",
        Severity.WARNING,
        N_("New releases of Windows are paused for too long"),
        N_("New releases are paused until {paused_until}, but {release} gets updates until {until} only."),
        N_("Let new releases of Windows come again; ask who paused them, and why."),
        ("release", "paused_until", "until"),
        check="updates.target_release",
    ),
    Cause(
        "updates.metered",
        Severity.WARNING,
        N_("A metered connection holds updates back"),
        N_("The host's connection counts as metered, and Windows loads no updates over it by itself."),
        N_("Set the connection to not metered, or allow the download of updates over metered connections."),
    ),
    Cause(
        "updates.access_blocked",
        Severity.WARNING,
        N_("Access to Microsoft's update servers is blocked"),
        N_("A policy keeps the host away from Windows Update ({setting}), and it has no own update server."),
        N_("Take the policy back, or give the host an update server."),
        ("setting",),
    ),
    Cause(
        "updates.wsus_approves_nothing",
        Severity.WARNING,
        N_("The own update server offers nothing"),
        N_(
            "The own update server (WSUS) offers the host no update at all, though its last cumulative update of "
            "Windows is more than {tolerated_days} days old."
        ),
        N_(
            "Check on the server whether it synchronises, and whether updates are approved for the host's group."
        ),
        ("tolerated_days",),
        check="updates.wsus",
    ),
    Cause(
        "updates.wsus_not_used",
        Severity.INFO,
        N_("An own update server is entered but not used"),
        N_("A policy names an own update server (WSUS), but the host is not told to use it."),
        N_("Complete the policy, or remove what is left of it."),
        check="updates.wsus",
    ),
)

ACTIONS = (ActionKind("updates.automatic", N_("Let {subject} update itself again")),)

REASONS = (
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
        "updates.search_timed_out",
        N_("The host's search for updates took too long and was given up"),
        N_(
            "Look at the host's Windows Update Agent and its way to the update server, then run the check again."
        ),
    ),
    Reason(
        "updates.history_short",
        N_("The host's history of updates does not reach back far enough"),
        N_("It fills again with the next cumulative update; look at the host if that does not come."),
    ),
    Reason(
        "windows.release_unknown",
        N_("It is not known until when Microsoft maintains this release of Windows"),
        N_("Look at the build and edition; a newer Serviceheft may know them."),
    ),
    Reason(
        "updates.left_out",
        N_("An update is missing that the agreed categories leave out"),
        N_("Take its category in, or install it by hand; the device's page lists it."),
    ),
    Reason(
        "updates.undated",
        N_("The age of a missing update is not known"),
        N_("Let the host look for updates by itself, then run the check again."),
    ),
    Reason(
        "updates.hold_unreadable",
        N_("A setting that may hold updates back cannot be understood"),
        N_("Look at the settings of Windows Update on the device, and at its policies."),
    ),
    Reason(
        "updates.target_unknown",
        N_("The policy keeps Windows at a release that is not known"),
        N_("Look at the release in the policy; a newer Serviceheft may know it."),
    ),
    Reason(
        "updates.automatic_still_off",
        N_("Windows still does not update itself after that was switched on"),
        N_("Look for a group policy that switches automatic updating off."),
    ),
)
