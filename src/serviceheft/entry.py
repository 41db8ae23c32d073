"""What holds from the first moment on, for heft and for a run that was typed by hand."""

import os

from serviceheft import screen

#: For the technician alone: the build folder, spools, logs and the lab hold customers' data and passwords.
UMASK = 0o077


def enter() -> None:
    """Make files for the owner alone, and let the streams take every text."""
    os.umask(UMASK)
    screen.prepare()
