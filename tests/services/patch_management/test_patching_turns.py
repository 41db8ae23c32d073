"""Turns, attempts and restarts, each by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.model.patching import FreezeDays
from serviceheft.model.schema import MaintenanceWindow
from serviceheft.services.patch_management.attempts import (
    Attempt,
    Past,
    attempts,
    keeps_failing,
    restarts_in_vain,
)
from serviceheft.services.patch_management.judging import RestartDecision, Results, judge_order, judge_result
from serviceheft.services.patch_management.order import HostFacts, HostOrder, Progress, order
from serviceheft.services.patch_management.policy import CustomerPolicy, HostPolicy, Reboot
from serviceheft.services.patch_management.restarts import SignedIn, restart_waits
from serviceheft.services.patch_management.tries import read_pasts, unwell
from serviceheft.services.patch_management.turns import Turns
from tests.services.patch_management.test_patching_decisions import ALWAYS, NOVEMBER, NOW, after

DC = HostPolicy(kind="server", stands_in=frozenset({"domain_controllers"}))
SERVER, CLIENT = HostPolicy(kind="server"), HostPolicy()
EVENING = MaintenanceWindow(name="evening", days=["wednesday"], start="20:00", end="23:00")
AT_EIGHT = datetime(2026, 11, 18, 19, 30, tzinfo=UTC)  # 20:30 in Berlin


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


# -- turns -------------------------------------------------------------------------------------------------------


def test_order_follows_roles_then_dependence_then_who_has_waited_longest() -> None:
    policies = {
        "a-client": CLIENT,
        "b-client": CLIENT,
        "erp": replace(SERVER, after=("sql", "away")),
        "sql": SERVER,
        "zdc": DC,
    }
    tried = {"a-client": ago(1), "b-client": ago(8)}
    assert Turns(policies).in_turn(policies, tried) == ["zdc", "sql", "erp", "b-client", "a-client"]
    assert Turns(policies).in_turn(["erp", "a-client"], {}) == ["erp", "a-client"]


def test_who_goes_alone() -> None:
    policies = {
        "dc-1": DC,
        "dc-2": DC,
        "sql": SERVER,
        "erp": replace(SERVER, after=("sql",)),
        "fs": replace(SERVER, stands_in=frozenset({"files"})),
        "pc": CLIENT,
    }
    turns = Turns(policies)
    assert [host for host in policies if turns.goes_alone(host)] == ["dc-1", "dc-2", "sql", "erp"]


def test_a_circle_loses_nobody() -> None:
    policies = {"a": replace(SERVER, after=("b",)), "b": replace(SERVER, after=("a",))}
    assert sorted(Turns(policies).in_turn(policies, {})) == ["a", "b"]


def orders(policies: dict[str, HostPolicy], **more: Any) -> dict[str, HostOrder]:
    facts = [
        HostFacts(host, policy, (NOVEMBER,), reached=host not in more.get("away", ()))
        for host, policy in policies.items()
    ]
    return order(
        facts,
        [],
        more.get("progress", Progress()),
        CustomerPolicy(windows=(ALWAYS,)),
        NOW,
        stopped=False,
        others=more.get("others"),
        unwell=more.get("unwell", ()),
    )


def test_two_domain_controllers_one_after_the_other_and_only_if_the_first_came_back() -> None:
    both = {"dc-1": DC, "dc-2": DC}
    first = orders(both)
    assert first["dc-1"].install
    assert first["dc-2"].waiting[0].reason == "patch.others_first"
    done = Progress(frozenset({"dc-1"}))
    assert orders(both, progress=done)["dc-2"].install
    assert orders(both, progress=done, unwell=["dc-1"])["dc-2"].waiting[0].reason == "patch.partner_unwell"
    assert orders(both, away=["dc-1"])["dc-2"].waiting[0].reason == "patch.partner_unwell"


def test_a_partner_outside_of_the_run_counts() -> None:
    alone, others = {"dc-2": DC}, {"dc-1": DC}
    assert orders(alone, others=others)["dc-2"].install
    assert orders(alone, others=others, unwell=["dc-1"])["dc-2"].waiting[0].reason == "patch.partner_unwell"


def test_who_goes_first_is_measured_first() -> None:
    policies = {"erp": replace(SERVER, after=("sql",)), "sql": SERVER}
    assert orders(policies)["erp"].waiting[0].reason == "patch.others_first"
    assert orders(policies, away=["sql"])["erp"].waiting[0].reason == "patch.first_unwell"


def test_a_partner_whose_update_failed_is_no_reason_to_wait_for_ever() -> None:
    """It is there, and does its work; only what does not come back keeps the other one from it."""
    failed = Progress(frozenset({"dc-1"}), frozenset({"dc-1"}))
    assert orders({"dc-1": DC, "dc-2": DC}, progress=failed)["dc-2"].install


def test_failures_count_over_the_whole_ring_whichever_play_a_host_is_in() -> None:
    failed = frozenset({"pc-1", "pc-2"})
    others = {"pc-1": CLIENT, "pc-2": CLIENT}
    made = orders({"dc-1": DC}, others=others, progress=Progress(failed, failed))
    assert made["dc-1"].waiting[0].reason == "patch.ring_failed"
    assert orders({"dc-1": DC}, others=others, progress=Progress(failed, frozenset({"pc-1"})))["dc-1"].install


# -- attempts ----------------------------------------------------------------------------------------------------


def test_what_failed_so_often_is_tried_again_once_something_changed() -> None:
    past = Past(tuple(Attempt(NOVEMBER, ago(days), "26100.1") for days in (3, 2, 1)))
    assert keeps_failing(NOVEMBER, past, "26100.1", 3)
    assert keeps_failing(NOVEMBER, past, None, 3)  # nobody can tell that it changed
    assert not keeps_failing(NOVEMBER, past, "26100.1", 4)
    assert not keeps_failing(NOVEMBER, past, "26100.2", 3)  # another Windows
    assert not keeps_failing(replace(NOVEMBER, revision=201), past, "26100.1", 3)  # published anew
    assert not keeps_failing(NOVEMBER, replace(past, mended_at=ago(1.5)), "26100.1", 3)  # somebody mended it
    assert [it.at for it in attempts(NOVEMBER, past, None)] == [ago(3), ago(2), ago(1)]


def test_what_was_mended_is_neither_well_nor_a_finding_before_it_is_proven() -> None:
    past = Past(tuple(Attempt(NOVEMBER, ago(days)) for days in (4, 3, 2)))
    policy = CustomerPolicy(windows=(ALWAYS,))

    def made(past: Past) -> HostOrder:
        facts = HostFacts("pc-1", HostPolicy(), (NOVEMBER,), past=past)
        return order([facts], [], Progress(), policy, NOW, stopped=False)["pc-1"]

    def checks(judged: Judgement) -> dict[str, str]:
        return {it.key: it.result.value for it in judged.checks}

    key = "patching.keeps_failing"
    given_up = made(past)
    assert (given_up.install, given_up.failing, given_up.retried) == ((), (NOVEMBER,), ())
    assert checks(judge_order(given_up, None, unmeasured=None, dry_run=False))[key] == "finding"
    again = made(replace(past, mended_at=ago(1)))
    assert (again.install, again.failing, again.retried) == ((NOVEMBER,), (), (NOVEMBER,))
    assert key not in checks(judge_order(again, None, unmeasured=None, dry_run=False))
    failed = judge_result(again, Results({"updates": []}), RestartDecision(), after(NOVEMBER))
    assert key not in checks(failed)
    done = judge_result(again, Results({"updates": []}), RestartDecision(), after())
    assert checks(done)[key] == "ok"


def test_a_restart_that_never_helps_is_not_made_for_ever() -> None:
    past = Past(restarts=(ago(3), ago(2), ago(1)))
    assert restarts_in_vain(past, 3)
    assert not restarts_in_vain(replace(past, mended_at=ago(0.5)), 3)
    facts = HostFacts("pc-1", HostPolicy(reboot=Reboot.IN_WINDOW), (), reboot_pending=True, past=past)
    made = order([facts], [], Progress(), CustomerPolicy(windows=(ALWAYS,)), NOW, stopped=False)["pc-1"]
    assert [it.reason for it in made.waiting] == ["patch.restarts_in_vain"]


VALUES = {"title": NOVEMBER.title, "update_id": "november", "revision": 200}


def action(result: str, reason: str | None = None, kind: str = "update.install", **values: Any) -> Action:
    known = {"update.install": ("KB5068861", VALUES | values), "update.reboot": ("Windows", {})}[kind]
    return Action(kind, known[0], ActionResult(result), reason, known[1])


def stamp(days: float, *actions: Action, outcome: str = "failed", reason: str | None = None) -> Any:
    return SimpleNamespace(
        at=ago(days), host="pc-1", service="3.2", outcome=Outcome(outcome), reason=reason, actions=actions
    )


def test_the_past_of_a_host_is_read_from_its_stamps() -> None:
    stamps = [
        stamp(9, action("held", "patch.ring_waits")),
        stamp(8, action("held", "patch.rejected")),
        stamp(7, action("failed", "patch.install_failed", hresult="0x80070643", build="26100.1")),
        stamp(6, action("failed", "reach.reboot_timeout")),  # no fault of the update
        stamp(5, action("failed", "patch.restart_still_pending", "update.reboot")),
    ]
    mended = SimpleNamespace(cause="patching.keeps_failing", host="pc-1", mended_at=ago(1))
    past = read_pasts(stamps, [mended])["pc-1"]
    told = replace(NOVEMBER, categories=())
    assert past.failed == (Attempt(told, ago(7), "26100.1", "0x80070643"),)
    assert past.restarts == (ago(5),)
    assert (past.mended_at, past.tried_at) == (ago(1), ago(5))
    assert past.waiting_since(NOVEMBER) == ago(9)
    later = read_pasts([*stamps, stamp(4, action("done"), outcome="done")], [])["pc-1"]
    assert later.restarts == ()


def test_who_was_away_when_last_looked_at() -> None:
    there, gone = stamp(1, outcome="done"), stamp(1, outcome="not reached")
    late = stamp(1, outcome="failed", reason="reach.reboot_timeout")
    failed = stamp(1, outcome="failed", reason="patch.install_failed")
    assert unwell([there], ["pc-1"]) == set()
    assert unwell([failed], ["pc-1"]) == set()
    assert unwell([there, gone], ["pc-1"]) == {"pc-1"}
    assert unwell([gone, there], ["pc-1"]) == set()
    assert unwell([late], ["pc-1"]) == {"pc-1"}
    assert unwell([], ["pc-1"]) == {"pc-1"}  # nobody has ever looked


# -- restarts ----------------------------------------------------------------------------------------------------

DAY = AT_EIGHT - timedelta(hours=8)


@pytest.mark.parametrize("emergency", [None, "KB5068861"])
@pytest.mark.parametrize(
    ("reboot", "signed_in", "now", "reason"),
    [
        (Reboot.NEVER, SignedIn.NOBODY, AT_EIGHT, "patch.reboot_never"),
        (Reboot.IN_WINDOW, SignedIn.SOMEBODY, AT_EIGHT, None),
        (Reboot.IN_WINDOW, SignedIn.NOBODY, DAY, "patch.outside_window"),
        (Reboot.NOBODY_LOGGED_ON, SignedIn.NOBODY, AT_EIGHT, None),
        (Reboot.NOBODY_LOGGED_ON, SignedIn.SOMEBODY, AT_EIGHT, "patch.somebody_logged_on"),
        (Reboot.NOBODY_LOGGED_ON, SignedIn.UNKNOWN, AT_EIGHT, "patch.sessions_unknown"),
        (Reboot.NOBODY_LOGGED_ON, SignedIn.NOT_ASKED, AT_EIGHT, "patch.sessions_unknown"),
        (Reboot.NOBODY_LOGGED_ON, SignedIn.NOBODY, DAY, "patch.outside_window"),
        (Reboot.WHEN_NEEDED, SignedIn.SOMEBODY, AT_EIGHT, None),
    ],
)
def test_a_restart_keeps_to_its_terms_in_an_emergency_too(
    emergency: str | None, reboot: Reboot, signed_in: SignedIn, now: datetime, reason: str | None
) -> None:
    policy = CustomerPolicy(windows=(EVENING,), emergency=emergency)
    wanted = HostPolicy(reboot=reboot)
    assert restart_waits(policy, wanted, signed_in, now, stopped=False) == reason
    assert restart_waits(policy, wanted, signed_in, now, stopped=True) == "change.stopped"


def test_whenever_needed_means_by_day_in_an_emergency_alone() -> None:
    wanted = HostPolicy(reboot=Reboot.WHEN_NEEDED)
    ordinary = CustomerPolicy(windows=(EVENING,))
    assert restart_waits(ordinary, wanted, SignedIn.NOBODY, DAY, stopped=False) == "patch.outside_window"
    urgent = replace(ordinary, emergency="KB5068861")
    assert restart_waits(urgent, wanted, SignedIn.NOBODY, DAY, stopped=False) is None


def test_a_freeze_that_begins_at_midnight_and_a_window_that_ends_hold_the_restart() -> None:
    """What was open when the installation began says nothing about the moment of the restart."""
    frozen = FreezeDays(first_day=AT_EIGHT.date(), last_day=AT_EIGHT.date(), reason="x")
    policy = CustomerPolicy(windows=(EVENING,), freeze=(frozen,))
    wanted = HostPolicy(reboot=Reboot.IN_WINDOW)
    assert restart_waits(policy, wanted, SignedIn.NOBODY, AT_EIGHT, stopped=False) == "patch.freeze"
    late = AT_EIGHT + timedelta(hours=3)
    ended = CustomerPolicy(windows=(EVENING,))
    assert restart_waits(ended, wanted, SignedIn.NOBODY, late, stopped=False) == "patch.outside_window"
