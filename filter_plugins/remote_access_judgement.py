"""visit_result | remote_access_judgement(policy): see src/serviceheft/assess/remote_access_acting.py."""

from collections.abc import Callable, Mapping
from typing import Any

from serviceheft.assess import remote_access, remote_access_acting


def remote_access_judgement(visit: Mapping[str, Any], policy: Mapping[str, Any]) -> dict[str, Any]:
    wanted = remote_access.RemoteAccessPolicy.from_variables(policy)
    return remote_access_acting.first_judgement(visit, wanted).as_data()


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"remote_access_judgement": remote_access_judgement}
