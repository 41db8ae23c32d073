"""From the visits in the spool to judgements and stamps of all hosts at once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serviceheft import settings
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.assess.reasons import NOT_JUDGED
from serviceheft.running import judging
from serviceheft.running.judging import UnknownService
from serviceheft.running.session import Session, open_book
from serviceheft.running.spool import Spool, SpoolUnavailable
from serviceheft.service import Judged, Run, Seen, Service
from serviceheft.services import SERVICES
from tests.unit.test_running_summary import CATALOGUE, CUSTOMER, WEEK, opened

ROLE, NUMBER = "remote_access", "2.4"
HOSTS = ("mb-pc-01", "mb-pc-02", "mb-pc-03")
TOLD = {"sections": {}, "errors": {}, "visited_for": None}
LOST = {"unreachable": True, "msg": "reach.refused"}

assert CATALOGUE.carried_out_by(ROLE).number == NUMBER


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """An open run of three hosts, with an empty book and an empty spool."""
    monkeypatch.setenv("HEFT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HEFT_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("HEFT_NOW", "2026-11-18T10:00:00+01:00")
    monkeypatch.delenv("HEFT_BOOK", raising=False)
    with open_book(create=True) as book:
        number = book.begin_run(
            CUSTOMER.name,
            kind="weekly",
            who="anna",
            commit="4f2a91c",
            inventory_hash=CUSTOMER.inventory_hash(),
            dry_run=False,
            now=settings.now(),
            tier=CUSTOMER.contract.tier,
            rehearsed=True,
        )
    Spool.begin(number)
    made = opened({host: {NUMBER: WEEK} for host in HOSTS})
    made.run = number
    return made


@pytest.fixture
def spool(run: Session) -> Spool:
    return Spool.of_run(run.run)


type Judge = Callable[[Seen], Judged]


@pytest.fixture
def judged_by(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Service]:
    """Put another judge in the place of the service's."""

    def put(judge: Judge | None, **changed: Any) -> Service:
        made = replace(SERVICES[ROLE], judge=judge, **changed)
        monkeypatch.setitem(SERVICES, ROLE, made)
        return made

    return put


def well(seen: Seen) -> Judged:
    return Judged(Judgement(Outcome.DONE, subject=SERVICES[ROLE].subject.name, measured={"host": seen.host}))


def stamped(run: Session) -> dict[str | None, tuple[str, str | None]]:
    with open_book() as book:
        return {it.host: (it.outcome.value, it.reason) for it in book.stamps(CUSTOMER.name, run=run.run)}


def test_an_unknown_service_is_told_with_those_there_are(run: Session) -> None:
    with pytest.raises(UnknownService, match=r"'anydesk' is no service. Those .* are antivirus_check, "):
        judging.judge_and_stamp(run, "anydesk", HOSTS)


def test_each_host_that_was_reached_is_judged_and_stamped(
    run: Session, spool: Spool, judged_by: Callable[..., Service]
) -> None:
    judged_by(well)
    for host in HOSTS:
        spool.put(host, TOLD)
    found = judging.judge_and_stamp(run, ROLE, HOSTS)
    assert list(found) == list(HOSTS)
    assert stamped(run) == dict.fromkeys(HOSTS, ("done", None))


@pytest.mark.parametrize("visit", [None, LOST, {"changed": False}])
def test_who_was_not_reached_is_judged_and_stamped_by_nobody(
    run: Session, spool: Spool, judged_by: Callable[..., Service], visit: dict[str, Any] | None
) -> None:
    asked = []

    def judge(seen: Seen) -> Judged:
        asked.append(seen.host)
        return well(seen)

    judged_by(judge)
    spool.put(HOSTS[0], TOLD)
    if visit is not None:
        spool.put(HOSTS[1], visit)
    found = judging.judge_and_stamp(run, ROLE, HOSTS)
    assert (list(found), asked, list(stamped(run))) == ([HOSTS[0]], [HOSTS[0]], [HOSTS[0]])


def test_who_judges_all_sees_those_that_were_not_reached_and_they_are_stamped_by_nobody(
    run: Session, spool: Spool, judged_by: Callable[..., Service]
) -> None:
    seen_by_it: list[str] = []

    def judge_all(hosts: Mapping[str, Seen], _: Run) -> Mapping[str, Judged]:
        seen_by_it.extend(hosts)
        return {host: well(seen) for host, seen in hosts.items()}

    judged_by(None, judge_all=judge_all)
    spool.put(HOSTS[0], TOLD)
    spool.put(HOSTS[1], LOST)
    assert list(judging.judge_and_stamp(run, ROLE, HOSTS)) == [HOSTS[0]]
    assert seen_by_it == list(HOSTS)
    assert list(stamped(run)) == [HOSTS[0]]


def test_of_nobody_nothing(run: Session) -> None:
    assert judging.judge_and_stamp(run, ROLE, HOSTS) == {}
    assert judging.judge_and_stamp(run, ROLE, []) == {}
    assert stamped(run) == {}


def test_a_mistake_of_ours_with_one_host_costs_that_host(
    run: Session, spool: Spool, judged_by: Callable[..., Service], capsys: pytest.CaptureFixture[str]
) -> None:
    def judge(seen: Seen) -> Judged:
        if seen.host == HOSTS[1]:
            raise KeyError("Geheim-1 that a host told")
        return well(seen)

    judged_by(judge)
    for host in HOSTS:
        spool.put(host, TOLD)
    judging.judge_and_stamp(run, ROLE, HOSTS)
    assert stamped(run) == {
        HOSTS[0]: ("done", None),
        HOSTS[1]: ("failed", NOT_JUDGED),
        HOSTS[2]: ("done", None),
    }
    said = capsys.readouterr()
    assert f"{HOSTS[1]}: what the visit told cannot be judged for {ROLE} (KeyError in " in said.err
    assert "Geheim-1" not in said.out + said.err
    assert "Traceback" not in said.err


def test_when_no_single_host_is_to_blame_it_is_our_error(judged_by: Callable[..., Service]) -> None:
    def judge_all(hosts: Mapping[str, Seen], _: Run) -> Mapping[str, Judged]:
        if len(hosts) > 1:
            raise ZeroDivisionError
        return {host: well(seen) for host, seen in hosts.items()}

    service = judged_by(None, judge_all=judge_all)
    seen = {host: Seen(host, {}, (TOLD,), settings.now()) for host in HOSTS}
    with pytest.raises(ZeroDivisionError):
        judging.judged_apart(service, seen, a_run())


def test_of_all_to_blame_all_are_told(judged_by: Callable[..., Service]) -> None:
    def judge(_: Seen) -> Judged:
        raise RecursionError

    service = judged_by(judge)
    seen = {host: Seen(host, {}, (TOLD,), settings.now()) for host in HOSTS}
    found = judging.judged_apart(service, seen, a_run())
    assert {host: it.judgement.reason for host, it in found.items()} == dict.fromkeys(HOSTS, NOT_JUDGED)


def a_run() -> Run:
    return Run("20261118T090000Z-7f3a", CUSTOMER, CATALOGUE, book=None)  # type: ignore[arg-type]


def test_a_state_that_is_too_large_costs_that_host(
    run: Session, spool: Spool, judged_by: Callable[..., Service]
) -> None:
    def judge(seen: Seen) -> Judged:
        size = 60_000_000 if seen.host == HOSTS[1] else 1
        return Judged(
            Judgement(Outcome.DONE, subject=SERVICES[ROLE].subject.name, measured={"text": "x" * size})
        )

    judged_by(judge)
    for host in HOSTS:
        spool.put(host, TOLD)
    judging.judge_and_stamp(run, ROLE, HOSTS)
    assert stamped(run) == {
        HOSTS[0]: ("done", None),
        HOSTS[1]: ("failed", NOT_JUDGED),
        HOSTS[2]: ("done", None),
    }


@pytest.mark.parametrize("text", ["\ud800", "a\0b", chr(0xDCFF)])
def test_a_text_that_no_book_takes_costs_that_host_at_most(
    run: Session, spool: Spool, judged_by: Callable[..., Service], text: str
) -> None:
    def judge(seen: Seen) -> Judged:
        told = text if seen.host == HOSTS[1] else "well"
        return Judged(Judgement(Outcome.DONE, subject=SERVICES[ROLE].subject.name, measured={"text": told}))

    judged_by(judge)
    for host in HOSTS:
        spool.put(host, TOLD)
    judging.judge_and_stamp(run, ROLE, HOSTS)
    assert {stamped(run)[host] for host in (HOSTS[0], HOSTS[2])} == {("done", None)}
    assert HOSTS[1] in stamped(run)


# -- what a service may see ----------------------------------------------------------------------------------


def test_a_service_sees_the_first_visit_and_its_own_later_ones(run: Session, spool: Spool) -> None:
    visits = [TOLD, {**TOLD, "visited_for": "update_check"}, {**TOLD, "visited_for": ROLE}]
    for number, visit in enumerate(visits):
        spool.put(HOSTS[0], {**visit, "number": number})
    assert [it["number"] for it in judging.look_at(run, ROLE, HOSTS)[HOSTS[0]].visits] == [0, 2]
    assert [it["number"] for it in judging.look_at(run, "update_check", HOSTS)[HOSTS[0]].visits] == [0, 1]
    assert [it["number"] for it in judging.look_at(run, "documentation", HOSTS)[HOSTS[0]].visits] == [0]


def test_what_it_kept_and_what_the_book_holds(
    run: Session, spool: Spool, judged_by: Callable[..., Service]
) -> None:
    judged_by(lambda seen: replace(well(seen), keep={"ring": 1}))
    spool.put(HOSTS[0], TOLD)
    judging.judge_and_stamp(run, ROLE, HOSTS)
    with open_book() as book:
        seen = judging.look_at(run, ROLE, HOSTS, book)
    assert (seen[HOSTS[0]].kept, seen[HOSTS[0]].known) == ({"ring": 1}, {"host": HOSTS[0]})
    assert (seen[HOSTS[1]].kept, seen[HOSTS[1]].known) == ({}, {})
    assert judging.look_at(run, "documentation", HOSTS)[HOSTS[0]].kept == {}


def test_answers_are_those_that_the_service_declares(run: Session, spool: Spool) -> None:
    spool.keep("console", HOSTS[0], {"status": "ok"})
    assert judging.look_at(run, "antivirus_check", HOSTS)[HOSTS[0]].answers == {"console": {"status": "ok"}}
    assert judging.look_at(run, ROLE, HOSTS)[HOSTS[0]].answers == {}


def test_without_a_spool_it_is_told(run: Session, spool: Spool) -> None:
    spool.remove()
    with pytest.raises(SpoolUnavailable, match="gone"):
        judging.judge_and_stamp(run, ROLE, HOSTS)


# -- after the role has acted --------------------------------------------------------------------------------


@pytest.fixture
def given(judged_by: Callable[..., Service]) -> list[Mapping[str, Any]]:
    """What the service was told of the tasks' results."""
    told: list[Mapping[str, Any]] = []

    def after(seen: Seen, results: Mapping[str, Any], _: Run) -> Judged:
        told.append(results)
        also = {"documentation": Judgement(Outcome.DONE, subject=SERVICES["documentation"].subject.name)}
        return replace(well(seen), also=also)

    judged_by(well, judge_after=after)
    return told


def test_results_of_tasks_that_were_skipped_are_left_out(
    run: Session, spool: Spool, given: list[Mapping[str, Any]]
) -> None:
    spool.put(HOSTS[0], TOLD)
    results = {
        "skipped": {"skipped": True, "changed": False},
        "done": {"changed": True, "skipped": False},
        "failed": {"failed": True},
        "loop": {"results": [{"skipped": True}], "skipped": False},
        "text": "skipped",
    }
    judging.judge_and_stamp_again(run, ROLE, HOSTS[0], results)
    assert given == [{name: it for name, it in results.items() if name != "skipped"}]


def test_other_services_judgements_are_stamped_first(
    run: Session, spool: Spool, given: list[Mapping[str, Any]]
) -> None:
    spool.put(HOSTS[0], TOLD)
    records = judging.judge_and_stamp_again(run, ROLE, HOSTS[0], {})
    assert [it.service for it in records] == [CATALOGUE.carried_out_by("documentation").number, NUMBER]


def test_a_mistake_of_ours_after_acting_costs_that_host(
    run: Session, spool: Spool, judged_by: Callable[..., Service], capsys: pytest.CaptureFixture[str]
) -> None:
    """What was done to a host is stamped, and the run goes on with the others."""

    def after(*_: Any) -> Judged:
        raise KeyError("Geheim-1")

    judged_by(well, judge_after=after)
    spool.put(HOSTS[0], TOLD)
    judging.judge_and_stamp_again(run, ROLE, HOSTS[0], {})
    assert stamped(run) == {HOSTS[0]: ("failed", NOT_JUDGED)}
    said = capsys.readouterr()
    assert f"{HOSTS[0]}: what the visit told cannot be judged for {ROLE} (KeyError in " in said.err
    assert "Geheim-1" not in said.out + said.err


def test_steps_left_are_those_of_the_latest_visit(
    run: Session, spool: Spool, judged_by: Callable[..., Service]
) -> None:
    judged_by(lambda seen: replace(well(seen), steps={"visits": len(seen.visits)}))
    spool.put(HOSTS[0], TOLD)
    spool.put(HOSTS[0], {**TOLD, "visited_for": ROLE})
    assert judging.steps_left(run, ROLE, HOSTS[0]) == {"visits": 2}
    assert judging.steps_left(run, "patch_management", HOSTS[0]) is None
