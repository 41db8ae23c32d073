"""Laws of patch management: whatever the hosts, the book and the calendar, these hold for every order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from serviceheft import maintenance
from serviceheft.model.patching import FreezeDays, UpdateException
from serviceheft.model.schema import MaintenanceWindow
from serviceheft.services.patch_management.attempts import Attempt, Past
from serviceheft.services.patch_management.order import HostFacts, HostOrder, Progress, order
from serviceheft.services.patch_management.policy import CustomerPolicy, HostPolicy, Reboot
from serviceheft.services.patch_management.restarts import SignedIn, restart_waits
from serviceheft.services.patch_management.rings import Pilot
from serviceheft.services.patch_management.selection import accepts, fits
from serviceheft.services.update_check.update import Had, Update
from serviceheft.settings import BERLIN

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
START = datetime(2026, 11, 16, 0, 0, tzinfo=BERLIN)
KBS = [f"KB50000{number:02}" for number in range(6)]
NAMES = [f"pc-{number}" for number in range(6)]

moments = st.integers(0, 14 * 24 * 4).map(lambda quarter: START + timedelta(minutes=15 * quarter))
days = st.integers(-3, 17).map(lambda number: (START + timedelta(days=number)).date())
exceptions = st.builds(
    UpdateException,
    kb=st.sampled_from(KBS),
    title=st.none(),
    reason=st.just("because"),
    expires=days,
) | st.builds(
    UpdateException,
    kb=st.none(),
    title=st.sampled_from(["*Preview*", "*driver*", "2026-11 *"]),
    reason=st.just("because"),
    expires=days,
)
updates = st.builds(
    Update,
    title=st.sampled_from(["2026-11 Update", "2026-11 Preview", "Driver", "Other"]),
    kbs=st.lists(st.sampled_from(KBS), max_size=2, unique=True).map(tuple),
    wanted=st.booleans(),
    published_at=st.none() | moments.map(lambda moment: moment - timedelta(days=7)),
    key=st.none() | st.sampled_from(["a", "b", "c", "d"]),
    revision=st.none() | st.sampled_from([1, 2]),
    categories=st.sampled_from([(), ("SecurityUpdates",), ("Upgrades",), ("Drivers",)]),
)
host_windows = st.builds(
    MaintenanceWindow,
    name=st.sampled_from(["day", "night"]),
    days=st.lists(st.sampled_from(DAYS), min_size=1, unique=True),
    start=st.sampled_from(["08:00", "20:00", "22:00"]),
    end=st.sampled_from(["04:00", "12:00", "23:00"]),
)
freezes = st.tuples(days, st.integers(0, 3)).map(
    lambda pair: FreezeDays(first_day=pair[0], last_day=pair[0] + timedelta(days=pair[1]), reason="because")
)
policies = st.builds(
    CustomerPolicy,
    windows=st.lists(host_windows, max_size=2).map(tuple),
    freeze=st.lists(freezes, max_size=1).map(tuple),
    ring_wait_hours=st.integers(0, 72),
    maximum_hosts=st.integers(1, 6),
    maximum_failed_percent=st.integers(0, 100),
    emergency=st.none() | st.sampled_from(KBS),
)
host_policies = st.builds(
    HostPolicy,
    ring=st.sampled_from(["pilot", "broad"]),
    windows=st.none() | st.lists(st.sampled_from(["day", "night"])).map(tuple),
    reboot=st.sampled_from(list(Reboot)),
    accept=st.lists(exceptions, max_size=2).map(tuple),
    reject=st.lists(exceptions, max_size=2).map(tuple),
    stands_in=st.frozensets(st.sampled_from(["pair", "domain_controllers"]), max_size=2),
    after=st.lists(st.sampled_from(NAMES), max_size=1).map(tuple),
)
pasts = st.builds(
    Past,
    failed=st.lists(st.builds(Attempt, update=updates, at=moments), max_size=4).map(tuple),
    restarts=st.lists(moments, max_size=4).map(tuple),
    mended_at=st.none() | moments,
    tried_at=st.none() | moments,
    waiting=st.lists(st.tuples(updates, moments), max_size=2).map(tuple),
)


@st.composite
def fleets(draw: st.DrawFn) -> list[HostFacts]:
    return [
        HostFacts(
            host=name,
            policy=draw(host_policies),
            offered=draw(st.none() | st.lists(updates, max_size=3).map(tuple)),
            reboot_pending=draw(st.none() | st.booleans()),
            definitions=draw(st.sampled_from(["current", "outdated", "outdated elsewhere"])),
            signed_in=draw(st.sampled_from(list(SignedIn))),
            reached=draw(st.booleans()),
            past=draw(pasts),
        )
        for name in draw(st.lists(st.sampled_from(NAMES), unique=True))
    ]


pilots = st.lists(
    st.builds(
        Pilot,
        host=st.sampled_from([*NAMES, "away"]),
        had=st.lists(st.builds(Had, update=updates, at=moments), max_size=3).map(tuple),
        well_at=st.lists(moments, max_size=3).map(lambda times: tuple(sorted(times))),
        troubles=st.lists(moments, max_size=1).map(tuple),
        lacks=st.lists(updates, max_size=1).map(tuple),
        refuses=st.lists(updates, max_size=1).map(tuple),
        seen_at=st.none() | moments,
    ),
    max_size=3,
    unique_by=lambda pilot: pilot.host,
)
progresses = st.tuples(st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES))).map(
    lambda pair: Progress(frozenset(pair[0]), frozenset(pair[0] & pair[1]))
)


def cases[T](check: Callable[..., T]) -> Callable[..., None]:
    """Any order, with all that it was made from."""

    @given(
        fleet=fleets(), known=pilots, progress=progresses, policy=policies, now=moments, stopped=st.booleans()
    )
    def law(
        fleet: list[HostFacts],
        known: list[Pilot],
        progress: Progress,
        policy: CustomerPolicy,
        now: datetime,
        stopped: bool,
    ) -> None:
        orders = order(fleet, known, progress, policy, now, stopped=stopped)
        check(
            fleet={facts.host: facts for facts in fleet},
            known=known,
            progress=progress,
            policy=policy,
            now=now,
            stopped=stopped,
            orders=orders,
        )

    law.__name__ = check.__name__
    return law


def acting(orders: dict[str, HostOrder]) -> list[HostOrder]:
    return [made for made in orders.values() if made.acts]


@cases
def test_the_cap_is_never_exceeded(orders, progress, policy, **_) -> None:  # type: ignore[no-untyped-def]
    allowed = max(policy.maximum_hosts, len(progress.started))
    assert len(acting(orders)) + len(progress.started) <= allowed


@cases
def test_every_host_gets_an_order_unless_it_was_started(orders, fleet, progress, **_) -> None:  # type: ignore[no-untyped-def]
    assert set(orders) == set(fleet) - progress.started


@cases
def test_the_stop_file_stops_everything(orders, stopped, **_) -> None:  # type: ignore[no-untyped-def]
    assert not (stopped and acting(orders))


@cases
def test_nothing_is_changed_on_a_freeze_day_but_in_an_emergency(orders, policy, now, **_) -> None:  # type: ignore[no-untyped-def]
    assert not (maintenance.is_frozen(policy.freeze, now) and policy.emergency is None and acting(orders))


@cases
def test_nothing_is_installed_or_restarted_outside_of_the_window(orders, fleet, policy, now, **_) -> None:  # type: ignore[no-untyped-def]
    for made in acting(orders):
        inside = maintenance.is_open(policy.windows, fleet[made.host].policy.windows, now)
        assert inside or policy.emergency is not None or not (made.install or made.restart)


@cases
def test_the_later_ring_gets_what_a_well_pilot_has_or_what_none_is_offered(
    orders, known, fleet, policy, now, **_
) -> None:  # type: ignore[no-untyped-def]
    for made in acting(orders):
        if made.ring != "broad" or policy.emergency is not None:
            continue
        for update in (it for it in made.install if not it.definitions and known):
            having = [(pilot, had) for pilot in known for had in pilot.had if had.update.same_version(update)]
            vouching = [
                pilot
                for pilot, had in having
                if any(had.at <= at <= now - timedelta(hours=policy.ring_wait_hours) for at in pilot.well_at)
            ]
            assert vouching or (update.published_at is not None and update.published_at <= now)
            measured = [fleet[pilot.host] for pilot in known if pilot.host in orders and pilot.host in fleet]
            assert (
                not any(
                    update.same_version(one)
                    for facts in measured
                    for one in (*orders[facts.host].install, *orders[facts.host].rejected)
                )
                or vouching
            )


@cases
def test_a_rejected_update_is_never_installed(orders, fleet, now, **_) -> None:  # type: ignore[no-untyped-def]
    today = now.date()
    for made in orders.values():
        for exception in fleet[made.host].policy.reject:
            if today <= exception.expires:
                assert not any(fits(exception, update) for update in made.install)


@cases
def test_only_wanted_and_accepted_updates_are_installed(orders, fleet, policy, now, **_) -> None:  # type: ignore[no-untyped-def]
    for made in orders.values():
        accepted = [it for it in fleet[made.host].policy.accept if now.date() <= it.expires]
        for update in made.install:
            if policy.emergency is not None:
                assert policy.emergency in update.kbs
                assert not update.is_upgrade
            else:
                assert update.wanted or any(accepts(exception, update) for exception in accepted)
            assert update.key is not None
            assert update.revision is not None
            assert update.categories


@cases
def test_nobody_is_restarted_outside_of_its_terms(orders, fleet, policy, now, stopped, **_) -> None:  # type: ignore[no-untyped-def]
    for made in orders.values():
        if made.restart:
            facts = fleet[made.host]
            assert restart_waits(policy, facts.policy, facts.signed_in, now, stopped=stopped) is None
            assert facts.policy.reboot is not Reboot.NEVER
            inside = maintenance.is_open(policy.windows, facts.policy.windows, now)
            assert inside or (policy.emergency is not None and facts.policy.reboot is Reboot.WHEN_NEEDED)
            assert facts.policy.reboot is not Reboot.NOBODY_LOGGED_ON or facts.signed_in is SignedIn.NOBODY


@cases
def test_two_that_stand_in_for_each_other_are_never_away_together(orders, fleet, **_) -> None:  # type: ignore[no-untyped-def]
    away = [fleet[made.host] for made in orders.values() if made.disturbs]
    for one in away:
        for other in fleet.values():
            if one.host != other.host and one.policy.stands_in & other.policy.stands_in:
                assert other not in away
                assert other.reached


@cases
def test_what_keeps_failing_is_not_tried_any_more(orders, fleet, policy, **_) -> None:  # type: ignore[no-untyped-def]
    for made in orders.values():
        past = fleet[made.host].past
        for update in made.install:
            failed = [it for it in past.failed if it.update.same_version(update)]
            since = [it for it in failed if past.mended_at is None or it.at > past.mended_at]
            assert len(since) < policy.maximum_attempts


@cases
def test_what_is_not_done_has_a_reason(orders, fleet, policy, **_) -> None:  # type: ignore[no-untyped-def]
    for made in orders.values():
        facts = fleet[made.host]
        told = {*made.install, *made.rejected, *(it.what for it in made.waiting)}
        if policy.emergency is None:
            assert told >= {update for update in facts.offered or () if update.wanted}
            assert made.restart or not facts.reboot_pending or "restart" in told
            assert made.definitions or facts.definitions == "current" or "definitions" in told


@given(fleet=fleets(), policy=policies, now=moments)
def test_too_many_failures_end_a_ring(fleet: list[HostFacts], policy: CustomerPolicy, now: datetime) -> None:
    everybody = frozenset(facts.host for facts in fleet[: len(fleet) // 2])
    strict = replace(policy, maximum_failed_percent=0)
    orders = order(fleet, [], Progress(everybody, everybody), strict, now, stopped=False)
    sick = {facts.policy.ring for facts in fleet if facts.host in everybody}
    assert not [made for made in acting(orders) if made.ring in sick]


@given(moment=moments, window=host_windows)
def test_a_window_opens_as_long_as_it_says(moment: datetime, window: MaintenanceWindow) -> None:
    """A whole week from any moment has as much open time as the window's days and hours promise."""
    quarters = [moment + timedelta(minutes=15 * number) for number in range(7 * 24 * 4)]
    open_for = sum(maintenance.is_open([window], None, at) for at in quarters) * 15
    start, end = (int(text[:2]) * 60 for text in (window.start, window.end))
    length = end - start if end > start else end - start + 24 * 60
    assert open_for == length * len(window.days)


def test_a_window_past_midnight_belongs_to_the_day_it_opens() -> None:
    night = MaintenanceWindow(name="night", days=["saturday"], start="22:00", end="04:00")
    opens = {
        "2026-11-21 22:00": True,
        "2026-11-22 03:59": True,
        "2026-11-22 04:00": False,
        "2026-11-22 23:00": False,
        "2026-11-21 03:00": False,
    }
    for text, expected in opens.items():
        moment = datetime.fromisoformat(text).replace(tzinfo=BERLIN)
        assert maintenance.is_open([night], None, moment) is expected
        assert maintenance.is_open([night], None, moment.astimezone(UTC)) is expected
    assert not maintenance.is_open([night], (), datetime(2026, 11, 21, 23, tzinfo=BERLIN))


def test_freeze_days_are_local_days() -> None:
    days_off = [
        FreezeDays(first_day=date(2026, 12, 23), last_day=date(2026, 12, 24), reason="Jahresabschluss")
    ]
    assert maintenance.is_frozen(days_off, datetime(2026, 12, 22, 23, 30, tzinfo=UTC))
    assert not maintenance.is_frozen(days_off, datetime(2026, 12, 24, 23, 30, tzinfo=UTC))
