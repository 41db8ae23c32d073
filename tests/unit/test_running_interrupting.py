"""Ctrl-C arrives, whatever the process is doing when it comes."""

import os
import signal
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from serviceheft.running import interrupting


class Thing:
    """Something that a weak reference can point at."""


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupting.install()
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGINT, before[0])
    signal.signal(signal.SIGALRM, before[1])


def polling_loop() -> Callable[[], None]:
    """A loop that stands where Ansible's strategies do."""
    space: dict[str, Any] = {}
    code = "import time\ndef poll():\n    while True:\n        time.sleep(0.001)\n"
    exec(compile(code, f"/x{interrupting.SAFE}linear.py", "exec"), space)
    poll: Callable[[], None] = space["poll"]
    return poll


def interrupt(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    sum(range(1000))  # the signal is handled here, in this frame


def test_in_the_loop() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.01)  # as a signal that comes later
    with pytest.raises(KeyboardInterrupt):
        polling_loop()()


def test_in_a_weak_references_callback_where_python_drops_exceptions() -> None:
    thing = Thing()
    reference = weakref.ref(thing, interrupt)
    del thing
    assert reference() is None
    with pytest.raises(KeyboardInterrupt):
        polling_loop()()


def test_work_in_progress_is_finished_first() -> None:
    written = []
    interrupt()
    written.append("a stamp")
    with pytest.raises(KeyboardInterrupt):
        polling_loop()()
    assert written == ["a stamp"]


def test_workers_may_set_time_limits_of_their_own() -> None:
    """Ansible refuses `timeout` of a task where the alarm has a handler already."""
    child = os.fork()
    if not child:
        os._exit(0 if signal.getsignal(signal.SIGALRM) == signal.SIG_DFL else 1)
    assert os.waitpid(child, 0)[1] == 0
