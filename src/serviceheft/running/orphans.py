"""Workers end with the process that forked them, also when it was killed and could tell nobody.

Ansible's workers ask their parent things (add_host) over a socket whose other end they hold as well: one whose parent
is gone at that moment would wait for ever, and keep the dead run's spool alive.
"""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


def install() -> None:
    """From now on for every fork of this process, and theirs; Linux only, elsewhere they end when they notice."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "prctl"):
        return
    parent = [os.getpid()]

    def remember() -> None:
        parent[0] = os.getpid()

    def end_with_parent() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent[0]:  # it was killed before we could ask
            os._exit(1)

    os.register_at_fork(before=remember, after_in_child=end_with_parent)
