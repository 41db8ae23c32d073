"""What a contract owes under random histories of up to three years, with changes on any day and at any hour."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from serviceheft.accounts import Attempt, Duty, Owed, State, account
from serviceheft.agreement import Agreed, AgreedPause, AgreedService, Terms
from serviceheft.clock import days_of, parse_instant
from serviceheft.duties import duties, in_scope
from serviceheft.ledger import first_agreed, next_agreed, owed_hosts
from serviceheft.settings import BERLIN

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CLIENTS, SERVERS = ("windows_clients",), ("windows_servers",)
#: number: cadence, scope, automatic
SERVICES = {
    "2.7": ("weekly", CLIENTS + SERVERS, True),
    "3.2": ("weekly", SERVERS, True),
    "3.4": ("monthly", SERVERS, True),
    "4.2": ("monthly", (), False),
    "1.2": ("quarterly", (), False),
    "4.6": ("yearly", (), False),
}


def service(number: str, cadence: str | None = None) -> AgreedService:
    known, scope, automatic = SERVICES[number]
    kind = "automatic" if automatic else "people"
    titles = {"de": number, "en": number}
    return AgreedService(number, titles, cadence or known, kind, automatic, scope)


BASE = Terms(
    customer_number="1",
    language="de",
    kind="service",
    tier="comfort",
    start=date(2025, 11, 3),
    end=None,
    part_periods="half",
    pauses=(),
    place=("BY", None, ("12-24", "12-31")),
    catalogue="1",
    reaction_hours=6,
    services={number: service(number) for number in SERVICES},
    hosts={"pc": CLIENTS, "srv": SERVERS},
    visited=frozenset(CLIENTS + SERVERS),
)


def at(day: date, hour: float = 12) -> datetime:
    return datetime.combine(day, time(), BERLIN) + timedelta(hours=hour)


# --- random changes of an inventory ---


def _toggle(number: str) -> Callable[[Terms, date], Terms]:
    def change(terms: Terms, day: date) -> Terms:
        services = dict(terms.services)
        if number not in services:
            services[number] = service(number)
        else:
            del services[number]
        return replace(terms, services=services)

    return change


def _host(name: str) -> Callable[[Terms, date], Terms]:
    def change(terms: Terms, day: date) -> Terms:
        hosts = dict(terms.hosts)
        if name not in hosts:
            hosts[name] = SERVERS if name.startswith("srv") else CLIENTS
        else:
            del hosts[name]
        return replace(terms, hosts=hosts)

    return change


def _cadence(terms: Terms, day: date) -> Terms:
    if "2.7" not in terms.services:
        return terms
    other = "monthly" if terms.services["2.7"].cadence == "weekly" else "weekly"
    return replace(terms, services={**terms.services, "2.7": service("2.7", other)})


CHANGES: dict[str, Callable[[Terms, date], Terms]] = {
    "2.7 off or on": _toggle("2.7"),
    "3.2 off or on": _toggle("3.2"),
    "1.2 off or on": _toggle("1.2"),
    "pc gone or back": _host("pc"),
    "new client": _host("nb"),
    "server gone or back": _host("srv"),
    "2.7 weekly or monthly": _cadence,
    "pc regrouped": lambda terms, day: replace(
        terms, hosts={name: SERVERS if name == "pc" else those for name, those in terms.hosts.items()}
    ),
    "ends today": lambda terms, day: replace(terms, end=day),
    "ends in three weeks": lambda terms, day: replace(terms, end=day + 21 * DAY),
    "ended last week": lambda terms, day: replace(terms, end=max(terms.start, day - 7 * DAY)),
    "goes on": lambda terms, day: replace(terms, end=None),
    "anew": lambda terms, day: replace(terms, start=day, end=None),
    "pause": lambda terms, day: replace(terms, pauses=(AgreedPause(day + DAY, day + 12 * DAY),)),
    "pause of now": lambda terms, day: replace(terms, pauses=(AgreedPause(day - 3 * DAY, day + DAY),)),
    "no pause": lambda terms, day: replace(terms, pauses=()),
    "started counts": lambda terms, day: replace(terms, part_periods="started"),
    "whole counts": lambda terms, day: replace(terms, part_periods="whole"),
    "half counts": lambda terms, day: replace(terms, part_periods="half"),
    "closed on Fridays in March": lambda terms, day: replace(
        terms, place=("BY", None, ("03-06", "03-13", "03-20", "12-24"))
    ),
    "another Land": lambda terms, day: replace(terms, place=("SN", None, ())),
}


@dataclass(frozen=True)
class Event:
    """A change, when it is recorded, and how many days earlier it holds."""

    name: str
    when: datetime
    earlier: int = 0


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(sorted(CHANGES)),
        st.integers(1, 800),
        st.sampled_from([0.0, 7.5, 9.0, 10.5, 13.0, 16.99, 17.0, 20.0, 23.9]),
        st.sampled_from([0, 0, 0, 2, 9]),
    ),
    max_size=7,
)


def recorded(events: Sequence[Event]) -> list[Agreed]:
    """The agreements that a book would hold; what changes nothing is not recorded."""
    first = first_agreed(BASE, at(BASE.start), None)
    history = [replace(first, number=1)]
    for event in sorted(events, key=lambda it: it.when):
        terms = CHANGES[event.name](history[-1].terms, event.when.astimezone(BERLIN).date())
        if terms == history[-1].terms:
            continue
        since = event.when - event.earlier * DAY if event.earlier else None
        agreed = next_agreed(history[-1], terms, event.when, since)
        history.append(replace(agreed, number=len(history) + 1))
    return history


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    found = [
        Event(name, at(BASE.start + days * DAY, hour), earlier) for name, days, hour, earlier in draw(EVENTS)
    ]
    return sorted(found, key=lambda it: it.when)


MOMENTS = st.builds(
    lambda days, hour: at(BASE.start + days * DAY, hour),
    st.integers(2, 1100),
    st.sampled_from([0.1, 12.0, 17.01]),
)

type Line = tuple[str, str | None, str]


def lines(found: Sequence[Duty]) -> dict[Line, tuple[datetime, bool]]:
    """Every owed line with its due moment and since; each may stand there once."""
    told: dict[Line, tuple[datetime, bool]] = {}
    for duty in found:
        for host in duty.hosts:
            key = (duty.service, host, duty.period)
            assert key not in told, f"{key} is there twice"
            told[key] = (duty.due, duty.begun)
    return told


def ended(found: Sequence[Duty], before: datetime) -> dict[Line, datetime]:
    """The owed lines of periods that were over at a moment."""
    return {
        key: due
        for key, (due, begun) in lines(found).items()
        if begun and at(days_of(key[2])[1] + DAY, 0) <= before
    }


# --- the laws ---


@given(events(), MOMENTS, st.sampled_from(sorted(CHANGES)), st.sampled_from([0, 3, 40]))
def test_law_1_a_change_touches_no_period_that_was_over(
    told: list[Event], now: datetime, change: str, earlier: int
) -> None:
    history = recorded([it for it in told if it.when < now])
    day = now.date()
    terms = CHANGES[change](history[-1].terms, day)
    since = now - earlier * DAY if earlier else None
    more = [*history, replace(next_agreed(history[-1], terms, now, since), number=99)]
    later = now + 100 * DAY
    assert ended(duties(more, later), now) == ended(duties(history, now), now)


@given(events(), MOMENTS, st.integers(1, 500))
def test_law_1_what_is_over_reads_the_same_at_any_later_time(
    told: list[Event], now: datetime, days: int
) -> None:
    later = now + days * DAY
    early = ended(duties(recorded([it for it in told if it.when < now]), now), now)
    assert ended(duties(recorded([it for it in told if it.when < later]), later), now) == early


def last_entry(history: Sequence[Agreed], service: str, host: str | None) -> datetime | None:
    """Since when the last agreement has it in scope, by going back."""
    found = None
    for agreed in reversed(history):
        if service not in agreed.terms.services or host not in agreed.terms.scope(service):
            break
        found = max(agreed.since, at(agreed.terms.start, 0))
    return found


OUTCOMES = st.sampled_from(
    [("done", None), ("finding", None), ("held", "patch.freeze"), ("failed", None), ("not reached", None)]
)


@st.composite
def accounts(draw: st.DrawFn) -> tuple[list[Agreed], list[Attempt], datetime]:
    now = draw(MOMENTS)
    history = recorded([it for it in draw(events()) if it.when < now])
    every = list(lines(duties(history, now)))
    assume(every)
    stamps = []
    for service, host, period in draw(st.lists(st.sampled_from(every), max_size=12)):
        first, last = days_of(period)
        when = at(first + draw(st.integers(0, (last - first).days)) * DAY, draw(st.sampled_from([8, 12, 18])))
        outcome, reason = draw(OUTCOMES)
        if when <= now:
            stamps.append(Attempt(service, host, period, outcome, when, reason=reason))
    return history, stamps, now


@given(accounts())
def test_law_3_done_needs_a_measurement_since_it_came_into_scope(
    told: tuple[list[Agreed], list[Attempt], datetime],
) -> None:
    history, stamps, now = told
    for line in account(duties(history, now), stamps, [], now):
        if line.state is not State.DONE or not line.current:
            continue
        since = last_entry(history, line.service, line.host)
        seen = [
            it
            for it in stamps
            if (it.service, it.host) == (line.service, line.host)
            and it.outcome in ("done", "finding")
            and since is not None
            and it.at >= since
        ]
        assert seen


@given(accounts(), st.integers(1, 300))
def test_law_4_one_state_each_and_what_is_not_done_stays_listed(
    told: tuple[list[Agreed], list[Attempt], datetime], days: int
) -> None:
    history, stamps, now = told
    found = account(duties(history, now), stamps, [], now)
    assert len({line.key for line in found}) == len(found)
    over = {
        line.key
        for line in found
        if line.state.owed and line.state is not State.DONE and at(days_of(line.period)[1] + DAY, 0) <= now
    }
    later = {
        line.key: line.state
        for line in account(duties(history, now + days * DAY), stamps, [], now + days * DAY)
    }
    assert over <= set(later)
    assert all(later[key] is not State.DONE for key in over)


@given(events(), MOMENTS)
def test_law_8_whatever_the_day_what_the_agreement_holds_is_in_scope(
    told: list[Event], now: datetime
) -> None:
    history = recorded([it for it in told if it.when < now])
    last = history[-1].terms
    wanted = {(number, host) for number in last.services for host in last.scope(number)}
    found = in_scope(history, now)
    over = last.end is not None and now.astimezone(BERLIN).date() > last.end
    assert set(found) == (set() if over else wanted)


@example(
    [
        Event("2.7 off or on", parse_instant("2025-12-11 13:00")),
        Event("2.7 off or on", parse_instant("2025-12-12 14:00")),
    ]
)
@example(
    [
        Event("2.7 off or on", parse_instant("2025-12-23 13:00")),
        Event("2.7 off or on", parse_instant("2025-12-23 16:30")),
    ]
)
@example([Event("new client", parse_instant("2025-12-12 13:00"), 4)])
@example([Event("ended last week", parse_instant("2025-12-13 13:00"))])
@example(
    [
        Event("pause of now", parse_instant("2025-12-09 13:00")),
        Event("no pause", parse_instant("2025-12-12 13:00")),
    ]
)
@settings(max_examples=25)
@given(events())
def test_law_10_who_follows_the_agreed_procedure_is_never_overdue(told: list[Event]) -> None:
    """At noon of each service day a run does what is planned, and people record what they can."""
    stamps: list[Attempt] = []
    day, end = date(2025, 12, 1), date(2026, 1, 6)  # over the turn of the year, and all of a month
    # What happens on other days is played within these.
    told = [
        replace(
            it, when=datetime.combine(day + (it.when.date() - day).days % 35 * DAY, it.when.time(), BERLIN)
        )
        for it in told
    ]
    before = day - DAY
    while day < end:
        now = at(day)
        history = recorded([it for it in told if it.when <= now])
        if history[-1].terms.calendar.closure(day) is None:
            found = account(duties(history, now, before), stamps, [], now)
            for host, services in owed_hosts(found).items():
                stamps += [Attempt(one, host, period, "done", now) for one, period in services.items()]
            stamps += [
                Attempt(line.service, line.host, line.period, "done", now)
                for line in found
                if line.current and not line.automatic and not line.state.settled
            ]
        evening = at(day, 23.99)
        history = recorded([it for it in told if it.when <= evening])
        late = [
            line.key
            for line in account(duties(history, evening, before), stamps, [], evening)
            if line.state is State.OVERDUE
        ]
        assert not late
        day += DAY


@given(accounts(), st.integers(0, 1000))
def test_law_7_what_is_not_overdue_can_be_done_now_and_changes_no_other_line(
    told: tuple[list[Agreed], list[Attempt], datetime], which: int
) -> None:
    history, stamps, now = told
    stamps = [
        it for it in stamps if SERVICES[it.service][2] or it.outcome != "held"
    ]  # people put nothing off
    found = account(duties(history, now), stamps, [], now)
    plan, scope = owed_hosts(found, again=True), in_scope(history, now)
    left = [
        line
        for line in found
        if not line.state.settled
        and line.state is not State.OVERDUE
        and (line.service, line.host) in scope
        and history[-1].terms.start <= now.astimezone(BERLIN).date()
    ]
    assume(left)
    line = left[which % len(left)]
    period = plan[str(line.host)][line.service] if line.automatic else line.period
    more = [*stamps, Attempt(line.service, line.host, period, "done", now)]
    after = {it.key: it.state for it in account(duties(history, now), more, [], now, BASE.start)}
    assert after[line.key] is State.DONE
    changed = {it.key for it in found if after[it.key] is not it.state}
    if line.automatic:  # a visit carries out what was put off, too
        assert {key[:2] for key in changed} == {(line.service, line.host)}
    else:
        assert changed == {line.key}


def state(found: Sequence[Owed], key: Line) -> State | None:
    return next((line.state for line in found if line.key == key), None)


@pytest.mark.parametrize(
    ("told", "now", "key", "expected"),
    [
        # A host that comes on a Thursday is measured, and missed by nobody; one of Tuesday is owed.
        (
            [Event("new client", parse_instant("2025-11-20 10:00"))],
            "2025-11-20 12:00",
            ("2.7", "nb", "2025-W47"),
            State.NOT_BEGUN,
        ),
        (
            [Event("new client", parse_instant("2025-11-20 10:00"))],
            "2025-11-24 12:00",
            ("2.7", "nb", "2025-W47"),
            None,
        ),
        (
            [Event("new client", parse_instant("2025-11-18 10:00"))],
            "2025-11-24 12:00",
            ("2.7", "nb", "2025-W47"),
            State.OVERDUE,
        ),
        # Said to hold since Monday.
        (
            [Event("new client", parse_instant("2025-11-20 10:00"), 3)],
            "2025-11-24 12:00",
            ("2.7", "nb", "2025-W47"),
            State.OVERDUE,
        ),
        # What leaves in mid-week is not owed for it; what was overdue stays.
        (
            [Event("pc gone or back", parse_instant("2025-11-19 10:00"))],
            "2025-11-24 12:00",
            ("2.7", "pc", "2025-W47"),
            None,
        ),
        (
            [Event("pc gone or back", parse_instant("2025-11-22 10:00"))],
            "2025-11-24 12:00",
            ("2.7", "pc", "2025-W47"),
            State.OVERDUE,
        ),
        (
            [Event("pc gone or back", parse_instant("2025-11-19 10:00"))],
            "2025-11-24 12:00",
            ("2.7", "pc", "2025-W46"),
            State.OVERDUE,
        ),
        # The end of a contract is known before, or ends what runs.
        (
            [Event("ends in three weeks", parse_instant("2025-11-19 10:00"))],
            "2025-12-20 12:00",
            ("2.7", "pc", "2025-W50"),
            State.OVERDUE,
        ),
        (
            [Event("ended last week", parse_instant("2025-11-19 10:00"))],
            "2025-12-20 12:00",
            ("2.7", "pc", "2025-W47"),
            None,
        ),
        (
            [Event("ended last week", parse_instant("2025-11-19 10:00"))],
            "2025-12-20 12:00",
            ("2.7", "pc", "2025-W46"),
            State.OVERDUE,
        ),
        # A contract that ended, and is made anew in the middle of the next month.
        *(
            (
                [
                    Event("ends today", parse_instant("2025-11-21 10:00")),
                    Event("anew", parse_instant(f"2025-12-{day} 10:00")),
                ],
                "2026-01-02 12:00",
                ("4.2", None, "2025-12"),
                owed,
            )
            for day, owed in (("08", State.OVERDUE), ("22", None))
        ),
        # A pause of the whole week owes nothing.
        (
            [Event("pause", parse_instant("2025-11-16 10:00"))],
            "2025-11-24 12:00",
            ("2.7", "pc", "2025-W47"),
            None,
        ),
        # Weekly becomes monthly in the first half of a month, or in the second.
        (
            [Event("2.7 weekly or monthly", parse_instant("2025-11-05 10:00"))],
            "2025-12-01 12:00",
            ("2.7", "pc", "2025-11"),
            State.OVERDUE,
        ),
        (
            [Event("2.7 weekly or monthly", parse_instant("2025-11-25 10:00"))],
            "2025-12-01 12:00",
            ("2.7", "pc", "2025-11"),
            None,
        ),
    ],
)
def test_changes_in_the_middle_of_a_period(
    told: list[Event], now: str, key: Line, expected: State | None
) -> None:
    moment = parse_instant(now)
    found = account(duties(recorded(told), moment), [], [], moment)
    assert state(found, key) is expected


@pytest.mark.parametrize(("part_periods", "owed"), [("half", False), ("started", True), ("whole", False)])
def test_a_contract_that_begins_on_the_30th_of_december(part_periods: str, *, owed: bool) -> None:
    terms = replace(BASE, start=date(2026, 12, 30), part_periods=part_periods, place=("BY", None, ()))
    now = parse_instant("2026-12-31 18:00")
    found = account(duties([first_agreed(terms, now, None)], now), [], [], now)
    assert (state(found, ("1.2", None, "2026-Q4")) is State.OVERDUE) is owed
    assert owed or state(found, ("1.2", None, "2026-Q4")) is State.NOT_BEGUN
