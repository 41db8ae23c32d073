"""Who still owes an update that could not wait: every host of an emergency either owes it or is settled."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import CheckResult, Outcome
from serviceheft.book.processes import Process
from serviceheft.book.records import Run, RunOutcome, Stamp
from serviceheft.clock import parse_instant
from serviceheft.open_emergencies import (
    ENDED,
    KIND,
    LOOK_AGAIN,
    OpenEmergency,
    Owing,
    Terms,
    Turn,
    Why,
    followed,
)
from serviceheft.waiting import PAUSE

KB = "KB5068861"
HOSTS = ("pc-01", "pc-02", "srv-01")
MORNING = parse_instant("2026-11-24 09:00")
NOON = parse_instant("2026-11-24 12:00")
TERMS = Terms(dict.fromkeys(HOSTS, ("windows_clients",)), dict.fromkeys(HOSTS, True), cap=30)

DONE = Action("update.install", KB, ActionResult.DONE)
RESTARTED = Action("update.reboot", "Windows", ActionResult.DONE)
RESTART_HELD = Action("update.reboot", "Windows", ActionResult.HELD, "patch.outside_window")
IN_TURN = Action("update.install", KB, ActionResult.HELD, "patch.in_turn")
FAILED = Action("update.install", KB, ActionResult.FAILED, "patch.install_failed")
REJECTED = Action("update.install", KB, ActionResult.HELD, "patch.rejected")
CAPPED = Action("update.install", KB, ActionResult.HELD, "patch.cap")


def run(
    name: str = "r1",
    at: datetime = MORNING,
    *,
    kb: str = KB,
    kind: str = KIND,
    hosts: tuple[str, ...] = HOSTS,
    state: RunOutcome | None = "incomplete",
    catch_up: bool = False,
    dry_run: bool = False,
    maximum_hosts: int | None = None,
    why: str = "exploited",
) -> Run:
    return Run(
        id=name,
        customer="c",
        kind=kind,
        who="anna",
        commit="c",
        inventory_hash="h",
        dry_run=dry_run,
        tier="standard",
        ticket=None,
        reason=f"{kb}: {why}",
        limit=",".join(hosts),
        process=Process("h", 1, "s"),
        began_at=at,
        ended_at=None,
        billable_minutes=None,
        state=state or "running",
        catch_up=catch_up,
        maximum_hosts=maximum_hosts,
        listed=hosts,
    )


def stamp(
    host: str = "pc-01",
    outcome: Outcome = Outcome.DONE,
    *actions: Action,
    of: str = "r1",
    at: datetime = MORNING,
    number: int = 1,
    reason: str | None = None,
    pending: CheckResult | None = None,
) -> Stamp:
    failed = next((it.reason for it in actions if it.reason), None)
    return Stamp(
        number=number,
        at=at,
        run=of,
        service="3.2",
        host=host,
        period=None,
        outcome=outcome,
        clause="",
        subject="updates",
        reason=reason or failed,
        note=None,
        findings=(),
        checks={} if pending is None else {"updates.reboot_pending": pending},
        actions=actions,
        kind=KIND,
        who="anna",
        commit="c",
        inventory_hash="h",
        dry_run=False,
    )


def follow(
    runs: list[Run],
    *stamps: Stamp,
    well_at: Mapping[str, datetime] | None = None,
    terms: Terms = TERMS,
    now: datetime = NOON,
) -> list[OpenEmergency]:
    return followed(runs, stamps, lambda _: well_at or {}, terms, now)


def owing(
    *stamps: Stamp,
    runs: list[Run] | None = None,
    well_at: Mapping[str, datetime] | None = None,
    terms: Terms = TERMS,
    now: datetime = NOON,
) -> Owing | None:
    """What pc-01 owes."""
    (one,) = follow(runs or [run()], *stamps, well_at=well_at, terms=terms, now=now)
    return next((it for it in one.owing if it.host == "pc-01"), None)


def told(one: Owing | None) -> tuple[Why, Turn]:
    assert one is not None
    return one.why, one.turn


NOT_REACHED = stamp("pc-01", Outcome.NOT_REACHED, reason="reach.no_route")


def test_who_was_off_is_visited_as_soon_as_it_answers() -> None:
    assert told(owing(NOT_REACHED)) == (Why.NOT_REACHED, Turn.NOW)
    by_hand = stamp("pc-01", Outcome.NOT_REACHED, reason="reach.credentials")
    assert told(owing(by_hand)) == (Why.NOT_REACHED, Turn.BY_HAND)


def test_who_answered_the_probe_and_was_not_reached_is_left_alone_for_an_hour() -> None:
    again = run("r2", NOON, catch_up=True)
    missed = stamp("pc-01", Outcome.NOT_REACHED, of="r2", at=NOON, reason="reach.timeout")
    runs = [again, run()]
    assert told(owing(NOT_REACHED, missed, runs=runs)) == (Why.NOT_REACHED, Turn.LATER)
    assert told(owing(NOT_REACHED, missed, runs=runs, now=NOON + PAUSE)) == (Why.NOT_REACHED, Turn.NOW)


def test_an_hour_is_an_hour_in_the_nights_of_the_clock_changes() -> None:
    tried = parse_instant("2027-03-28 01:50")
    failed = stamp("pc-01", Outcome.FAILED, FAILED, at=tried)
    runs = [run(at=tried)]
    # 03:10 on the wall is twenty minutes later.
    assert told(owing(failed, runs=runs, now=parse_instant("2027-03-28 03:10")))[1] is Turn.LATER
    assert told(owing(failed, runs=runs, now=parse_instant("2027-03-28 03:50")))[1] is Turn.NOW


def test_who_failed_is_tried_once_more_and_then_left_to_a_technician() -> None:
    first = stamp("pc-01", Outcome.FAILED, FAILED)
    assert told(owing(first)) == (Why.FAILED, Turn.NOW)
    runs = [run("r2", NOON - PAUSE, catch_up=True), run()]
    second = stamp("pc-01", Outcome.FAILED, FAILED, of="r2", at=NOON - PAUSE)
    assert told(owing(first, second, runs=runs)) == (Why.FAILED, Turn.BY_HAND)
    # A new order is a new attempt.
    assert told(owing(first, second, runs=[run("r3", NOON, state="interrupted"), *runs])) == (
        Why.CUT_OFF,
        Turn.NOW,
    )


def test_a_restart_that_was_held_back_is_owed_until_it_is_made() -> None:
    held = stamp("pc-01", Outcome.HELD, DONE, RESTART_HELD)
    shut = Terms(TERMS.groups, dict.fromkeys(HOSTS, False), 30)
    assert told(owing(held)) == (Why.RESTART, Turn.NOW)
    assert told(owing(held, terms=shut)) == (Why.RESTART, Turn.RESTART)
    assert told(owing(held, terms=shut, now=MORNING + LOOK_AGAIN)) == (Why.RESTART, Turn.NOW)
    runs = [run("r2", NOON, catch_up=True), run()]
    # The update is not missing any more, which says nothing about the restart.
    looked = stamp("pc-01", Outcome.FINDING, of="r2", at=NOON, pending=CheckResult.FINDING)
    assert told(owing(held, looked, runs=runs)) == (Why.RESTART, Turn.LATER)
    by_somebody = stamp("pc-01", Outcome.DONE, of="r2", at=NOON, pending=CheckResult.OK)
    assert owing(held, by_somebody, runs=runs) is None
    assert owing(held, stamp("pc-01", Outcome.DONE, RESTARTED, of="r2", at=NOON), runs=runs) is None


def test_what_was_killed_is_owed_by_all_that_it_did_not_end_with() -> None:
    killed = [run(state="interrupted")]
    assert told(owing(runs=killed)) == (Why.CUT_OFF, Turn.NOW)
    assert told(owing(stamp("pc-01", Outcome.HELD, IN_TURN), runs=killed)) == (Why.CUT_OFF, Turn.NOW)
    assert told(owing(runs=[run(state=None)])) == (Why.UNDER_WAY, Turn.LATER)
    assert told(owing(runs=[run(state="carried out")])) == (Why.LEFT_OUT, Turn.BY_HAND)
    # Installed before it was killed: nothing is missing, but a restart is pending.
    begun, looked = (
        stamp("pc-01", Outcome.HELD, IN_TURN),
        stamp("pc-01", Outcome.FINDING, of="r2", at=NOON, pending=CheckResult.FINDING),
    )
    assert told(owing(begun, looked, runs=[run("r2", NOON, catch_up=True), *killed]))[0] is Why.RESTART


def test_who_is_settled_owes_nothing() -> None:
    for one in (
        stamp("pc-01", Outcome.DONE, DONE, RESTARTED),
        stamp("pc-01", Outcome.DONE),
        stamp("pc-01", Outcome.FINDING, REJECTED),
    ):
        assert owing(one) is None
    assert owing(NOT_REACHED, well_at={"pc-01": NOON}) is None
    assert owing(NOT_REACHED, well_at={"pc-01": MORNING - timedelta(minutes=1)}) is not None
    (one,) = follow([run()], terms=Terms({}, {}, 30))
    assert (one.owing, one.settled) == ((), ())


def test_a_new_order_is_owed_anew_and_an_ended_one_by_nobody() -> None:
    done = stamp("pc-01", Outcome.DONE, DONE)
    again = run("r2", NOON, state="interrupted", why="recalled, now again", maximum_hosts=2)
    (one,) = follow([again, run()], done)
    assert (one.reason, one.cap, one.maximum_hosts) == ("recalled, now again", 2, 2)
    assert "pc-01" in {it.host for it in one.owing}
    ended = run("e", NOON, kind=ENDED, why="withdrawn", state="carried out")
    assert follow([ended, run()], NOT_REACHED) == []
    # What a catch-up began before somebody ended the order is no order.
    assert follow([run("r3", NOON, catch_up=True), ended, run()], NOT_REACHED) == []
    assert [it.kb for it in follow([again, ended, run()], NOT_REACHED)] == [KB]
    assert [it.kb for it in follow([run("x", NOON, kb="KB5000001"), ended, run()])] == ["KB5000001"]
    assert follow([run(dry_run=True)], NOT_REACHED) == []


def test_the_cap_holds_for_the_whole_emergency() -> None:
    stamps = [
        stamp("pc-01", Outcome.FAILED, FAILED),
        stamp("pc-02", Outcome.HELD, CAPPED),
        stamp("srv-01", Outcome.NOT_REACHED, reason="reach.no_route"),
    ]
    (full,) = follow([run(maximum_hosts=1)], *stamps)
    assert {it.host: it.turn for it in full.owing} == {
        "pc-01": Turn.NOW,
        "pc-02": Turn.CAP,
        "srv-01": Turn.CAP,
    }
    assert full.visited_now(HOSTS) == ["pc-01"]
    (one_more,) = follow([run(maximum_hosts=2)], *stamps)
    assert one_more.visited_now(HOSTS) == ["pc-01", "pc-02"]
    assert one_more.visited_now(["srv-01"]) == ["srv-01"]
    (own,) = follow([run()], *stamps)
    assert (own.cap, own.maximum_hosts, own.visited_now(HOSTS)) == (30, None, list(HOSTS))


def test_a_line_typed_by_hand_may_hold_patterns() -> None:
    def meant(*listed: str) -> list[str]:
        found = follow([run(hosts=listed, state="interrupted")])
        return [it.host for one in found for it in one.owing]

    assert meant() == list(HOSTS)
    assert meant("all", "!srv-*") == ["pc-01", "pc-02"]
    assert meant("windows_clients", "!pc-02") == ["pc-01", "srv-01"]
    assert meant("pc-*") == ["pc-01", "pc-02"]
    assert meant("gone") == []
    assert meant("all", "&windows_servers") == []  # only Ansible can tell; nobody is taken for meant


# -- laws -------------------------------------------------------------------------------------------------------

ACTIONS = st.lists(
    st.sampled_from((DONE, RESTARTED, RESTART_HELD, IN_TURN, FAILED, REJECTED, CAPPED)), max_size=2
)
RUNS = st.lists(
    st.builds(
        lambda kb, kind, hosts, state, catch_up, dry_run, cap: (
            kb,
            kind,
            tuple(sorted(hosts)),
            state,
            catch_up,
            dry_run,
            cap,
        ),
        st.sampled_from((KB, "KB5000001")),
        st.sampled_from((KIND, KIND, KIND, ENDED)),
        st.sets(st.sampled_from((*HOSTS, "gone")), min_size=1),
        st.sampled_from(("incomplete", "interrupted", "carried out", None)),
        st.booleans(),
        st.booleans(),
        st.sampled_from((None, 1, 2)),
    ),
    max_size=6,
)
STAMPS = st.lists(
    st.builds(
        lambda host, outcome, actions, of, minutes, pending: (host, outcome, actions, of, minutes, pending),
        st.sampled_from((*HOSTS, "gone")),
        st.sampled_from(
            (
                Outcome.DONE,
                Outcome.FINDING,
                Outcome.HELD,
                Outcome.FAILED,
                Outcome.NOT_REACHED,
                Outcome.NOT_MEASURED,
            )
        ),
        ACTIONS,
        st.integers(0, 5),
        st.integers(0, 170),
        st.sampled_from((None, CheckResult.OK, CheckResult.FINDING)),
    ),
    max_size=20,
)
WELL = st.dictionaries(
    st.sampled_from(HOSTS), st.integers(-60, 180).map(lambda it: MORNING + timedelta(minutes=it))
)
MAY_RESTART = st.fixed_dictionaries({host: st.booleans() for host in HOSTS})


def made(given_runs: list, given_stamps: list) -> tuple[list[Run], list[Stamp]]:  # type: ignore[type-arg]
    runs = [
        run(
            f"r{number}",
            MORNING + timedelta(minutes=30 * number),
            kb=kb,
            kind=kind,
            hosts=hosts,
            state=state,
            catch_up=catch_up,
            dry_run=dry_run,
            maximum_hosts=cap,
        )
        for number, (kb, kind, hosts, state, catch_up, dry_run, cap) in enumerate(given_runs)
    ]
    stamps = [
        stamp(
            host,
            outcome,
            *actions,
            of=f"r{of}",
            at=MORNING + timedelta(minutes=minutes),
            number=number,
            pending=pending,
        )
        for number, (host, outcome, actions, of, minutes, pending) in enumerate(given_stamps)
    ]
    return runs[::-1], stamps


@given(RUNS, STAMPS, WELL, MAY_RESTART)
def test_law_every_host_of_an_emergency_is_settled_or_owes_it_and_never_both(
    given_runs: list,  # type: ignore[type-arg]
    given_stamps: list,  # type: ignore[type-arg]
    well_at: dict[str, datetime],
    may_restart: dict[str, bool],
) -> None:
    runs, stamps = made(given_runs, given_stamps)
    terms = Terms(TERMS.groups, may_restart, 2)
    found = follow(runs, *stamps, well_at=well_at, terms=terms)
    assert len({one.kb for one in found}) == len(found)
    for one in found:
        since_end: list[Run] = []
        for it in runs:
            if it.reason and it.reason.startswith(one.kb) and it.kind == ENDED:
                break
            if it.reason and it.reason.startswith(one.kb) and not it.dry_run:
                since_end.append(it)
        ordered = {host for it in since_end if not it.catch_up for host in it.listed} - {"gone"}
        owes = [it.host for it in one.owing]
        assert sorted((*owes, *one.settled)) == sorted(ordered)
        assert one.began_at == next(it.began_at for it in since_end if not it.catch_up)
        # Nobody is visited beyond the cap, and nobody who does not owe it.
        started = {it.host for it in one.owing if it.started}
        visited = one.visited_now(HOSTS)
        assert set(visited) <= set(owes)
        assert len(set(visited) - started) <= one.room <= one.cap
        for it in one.owing:
            assert it.host not in well_at or well_at[it.host] < max(
                order.began_at for order in since_end if not order.catch_up and it.host in order.listed
            )


@given(RUNS, STAMPS, WELL, st.randoms())
def test_law_the_order_of_the_stamps_does_not_matter_beyond_their_time(
    given_runs: list,  # type: ignore[type-arg]
    given_stamps: list,  # type: ignore[type-arg]
    well_at: dict[str, datetime],
    chance: object,
) -> None:
    runs, stamps = made(given_runs, given_stamps)
    mixed = list(stamps)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert follow(runs, *stamps, well_at=well_at) == follow(runs, *mixed, well_at=well_at)


@given(RUNS, STAMPS, WELL, st.sampled_from(HOSTS))
def test_law_a_measurement_that_finds_a_host_well_settles_it(
    given_runs: list,  # type: ignore[type-arg]
    given_stamps: list,  # type: ignore[type-arg]
    well_at: dict[str, datetime],
    host: str,
) -> None:
    runs, stamps = made(given_runs, given_stamps)
    before = follow(runs, *stamps, well_at=well_at)
    after = follow(runs, *stamps, well_at={**well_at, host: NOON + timedelta(hours=3)})
    assert [one.kb for one in before] == [one.kb for one in after]
    for then, now in zip(before, after, strict=True):
        assert host not in {it.host for it in now.owing}
        assert set(now.settled) >= set(then.settled)
