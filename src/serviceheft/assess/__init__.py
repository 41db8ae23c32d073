"""Raw state in, findings out: one judging file per subject; nothing here touches a host.

Importing the package registers the causes of every subject, so that a finding read back from the book is
known wherever it is read.
"""

from serviceheft.assess import antivirus, computer, patching, products, remote_access, software, updates
from serviceheft.assess.antivirus_causes import VALUE_WORDS
from serviceheft.assess.computer import ComputerState
from serviceheft.assess.normalform import Shown, describe
from serviceheft.assess.products import ProductsState
from serviceheft.assess.remote_access import RemoteAccessState
from serviceheft.assess.scanner import ScannerState
from serviceheft.assess.softwarestate import SoftwareState
from serviceheft.assess.updatestate import UpdateState

#: What may be shown of a subject's measured state, in the order of the pages: an allow-list.
SUBJECTS: dict[str, tuple[Shown, ...]] = {
    computer.SUBJECT: describe(ComputerState),
    antivirus.SUBJECT: describe(ScannerState),
    updates.SUBJECT: describe(UpdateState),
    remote_access.SUBJECT: describe(RemoteAccessState),
    software.SUBJECT: describe(SoftwareState),
    products.SUBJECT: describe(ProductsState),
}

__all__ = [
    "SUBJECTS",
    "VALUE_WORDS",
    "antivirus",
    "computer",
    "patching",
    "products",
    "remote_access",
    "software",
    "updates",
]
