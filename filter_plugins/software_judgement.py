"""software_question(policy, visit), software_judgement(plan, ...), software_settled(...): see assess/software.py."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from serviceheft import settings
from serviceheft.assess import software
from serviceheft.assess.parts import host_time
from serviceheft.assess.softwarestate import Look, SoftwarePolicy

type Json = Mapping[str, Any]


def software_question(facts: Json, policy: Json, visit: Json) -> str:
    return software.question(Look(facts, visit), SoftwarePolicy.from_variables(policy)) or ""


def software_judgement(facts: Json, plan: Json, policy: Json, visit: Json, asked: Json) -> dict[str, Any]:
    look = Look(facts, visit, asked)
    planned, wanted = software.Plan.from_data(plan), SoftwarePolicy.from_variables(policy)
    actions = software.actions_planned(planned, look, wanted)
    return software.judge(look, wanted, planned.known, actions).as_data()


def software_settled(
    facts: Json, plan: Json, policy: Json, visit: Json, asked: Json, before: Json, results: Sequence[Json]
) -> dict[str, Any]:
    look = Look(facts, visit, asked)
    first = Look(before["facts"], before["visit"], before["asked"])
    planned, wanted = software.Plan.from_data(plan), SoftwarePolicy.from_variables(policy)
    actions = software.actions_taken(planned, first, look, results, wanted)
    at = host_time(visit, settings.now())
    known = software.known_after(planned, actions, first, look, results, at)
    return software.judge(look, wanted, known, actions).as_data()


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "software_question": software_question,
            "software_judgement": software_judgement,
            "software_settled": software_settled,
        }
