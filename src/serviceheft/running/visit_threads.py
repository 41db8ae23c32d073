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
    """The visits under way, and those that wait for a thread.

    A visit ends in one of two ways, decided under the lock: its answer arrives, or it is given up.
    """

    def __init__(self, jobs: Sequence[Job[T]], clock: Callable[[], float]) -> None:
        self._waiting, self._clock = deque(jobs), clock
        self._lock = threading.Lock()
        self._under_way: dict[str, tuple[Job[T], float]] = {}
        self._working = 0
        self._left = len(jobs)
        self.done = SimpleQueue[tuple[str, T | BaseException]]()

    @property
    def open(self) -> bool:
        return self._left > 0

    def start(self, threads: int) -> None:
        """As many as the machine lets us have, up to `threads`. RuntimeError when there is not one."""
        for _ in range(threads):
            try:
                self._start()
            except RuntimeError:
                if not self._working:
                    raise
                return

    def take(self, seconds: float) -> Iterator[tuple[str, T | BaseException]]:
        """The next answer, if one comes in this time."""
        with suppress(Empty):
            answer = self.done.get(timeout=seconds)
            self._left -= 1
            yield answer

    def give_up(self, now: float) -> None:
        """Of visits that take too long: their answer is Overdue, and each has a thread in the place of its own."""
        with self._lock:
            overdue = [job for job, begun in self._under_way.values() if now - begun > job.seconds]
            for job in overdue:
                del self._under_way[job.host]
                self._working -= 1
        for job in overdue:
            self.done.put(
                (job.host, Overdue(f"Timed out: the visit took more than {job.seconds:g} s in all."))
            )
            try:
                self._start()
            except RuntimeError as error:
                self._nobody_left(error)

    def _start(self) -> None:
        with self._lock:
            self._working += 1
        try:
            threading.Thread(target=self._work, daemon=True).start()
        except RuntimeError:
            with self._lock:
                self._working -= 1
            raise

    def _nobody_left(self, error: RuntimeError) -> None:
        """When no thread is left that would visit those who wait, they are told so."""
        with self._lock:
            waiting = [] if self._working else list(self._waiting)
            if waiting:
                self._waiting.clear()
        for job in waiting:
            self.done.put((job.host, error))

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._working -= 1
                    return
                job = self._waiting.popleft()
                self._under_way[job.host] = job, self._clock()
            answer: T | BaseException
            try:
                answer = job.visit()
            except BaseException as error:  # noqa: BLE001 (whatever it is, the host gets it)
                answer = error
            with self._lock:
                if self._under_way.pop(job.host, None) is None:
                    return  # given up: another thread has taken this one's place
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

    At most `threads` visits, and at least one, are under way; those given up do not count. `tick` is called about every
    second. RuntimeError when the machine has no thread for us.
    """
    round_, ticked = _Round(jobs, clock), clock()
    round_.start(min(max(1, threads), len(jobs)))
    while round_.open:
        yield from round_.take(tick_seconds)
        now = clock()
        if now - ticked < tick_seconds and not round_.done.empty():
            continue
        ticked = now
        tick()
        round_.give_up(now)
