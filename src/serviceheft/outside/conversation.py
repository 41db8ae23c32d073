"""What a conversation may take at most: one budget of time and bytes, whoever speaks and by whichever library.

The other side chooses how fast and how much it answers: one byte every three seconds keeps every timeout of a library
quiet for ever. So the sockets (serviceheft.outside.tls) draw on the budget of the operation that is under way.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

MEGABYTE = 1_000_000


class Fault(StrEnum):
    """Why a conversation was ended from our side."""

    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    REDIRECTED = "redirected"
    COMPRESSED = "compressed"
    INSECURE = "insecure"


class ConversationEnded(Exception):
    """We hung up. No library knows this exception, so none tries again or takes it for a broken line.

    Some keep its text alone: so the fault stands there too, for serviceheft.assess.reach.
    """

    def __init__(self, fault: Fault, text: str) -> None:
        super().__init__(f"{text} [conversation ended: {fault}]")
        self.fault = fault


@dataclass(frozen=True)
class Limits:
    """A request is one question with its answer; an operation is all of them that one purpose needs."""

    request_seconds: float
    operation_seconds: float
    answer_bytes: int
    operation_bytes: int


class Operation:
    """What is left of the budget; `clock` counts seconds and is given for tests."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._ends = clock() + limits.operation_seconds
        self._bytes = limits.operation_bytes
        self.begin_request()

    def begin_request(self) -> None:
        """A new question: its own time and size, within what the operation has left."""
        self._request_ends = min(self._ends, self._clock() + self._limits.request_seconds)
        self._request_bytes = self._limits.answer_bytes

    def remaining(self) -> float:
        """Seconds until we hang up, more than 0; ConversationEnded when they are over."""
        left = self._request_ends - self._clock()
        if left <= 0:
            whole = self._request_ends >= self._ends
            seconds = self._limits.operation_seconds if whole else self._limits.request_seconds
            what = "the operation" if whole else "one answer"
            raise ConversationEnded(Fault.TIMEOUT, f"Timed out: {what} took more than {seconds:g} s in all.")
        return left

    def received(self, count: int) -> None:
        """So many bytes came; ConversationEnded when they are too many."""
        self._request_bytes -= count
        self._bytes -= count
        if self._request_bytes < 0:
            raise ConversationEnded(
                Fault.TOO_LARGE, f"An answer of more than {self._limits.answer_bytes} bytes is not read."
            )
        if self._bytes < 0:
            raise ConversationEnded(
                Fault.TOO_LARGE, f"More than {self._limits.operation_bytes} bytes in all are not read."
            )


_under_way: ContextVar[Operation | None] = ContextVar("operation", default=None)


@contextmanager
def operation(limits: Limits) -> Iterator[Operation]:
    """Everything said within is one operation; within another one it is part of that."""
    outer = _under_way.get()
    if outer is not None:
        yield outer
        return
    token = _under_way.set(Operation(limits))
    try:
        yield current()
    finally:
        _under_way.reset(token)


def current() -> Operation:
    """The operation under way. RuntimeError without one: nothing is said without limits."""
    found = _under_way.get()
    if found is None:
        raise RuntimeError("A connection is used outside of operation(): nothing is said without limits.")
    return found
