"""What is stamped before a host is mended, and whether it is."""

from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.assess.mending import before_mending
from serviceheft.model.schema import MaintenanceWindow
from serviceheft.running.change_times import held_now

PLANNED = Action("anydesk.install", "anydesk.install", ActionResult.PLANNED)
HELD = Action("anydesk.start", "AnyDesk", ActionResult.HELD, "remote_access.not_trusted")
DONE = Action("anydesk.start", "AnyDesk", ActionResult.DONE)


def judged(*actions: Action) -> Judgement:
    return Judgement(Outcome.DONE, actions=actions)


def test_a_host_with_something_planned_is_mended_and_no_action_is_stamped_yet() -> None:
    assert before_mending(judged(PLANNED, HELD), dry_run=False, held_for=None) == (judged(), True)


def test_a_dry_run_stamps_the_plan_and_mends_nothing() -> None:
    assert before_mending(judged(PLANNED, HELD), dry_run=True, held_for=None) == (
        judged(PLANNED, HELD),
        False,
    )


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_is_held_for_a_reason_waits_with_it_and_what_waited_already_keeps_its_own(dry_run: bool) -> None:
    waits = Action("anydesk.install", "anydesk.install", ActionResult.HELD, "change.stopped")
    expected = (judged(waits, HELD), False)
    assert before_mending(judged(PLANNED, HELD), dry_run=dry_run, held_for="change.stopped") == expected


@pytest.mark.parametrize("actions", [(), (HELD,), (DONE, HELD)])
@pytest.mark.parametrize("held_for", [None, "change.stopped"])
def test_without_a_plan_the_judgement_stays_as_it_is(
    actions: tuple[Action, ...], held_for: str | None
) -> None:
    for dry_run in (False, True):
        assert before_mending(judged(*actions), dry_run=dry_run, held_for=held_for) == (
            judged(*actions),
            False,
        )


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("reason", ["change.freeze", "change.outside_window"])
def test_what_is_held_for_the_hour_keeps_the_service_owed(dry_run: bool, reason: str) -> None:
    found, mends = before_mending(judged(PLANNED), dry_run=dry_run, held_for=reason)
    assert (found.outcome, found.reason, mends) == (Outcome.HELD, reason, False)
    assert [it.reason for it in found.actions] == [reason]
    # With nothing to do there is nothing to wait for.
    assert before_mending(judged(), dry_run=dry_run, held_for=reason) == (judged(), False)


CONTRACT = SimpleNamespace(
    maintenance_windows=[
        MaintenanceWindow(name="night", days=["saturday"], start="22:00", end="04:00"),
        MaintenanceWindow(name="noon", days=["tuesday"], start="12:00", end="13:00"),
    ]
)
NOTHING = SimpleNamespace(maintenance_windows=[])


@pytest.mark.parametrize(
    ("role", "contract", "at", "variables", "reason"),
    [
        ("standard_software", CONTRACT, "2026-11-18T10:00:00+01:00", {}, "change.outside_window"),
        ("remote_access", CONTRACT, "2026-11-18T10:00:00+01:00", {}, None),
        ("update_check", CONTRACT, "2026-11-18T10:00:00+01:00", {}, None),
        ("standard_software", NOTHING, "2026-11-18T10:00:00+01:00", {}, None),
        (
            "standard_software",
            CONTRACT,
            "2026-11-22T03:59:00+01:00",
            {},
            None,
        ),  # the night goes on past midnight
        (
            "standard_software",
            CONTRACT,
            "2026-11-24T12:30:00+01:00",
            {"patch_management_windows": ["night"]},
            "change.outside_window",
        ),
        ("remote_access", CONTRACT, "2026-12-24T23:59:00+01:00", {}, "change.freeze"),
        ("update_check", NOTHING, "2026-12-23T23:01:00+00:00", {}, "change.freeze"),  # the 24th in Berlin
        ("update_check", NOTHING, "2026-12-24T23:01:00+00:00", {}, None),
    ],
)
def test_when_a_service_may_change_a_host(
    role: str, contract: Any, at: str, variables: dict[str, Any], reason: str | None
) -> None:
    freeze = {"first_day": date(2026, 12, 24), "last_day": date(2026, 12, 24), "reason": "x"}
    known = {
        "patch_management_freeze": [freeze],
        "patch_management_windows": None,
        "standard_software_in_window": True,
        "remote_access_in_window": False,
    }
    assert held_now(role, known | variables, contract, datetime.fromisoformat(at)) == reason
