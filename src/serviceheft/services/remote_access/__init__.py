"""2.4: the provider's remote access on each host: there, current, running, with the agreed password."""

from serviceheft.service import JUDGE, MEND, Json, Judged, Run, Seen, Service
from serviceheft.services.remote_access.judging import SUBJECT, RemoteAccessPolicy
from serviceheft.services.remote_access.mending import final_judgement, first_judgement, steps
from serviceheft.services.remote_access.words import ACTIONS, CAUSES, REASONS


def _judge(seen: Seen) -> Judged:
    policy = RemoteAccessPolicy.from_variables(seen.variables)
    return Judged(first_judgement(seen.latest, policy), steps=steps(seen.latest, policy))


def _judge_after(seen: Seen, results: Json, run: Run) -> Judged:  # noqa: ARG001
    policy = RemoteAccessPolicy.from_variables(seen.variables)
    return Judged(final_judgement(seen.visits, results, policy))


SERVICE = Service(
    role="remote_access",
    subject=SUBJECT,
    sections=("anydesk",),
    judge=_judge,
    judge_after=_judge_after,
    again=("anydesk",),
    causes=CAUSES,
    actions=ACTIONS,
    reasons=REASONS,
    plays=(JUDGE, MEND),
)
