"""What is stamped before a host is mended, and whether it is."""

import pytest

from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.assess.mending import before_mending

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
