"""One round of visits to many hosts: prepare, visit in threads, prove, keep, tell how far it is."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from serviceheft.assess.identity import Expected
from serviceheft.assess.reach import Reach
from serviceheft.running import visiting
from serviceheft.running.spool import Spool
from serviceheft.running.visit_building import Alone, Visit
from serviceheft.running.visit_progress import Progress, tell
from serviceheft.running.visit_threads import Job, visit_all

_KILLED = 9


@dataclass
class Round:
    """What came of a round. Codes and numbers only: it is the result of a task."""

    visited: int = 0
    #: Hosts that take no further part, and why.
    lost: dict[str, Reach] = field(default_factory=dict)
    #: Hosts that need a task of their own, and why.
    alone: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_one(cls, host: str, why: Reach | None) -> Self:
        """What came of a visit in a task of its own; `why` it was lost."""
        return cls(visited=1) if why is None else cls(lost={host: why})

    @classmethod
    def of(
        cls,
        hosts: list[str],
        threads: int,
        spool: Spool,
        prepare: Callable[[str], tuple[Visit | Alone, Expected]],
    ) -> Self:
        """Visit the hosts. `prepare` may raise: then that host is lost, and no other.

        Raises SpoolUnavailable.
        """
        went, parent = cls(), os.getppid()

        def tick() -> None:
            if os.getppid() != parent:  # the run was killed: nobody is left who would record what comes
                os._exit(_KILLED)
            reached = went.visited + len(went.lost)
            tell(Progress(reached, len(hosts) - len(went.alone), len(went.lost)))

        def arrived(host: str, result: dict[str, Any]) -> None:
            why = visiting.keep(spool, host, result)
            if why is None:
                went.visited += 1
            else:
                went.lost[host] = why

        tick()
        jobs, expected = [], {}
        for host in hosts:
            try:
                found, expected[host] = prepare(host)
                if isinstance(found, Alone):
                    went.alone[host] = found.why
                else:
                    jobs.append(Job(host, found, found.seconds))
            except Exception as error:  # noqa: BLE001 (a template or an option of this host: its own fault)
                arrived(host, visiting.gone_wrong(error))
        for host, told in visit_all(jobs, threads, tick):
            if isinstance(told, BaseException):
                arrived(host, visiting.gone_wrong(told))
            else:
                arrived(host, visiting.proven(told, expected[host]))
            tick()
        return went

    def as_data(self) -> dict[str, Any]:
        return {
            "visited": self.visited,
            "lost": {
                host: {"code": why.code, "outcome": why.outcome.value} for host, why in self.lost.items()
            },
            "alone": self.alone,
        }
