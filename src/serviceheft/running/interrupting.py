"""Ctrl-C that is neither lost nor comes at a bad moment.

Ansible raises KeyboardInterrupt wherever the signal happens to arrive. Python drops an exception that is raised in a
fork hook or a weak reference's callback, and a controller forks all the time; raised in the middle of a stamp it would
end in a traceback. So the signal waits until the process is where it spends its time: in the strategy's polling loop.
"""

import os
import signal
from types import FrameType
from typing import Any

#: Files in which the strategies' loops stand.
SAFE = "/ansible/plugins/strategy/"
_AGAIN_SECONDS = 0.02


def install() -> None:
    """Put ourselves before Ansible's own handler of SIGINT, in the main process only.

    Uses SIGALRM. Ansible does so in its workers, where a task with a time limit fails when anybody else does: they
    inherit no timer, and the handler is taken away from them.
    """
    ansible: Any = signal.getsignal(signal.SIGINT)

    def wait_or_interrupt(_: int, frame: FrameType | None) -> None:
        if frame is not None and SAFE in frame.f_code.co_filename:
            signal.setitimer(signal.ITIMER_REAL, 0)
            ansible(signal.SIGINT, frame)  # ends the workers, raises KeyboardInterrupt
        else:
            signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)

    os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGALRM, signal.SIG_DFL))
    signal.signal(signal.SIGALRM, wait_or_interrupt)
    signal.signal(signal.SIGINT, wait_or_interrupt)
