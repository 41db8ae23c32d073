"""facts | software_judgement(plan, policy), and software_settled: see assess/software.py."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from serviceheft.assess import software
from serviceheft.assess.softwarestate import SoftwarePolicy


def software_judgement(
    facts: Mapping[str, Any],
    plan: Mapping[str, Any],
    policy: Mapping[str, Any],
) -> dict[str, Any]:
    planned, wanted = software.Plan.from_data(plan), SoftwarePolicy.from_variables(policy)
    actions = software.actions_planned(planned, facts, wanted)
    return software.judge(facts, wanted, planned.ours, actions).as_data()


def software_settled(
    facts: Mapping[str, Any],
    plan: Mapping[str, Any],
    policy: Mapping[str, Any],
    before: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    planned, wanted = software.Plan.from_data(plan), SoftwarePolicy.from_variables(policy)
    actions = software.actions_taken(planned, before, facts, results, wanted)
    ours = software.ours_after(planned, actions)
    return software.judge(facts, wanted, ours, actions).as_data()


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"software_judgement": software_judgement, "software_settled": software_settled}
