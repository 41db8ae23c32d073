"""Many visits at once, in threads. A visit that never ends costs itself alone.

The threads are daemons: a process that is to end is not kept by a host that does not answer. They only carry out the
visit; whatever is done with an answer is done by who iterates.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

TICK_SECONDS = 1.0


class Overdue(Exception):
    """The visit did not end in its time, and was given up; its thread may still be at it."""


@dataclass(frozen=True)
class Job[T]:
    """`visit` is to be carried out once for the host; `seconds` is the time after which it is given up."""

    host: str
    visit: Callable[[], T]
    seconds: float


class _Round[T]:
    """The visits under way, and those that wait for a thread."""

    def __init__(self, jobs: Sequence[Job[T]], clock: Callable[[], float]) -> None:
        self._waiting, self._clock = deque(jobs), clock
        self._begun: dict[str, float] = {}
        self._given_up: set[str] = set()
        self._limits = {job.host: job.seconds for job in jobs}
        self.done = SimpleQueue[tuple[str, T | BaseException]]()

    @property
    def open(self) -> bool:
        return bool(self._limits)

    def start(self) -> None:
        threading.Thread(target=self._work, daemon=True).start()

    def take(self, seconds: float) -> Iterator[tuple[str, T | BaseException]]:
        """The next answer, if one comes in this time; one that comes after its host was given up is none."""
        with suppress(Empty):
            host, answer = self.done.get(timeout=seconds)
            if self._limits.pop(host, None) is not None:
                yield host, answer

    def overdue(self, now: float) -> Iterator[tuple[str, Overdue]]:
        """Hosts that are given up, each with a thread started in the place of its own."""
        for host, seconds in list(self._limits.items()):
            if host in self._begun and now - self._begun[host] > seconds:
                self._given_up.add(host)
                del self._limits[host]
                self.start()
                yield host, Overdue(f"Timed out: the visit took more than {seconds:g} s in all.")

    def _work(self) -> None:
        while True:
            try:
                job = self._waiting.popleft()
            except IndexError:
                return
            self._begun[job.host] = self._clock()
            answer: T | BaseException
            try:
                answer = job.visit()
            except BaseException as error:  # noqa: BLE001 (whatever it is, the host gets it)
                answer = error
            if job.host in self._given_up:
                return  # another thread has taken this one's place
            self.done.put((job.host, answer))
            del answer, job  # an answer is large, and the next one may take long


def visit_all[T](
    jobs: Sequence[Job[T]],
    threads: int,
    tick: Callable[[], None],
    *,
    tick_seconds: float = TICK_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[tuple[str, T | BaseException]]:
    """Yield each host once with its answer, or with what its visit raised (Overdue), in the order of arrival.

    At most `threads` visits are under way; those given up do not count. `tick` is called about every second.
    """
    round_, ticked = _Round(jobs, clock), clock()
    for _ in range(min(threads, len(jobs))):
        round_.start()
    while round_.open:
        yield from round_.take(tick_seconds)
        now = clock()
        if now - ticked < tick_seconds and not round_.done.empty():
            continue
        ticked = now
        tick()
        yield from round_.overdue(now)
