"""4.3: the customer's own products, by the list of installed programs and the services that belong to them."""

from serviceheft.assess.parts import host_time
from serviceheft.assess.reading import iso, text
from serviceheft.service import JUDGE, MEND, Json, Judged, Run, Seen, Service
from serviceheft.services.business_software import judging
from serviceheft.services.business_software.judging import SUBJECT, ProductsPolicy
from serviceheft.services.business_software.results import Result
from serviceheft.services.business_software.words import ACTIONS, CAUSES, REASONS


def _judge(seen: Seen) -> Judged:
    wanted, now = ProductsPolicy.from_variables(seen.variables), seen.now
    planned = judging.actions_planned(seen.latest, wanted, now)
    judged = judging.judge(seen.latest, wanted, now, _restart_told_at(seen), planned)
    return Judged(judged, steps={"products": judging.plan_as_data(judging.plan(seen.latest, wanted))})


def _judge_after(seen: Seen, results: Json, run: Run) -> Judged:  # noqa: ARG001
    wanted, now = ProductsPolicy.from_variables(seen.variables), seen.now
    found = {name: Result.from_data(result) for name, result in results.items()}
    actions = judging.actions_taken(seen.first, seen.latest, found, wanted, now)
    told = any(it.restart_told_at for it in found.values())
    told_at = iso(host_time(seen.latest, now)) if told else _restart_told_at(seen)
    return Judged(judging.judge(seen.latest, wanted, now, told_at, actions))


def _restart_told_at(seen: Seen) -> str | None:
    """Since when an installer has wanted a restart: no later visit can measure that."""
    return text(seen.known, "restart_wanted_at")


SERVICE = Service(
    role="business_software",
    subject=SUBJECT,
    sections=("programs", "services", "computer"),
    judge=_judge,
    judge_after=_judge_after,
    again=("programs", "services", "computer"),
    causes=CAUSES,
    actions=ACTIONS,
    reasons=REASONS,
    plays=(JUDGE, MEND),
)
