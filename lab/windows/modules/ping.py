"""win_ping."""

from typing import Any

from lab.windows.machine import Machine
from lab.windows.modules import Call, module


@module("ansible.windows.win_ping")
def run(machine: Machine, args: dict[str, Any], call: Call) -> dict[str, Any]:  # noqa: ARG001
    """Answer with what was sent; "crash" fails as the real module does."""
    data = args.get("data") or "pong"
    if data == "crash":
        raise RuntimeError("boom")
    return {"ping": data}
