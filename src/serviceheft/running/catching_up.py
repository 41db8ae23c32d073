"""Catching up with hosts that come and go: who waits, who answers now, and nobody visited by two at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from serviceheft import settings
from serviceheft.book import RunRefused
from serviceheft.duties import periods_since
from serviceheft.ledger import owed_now
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.schema import Customer, Host
from serviceheft.open_emergencies import OpenEmergency
from serviceheft.open_emergencies import Turn as Next
from serviceheft.running.command import Emergency, PlaybookCall
from serviceheft.running.probing import answering
from serviceheft.running.session import open_book
from serviceheft.running.still_open import still_open
from serviceheft.running.stop import stop_reason
from serviceheft.waiting import Turn, Waiting, not_reached, waiting

_PORTS = {"winrm": 5986, "psrp": 5986, "ssh": 22}


class UnderWay(Exception):
    """Somebody else visits this customer at this moment; the message says who. Nothing is wrong, and nothing to do."""


def queue(customer: Customer, catalogue: Catalogue, now: datetime) -> list[Waiting]:
    """Who waits. Nobody of a customer that is billed by the hour: nothing runs there by schedule."""
    if customer.contract.kind == "hourly":
        return []
    with open_book() as book:
        found = owed_now(customer, catalogue, book, now)
        stamps = [
            stamp
            for host, service in not_reached(found, book.latest_stamps(customer.name, _tried_in(now)))
            for stamp in book.stamps(customer.name, service=service, host=host)
        ]
    return waiting(found, stamps, now)


def _tried_in(now: datetime) -> set[str]:
    """The periods of the last visits: what is owed is tried at least once a year, or nobody waits for it."""
    return periods_since(now - timedelta(days=400), now, None)


def call(customer: Customer, catalogue: Catalogue, now: datetime) -> PlaybookCall | None:
    """The run that visits those who wait and answer; None when there are none. Raises UnderWay."""
    there = {one.host for one in queue(customer, catalogue, now) if one.turn is Turn.NOW}
    if not there:
        return None
    refuse_two(customer.name)
    hosts = answering({name: _target(customer.hosts[name]) for name in sorted(there)})
    if not hosts:
        return None
    return PlaybookCall("site", customer.name, limit=",".join(sorted(hosts)), only_open=True, catch_up=True)


def emergencies(customer: Customer, catalogue: Catalogue, now: datetime) -> list[OpenEmergency]:
    """The emergencies that hosts still owe; none of a customer that is billed by the hour."""
    if customer.contract.kind == "hourly":
        return []
    with open_book() as book:
        return still_open(customer, catalogue, book, now)


def emergency_calls(customer: Customer, catalogue: Catalogue, now: datetime) -> list[PlaybookCall]:
    """A run for each emergency that somebody owes who answers, within its terms. Raises UnderWay.

    None while the stop file is there: these runs do nothing but change.
    """
    found = [] if stop_reason() else emergencies(customer, catalogue, now)
    there = {one.host for it in found for one in it.owing if one.turn is Next.NOW}
    if not there:
        return []
    refuse_two(customer.name)
    answer = answering({name: _target(customer.hosts[name]) for name in sorted(there)})
    return [
        PlaybookCall(
            "emergency",
            customer.name,
            limit=",".join(hosts),
            catch_up=True,
            emergency=Emergency(it.kb, it.reason, it.maximum_hosts),
        )
        for it in found
        if (hosts := it.visited_now(answer))
    ]


def refuse_two(customer: str) -> None:
    """Raise UnderWay when the book knows of a run that goes on."""
    with open_book() as book:
        for run in book.runs(customer, now=settings.now(), open_only=True):
            if run.state == "running" and not run.dry_run:
                raise UnderWay(
                    f"{customer}: the {run.kind} run {run.id} by {run.who} is under way; left to it."
                )


@contextmanager
def alone(customer: str) -> Iterator[None]:
    """Hold the customer's lock from the look at the queue to the end of the run. Raises UnderWay.

    The lock goes with the process, whatever way it ends. The file stays: removing it would let two hold it.
    """
    path = lock_file(customer)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    except OSError as error:
        raise RunRefused(
            f"The lock {path} cannot be made ({error.strerror}). Make its folder writable."
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnderWay(f"{customer}: another catch-up is under way; left to it.") from None
        yield


def lock_file(customer: str) -> Path:
    return settings.var_directory() / "locks" / f"catch-up-{customer}.lock"


def _target(host: Host) -> tuple[str, int]:
    return host.address, host.port or _PORTS.get(str(host.variables.get("ansible_connection")), 22)
