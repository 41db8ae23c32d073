"""visit_result | update_judgement(search, policy): see src/serviceheft/assess/updates.py."""

from collections.abc import Callable, Mapping
from typing import Any

from serviceheft import settings
from serviceheft.assess import updates


def update_judgement(
    visit: Mapping[str, Any], search: Mapping[str, Any], policy: Mapping[str, Any]
) -> dict[str, Any]:
    section = visit.get("sections", {}).get("updates")
    wanted = updates.UpdatePolicy.from_variables(policy)
    return updates.judge(search, section, wanted, settings.now()).as_data()


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"update_judgement": update_judgement}
