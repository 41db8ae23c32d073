"""Raw state in, findings out: one judging file per subject; nothing here touches a host.

Importing the package registers the causes, actions and reasons of every subject, so that what is read back from
the book is known wherever it is read.
"""

from serviceheft.assess import antivirus, computer, patching, products, remote_access, software, updates
from serviceheft.assess.antivirus_words import VALUE_WORDS
from serviceheft.assess.subjects import Subject, Wanted

#: What is measured of hosts, and all that may be shown of it, in the order of the pages.
SUBJECTS: dict[str, Subject] = {
    it.name: it
    for it in (
        computer.SUBJECT,
        antivirus.SUBJECT,
        updates.SUBJECT,
        remote_access.SUBJECT,
        software.SUBJECT,
        products.SUBJECT,
    )
}
CHECKS: dict[str, str] = {key: text for it in SUBJECTS.values() for key, text in it.checks.items()}
WANTED: dict[str, Wanted] = {name: entry for it in SUBJECTS.values() for name, entry in it.wanted.items()}

__all__ = [
    "CHECKS",
    "SUBJECTS",
    "VALUE_WORDS",
    "WANTED",
    "antivirus",
    "computer",
    "patching",
    "products",
    "remote_access",
    "software",
    "updates",
]
