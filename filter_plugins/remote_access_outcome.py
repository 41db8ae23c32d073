"""visits | remote_access_outcome(results, policy): see src/serviceheft/assess/remote_access_acting.py."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from serviceheft.assess import remote_access, remote_access_acting


def remote_access_outcome(
    visits: Sequence[Mapping[str, Any]],
    results: Mapping[str, Mapping[str, Any]],
    policy: Mapping[str, Any],
) -> dict[str, Any]:
    wanted = remote_access.RemoteAccessPolicy.from_variables(policy)
    return remote_access_acting.final_judgement(visits, results, wanted).as_data()


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"remote_access_outcome": remote_access_outcome}
