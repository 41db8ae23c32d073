"""What can be wrong with virus protection, in words for people. Values that are codes: see VALUE_WORDS."""

from serviceheft.assess.judgement import Cause, Severity
from serviceheft.assess.reasons import Reason
from serviceheft.i18n import N_
from serviceheft.services.antivirus_check.state import LICENCES, PRODUCTS

#: The msgid for each code that a value may hold, by the value's name.
VALUE_WORDS = {"found": PRODUCTS, "expected": PRODUCTS, "state": LICENCES}

CAUSES = (
    Cause(
        "antivirus.no_scanner",
        Severity.CRITICAL,
        N_("No virus scanner at work"),
        N_("No virus scanner is at work on this host; {expected} was agreed."),
        N_("Install or switch on the agreed scanner."),
        ("expected",),
        check="antivirus.scanner",
    ),
    Cause(
        "antivirus.other_scanner",
        Severity.WARNING,
        N_("Another virus scanner than agreed"),
        N_("{found} is at work; {expected} was agreed."),
        N_("Remove the other scanner and install the agreed one, or correct the inventory."),
        ("found", "expected"),
        check="antivirus.scanner",
    ),
    Cause(
        "antivirus.definitions_outdated",
        Severity.CRITICAL,
        N_("Virus definitions outdated"),
        N_("The virus definitions are {age_days} days old; {tolerated_days} days are tolerated."),
        N_("Start an update of the definitions and find out why the scanner did not do it itself."),
        ("age_days", "tolerated_days", "updated_at"),
        check="antivirus.definitions",
    ),
    Cause(
        "antivirus.definitions_called_outdated",
        Severity.CRITICAL,
        N_("Virus definitions outdated by the scanner's own word"),
        N_("The scanner itself reports its virus definitions as outdated."),
        N_("Start an update of the definitions and find out why the scanner did not do it itself."),
        check="antivirus.definitions",
    ),
    Cause(
        "antivirus.definitions_never_loaded",
        Severity.CRITICAL,
        N_("Virus definitions never loaded"),
        N_("The scanner has never loaded virus definitions."),
        N_("Start an update of the definitions; check the way out to the update servers."),
        check="antivirus.definitions",
    ),
    Cause(
        "antivirus.product_outdated",
        Severity.WARNING,
        N_("Virus scanner outdated"),
        N_("The scanner's version is {version}; the scanner itself reports that a newer one is due."),
        N_("Update the scanner's product version."),
        ("version",),
        check="antivirus.product",
    ),
    Cause(
        "antivirus.product_below_minimum",
        Severity.WARNING,
        N_("Virus scanner older than agreed"),
        N_("The scanner's version is {version}; at least {minimum} was agreed."),
        N_("Update the scanner's product version."),
        ("version", "minimum"),
        check="antivirus.product",
    ),
    Cause(
        "antivirus.real_time_off",
        Severity.CRITICAL,
        N_("Real-time protection switched off"),
        N_("The scanner's real-time protection is switched off."),
        N_("Switch the real-time protection on and find out who switched it off."),
        check="antivirus.real_time",
    ),
    Cause(
        "antivirus.scan_outdated",
        Severity.WARNING,
        N_("Last scan too long ago"),
        N_("The last scan was {age_days} days ago; {tolerated_days} days are tolerated."),
        N_("Start a scan and check the scanner's schedule."),
        ("age_days", "tolerated_days", "scanned_at"),
        check="antivirus.scan",
    ),
    Cause(
        "antivirus.never_scanned",
        Severity.WARNING,
        N_("Never scanned"),
        N_("The scanner has never scanned this host."),
        N_("Start a scan and check the scanner's schedule."),
        check="antivirus.scan",
    ),
    Cause(
        "antivirus.active_detections",
        Severity.CRITICAL,
        N_("Active detections"),
        N_("The scanner reports {count} detection(s) that are not dealt with."),
        N_("Take the host off the network, clean it and find the way in."),
        ("count", "threats"),
        check="antivirus.detections",
    ),
    Cause(
        "antivirus.console_unknown_host",
        Severity.WARNING,
        N_("The console does not know this host"),
        N_("The scanner's console does not know this host."),
        N_("Install the agent from the customer's package, or correct the host's name."),
        check="antivirus.console",
    ),
    Cause(
        "antivirus.console_silent",
        Severity.WARNING,
        N_("The console has not seen this host for long"),
        N_("The console last saw this host {age_days} days ago; {tolerated_days} days are tolerated."),
        N_("Check the agent's service and its way to the console."),
        ("age_days", "tolerated_days", "last_seen_at"),
        check="antivirus.console_contact",
    ),
    Cause(
        "antivirus.updates_disabled",
        Severity.CRITICAL,
        N_("Updating of the scanner switched off"),
        N_("The scanner's own updating is switched off."),
        N_("Switch the updating on in the console's policy."),
        check="antivirus.updates",
    ),
    Cause(
        "antivirus.licence_missing",
        Severity.CRITICAL,
        N_("No valid licence for the scanner"),
        N_("The scanner's licence on this host is not active (state: {state})."),
        N_("Assign or renew the licence in the console."),
        ("state",),
        check="antivirus.licence",
    ),
)

REASONS = (
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
        "console.too_large",
        N_("The scanner's console answers with far more than was asked for"),
        N_("Check the console's address in the inventory; a proxy may answer in its place."),
    ),
    Reason(
        "console.ambiguous",
        N_("Several entries of the scanner's console may be this host"),
        N_("Delete the entries of old installations in the console, or give the devices different names."),
    ),
    Reason(
        "console.identity_unclear",
        N_("An entry of the scanner's console may be this host, but its name differs"),
        N_("Compare name, domain and network card of the entry with the host, and correct the wrong one."),
    ),
    Reason(
        "console.other_company",
        N_("The console's entry is not shown to belong to this customer's company"),
        N_(
            "Set antivirus_check_gravityzone_company_id in the inventory to the id of the customer's company."
        ),
    ),
    Reason(
        "console.list_incomplete",
        N_("The scanner's console gave no complete list, and this host is not in it"),
        N_("Run the check again; when it stays so, look at the console's list by hand."),
    ),
    Reason(
        "console.host_unknown",
        N_("The scanner's console does not know this host"),
        N_("Install the agent on the host or correct the host's name in the inventory."),
    ),
)
