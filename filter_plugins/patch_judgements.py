"""order | patch_judgements(registered, host): see src/serviceheft/running/patching.py."""

from collections.abc import Callable, Mapping
from typing import Any

from serviceheft.running import patching, session


def patch_judgements(order: Mapping[str, Any], registered: Mapping[str, Any], host: str) -> dict[str, Any]:
    return patching.judge_after(session.current(), host, order, registered)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"patch_judgements": patch_judgements}
