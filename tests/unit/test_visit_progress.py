"""How far the visit is, from the process that visits to the one that shows it."""

import os
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from serviceheft.running import visit_progress
from serviceheft.running.visit_progress import Listener, PlainPace, Progress, tell

PATIENCE = 30.0
OPEN = Path("/proc/self/fd")


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    before = {path.name for path in OPEN.iterdir()}
    yield
    assert visit_progress._telling is None
    assert {path.name for path in OPEN.iterdir()} == before


def test_what_the_task_tells_is_shown_in_order() -> None:
    shown: list[Progress] = []
    listener = Listener(shown.append)
    for number in range(100):
        tell(Progress(number, 100, 3))
    listener.stop()
    assert shown == [Progress(number, 100, 3) for number in range(100)]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_tells_its_parent() -> None:
    shown: list[Progress] = []
    listener = Listener(shown.append)
    child = os.fork()
    if child == 0:
        tell(Progress(1, 2, 0))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    listener.stop()
    assert shown == [Progress(1, 2, 0)]


def test_without_a_listener_nobody_is_told() -> None:
    tell(Progress(1, 2, 0))
    Listener(lambda _: None).stop()
    tell(Progress(1, 2, 0))


def test_a_reader_that_is_slow_hinders_nobody() -> None:
    """What does not fit into the pipe is left out, and each line that is shown is a whole one."""
    going_on, shown = threading.Event(), []

    def show(now: Progress) -> None:
        going_on.wait(PATIENCE)
        shown.append(now)

    listener = Listener(show)
    for number in range(20_000):
        tell(Progress(number, 20_000, 0))
    going_on.set()
    listener.stop()
    assert shown
    assert [it.done for it in shown] == list(range(len(shown)))


@pytest.mark.filterwarnings("error")
def test_a_screen_that_is_gone_hinders_nobody() -> None:
    """As behind `heft weekly ... | head`."""

    def show(_: Progress) -> None:
        raise BrokenPipeError

    listener = Listener(show)
    for number in range(20_000):
        tell(Progress(number, 20_000, 0))
    listener.stop()  # a traceback in its thread would be a warning here


def test_a_screen_that_blocks_does_not_hold_up_the_end() -> None:
    going_on = threading.Event()

    def show(_: Progress) -> None:
        going_on.wait(2 * PATIENCE)

    listener = Listener(show)
    for number in range(20_000):
        tell(Progress(number, 20_000, 0))
    stopping = threading.Thread(target=listener.stop, daemon=True)
    stopping.start()
    stopping.join(PATIENCE)
    ended = not stopping.is_alive()
    going_on.set()
    for thread in (listener._thread, stopping):
        thread.join(PATIENCE)
    assert ended


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress(0, 5, 0), "visited 0 of 5, 0 not reached"),
        (Progress(5, 5, 2), "visited 5 of 5, 2 not reached"),
    ],
)
def test_words(progress: Progress, text: str) -> None:
    assert str(progress) == text


# -- where lines stay ----------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def said(hosts: int, seconds: float, per_second: float = 1.0) -> list[tuple[float, int]]:
    """At which seconds, and at which host, a line is due when hosts are done evenly over the time, told each second."""
    clock = Clock()
    pace = PlainPace(clock)
    found = []
    for second in range(int(seconds * per_second) + 1):
        clock.now = 1000.0 + second / per_second
        progress = Progress(int(hosts * second / (seconds * per_second)), hosts, 0)
        if pace.due(progress):
            found.append((second / per_second, progress.done))
    return found


def test_a_short_visit_needs_no_line() -> None:
    assert said(5, 1) == []


def test_the_first_after_two_seconds() -> None:
    assert said(100, 60)[0][0] == 2.0


def test_each_tenth_of_the_hosts() -> None:
    lines = said(100, 100)
    assert [done for _, done in lines] == [2, 12, 22, 32, 42, 52, 62, 72, 82, 92]


def test_no_more_often_than_every_two_seconds() -> None:
    assert all(later - earlier >= 2.0 for (earlier, _), (later, _) in pairwise(said(1000, 10, per_second=10)))


def test_every_half_minute_though_nothing_moves() -> None:
    clock = Clock()
    pace = PlainPace(clock)
    lines = []
    for second in range(200):
        clock.now = 1000.0 + second
        if pace.due(Progress(0, 100, 0)):
            lines.append(second)
    assert lines == [2, 32, 62, 92, 122, 152, 182]
