"""Who is signed in to an emulated machine, by its state's "sessions"."""

from dataclasses import dataclass
from typing import Literal, get_args

from lab.windows.state_file import Json

type Kind = Literal["console", "rdp", "disconnected", "locked", "remote_app"]
_KINDS = get_args(Kind.__value__)


@dataclass(frozen=True)
class Session:
    """One person's session."""

    user: str
    kind: Kind = "console"


def sessions(state: Json) -> set[Session]:
    """The sessions in a machine's state: names, or {"user", "kind"}. ValueError for an unknown kind."""
    found = set()
    for entry in state.get("sessions", []):
        session = Session(**entry) if isinstance(entry, dict) else Session(entry)
        if session.kind not in _KINDS:
            raise ValueError(f"unknown kind of session: {session.kind}")
        found.add(session)
    return found
