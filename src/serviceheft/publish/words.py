"""The closed lists of codes in book and inventory, as words in a colour.

A colour stands for one thing. Green is only what was measured and found well; what was not measured has the
colour of nothing, and a dashed border.
"""

from dataclasses import dataclass

from serviceheft.i18n import N_
from serviceheft.publish.reader import Reader


class Undeclared(Exception):
    """Something is about to be published that nobody allowed. Names the field, never its value."""


@dataclass(frozen=True)
class Mark:
    """A word, its colour, and its place when a table is sorted by it."""

    word: str
    tone: str
    order: int = 0


#: code -> (msgid, tone); the order of a table is the order for sorting.
OUTCOMES = {
    "failed": (N_("failed"), "critical"),
    "finding": (N_("with findings"), "warning"),
    "held": (N_("waits"), "open"),
    "not reached": (N_("not reached"), "unmeasured"),
    "not measured": (N_("not measured"), "unmeasured"),
    "done": (N_("done"), "done"),
    "out of contract": (N_("not in the contract"), "none"),
}
OWED = {
    "overdue": (N_("overdue"), "critical"),
    "not reached": (N_("not reached"), "unmeasured"),
    "open": (N_("open"), "open"),
    "waits as agreed": (N_("waits as agreed"), "waits"),
    "not begun": (N_("not begun"), "none"),
    "written off": (N_("written off"), "none"),
    "done, with findings": (N_("done, with findings"), "warning"),
    "done": (N_("done"), "done"),
}
SEVERITIES = {
    "critical": (N_("critical"), "critical"),
    "warning": (N_("warning"), "warning"),
    "info": (N_("note"), "info"),
}
FINDING_STATES = {
    "open": (N_("open"), "warning"),
    "mended": (N_("mended, not measured again yet"), "open"),
    "closed": (N_("closed"), "done"),
    "dropped": (N_("no longer part of what was agreed"), "none"),
}
TICKETS = {
    "overdue": (N_("overdue"), "critical"),
    "open": (N_("open"), "open"),
    "closed": (N_("closed"), "done"),
}
STANDINGS = {
    "included": (N_("contained"), "open"),
    "ordered": (N_("ordered, by the hour"), "info"),
    "switched off": (N_("switched off by agreement"), "none"),
    "not in tier": (N_("not in this tier"), "none"),
    "by the hour": (N_("by the hour"), "none"),
}
HOSTS = {
    "critical": (N_("critical finding"), "critical"),
    "warning": (N_("finding"), "warning"),
    "not measured": (N_("not measured"), "unmeasured"),
    "partly measured": (N_("not everything measured"), "unmeasured"),
    "waits": (N_("a change waits"), "open"),
    "by hand": (N_("done by technicians, not measured"), "none"),
    "info": (N_("note"), "info"),
    "done": (N_("measured, nothing found"), "done"),
    "not scheduled": (N_("no automatic check"), "none"),
}
RUNS = {
    "carried out": (N_("carried out"), "done"),
    "incomplete": (N_("incomplete"), "warning"),
    "interrupted": (N_("interrupted"), "critical"),
    "running": (N_("running"), "open"),
}
CHANGES = {
    "opened": (N_("found"), "warning"),
    "closed": (N_("mended, by measurement"), "done"),
    "dropped": (N_("no longer part of what was agreed"), "none"),
}
ACTIONS = {
    "failed": (N_("failed"), "critical"),
    "held": (N_("waits"), "open"),
    "planned": (N_("would be done"), "info"),
    "done": (N_("done"), "done"),
}
DRY_RUN = {"dry run": (N_("dry run: nothing was changed"), "info")}

KINDS = {
    "automatic": N_("measured automatically"),
    "partly automatic": N_("measured automatically on Windows devices, not yet on the others"),
    "not automatic yet": N_("not measured automatically yet"),
    "assisted": N_("by technicians with Serviceheft's help"),
    "people": N_("by people"),
}
RUN_KINDS = {
    "weekly": N_("weekly visit"),
    "owed": N_("all that is owed"),
    "catch-up": N_("catching up"),
    "site": N_("everything"),
    "emergency": N_("emergency update"),
    "emergency ended": N_("emergency update ended by a technician"),
}
GROUPS = {
    "windows_clients": N_("Windows client"),
    "windows_laptops": N_("Windows laptop"),
    "windows_servers": N_("Windows server"),
    "domain_controllers": N_("Domain controller"),
    "linux_servers": N_("Linux server"),
    "switches": N_("Switch"),
    "routers": N_("Router"),
    "access_points": N_("Access point"),
    "printers": N_("Printer"),
    "nas": N_("Network storage"),
    "ip_phones": N_("IP phone"),
    "backup_systems": N_("Backup system"),
}
SCOPES = {
    "windows_clients": N_("Windows clients"),
    "windows_laptops": N_("Windows laptops"),
    "windows_servers": N_("Windows servers"),
    "domain_controllers": N_("domain controllers"),
    "linux_servers": N_("Linux servers"),
    "switches": N_("switches"),
    "routers": N_("routers"),
    "access_points": N_("access points"),
    "printers": N_("printers"),
    "nas": N_("network storage"),
    "ip_phones": N_("IP phones"),
    "backup_systems": N_("backup systems"),
}
BUNDESLAENDER = {
    "BB": "Brandenburg",
    "BE": "Berlin",
    "BW": "Baden-Württemberg",
    "BY": "Bayern",
    "HB": "Bremen",
    "HE": "Hessen",
    "HH": "Hamburg",
    "MV": "Mecklenburg-Vorpommern",
    "NI": "Niedersachsen",
    "NW": "Nordrhein-Westfalen",
    "RP": "Rheinland-Pfalz",
    "SH": "Schleswig-Holstein",
    "SL": "Saarland",
    "SN": "Sachsen",
    "ST": "Sachsen-Anhalt",
    "TH": "Thüringen",
}
WEEKDAYS = {
    "monday": N_("Monday"),
    "tuesday": N_("Tuesday"),
    "wednesday": N_("Wednesday"),
    "thursday": N_("Thursday"),
    "friday": N_("Friday"),
    "saturday": N_("Saturday"),
    "sunday": N_("Sunday"),
}

GLOSSARY = (
    (N_("Service book"), N_("The record of what was owed, done and measured. Entries are only ever added.")),
    (N_("Clause"), N_("The number of a service in the service description that the contract refers to.")),
    (N_("Stamp"), N_("The entry that a service was carried out on a device, by whom, and with what result.")),
    (
        N_("Finding"),
        N_("A deviation of what was measured from what is wanted. It is closed by measuring again."),
    ),
    (N_("Ticket"), N_("The task that follows from a finding, with the time until which we react.")),
    (
        N_("Time to react"),
        N_("Counted in service hours: Monday to Friday except public holidays, 09:00 to 17:00."),
    ),
    (N_("Not reached"), N_("The device could not be visited, for example because it was switched off.")),
    (N_("Not measured"), N_("The visit brought no data for this check. It never counts as well.")),
    (N_("Wanted"), N_("What was agreed for a device, as the inventory has it.")),
    (N_("Measured"), N_("What the device or its management console reported at the last visit.")),
    (N_("Dry run"), N_("A rehearsal that changes nothing on any device and opens no ticket.")),
    (N_("Run"), N_("One visit to the devices of one customer.")),
    (N_("Rules (commit)"), N_("The version of the rules that the run followed, by the number of its state.")),
    (N_("Head of the chain"), N_("Number and hash of the last entry; they prove everything before it.")),
    (
        N_("Virus definitions"),
        N_("The list by which a virus scanner recognises malware; it is renewed daily."),
    ),
    (N_("Maintenance window"), N_("The agreed time in which devices may be changed and restarted.")),
)


def mark(table: dict[str, tuple[str, str]], code: str, reader: Reader) -> Mark:
    """The code as a word in a colour; Undeclared for a code that the table lacks."""
    if code not in table:
        raise _unlisted(table)
    word, tone = table[code]
    return Mark(reader.gettext(word), tone, list(table).index(code))


def word(table: dict[str, str], code: str, reader: Reader) -> str:
    """The code as a word; Undeclared for a code that the table lacks."""
    if code not in table:
        raise _unlisted(table)
    return reader.gettext(table[code])


def _unlisted(table: object) -> Undeclared:
    """Names the table, and not the code: what is in no closed list may be anything."""
    name = next(name for name, value in globals().items() if value is table)
    return Undeclared(f"A code is to be published that {name} in serviceheft/publish/words.py does not list.")
