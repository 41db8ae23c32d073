"""The account of what is owed: the last word on a line, its sums, and what earlier periods left behind."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft.accounts import (
    Attempt,
    Duty,
    Owed,
    State,
    account,
    add_up,
    add_up_by,
    balance,
    carried_on,
    debts,
    in_words,
    state_of,
    tried,
)
from serviceheft.clock import days_of, parse_instant
from serviceheft.settings import BERLIN

MONDAY = parse_instant("2026-11-16 08:00")
DUE = parse_instant("2026-11-20 17:00")
BEFORE, AFTER = DUE, DUE + timedelta(seconds=1)
FREEZE, STOPPED = "patch.freeze", "change.stopped"


def said(*outcomes: str | tuple[str, str]) -> list[Attempt]:
    """Stamps of one line, an hour apart; with a reason where one is given."""
    pairs = [(it, None) if isinstance(it, str) else it for it in outcomes]
    return [
        Attempt("3.2", "pc", "2026-W47", outcome, MONDAY + timedelta(hours=hour), reason=reason)
        for hour, (outcome, reason) in enumerate(pairs)
    ]


def became(stamps: Sequence[Attempt], now: datetime, *, written_off: bool = False) -> State:
    known = tried(stamps).get(("3.2", "pc", "2026-W47"))
    return state_of(known, DUE, now, written_off=written_off)


@pytest.mark.parametrize(
    ("stamps", "before", "after"),
    [
        (said(), State.OPEN, State.OVERDUE),
        (said("done"), State.DONE, State.DONE),
        (said("finding"), State.DONE, State.DONE),
        (said("failed", "done"), State.DONE, State.DONE),
        (said("done", "failed"), State.OPEN, State.OVERDUE),
        # Nothing new is known: what was looked at stays looked at, what was not stays open.
        (said("done", "not reached"), State.DONE, State.DONE),
        (said("finding", "not measured"), State.DONE, State.DONE),
        (said("done", "failed", "not reached"), State.NOT_REACHED, State.OVERDUE),
        (said("done", ("held", STOPPED), "not measured"), State.OPEN, State.OVERDUE),
        # An agreed wait stays one until somebody looks or tries again.
        (said("done", ("held", FREEZE)), State.WAITS, State.WAITS),
        (said(("held", FREEZE), "not reached"), State.WAITS, State.WAITS),
        (said(("held", FREEZE), "failed"), State.OPEN, State.OVERDUE),
        (said(("held", FREEZE), "done"), State.DONE, State.DONE),
        (said(("held", FREEZE), ("held", STOPPED)), State.OPEN, State.OVERDUE),
        (said(("held", "no.such_reason")), State.OPEN, State.OVERDUE),
        (said("not reached"), State.NOT_REACHED, State.OVERDUE),
        (said("not measured"), State.OPEN, State.OVERDUE),
        (said("out of contract"), State.OPEN, State.OVERDUE),
    ],
)
def test_the_last_word_decides(stamps: list[Attempt], before: State, after: State) -> None:
    assert (became(stamps, BEFORE), became(stamps, AFTER)) == (before, after)


def test_dry_runs_have_no_say() -> None:
    assert became([*said("done"), *(replace(it, dry_run=True) for it in said("failed"))], AFTER) is State.DONE


def test_a_write_off_closes_what_is_not_done_and_evidence_outranks_it() -> None:
    assert became(said("failed"), AFTER, written_off=True) is State.WRITTEN_OFF
    assert became(said(("held", FREEZE)), AFTER, written_off=True) is State.WRITTEN_OFF
    assert became(said("done"), AFTER, written_off=True) is State.DONE


def test_what_was_ordered_has_no_date_and_is_never_overdue() -> None:
    assert state_of(None, None, AFTER) is State.OPEN


OUTCOMES = st.sampled_from(
    [
        "done",
        "finding",
        "failed",
        "not reached",
        "not measured",
        "out of contract",
        ("held", FREEZE),
        ("held", STOPPED),
    ]
)
#: The better, the higher; what is open is as little done as what was not reached.
RANK = {State.DONE: 2, State.WAITS: 1, State.OPEN: 0, State.NOT_REACHED: 0, State.OVERDUE: 0}


@given(st.lists(OUTCOMES, max_size=6), st.sampled_from(["failed", "not reached", "not measured"]))
def test_law_an_attempt_that_brought_nothing_never_makes_it_better(
    outcomes: list[str | tuple[str, str]], more: str
) -> None:
    for now in (BEFORE, AFTER):
        assert RANK[became(said(*outcomes, more), now)] <= RANK[became(said(*outcomes), now)]


@given(st.lists(OUTCOMES, max_size=6), st.lists(st.sampled_from(["not reached", "not measured"]), max_size=3))
def test_law_who_was_not_let_in_takes_nothing_away(
    outcomes: list[str | tuple[str, str]], more: list[str]
) -> None:
    assert RANK[became(said(*outcomes, *more), AFTER)] == RANK[became(said(*outcomes), AFTER)]


# --- whole accounts ---

HOSTS = ("pc", "srv", "nb", None)
WEEKS = [f"2026-W{week}" for week in range(40, 48)]


@dataclass(frozen=True)
class Off:
    service: str
    host: str | None
    period: str
    at: datetime = AFTER
    who: str = "anna"
    reason: str = "Gerät in Reparatur"
    consent: str | None = None


def duty(service: str, period: str, hosts: Sequence[str | None] = HOSTS) -> Duty:
    friday = datetime.combine(days_of(period)[1], datetime.min.time(), BERLIN) - timedelta(days=1, hours=7)
    return Duty(
        service,
        service,
        service,
        "automatic",
        True,
        period,
        period == "2026-W47",
        friday,
        hosts,
        frozenset(hosts),
        since=friday - timedelta(days=400),
    )


DUTIES = [duty(service, period) for service in ("2.7", "3.2") for period in WEEKS]
LINES = st.tuples(
    st.sampled_from(["2.7", "3.2", "9.9"]), st.sampled_from((*HOSTS, "retired")), st.sampled_from(WEEKS)
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Attempt], list[Off]]:
    stamps = []
    for number, (key, outcome, dry_run) in enumerate(
        draw(st.lists(st.tuples(LINES, OUTCOMES, st.booleans()), max_size=40))
    ):
        what, reason = (outcome, None) if isinstance(outcome, str) else outcome
        stamps.append(Attempt(*key, what, MONDAY + timedelta(minutes=number), dry_run, reason))
    return stamps, [Off(*key) for key in draw(st.lists(LINES, max_size=8))]


@given(histories())
def test_law_the_states_add_up_to_what_is_owed(history: tuple[list[Attempt], list[Off]]) -> None:
    stamps, offs = history
    lines = account(DUTIES, stamps, offs, AFTER, done_since=days_of(WEEKS[0])[0])
    assert len({line.key for line in lines}) == len(lines) == len(DUTIES) * len(HOSTS)
    sums = add_up(lines)
    assert sums.owed == len(lines) == sum(sums.of(state) for state in State)
    assert sums.as_data()["owed"] == sum(number for name, number in sums.as_data().items() if name != "owed")
    parts = add_up_by(lines, lambda line: (line.service, line.period))
    assert {state: sum(it.of(state) for it in parts.values()) for state in State} == {
        state: sums.of(state) for state in State
    }
    # Twice the same line is one line.
    assert add_up([*lines, *lines]).as_data() == sums.as_data()


@given(histories())
def test_law_what_is_not_done_is_listed_however_old_and_grouped_without_loss(
    history: tuple[list[Attempt], list[Off]],
) -> None:
    stamps, offs = history
    everything = account(DUTIES, stamps, offs, AFTER, done_since=days_of(WEEKS[0])[0])
    listed = account(DUTIES, stamps, offs, AFTER)
    assert listed == [it for it in everything if it.current or it.state is not State.DONE]
    sums = balance(listed)
    assert sums.current.owed == 2 * len(HOSTS)
    found = debts(listed)
    assert sum(debt.lines for debt in found) == sums.earlier.owed
    regrouped = [
        ((debt.service, host, period), debt.state)
        for debt in found
        for host in debt.hosts
        for period in debt.periods
    ]
    assert sorted(regrouped, key=str) == sorted(
        ((it.key, it.state) for it in listed if not it.current), key=str
    )


@given(histories(), st.integers(0, 40))
def test_law_carried_on_is_as_if_read_anew(history: tuple[list[Attempt], list[Off]], cut: int) -> None:
    stamps, offs = history
    now = [it for it in DUTIES if it.current]
    begun = account(now, stamps[:cut], (), AFTER)
    assert carried_on(begun, stamps[cut:], AFTER) == account(now, stamps, (), AFTER)
    assert [it.state for it in carried_on(account(now, stamps[:cut], offs, AFTER), stamps[cut:], AFTER)] == [
        it.state for it in account(now, stamps, offs, AFTER)
    ]


def test_of_earlier_periods_what_is_done_is_told_when_it_ends_on_the_asked_day_or_later() -> None:
    period = "2026-W46"
    last = days_of(period)[1]
    done = [Attempt("2.7", "pc", period, "done", MONDAY - timedelta(days=4))]

    def told(since: date | None) -> list[str]:
        return [it.period for it in account([duty("2.7", period, ["pc"])], done, (), AFTER, since)]

    assert (told(None), told(last), told(last + timedelta(days=1))) == ([], [period], [])


@pytest.mark.parametrize(
    ("later", "became"),
    [
        ([], State.WAITS),
        # Its own period's word stands, and what was done for an earlier one makes up for nothing.
        ([("2026-W45", 1)], State.WAITS),
        ([("2026-W47", 1)], State.DONE),
        # The latest period counts, in whatever order the stamps come.
        ([("2026-W45", 1), ("2026-W47", 2)], State.DONE),
        ([("2026-W47", 2), ("2026-W45", 1)], State.DONE),
        # Done for a later period, but before this one was put off.
        ([("2026-W47", -1)], State.WAITS),
    ],
)
def test_what_is_done_for_a_later_period_makes_up_for_an_agreed_wait(
    later: list[tuple[str, int]], became: State
) -> None:
    held = Attempt("3.2", "pc", "2026-W46", "held", MONDAY, reason=FREEZE)
    done = [Attempt("3.2", "pc", period, "done", MONDAY + timedelta(hours=hours)) for period, hours in later]
    since = days_of("2026-W46")[0]
    (line,) = account([duty("3.2", "2026-W46", ["pc"])], [held, *done], (), AFTER, since)
    assert line.state is became


def test_what_is_done_on_another_host_makes_up_for_nothing() -> None:
    held = Attempt("3.2", "pc", "2026-W46", "held", MONDAY, reason=FREEZE)
    (line,) = account(
        [duty("3.2", "2026-W46", ["pc"])],
        [held, Attempt("3.2", "nb", "2026-W47", "done", MONDAY + timedelta(hours=1))],
        (),
        AFTER,
    )
    assert line.state is State.WAITS


def test_a_write_off_is_named_only_where_it_is_what_became_of_the_line() -> None:
    off = Off("2.7", "pc", "2026-W47")
    done = Attempt("2.7", "pc", "2026-W47", "done", MONDAY)
    now = [duty("2.7", "2026-W47", ["pc"])]
    (closed,) = account(now, (), [off], AFTER)
    assert (closed.state, closed.written_off) == (State.WRITTEN_OFF, off)
    (carried_out,) = account(now, [done], [off], AFTER)
    assert (carried_out.state, carried_out.written_off) == (State.DONE, None)
    assert carried_on([closed], [done], AFTER) == [carried_out]


def missed(*weeks: int, host: str | None = "nb") -> list[Owed]:
    return account([duty("2.7", f"2026-W{week}", [host]) for week in weeks], (), (), AFTER)


def test_six_weeks_missed_are_one_row() -> None:
    (debt,) = debts([*missed(*range(40, 46)), *missed(*range(40, 46), host="pc")])
    assert (debt.spans, debt.hosts, debt.lines) == ([("2026-W40", "2026-W45")], ("nb", "pc"), 12)


def test_rows_of_periods_break_where_one_is_missing_and_not_at_the_turn_of_the_year() -> None:
    weeks = [duty("2.7", period, ["nb"]) for period in ("2026-W51", "2026-W53", "2027-W01", "2027-W02")]
    (debt,) = debts(account(weeks, (), (), parse_instant("2027-02-01 12:00")))
    assert debt.spans == [("2026-W51", "2026-W51"), ("2026-W53", "2027-W02")]


def test_in_words() -> None:
    assert in_words(add_up([])) == "nothing owed"
    assert in_words(add_up(missed(40, 41, 47))) == "3 owed: 3 overdue"
