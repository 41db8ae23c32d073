"""visit_result | antivirus_judgement(policy, console, host): see src/serviceheft/assess/antivirus.py."""

from collections.abc import Callable, Mapping
from typing import Any

from serviceheft import settings
from serviceheft.assess import antivirus
from serviceheft.vendors import gravityzone


def antivirus_judgement(
    visit: Mapping[str, Any], policy: Mapping[str, Any], console: Mapping[str, Any] | None, host: str
) -> dict[str, Any]:
    section = visit.get("sections", {}).get("antivirus")
    wanted = antivirus.AntivirusPolicy.from_variables(policy)
    return antivirus.judge(section, gravityzone.for_host(console, host), wanted, settings.now()).as_data()


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"antivirus_judgement": antivirus_judgement}
