"""Many visits at once, in threads. A visit that never ends costs itself alone.

The threads are daemons: a process that is to end is not kept by a host that does not answer. They only carry out the
visit; whatever is done with an answer is done by who iterates.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
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
    waiting, done = deque(jobs), SimpleQueue[tuple[str, T | BaseException]]()
    begun: dict[str, float] = {}
    given_up: set[str] = set()

    def work() -> None:
        while True:
            try:
                job = waiting.popleft()
            except IndexError:
                return
            begun[job.host] = clock()
            answer: T | BaseException
            try:
                answer = job.visit()
            except BaseException as error:  # noqa: BLE001 (whatever it is, the host gets it)
                answer = error
            if job.host in given_up:
                return  # another thread has taken this one's place
            done.put((job.host, answer))
            del answer, job  # an answer is large, and the next one may take long

    def start() -> None:
        threading.Thread(target=work, daemon=True).start()

    for _ in range(min(threads, len(jobs))):
        start()
    limits = {job.host: job.seconds for job in jobs}
    ticked = clock()
    while limits:
        try:
            host, answer = done.get(timeout=tick_seconds)
        except Empty:
            pass
        else:
            if limits.pop(host, None) is not None:
                yield host, answer
            del answer
        now = clock()
        if now - ticked < tick_seconds and not done.empty():
            continue
        ticked = now
        tick()
        for host in [it for it, seconds in limits.items() if it in begun and now - begun[it] > seconds]:
            given_up.add(host)
            seconds = limits.pop(host)
            start()
            yield host, Overdue(f"Timed out: the visit took more than {seconds:g} s in all.")
