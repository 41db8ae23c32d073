"""Many visits in threads: bounded, each host once, and what one of them does costs that one."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from serviceheft.running import visit_threads
from serviceheft.running.visit_threads import Job, Overdue, visit_all

#: Longer than any of these waits when all is well.
PATIENCE = 60.0


def nothing() -> None:
    """No tick."""


def jobs(visits: dict[str, Callable[[], Any]], seconds: float = PATIENCE) -> list[Job[Any]]:
    return [Job(host, visit, seconds) for host, visit in visits.items()]


class Gauge:
    """How many are in a visit at a time; `full` lets them out once so many are in."""

    def __init__(self, full: int) -> None:
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self._full = threading.Barrier(full)

    def visit(self) -> str:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self._full.wait(PATIENCE)
        with self._lock:
            self._now -= 1
        return "told"


class Clock:
    """Made up, and moved on by the test."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    """What visits wait for that do not end; set at the test's end, so that no thread stays."""
    event = threading.Event()
    yield event
    event.set()


def test_each_host_once_with_its_answer() -> None:
    found = list(visit_all(jobs({f"pc-{n}": lambda n=n: n for n in range(50)}), 7, nothing))  # type: ignore[misc]
    assert Counter(host for host, _ in found) == Counter(f"pc-{n}" for n in range(50))
    assert all(host == f"pc-{told}" for host, told in found)


def test_never_more_at_a_time_and_all_of_them_used() -> None:
    gauge = Gauge(3)
    list(visit_all(jobs({f"pc-{n}": gauge.visit for n in range(12)}), 3, nothing))
    assert gauge.most == 3


@pytest.mark.parametrize(
    ("hosts", "threads", "expected"), [(2, 25, 2), (5, 2, 2), (3, 3, 3), (3, 0, 1), (3, -1, 1)]
)
def test_no_more_threads_than_hosts_and_never_none(
    hosts: int, threads: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    class Counted(threading.Thread):
        def start(self) -> None:
            started.append(self)
            super().start()

    monkeypatch.setattr(visit_threads.threading, "Thread", Counted)
    assert len(list(visit_all(jobs({f"pc-{n}": nothing for n in range(hosts)}), threads, nothing))) == hosts
    assert len(started) == expected
    assert all(it.daemon for it in started)


def test_of_no_hosts_nothing() -> None:
    assert list(visit_all([], 25, nothing)) == []


def test_in_the_order_of_arrival() -> None:
    first = threading.Event()
    visits = {"late": lambda: first.wait(PATIENCE), "early": lambda: "told"}
    found = []
    for host, _ in visit_all(jobs(visits), 2, nothing):
        found.append(host)
        first.set()
    assert found == ["early", "late"]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt(), RecursionError()])
def test_what_a_visit_raises_is_its_hosts_answer(error: BaseException) -> None:
    def fails() -> None:
        raise error

    assert dict(visit_all(jobs({"bad": fails, "good": lambda: 1}), 1, nothing)) == {"bad": error, "good": 1}


def test_an_overdue_host_is_given_up_and_its_thread_replaced(stuck: threading.Event) -> None:
    clock = Clock()
    begun = threading.Event()

    def hangs() -> None:
        begun.set()
        stuck.wait(PATIENCE)

    def tick() -> None:
        if begun.is_set():
            clock.now += 6.0

    all_of_them = [Job("stuck", hangs, 10.0), Job("next", lambda: "told", 10.0)]
    found = dict(visit_all(all_of_them, 1, tick, tick_seconds=0.01, clock=clock))
    assert found["next"] == "told"
    assert isinstance(found["stuck"], Overdue)
    assert str(found["stuck"]) == "Timed out: the visit took more than 10 s in all."


def test_all_threads_stuck_still_ends(stuck: threading.Event) -> None:
    clock = Clock()

    def tick() -> None:
        clock.now += 5.0

    visits = {f"pc-{n}": (lambda: stuck.wait(PATIENCE)) for n in range(6)}
    found = dict(visit_all(jobs(visits, 10.0), 2, tick, tick_seconds=0.01, clock=clock))
    assert len(found) == 6
    assert all(isinstance(told, Overdue) for told in found.values())


def test_an_answer_of_a_host_that_was_given_up_is_none(stuck: threading.Event) -> None:
    clock, begun, told = Clock(), threading.Event(), threading.Event()

    def late() -> str:
        begun.set()
        stuck.wait(PATIENCE)
        told.set()
        return "late"

    def waits() -> str:
        stuck.set()
        told.wait(PATIENCE)
        return "in time"

    def tick() -> None:
        if begun.is_set():
            clock.now += 6.0

    found = list(
        visit_all([Job("late", late, 10.0), Job("next", waits, 1e9)], 1, tick, tick_seconds=0.01, clock=clock)
    )
    assert [host for host, _ in found] == ["late", "next"]
    assert isinstance(found[0][1], Overdue)


def test_an_answer_that_waits_to_be_taken_is_not_overdue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes the answers may be slow, as with a full disk's cache: what came in time counts."""
    clock, arrived = Clock(), threading.Semaphore(0)

    class Queue(visit_threads.SimpleQueue):  # type: ignore[misc, type-arg]
        def put(self, *args: Any) -> None:
            super().put(*args)
            arrived.release()

    monkeypatch.setattr(visit_threads, "SimpleQueue", Queue)
    told: list[str] = []
    hosts = dict.fromkeys(("a", "b", "c"), lambda: "told")
    for _, answer in visit_all(jobs(hosts, 10.0), 3, nothing, clock=clock):
        if not told:
            assert all(arrived.acquire(timeout=PATIENCE) for _ in range(3))
            clock.now += 1000.0
        told.append(answer)
    assert told == ["told"] * 3


def test_waiting_for_a_thread_does_not_count() -> None:
    clock = Clock()

    def takes_long() -> str:
        clock.now += 9.0
        return "told"

    found = dict(visit_all(jobs({f"pc-{n}": takes_long for n in range(5)}, 10.0), 1, nothing, clock=clock))
    assert set(found.values()) == {"told"}


def test_ticks_come_while_nothing_arrives() -> None:
    clock, enough = Clock(), threading.Event()
    ticks = []

    def tick() -> None:
        ticks.append(clock.now)
        clock.now += 1.0
        if len(ticks) == 5:
            enough.set()

    visits = {"pc": lambda: enough.wait(PATIENCE)}
    assert list(visit_all(jobs(visits), 1, tick, tick_seconds=0.01, clock=clock)) == [("pc", True)]
    assert ticks[:5] == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_what_a_tick_raises_ends_it(stuck: threading.Event) -> None:
    def tick() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(visit_all(jobs({"pc": lambda: stuck.wait(PATIENCE)}), 1, tick, tick_seconds=0.01))


def test_with_fewer_threads_than_wanted_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a limit of threads starts some of them and then no more."""
    started = []

    class Few(threading.Thread):
        def start(self) -> None:
            if len(started) == 2:
                raise RuntimeError("can't start new thread")
            started.append(self)
            super().start()

    monkeypatch.setattr(visit_threads.threading, "Thread", Few)
    held = threading.Event()

    def visit() -> str:
        return "told" if held.wait(PATIENCE) else "never"

    found = visit_all(jobs({f"pc-{n}": visit for n in range(9)}), 5, held.set, tick_seconds=0.01)
    assert [told for _, told in found] == ["told"] * 9
    assert len(started) == 2


def test_without_a_single_thread_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refused(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(visit_threads.threading, "Thread", Refused)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        list(visit_all(jobs({"pc": nothing}), 5, nothing))


def test_when_no_thread_can_replace_one_that_is_stuck_the_others_are_told(
    stuck: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, clock = [], Clock()

    class One(threading.Thread):
        def start(self) -> None:
            if started:
                raise RuntimeError("can't start new thread")
            started.append(self)
            super().start()

    def tick() -> None:
        clock.now += 6.0

    monkeypatch.setattr(visit_threads.threading, "Thread", One)
    visits = {"stuck": lambda: stuck.wait(PATIENCE), "next": nothing}
    found = dict(visit_all(jobs(visits, 10.0), 1, tick, tick_seconds=0.01, clock=clock))
    assert isinstance(found["stuck"], Overdue)
    assert isinstance(found["next"], RuntimeError)
