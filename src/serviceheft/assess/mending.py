"""What is stamped before a host is mended, and whether it is."""

from dataclasses import replace

from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.assess.reasons import WAIT_FOR_A_TIME


def before_mending(judgement: Judgement, *, dry_run: bool, held_for: str | None) -> tuple[Judgement, bool]:
    """The judgement to stamp, and whether the host is to be mended now: what is measured then is stamped once more.

    A dry run stamps what it would do. Where `held_for`, the code of a reason, keeps the run from changing anything,
    all that was planned waits for that; where it is a matter of the hour, the service waits with it and stays owed.
    Else no action is stamped yet, for none was taken.
    """
    if not any(action.result is ActionResult.PLANNED for action in judgement.actions):
        return judgement, False
    if held_for:
        held = replace(judgement, actions=tuple(_held(action, held_for) for action in judgement.actions))
        if held_for in WAIT_FOR_A_TIME and held.outcome in (Outcome.DONE, Outcome.FINDING):
            held = replace(held, outcome=Outcome.HELD, reason=held_for)
        return held, False
    if dry_run:
        return judgement, False
    return replace(judgement, actions=()), True


def _held(action: Action, reason: str) -> Action:
    if action.result is not ActionResult.PLANNED:
        return action
    return replace(action, result=ActionResult.HELD, reason=reason)
