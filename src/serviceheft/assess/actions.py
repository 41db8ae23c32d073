"""What a service did to a host, would do (in check mode), or held back, as data; texts are made by publish.

Plain dataclasses without dependencies, like serviceheft.assess.judgement.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from serviceheft.assess.registry import Registry

type Value = str | int | float | bool | None


class ActionResult(StrEnum):
    """What became of an action."""

    PLANNED = "planned"
    DONE = "done"
    FAILED = "failed"
    HELD = "held"


@dataclass(frozen=True)
class ActionKind:
    """One way of changing a host. `sentence` is an English msgid with {subject} and the {values} it lists.

    `values` is an allow-list, so that nothing else of a host's state travels with an action.
    """

    key: str
    sentence: str
    values: tuple[str, ...] = ()


ACTION_KINDS: Registry[ActionKind] = Registry("action")


@dataclass(frozen=True)
class Action:
    """One change of a host: what (`kind`), to what (`subject`: an update, a package), and what became of it.

    `reason` is a code of serviceheft.assess.reasons and stands with everything that failed or was held back.
    ValueError for an unknown kind, values that it does not list, and a missing reason.
    """

    kind: str
    subject: str
    result: ActionResult
    reason: str | None = None
    values: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = ACTION_KINDS.get(self.kind)
        if known is None:
            raise ValueError(f"{self.kind!r} is no registered action.")
        if unlisted := sorted(set(self.values) - set(known.values)):
            raise ValueError(f"{self.kind}: the action does not list the value(s) {', '.join(unlisted)}.")
        for name, value in self.values.items():
            plain = value is None or isinstance(value, str | int | float)
            if not plain or (isinstance(value, float) and not math.isfinite(value)):
                raise ValueError(f"{self.kind}: the value {name} must be a plain, finite value.")
        if (self.result in (ActionResult.FAILED, ActionResult.HELD)) != (self.reason is not None):
            raise ValueError(
                f"{self.kind}: a reason stands with what failed or was held back, and only there."
            )

    @property
    def english(self) -> str:
        """What it does, in a sentence for a technician's screen; what cannot be printed there stands as "?"."""
        values = {name: self.values.get(name) for name in ACTION_KINDS[self.kind].values}
        text = ACTION_KINDS[self.kind].sentence.format(**values, subject=self.subject)
        return "".join(character if character.isprintable() else "?" for character in text)

    def as_data(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "subject": self.subject,
            "result": self.result.value,
            "reason": self.reason,
            "values": dict(self.values),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of as_data(); ValueError for anything else."""
        try:
            return cls(
                kind=data["kind"],
                subject=data["subject"],
                result=ActionResult(data["result"]),
                reason=data.get("reason"),
                values=dict(data.get("values", {})),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"This is no action: {error!r}.") from error
