"""visit_result | update_judgement(search, policy), update_settled, update_switches: see assess/updates.py."""

from collections.abc import Callable, Mapping
from typing import Any

from serviceheft import settings
from serviceheft.assess import updates, updatestate
from serviceheft.assess.judgement import Judgement
from serviceheft.assess.updatepolicy import UpdatePolicy


def update_judgement(
    visit: Mapping[str, Any], search: Mapping[str, Any], policy: Mapping[str, Any]
) -> dict[str, Any]:
    section = visit.get("sections", {}).get("updates")
    wanted = UpdatePolicy.from_variables(policy)
    return updates.judge(search, section, wanted, settings.now()).as_data()


def update_settled(
    visit: Mapping[str, Any], search: Mapping[str, Any], policy: Mapping[str, Any], said: list[Any]
) -> dict[str, Any]:
    after = Judgement.from_data(update_judgement(visit, search, policy))
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
