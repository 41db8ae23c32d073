"""Raw state in, findings out: one judging file per subject; nothing here touches a host.

Importing the package registers the causes of every subject, so that a finding read back from the book is
known wherever it is read.
"""

from serviceheft.assess import antivirus, computer, remote_access, updates
from serviceheft.assess.antivirus_causes import VALUE_WORDS
from serviceheft.assess.computer import ComputerState
from serviceheft.assess.normalform import Shown, describe
from serviceheft.assess.remote_access import RemoteAccessState
from serviceheft.assess.scanner import ScannerState
from serviceheft.assess.updatestate import UpdateState

#: What may be shown of a subject's measured state, in the order of the pages: an allow-list.
SUBJECTS: dict[str, tuple[Shown, ...]] = {
    computer.SUBJECT: describe(ComputerState),
    antivirus.SUBJECT: describe(ScannerState),
    updates.SUBJECT: describe(UpdateState),
    remote_access.SUBJECT: describe(RemoteAccessState),
}

__all__ = ["SUBJECTS", "VALUE_WORDS", "antivirus", "computer", "remote_access", "updates"]
