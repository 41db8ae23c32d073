"""visit_result | computer_judgement(policy): see src/serviceheft/assess/computer.py."""

from collections.abc import Callable, Mapping
from typing import Any

from serviceheft import settings
from serviceheft.assess import computer
from serviceheft.assess.identity import machine_ids


def computer_judgement(visit: Mapping[str, Any], policy: Mapping[str, Any]) -> dict[str, Any]:
    wanted = computer.ComputerPolicy.from_variables(policy)
    ids = machine_ids(visit)
    return computer.judge(visit.get("sections"), wanted, settings.now(), ids).as_data()


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"computer_judgement": computer_judgement}
