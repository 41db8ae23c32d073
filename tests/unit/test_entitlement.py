"""What is owed, contained and carried out, on small customers made up for each question."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from serviceheft.accounts import Attempt, Owed, State
from serviceheft.clock import parse_instant
from serviceheft.entitlement import Standing, contained, may_change, visit_on_order
from serviceheft.ledger import owed, owed_hosts
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.schema import (
    Billing,
    Company,
    Contract,
    Customer,
    Documentation,
    Host,
    OurPeople,
    People,
    Person,
    Provider,
    ReactionClock,
    ServiceChoice,
    TheirPeople,
)

CATALOGUE = load_catalogue()
WEDNESDAY = parse_instant("2026-11-18 12:00")  # 2026-W47, ends on Friday the 20th
SOMEBODY = Person(name="Erika Beispiel", email="erika@kunde.example")


Stamp = Attempt


def customer(
    tier: str | None = "basic",
    *,
    start: date = date(2024, 1, 1),
    end: date | None = None,
    services: Mapping[str, ServiceChoice] | None = None,
    hosts: Mapping[str, tuple[str, ...]] | None = None,
    clock: ReactionClock | None = None,
    language: str = "de",
) -> Customer:
    return Customer.model_validate(
        {
            "name": "kunde",
            "root": Path("inventories/kunde"),
            "digest": "0" * 64,
            "company": Company(name="Kunde", customer_number="1", bundesland="BY", language=language),
            "sites": (),
            "people": People(
                ours=OurPeople(contact=SOMEBODY, deputy=SOMEBODY),
                theirs=TheirPeople(central_contact=SOMEBODY.email, authorised_reporters=[SOMEBODY]),
            ),
            "contract": Contract(
                kind="service" if tier else "hourly",
                tier=tier,
                start=start,
                end=end,
                reaction_clock=clock or ReactionClock(),
                billing=Billing(hourly_rate_eur=Decimal(90), invoice_email=SOMEBODY.email),
            ),
            "services": dict(services or {}),
            "documentation": Documentation(),
            "provider": Provider(
                name="Anbieter",
                street="Weg 1",
                postcode="10115",
                city="Berlin",
                phone="+49 30 5550",
                email=SOMEBODY.email,
                bundesland="BE",
            ),
            "hosts": {
                name: Host(
                    name=name,
                    address="192.0.2.1",
                    groups=groups,
                    site="",
                    title=name,
                    variables={},
                    source=("", 1),
                )
                for name, groups in (hosts if hosts is not None else {"pc": ("windows_clients",)}).items()
            },
        }
    )


def state_of(found: list[Owed], service: str, period: str, host: str | None = "pc") -> State | None:
    states = [one.state for one in found if (one.service, one.period, one.host) == (service, period, host)]
    assert len(states) <= 1
    return states[0] if states else None


def stamp(
    outcome: str, *, period: str = "2026-W47", at: str = "2026-11-17 20:00", dry_run: bool = False
) -> Stamp:
    return Stamp("2.7", "pc", period, outcome, parse_instant(at), dry_run)


LAST_WEEK = stamp("done", period="2026-W46", at="2026-11-10 20:00")
#: The book is older than the weeks that are looked at; what came before its first stamp it cannot know.
OLD_BOOK = Stamp("2.7", "pc", "2026-W40", "done", parse_instant("2026-10-01 12:00"))


@pytest.mark.parametrize(
    ("stamps", "state"),
    [
        ([], State.OPEN),
        ([stamp("done")], State.DONE),
        ([stamp("finding")], State.DONE),
        ([stamp("not reached")], State.NOT_REACHED),
        ([stamp("failed")], State.OPEN),
        ([stamp("not measured")], State.OPEN),
        ([stamp("out of contract")], State.OPEN),
        ([stamp("done", dry_run=True)], State.OPEN),
        ([stamp("done", period="2026-W46")], State.OPEN),
        ([Stamp("3.1", "pc", "2026-W47", "done", WEDNESDAY)], State.OPEN),
        ([Stamp("2.7", "other", "2026-W47", "done", WEDNESDAY)], State.OPEN),
        # The newest one speaks, in whatever order the book gives them; done stays done.
        ([stamp("not reached", at="2026-11-17 21:00"), stamp("failed")], State.NOT_REACHED),
        ([stamp("not reached"), stamp("failed", at="2026-11-17 21:00")], State.OPEN),
        ([stamp("done"), stamp("not reached", at="2026-11-17 21:00")], State.DONE),
        ([stamp("not reached"), stamp("failed", at="2026-11-17 21:00", dry_run=True)], State.NOT_REACHED),
    ],
)
def test_state_in_this_week(stamps: list[Stamp], state: State) -> None:
    found = owed(customer(), CATALOGUE, [LAST_WEEK, *stamps], WEDNESDAY)
    assert state_of(found, "2.7", "2026-W47") is state


def test_last_is_the_newest_stamp_of_the_period_without_dry_runs() -> None:
    newest = stamp("failed", at="2026-11-17 22:00")
    stamps = [stamp("not reached"), newest, stamp("done", at="2026-11-17 23:00", dry_run=True), LAST_WEEK]
    (one,) = [one for one in owed(customer(), CATALOGUE, stamps, WEDNESDAY) if one.service == "2.7"]
    assert one.last is newest


@pytest.mark.parametrize("outcome", ["not reached", "failed", "not measured"])
def test_overdue_after_the_last_service_day_of_the_week(outcome: str) -> None:
    stamps = [LAST_WEEK, stamp(outcome)]
    due = parse_instant("2026-11-20 17:00")
    at_due = owed(customer(), CATALOGUE, stamps, due)
    after = owed(customer(), CATALOGUE, stamps, parse_instant("2026-11-20 17:00:01"))
    assert {one.due for one in after if one.service == "2.7"} == {due}
    assert state_of(at_due, "2.7", "2026-W47") is not State.OVERDUE
    assert state_of(after, "2.7", "2026-W47") is State.OVERDUE


def test_late_is_done_all_the_same() -> None:
    found = owed(
        customer(), CATALOGUE, [stamp("done", at="2026-11-21 20:00")], parse_instant("2026-11-22 12:00")
    )
    assert state_of(found, "2.7", "2026-W47") is State.DONE


def test_what_was_missed_stays_however_old_and_what_was_done_does_not() -> None:
    missed = owed(customer(), CATALOGUE, [OLD_BOOK, LAST_WEEK], WEDNESDAY)
    assert [(one.period, one.current, one.state) for one in missed if one.service == "2.7"] == [
        *((f"2026-W{week}", False, State.OVERDUE) for week in range(41, 46)),
        ("2026-W47", True, State.OPEN),
    ]
    done = owed(customer(), CATALOGUE, [LAST_WEEK], WEDNESDAY)
    assert [one.period for one in done if one.service == "2.7"] == ["2026-W47"]


def test_a_new_book_says_nothing_of_the_time_before_it() -> None:
    for stamps in ([], [stamp("done")], [replace(OLD_BOOK, dry_run=True)]):
        found = owed(customer(), CATALOGUE, stamps, WEDNESDAY)
        assert {one.current for one in found} == {True}


def test_due_leaves_out_holidays_and_closing_days() -> None:
    now = parse_instant("2026-12-22 12:00")
    clock = ReactionClock(closed_days=["12-24"])
    for given, due in ((None, "2026-12-24 17:00"), (clock, "2026-12-23 17:00")):
        found = owed(customer(clock=given), CATALOGUE, [], now)
        assert {one.due for one in found if one.period == "2026-W52"} == {parse_instant(due)}


def test_whose_holidays_count() -> None:
    now = parse_instant("2028-01-05 12:00")  # Thursday the 6th and Friday the 7th end the week
    clock = ReactionClock(closed_days=["01-07"], holidays_of="provider")
    theirs = owed(customer(clock=ReactionClock(closed_days=["01-07"])), CATALOGUE, [], now)
    ours = owed(customer(clock=clock), CATALOGUE, [], now)
    assert {one.due for one in theirs if one.period == "2028-W01"} == {parse_instant("2028-01-05 17:00")}
    assert {one.due for one in ours if one.period == "2028-W01"} == {parse_instant("2028-01-06 17:00")}


def test_a_week_without_a_service_day_owes_nothing() -> None:
    clock = ReactionClock(closed_days=["12-28", "12-29", "12-30", "12-31"])
    closed = owed(customer(clock=clock), CATALOGUE, [OLD_BOOK], parse_instant("2026-12-30 12:00"))
    assert state_of(closed, "2.7", "2026-W53") is State.NOT_BEGUN
    after = owed(customer(clock=clock), CATALOGUE, [OLD_BOOK], parse_instant("2027-01-04 12:00"))
    assert state_of(after, "2.7", "2026-W53") is None
    assert state_of(after, "2.7", "2027-W01") is State.OPEN


@pytest.mark.parametrize(
    ("start", "end", "now", "periods"),
    [
        (date(2026, 11, 18), None, "2026-11-17 12:00", []),  # not yet
        (date(2026, 11, 18), None, "2026-11-18 12:00", ["2026-W47"]),  # nothing from before
        (date(2026, 11, 11), None, "2026-11-18 12:00", ["2026-W46", "2026-W47"]),  # from a Wednesday on
        (
            date(2026, 11, 13),
            None,
            "2026-11-18 12:00",
            ["2026-W47"],
        ),  # from a Friday on: too little of a week
        (date(2026, 11, 14), None, "2026-11-14 12:00", []),  # from a Saturday on: that week owes nothing
        (date(2026, 11, 14), None, "2026-11-18 12:00", ["2026-W47"]),
        (date(2024, 1, 1), date(2026, 11, 18), "2026-11-18 12:00", ["2026-W46", "2026-W47"]),
    ],
)
def test_from_the_first_day_to_the_last(start: date, end: date | None, now: str, periods: list[str]) -> None:
    before = Stamp("2.7", "pc", "2026-W45", "done", parse_instant("2026-11-07 12:00"))
    found = owed(customer(start=start, end=end), CATALOGUE, [before], parse_instant(now))
    owing = [one for one in found if one.state.owed]
    assert [one.period for one in owing if one.service == "2.7"] == periods


@pytest.mark.parametrize("now", ["2026-11-19 00:00", "2027-05-19 12:00"])
def test_a_contract_that_is_over_owes_what_it_left_behind_and_nothing_new(now: str) -> None:
    over = customer(end=date(2026, 11, 18))
    found = owed(over, CATALOGUE, [OLD_BOOK, LAST_WEEK], parse_instant(now))
    assert [(one.period, one.state) for one in found if one.service == "2.7"] == [
        *((f"2026-W{week}", State.OVERDUE) for week in range(41, 46)),
        ("2026-W47", State.OVERDUE),
    ]
    assert not any(one.current for one in found)
    assert owed_hosts(found, again=True) == {}


def test_due_no_later_than_the_contract_ends() -> None:
    found = owed(customer(end=date(2026, 11, 18)), CATALOGUE, [LAST_WEEK], WEDNESDAY)
    assert {one.due for one in found if one.service == "2.7"} == {parse_instant("2026-11-18 17:00")}


def test_an_ordered_extra_is_owed_and_a_switched_off_service_is_not() -> None:
    server = {"srv": ("windows_servers",)}
    choices = {
        "3.4": ServiceChoice(enabled=True, ordered=True, reason="Bestellt am 2.3.2026"),
        "2.7": ServiceChoice(enabled=False, reason="Eigener Scanner"),
    }
    plain = owed(customer(hosts=server), CATALOGUE, [], WEDNESDAY)
    chosen = owed(customer(hosts=server, services=choices), CATALOGUE, [], WEDNESDAY)
    assert {one.service for one in plain if one.host} == {"2.4", "2.6", "2.7"}
    assert {one.service for one in chosen if one.host} == {"2.4", "2.6", "3.4"}
    standing = {
        one.service: (one.standing, one.reason) for one in contained(customer(services=choices), CATALOGUE)
    }
    assert standing["3.4"] == (Standing.ORDERED, "Bestellt am 2.3.2026")
    assert standing["2.7"] == (Standing.SWITCHED_OFF, "Eigener Scanner")
    assert standing["3.1"] == (Standing.INCLUDED, None)
    assert standing["3.7"] == (Standing.NOT_IN_TIER, None)


def test_billed_by_the_hour_only_the_frame_is_owed() -> None:
    hourly = customer(None)
    assert {(one.service, one.host) for one in owed(hourly, CATALOGUE, [], WEDNESDAY)} == {("1.2", None)}
    standings = {one.service: one.standing for one in contained(hourly, CATALOGUE)}
    assert {number for number, standing in standings.items() if standing.contained} == {
        "1.1",
        "1.2",
        "1.3",
        "1.4",
        "5",
    }
    assert set(standings.values()) == {Standing.INCLUDED, Standing.BY_THE_HOUR}


def test_contained_has_every_service_in_order_with_its_clause() -> None:
    found = contained(customer("comfort"), CATALOGUE)
    assert [one.service for one in found] == list(CATALOGUE.services)
    clauses = {one.service: one.clause for one in found}
    assert clauses["2.7"] == "2.7 Prüfung des Virenschutzes"
    english = {one.service: one.clause for one in contained(customer(language="en"), CATALOGUE)}
    assert english["2.7"] == "2.7 Check of the virus protection"


def test_each_device_in_scope_once_even_when_in_two_groups() -> None:
    hosts = {"nb": ("windows_clients", "windows_laptops"), "sw": ("switches",), "dc": ("windows_servers",)}
    found = owed(customer(hosts=hosts, start=date(2026, 11, 16)), CATALOGUE, [], WEDNESDAY)
    assert [(one.service, one.host) for one in found if one.host] == [
        ("2.4", "nb"),
        ("2.4", "dc"),
        ("2.6", "nb"),
        ("2.6", "sw"),
        ("2.6", "dc"),
        ("2.7", "nb"),
        ("2.7", "dc"),
        ("3.1", "nb"),
    ]


def test_hosts_for_a_run() -> None:
    hosts = {"pc": ("windows_clients",), "srv": ("windows_servers",), "sw": ("switches",)}
    found = owed(customer("comfort", hosts=hosts), CATALOGUE, [stamp("done")], WEDNESDAY)
    assert any(one.service == "3.4" and not one.automatic for one in found), (
        "3.4 is owed, but no role does it yet"
    )
    week = "2026-W47"
    more = {"3.2": week, "4.3": week}
    software = {"3.3": week}
    assert owed_hosts(found) == {
        "srv": {"2.4": week, "2.6": week, "2.7": week, **more},
        "pc": {"2.4": week, "2.6": week, "3.1": week, **more, **software},
        "sw": {"2.6": week},
    }
    assert owed_hosts(found, again=True) == {
        "pc": {"2.4": week, "2.6": week, "2.7": week, "3.1": week, **more, **software},
        "srv": {"2.4": week, "2.6": week, "2.7": week, **more},
        "sw": {"2.6": week},
    }


def test_a_missed_week_cannot_be_made_up_for() -> None:
    found = owed(customer(), CATALOGUE, [OLD_BOOK, stamp("done")], WEDNESDAY)
    assert state_of(found, "2.7", "2026-W46") is State.OVERDUE
    assert "2.7" not in owed_hosts(found).get("pc", {})


def test_visit_on_order() -> None:
    off = {"3.1": ServiceChoice(enabled=False, reason="WSUS des Kunden")}
    hosts = {"pc": ("windows_clients",), "sw": ("switches",)}
    week = "2026-W47"
    assert visit_on_order(customer(None, hosts=hosts), CATALOGUE, WEDNESDAY) == {
        "pc": {"2.4": week, "2.6": week, "2.7": week, "3.1": week},
        "sw": {"2.6": week},
    }
    assert visit_on_order(customer(None, hosts=hosts, services=off), CATALOGUE, WEDNESDAY) == {
        "pc": {"2.4": week, "2.6": week, "2.7": week},
        "sw": {"2.6": week},
    }


def test_a_visit_by_the_hour_changes_devices_only_where_that_was_ordered() -> None:
    ordered = {"3.2": ServiceChoice(enabled=True, ordered=True, reason="Mail vom 3. November")}
    hosts = {"pc": ("windows_clients",)}
    found = visit_on_order(customer(None, hosts=hosts, services=ordered), CATALOGUE, WEDNESDAY)
    assert "3.2" in found["pc"]
    assert "3.3" not in found["pc"]


def test_of_two_stamps_at_one_moment_the_later_one_counts() -> None:
    held, done = stamp("held"), stamp("done")
    assert state_of(owed(customer(), CATALOGUE, [held, done], WEDNESDAY), "2.7", "2026-W47") is State.DONE
    assert state_of(owed(customer(), CATALOGUE, [done, held], WEDNESDAY), "2.7", "2026-W47") is State.OPEN


def test_what_waits_is_open_whatever_was_stamped_before() -> None:
    done, held = stamp("done"), stamp("held", at="2026-11-18 11:00")
    assert state_of(owed(customer(), CATALOGUE, [done, held], WEDNESDAY), "2.7", "2026-W47") is State.OPEN


@pytest.mark.parametrize(
    ("tier", "choice", "expected"),
    [
        (None, None, False),
        (None, ServiceChoice(enabled=True, ordered=True, reason="Mail of 2026-11-02"), True),
        ("basic", None, True),
        ("basic", ServiceChoice(enabled=False, reason="Mail of 2026-11-02"), False),
    ],
)
def test_devices_are_changed_where_that_is_contained_or_ordered(
    tier: str | None, choice: ServiceChoice | None, expected: bool
) -> None:
    found = customer(tier, services={"2.4": choice} if choice else {})
    assert may_change(CATALOGUE.services["2.4"], found) is expected
