"""3.3: the standard applications that were agreed, by Chocolatey and by the list of installed programs."""

from collections.abc import Mapping

from serviceheft.assess.parts import host_time
from serviceheft.assess.reading import mapping
from serviceheft.service import JUDGE, MEND, Json, Judged, Play, Run, Seen, Service
from serviceheft.services.standard_software import judging
from serviceheft.services.standard_software.judging import SUBJECT, Plan
from serviceheft.services.standard_software.state import Known, Look, SoftwarePolicy
from serviceheft.services.standard_software.words import ACTIONS, CAUSES, REASONS

#: What the source said to a dry update, where it does not tell what is newer: before and after.
ASKED = "standard_software_asked"
ASKED_AGAIN = "standard_software_asked_again"


def question(seen: Seen) -> str | None:
    """The package whose dry update tells why the source does not tell what is newer; None where nothing is open."""
    return judging.question(Look(seen.latest), SoftwarePolicy.from_variables(seen.variables))


def _judge_all(hosts: Mapping[str, Seen], run: Run) -> dict[str, Judged]:
    """All hosts at once: the cap on removals holds for the whole run."""
    looks, policies, plans = {}, {}, {}
    for host, seen in hosts.items():
        looks[host], policies[host] = _look(seen.latest, seen, ASKED), _policy(seen, run)
        known = Known.from_measured(seen.known).at_visit(seen.latest, seen.now)
        plans[host] = judging.plan(looks[host], policies[host], known)
    maximum = min(
        (int(it.variables["standard_software_maximum_removals"]) for it in hosts.values()), default=0
    )
    return {
        host: _planned(plan, looks[host], policies[host])
        for host, plan in judging.capped(plans, maximum).items()
    }


def _planned(plan: Plan, look: Look, policy: SoftwarePolicy) -> Judged:
    actions = judging.actions_planned(plan, look, policy)
    data = plan.as_data()
    return Judged(judging.judge(look, policy, plan.known, actions), steps=data, keep=data)


def _judge_after(seen: Seen, results: Json, run: Run) -> Judged:
    plan, policy = Plan.from_data(seen.kept), _policy(seen, run)
    before, after = _look(seen.first, seen, ASKED), _look(seen.latest, seen, ASKED_AGAIN)
    said = list(results.values())
    actions = judging.actions_taken(plan, before, after, said, policy)
    at = host_time(seen.latest, seen.now)
    known = judging.known_after(plan, actions, before, after, said, at)
    return Judged(judging.judge(after, policy, known, actions))


def _look(visit: Json, seen: Seen, asked: str) -> Look:
    return Look(visit, mapping(seen.answers, asked) or None)


def _policy(seen: Seen, run: Run) -> SoftwarePolicy:
    return SoftwarePolicy.from_variables(seen.variables, run.customer.company.language)


SERVICE = Service(
    role="standard_software",
    subject=SUBJECT,
    sections=("programs", "packages", "chocolatey", "computer"),
    judge_all=_judge_all,
    judge_after=_judge_after,
    again=("programs", "packages", "chocolatey"),
    answers=(ASKED, ASKED_AGAIN),
    causes=CAUSES,
    actions=ACTIONS,
    reasons=REASONS,
    plays=(
        Play("questions", "owed", "questions to the source"),
        Play("ask", "asking_3_3", "ask the source"),
        JUDGE,
        MEND,
    ),
)
