"""Patch management (3.2) within a ring: decided once more just before, and right before a restart."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from serviceheft.running import judging, recording
from serviceheft.running.recording import Record
from serviceheft.running.session import Session
from serviceheft.services.patch_management import SERVICE, orders


def order_now(
    session: Session, hosts: Sequence[str], batch: Collection[str]
) -> tuple[dict[str, Mapping[str, Any]], list[Record]]:
    """What is done now on each host of the batch, and the stamps of those that wait after all.

    hosts: all of the play, those included that were started already: they are counted. Raises as
    judging.judge_and_stamp does.
    """
    with judging.as_run(session) as run:
        seen = judging.look_at(session, SERVICE.role, hosts, run.book)
        judged = {host: it for host, it in orders.give_orders(seen, run).items() if host in batch}
    waiting = {}
    for host, it in judged.items():
        judging.keep(session, SERVICE.role, host, it)
        if not it.steps["acts"]:
            waiting[host] = it.judgement
    return {host: it.steps for host, it in judged.items()}, recording.record_all(
        session, SERVICE.role, waiting
    )


def decide_restart(session: Session, host: str, install: Mapping[str, Any] | None) -> dict[str, Any]:
    """Whether the host is restarted now for what was installed; see orders.decide_restart."""
    with judging.as_run(session) as run:
        seen = judging.look_at(session, SERVICE.role, [host])[host]
        return orders.decide_restart(seen, run, install)
