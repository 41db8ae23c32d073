"""visit_result | update_judgement(policy), update_settled, update_switches: see assess/updates.py."""

from collections.abc import Callable, Mapping
from typing import Any

from serviceheft import settings
from serviceheft.assess import updates, updatestate
from serviceheft.assess.judgement import Judgement
from serviceheft.assess.updatepolicy import UpdatePolicy
from serviceheft.assess.updatesearch import search_of


def update_judgement(visit: Mapping[str, Any], policy: Mapping[str, Any]) -> dict[str, Any]:
    return _judged(visit, visit, policy)


def _judged(
    visit: Mapping[str, Any], searched: Mapping[str, Any], policy: Mapping[str, Any]
) -> dict[str, Any]:
    section = visit.get("sections", {}).get("updates")
    wanted = UpdatePolicy.from_variables(policy)
    return updates.judge(search_of(searched), section, wanted, settings.now()).as_data()


def update_settled(
    visit: Mapping[str, Any], before: Mapping[str, Any], policy: Mapping[str, Any], said: list[Any]
) -> dict[str, Any]:
    after = Judgement.from_data(_judged(visit, before, policy))
    return updates.settle(after, visit, said).as_data()


def update_switches(visit: Mapping[str, Any]) -> dict[str, Any]:
    return updatestate.switches(visit.get("sections", {}).get("updates"))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "update_judgement": update_judgement,
            "update_settled": update_settled,
            "update_switches": update_switches,
        }
