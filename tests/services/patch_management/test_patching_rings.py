"""Rings: an update is vouched for by a well pilot that has it, sickness belongs to what may have caused it, and no wait
is without an end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Outcome, Severity
from serviceheft.assess.reasons import REASONS
from serviceheft.model.patching import UpdateException
from serviceheft.publish.allowed import agreed_until
from serviceheft.publish.reader import Reader
from serviceheft.services.patch_management.attempts import Past
from serviceheft.services.patch_management.judging import judge_order
from serviceheft.services.patch_management.order import HostFacts, Progress, order
from serviceheft.services.patch_management.pilots import judge_pilot
from serviceheft.services.patch_management.policy import CustomerPolicy, HostPolicy
from serviceheft.services.patch_management.rings import PATIENCE, Pilot, Rings
from serviceheft.services.update_check.update import Had, Update
from tests.services.patch_management.test_patching_decisions import ALWAYS, KNOWN, NOVEMBER, NOW, PREVIEW

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PILOT = HostPolicy(ring="pilot")


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def dated(update: Update, days: float) -> Update:
    return replace(update, published_at=ago(days))


def having(
    *updates: tuple[Update, float], well: tuple[float, ...] = (), sick: tuple[float, ...] = ()
) -> Pilot:
    """A pilot by days: when it got each update, when it was measured well, since when it has trouble."""
    return Pilot(
        "pc-1",
        had=tuple(Had(update, ago(days)) for update, days in updates),
        well_at=tuple(ago(days) for days in well),
        troubles=tuple(ago(days) for days in sick),
        seen_at=ago(0.1),
    )


def wait(
    update: Update, *pilots: Pilot, hours: int = 48, since: datetime | None = None, kind: Any = "client"
) -> Any:
    return Rings(pilots, hours, NOW).waits_for(update, kind, since)


# -- who vouches -------------------------------------------------------------------------------------------------


def test_only_a_pilot_that_has_it_and_is_well_with_it_vouches() -> None:
    assert wait(NOVEMBER, having((NOVEMBER, 5), well=(5, 3))) is None
    assert wait(NOVEMBER, having((NOVEMBER, 5), well=(1,))) == "patch.ring_waits"
    assert wait(NOVEMBER, having((NOVEMBER, 1), well=(5, 3))) == "patch.ring_waits"
    assert wait(dated(NOVEMBER, 3), having((PREVIEW, 5), well=(5, 1))) == "patch.ring_waits"
    assert wait(NOVEMBER) is None  # nobody to wait for


def test_another_revision_is_another_update() -> None:
    pilot = having((NOVEMBER, 5), well=(4,))
    assert wait(NOVEMBER, pilot) is None
    assert wait(dated(replace(NOVEMBER, revision=201), 1), pilot) == "patch.ring_waits"


@pytest.mark.parametrize("how", ["rejected", "hidden"])
def test_what_the_pilot_does_not_take_nobody_gets_untested(how: str) -> None:
    update = dated(NOVEMBER, 9)
    reject = (UpdateException(kb="KB5068861", reason="x", expires=NOW.date()),) if how == "rejected" else ()
    facts = [
        HostFacts("pc-1", replace(PILOT, reject=reject), (replace(update, hidden=how == "hidden"),)),
        HostFacts("pc-2", HostPolicy(), (update,)),
    ]
    pilot = having(well=(5, 3))
    made = order(facts, [pilot], Progress(), CustomerPolicy(windows=(ALWAYS,)), NOW, stopped=False)["pc-2"]
    assert [it.reason for it in made.waiting] == ["patch.pilot_refuses"]
    assert wait(update, replace(pilot, refuses=(update,))) == "patch.pilot_refuses"
    # One that takes it may vouch for it.
    assert wait(update, replace(pilot, refuses=(update,)), having((update, 5), well=(3,))) is None


def test_one_pilot_that_lacks_it_still_holds_it_up() -> None:
    lacking = replace(having(well=(3,)), host="pc-9", lacks=(NOVEMBER,))
    assert wait(NOVEMBER, having((NOVEMBER, 5), well=(3,)), lacking) == "patch.ring_waits"


# -- updates without a date, and such as no pilot is offered ---------------------------------------------------------


def test_an_update_without_a_date_waits_for_a_pilot_that_has_it() -> None:
    assert NOVEMBER.published_at is None
    assert wait(NOVEMBER, having(well=(30, 3))) == "patch.undated"
    assert wait(NOVEMBER, having((NOVEMBER, 5), well=(3,))) is None


def test_what_is_offered_to_no_pilot_is_tried_out_by_time() -> None:
    """Offered to none of its kind though they were asked: a server's update where all pilots are clients, a driver."""
    pilot = having(well=(30, 3, 1))
    assert wait(dated(NOVEMBER, 13.9), pilot) == "patch.ring_waits"
    assert wait(dated(NOVEMBER, 14), pilot) is None
    assert wait(dated(NOVEMBER, 1), pilot, kind="server") == "patch.ring_waits"
    assert wait(dated(NOVEMBER, 3), pilot, kind="server") is None
    # Nobody has looked at the pilots for long enough: old as it is, they may be offered it yet.
    for well in ((), (30,), (1,)):
        assert wait(dated(NOVEMBER, 20), having(well=well)) == "patch.ring_waits"
        assert wait(dated(NOVEMBER, 20), having(well=well), kind="server") == "patch.ring_waits"
    assert wait(dated(NOVEMBER, 20), having(well=(30, 5), sick=(3,)), kind="server") == "patch.pilot_sick"


# -- sickness ----------------------------------------------------------------------------------------------------


def test_sickness_belongs_to_the_update_before_it_and_is_not_forgotten_with_the_next_one() -> None:
    old = Update("old", ("KB5000001",), key="old", **KNOWN)
    pilot = having((old, 40), (NOVEMBER, 9), (PREVIEW, 4), well=(38, 9, 3), sick=(8,))
    assert wait(NOVEMBER, pilot) == "patch.pilot_sick"  # it came right before
    assert wait(PREVIEW, pilot) == "patch.pilot_sick"  # the device was sick already
    assert wait(old, pilot) is None  # well with it for weeks before
    well_again = replace(pilot, troubles=())
    assert wait(NOVEMBER, well_again) is None
    assert wait(PREVIEW, well_again) is None


def test_two_pilots_and_one_fell_sick() -> None:
    well, sick = having((NOVEMBER, 5), well=(3,)), having((NOVEMBER, 5), well=(3,), sick=(1,))
    assert wait(NOVEMBER, well, replace(sick, host="pc-9")) == "patch.pilot_sick"


# -- no wait without an end ------------------------------------------------------------------------------------------


def test_every_agreed_wait_for_pilots_ends_with_a_reason_that_is_no_agreed_one() -> None:
    for pilot in (
        replace(having(), lacks=(NOVEMBER,)),
        replace(having(), refuses=(NOVEMBER,)),
        having(),  # undated, and offered to nobody
    ):
        early, late = ago(PATIENCE.days + 1.9), ago(PATIENCE.days + 2.1)
        assert REASONS[wait(NOVEMBER, pilot, since=early)].agreed
        assert wait(NOVEMBER, pilot, since=late) == "patch.pilots_overdue"
        assert wait(NOVEMBER, pilot, since=None) != "patch.pilots_overdue"
    assert not REASONS["patch.pilots_overdue"].agreed
    assert not REASONS["patch.pilot_sick"].agreed


def test_a_wait_says_until_when_it_is_an_agreed_one() -> None:
    facts = [
        HostFacts("pc-1", PILOT, (NOVEMBER,)),
        HostFacts("pc-2", HostPolicy(), (NOVEMBER,), past=Past(waiting=((NOVEMBER, ago(10)),))),
        HostFacts("pc-3", HostPolicy(), (NOVEMBER,)),
    ]
    policy = CustomerPolicy(windows=(ALWAYS,))
    made = order(facts, [having()], Progress(), policy, NOW, stopped=False)
    # Two weeks and the ring's two days, since it waited first there.
    assert [(it.reason, str(it.until)) for it in made["pc-2"].waiting] == [("patch.ring_waits", "2026-11-24")]
    assert [str(it.until) for it in made["pc-3"].waiting] == ["2026-12-04"]
    judged = judge_order(made["pc-2"], None, unmeasured=None, dry_run=False)
    assert judged.actions[0].values["until"] == "2026-11-24"
    assert agreed_until(Reader("de"), judged.actions[0]) == "wie vereinbart bis 24.11.2026"
    assert (
        agreed_until(Reader("de"), replace(judged.actions[0], values={"title": "x", "until": "soon"})) == ""
    )


def test_nobody_waits_for_an_absent_pilot_without_an_end() -> None:
    away = replace(having(well=(40,)), seen_at=ago(13))
    update = dated(NOVEMBER, 9)
    assert wait(update, away) == "patch.ring_waits"
    assert wait(update, replace(away, seen_at=ago(15))) == "patch.pilot_absent"
    assert wait(update, replace(away, seen_at=None)) == "patch.pilot_absent"
    # One that has it and is well is enough then.
    other = replace(having((update, 5), well=(3,)), host="pc-9")
    assert wait(update, away, other) == "patch.ring_waits"
    assert wait(update, replace(away, seen_at=ago(15)), other) is None
    assert not REASONS["patch.pilot_absent"].agreed


# -- what the book knows of a pilot --------------------------------------------------------------------------------

TITLE = {"title": NOVEMBER.title, "update_id": "november", "revision": 200}
INSTALLED = Action("update.install", "KB5068861", ActionResult.DONE, values=TITLE)
RESTART = Action("update.reboot", "Windows", ActionResult.HELD, "patch.somebody_logged_on")


def stamp(
    days: float, outcome: str, *actions: Action, service: str = "3.2", reason: str | None = None
) -> Any:
    return SimpleNamespace(
        at=ago(days), service=service, outcome=Outcome(outcome), actions=actions, kind="weekly", reason=reason
    )


def life(days: float, severity: Severity = Severity.WARNING, **more: Any) -> Any:
    known = {"cause": "antivirus.real_time_off", "state": "open"} | more
    return SimpleNamespace(opened_at=ago(days), severity=severity, **known)


def pilot_by(stamps: list[Any], lives: list[Any] = [], snapshot: Any = None) -> Pilot:  # noqa: B006
    return judge_pilot("pc-1", PILOT, stamps, lives, snapshot, NOW, service="3.2")


def test_what_was_installed_is_told_by_our_stamps_and_by_windows_own_history() -> None:
    row = {"title": PREVIEW.title, "kb": "KB5070001", "installed_at": "2026-11-10T02:00:00Z"}
    snapshot = SimpleNamespace(
        at=ago(2),
        measured={
            "installed": [row | {"update_id": "preview", "revision": 200}, row],
            "missing": [{"title": "Other", "kb": "KB5000007", "update_id": "other", "revision": 1}],
        },
    )
    pilot = pilot_by([stamp(1, "done", INSTALLED)], [], snapshot)
    assert [(it.update.key, it.at) for it in pilot.had] == [
        ("preview", datetime(2026, 11, 10, 2, tzinfo=UTC)),
        ("november", ago(1)),
    ]
    assert [it.key for it in pilot.lacks] == ["other"]
    assert pilot.seen_at == ago(2)


def test_an_update_that_is_offered_again_is_not_there_any_more() -> None:
    snapshot = SimpleNamespace(
        at=ago(1),
        measured={"missing": [{"title": NOVEMBER.title, "kb": "KB5068861", **TITLE}]},
    )
    assert pilot_by([stamp(3, "done", INSTALLED)], [], snapshot).had == ()


@pytest.mark.parametrize(
    ("made", "settled"),
    [
        (stamp(1, "done", INSTALLED), True),
        (stamp(1, "finding"), True),
        (stamp(1, "held", INSTALLED, RESTART), False),
        (
            stamp(
                1, "held", Action("update.install", "KB1", ActionResult.HELD, "patch.in_turn", {"title": "x"})
            ),
            True,
        ),
        (stamp(1, "not reached"), False),
        (stamp(1, "failed", reason="reach.reboot_timeout"), False),
        (stamp(1, "failed", reason="patch.install_failed"), True),  # of another update: this one is there
        (stamp(1, "not measured", reason="updates.search_failed"), False),
        (stamp(1, "not measured", reason="patch.definitions_unknown"), True),
        (stamp(1, "done", service="2.7"), False),
    ],
)
def test_a_pilot_is_well_when_nothing_is_outstanding_of_what_it_has(made: Any, settled: bool) -> None:
    assert bool(pilot_by([made]).well_at) is settled


@pytest.mark.parametrize(
    ("lives", "stamps", "sick"),
    [
        ([life(1)], [], True),
        ([life(1, Severity.INFO)], [], False),
        ([life(1, state="mended")], [], False),  # a person decided; the next measurement has the last word
        ([life(1, cause="updates.missing_critical")], [], False),  # what it lacks is no sickness
        ([], [stamp(1, "not reached", service="2.7")], True),
        ([], [stamp(2, "not reached", service="2.7"), stamp(1, "done", service="2.7")], False),
        ([], [stamp(1, "failed", reason="patch.install_failed")], False),
        ([], [stamp(1, "failed", reason="reach.reboot_timeout")], True),
    ],
)
def test_what_makes_a_pilot_sick(lives: list[Any], stamps: list[Any], sick: bool) -> None:
    assert bool(pilot_by(stamps, lives).troubles) is sick


def test_a_pilot_that_has_been_away_is_sick_since_it_was_missed_first() -> None:
    stamps = [stamp(days, "not reached", service="3.1") for days in (9, 5, 1)]
    assert pilot_by(stamps).troubles == (ago(9),)
