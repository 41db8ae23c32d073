"""What is stamped before a host is mended, and whether it is."""

from dataclasses import replace

from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Judgement


def before_mending(judgement: Judgement, *, dry_run: bool, held_for: str | None) -> tuple[Judgement, bool]:
    """The judgement to stamp, and whether the host is to be mended now: what is measured then is stamped once more.

    A dry run stamps what it would do. Where `held_for`, the code of a reason, keeps the run from changing anything,
    all that was planned waits for that. Else no action is stamped yet, for none was taken.
    """
    if not any(action.result is ActionResult.PLANNED for action in judgement.actions):
        return judgement, False
    if held_for:
        return replace(
            judgement, actions=tuple(_held(action, held_for) for action in judgement.actions)
        ), False
    if dry_run:
        return judgement, False
    return replace(judgement, actions=()), True


def _held(action: Action, reason: str) -> Action:
    if action.result is not ActionResult.PLANNED:
        return action
    return replace(action, result=ActionResult.HELD, reason=reason)
