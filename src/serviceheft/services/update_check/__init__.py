"""3.1: whether each host's Windows updates are current, and whether a client keeps updating itself."""

from serviceheft.assess.reading import rows
from serviceheft.service import JUDGE, MEND, Json, Judged, Run, Seen, Service
from serviceheft.services.update_check.judging import SUBJECT, judge, settle
from serviceheft.services.update_check.policy import UpdatePolicy
from serviceheft.services.update_check.search import search_of
from serviceheft.services.update_check.state import switches
from serviceheft.services.update_check.words import ACTIONS, CAUSES, CAUSES_OF_HOLDS, REASONS


def _judge(seen: Seen) -> Judged:
    section = seen.section("updates")
    policy = UpdatePolicy.from_variables(seen.variables)
    return Judged(judge(search_of(seen.latest), section, policy, seen.now), steps=switches(section))


def _judge_after(seen: Seen, results: Json, run: Run) -> Judged:  # noqa: ARG001
    policy = UpdatePolicy.from_variables(seen.variables)
    # Switching the host's own updating on makes no update appear: the search of the first visit holds.
    after = judge(search_of(seen.first), seen.section("updates"), policy, seen.now)
    said = (one for result in results.values() for one in rows(result, "results") or (result,))
    return Judged(settle(after, seen.latest, said))


SERVICE = Service(
    role="update_check",
    subject=SUBJECT,
    sections=("updates", "search"),
    judge=_judge,
    judge_after=_judge_after,
    again=("updates",),
    options={"server_selection": "update_check_server_selection"},
    causes=(*CAUSES, *CAUSES_OF_HOLDS),
    actions=ACTIONS,
    reasons=REASONS,
    plays=(JUDGE, MEND),
)
