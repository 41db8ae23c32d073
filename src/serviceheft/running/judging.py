"""From the visits in the run's spool to judgements: what a service may see of each host, and what it says of it."""

import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from serviceheft import settings
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.assess.reasons import NOT_JUDGED
from serviceheft.book import Book, BookUnavailable, RunRefused
from serviceheft.logs import LogUnavailable
from serviceheft.model.groups import run_group
from serviceheft.running import handing_over, recording
from serviceheft.running.recording import Record
from serviceheft.running.session import NoRun, Session, open_book
from serviceheft.running.spool import Spool, SpoolUnavailable
from serviceheft.running.stop import stop_reason
from serviceheft.running.visiting import VISITED_FOR
from serviceheft.screen import say
from serviceheft.service import Judged, Run, Seen, Service
from serviceheft.services import SERVICES


class UnknownService(Exception):
    """A task names a service that no package declares."""


#: Why a task of the run cannot do its work: the run must end then.
UNRECORDED = (NoRun, UnknownService, BookUnavailable, RunRefused, LogUnavailable, SpoolUnavailable)


def declared(role: str) -> Service:
    """The service of a role. Raises UnknownService."""
    try:
        return SERVICES[role]
    except KeyError:
        raise UnknownService(
            f"{role!r} is no service. Those that can be carried out are {', '.join(SERVICES)}."
        ) from None


@contextmanager
def as_run(session: Session) -> Iterator[Run]:
    """The open run as services see it, with its book. Raises BookUnavailable."""
    with open_book() as book:
        yield Run(
            id=session.run,
            customer=session.customer,
            catalogue=session.catalogue,
            book=book,
            planned=session.planned or {},
            dry_run=session.order.dry_run,
            emergency=session.order.emergency,
            catch_up=session.order.catch_up,
            maximum_hosts=session.order.maximum_hosts,
            stopped=stop_reason() is not None,
        )


def look_at(session: Session, role: str, hosts: Iterable[str], book: Book | None = None) -> dict[str, Seen]:
    """What the service may see of each of the hosts, those among them that the visit did not reach.

    With `book` also what it holds of them. Raises BookUnavailable, SpoolUnavailable.
    """
    service, spool, now = declared(role), Spool.of_run(session.run), settings.now()
    known = _known(book, session.customer.name, service)
    found = {}
    for host in hosts:
        visits = spool.visits(host)
        own = (*visits[:1], *(visit for visit in visits[1:] if visit.get(VISITED_FOR) == role))
        found[host] = _seen(session, service, spool, host, own, known.get(host, {}), now)
    return found


def judge_and_stamp(session: Session, role: str, hosts: Iterable[str]) -> dict[str, tuple[Record, Judged]]:
    """Judge the service on all hosts, and stamp those that the visit reached. Raises any of UNRECORDED."""
    service = declared(role)
    with as_run(session) as run:
        seen = look_at(session, role, hosts, run.book)
        reached = {host for host, one in seen.items() if one.reached}
        every = judged_apart(service, seen, run) if reached else {}
        judged = {host: one for host, one in every.items() if host in reached}
        for host, one in judged.items():
            keep(session, role, host, one)
        judgements = {host: one.judgement for host, one in judged.items()}
        records = recording.record_all(session, role, judgements, run.book)
    return {it.host: (_with_groups(it, judged[it.host]), judged[it.host]) for it in records}


def judged_apart(service: Service, seen: Mapping[str, Seen], run: Run) -> Mapping[str, Judged]:
    """The hosts' judgements; what of one host cannot be judged, by a mistake of ours, costs that host and no other.

    Raises what the service raises when no single host is to blame.
    """
    try:
        return service.judged(seen, run)
    except Exception:
        blamed = {host: error for host, one in seen.items() if (error := _fails_alone(service, one, run))}
        if not blamed:
            raise
    rest = {host: one for host, one in seen.items() if host not in blamed}
    judged = service.judged(rest, run) if rest else {}
    return {**judged, **{host: _not_judged(service, host, error) for host, error in blamed.items()}}


def _fails_alone(service: Service, seen: Seen, run: Run) -> Exception | None:
    try:
        service.judged({seen.host: seen}, run)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is told, and stamped as a failure)
        return error
    return None


def _not_judged(service: Service, host: str, error: Exception) -> Judged:
    """Said without the error's text, which may quote what the host told."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} in {Path(where.filename).name}, line {where.lineno}"
    say(f"{host}: what the visit told cannot be judged for {service.role} ({place}).", error=True)
    return Judged(Judgement(Outcome.FAILED, subject=service.subject.name, reason=NOT_JUDGED))


def judge_and_stamp_again(session: Session, role: str, host: str, results: Mapping[str, Any]) -> list[Record]:
    """Judge one host anew after the role has acted, and stamp what was measured, other services' first.

    results: what the tasks registered, by name. What cannot be judged, by a mistake of ours, is stamped as that. Raises
    any of UNRECORDED.
    """
    service = declared(role)
    assert service.judge_after is not None, role
    called_for = {
        name: it for name, it in results.items() if not (isinstance(it, Mapping) and it.get("skipped"))
    }
    with as_run(session) as run:
        seen = look_at(session, role, [host], run.book)[host]
        try:
            judged = service.judge_after(seen, called_for, run)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is told, and stamped as a failure)
            judged = _not_judged(service, host, error)
    return [
        record
        for of, judgement in (*judged.also.items(), (role, judged.judgement))
        for record in recording.record_all(session, of, {host: judgement})
    ]


def steps_left(session: Session, role: str, host: str) -> dict[str, Any] | None:
    """What is still to be done on the host by its latest visit; None for services that judge all hosts together.

    Raises SpoolUnavailable.
    """
    service = declared(role)
    if service.judge is None:
        return None
    return dict(service.judge(look_at(session, role, [host])[host]).steps)


def _with_groups(record: Record, judged: Judged) -> Record:
    """The groups of the run that the host is put into: to be mended, and what the service itself decided."""
    mending = (run_group("mending", record.service),) if record.mends else ()
    return replace(record, groups=(*mending, *judged.groups))


def keep(session: Session, role: str, host: str, judged: Judged) -> None:
    """What the service wants to know again later in this run. Raises SpoolUnavailable."""
    if judged.keep:
        Spool.of_run(session.run).keep(role, host, dict(judged.keep))


def _seen(
    session: Session,
    service: Service,
    spool: Spool,
    host: str,
    visits: tuple[Mapping[str, Any], ...],
    known: Mapping[str, Any],
    now: datetime,
) -> Seen:
    answers = {name: answer for name in service.answers if (answer := spool.kept(name, host)) is not None}
    return Seen(
        host=host,
        variables=handing_over.variables_of(session.customer, host),
        visits=visits,
        now=now,
        answers=answers,
        kept=spool.kept(service.role, host) or {},
        known=known,
    )


def _known(book: Book | None, customer: str, service: Service) -> dict[str | None, Mapping[str, Any]]:
    if book is None:
        return {}
    return {shot.host: shot.measured for shot in book.snapshots(customer, service.subject.name)}
