"""What every judging function returns: a Judgement with outcome, findings and measured state.

Plain dataclasses without dependencies: Ansible's forked workers import this for every task.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from serviceheft.assess.actions import Action, Value
from serviceheft.assess.registry import Registry

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None


class Outcome(StrEnum):
    """How a service ended on a host; only `done` is green."""

    DONE = "done"
    FINDING = "finding"
    FAILED = "failed"
    #: What is to be done waits for its time: a window, its ring, a restart. Owed and open, though nothing went wrong.
    HELD = "held"
    NOT_REACHED = "not reached"
    NOT_MEASURED = "not measured"
    OUT_OF_CONTRACT = "out of contract"

    @property
    def measured(self) -> bool:
        """Whether the host's state was really looked at; nothing else may close a finding."""
        return self in (Outcome.DONE, Outcome.FINDING, Outcome.HELD)


#: Who stamps one of these has looked or tried: the last of them counts for the period, all else changes nothing.
DECISIVE = frozenset({Outcome.DONE, Outcome.FINDING, Outcome.HELD, Outcome.FAILED})


class Alone:
    """A stamp by itself, told as a period's sum of stamps is: the first is the newest, and has its say or none has."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def outcome(self) -> str: ...
        @property
        def at(self) -> datetime: ...
        @property
        def reason(self) -> str | None: ...

    @property
    def first_at(self) -> datetime:
        return self.at

    @property
    def word(self) -> str | None:
        return self.outcome if self.outcome in DECISIVE else None

    @property
    def word_at(self) -> datetime | None:
        return self.at if self.outcome in DECISIVE else None

    @property
    def word_reason(self) -> str | None:
        return self.reason if self.outcome in DECISIVE else None


#: As tables count them, the best first; what is out of contract is no affair of theirs.
TALLIED = (
    Outcome.DONE,
    Outcome.FINDING,
    Outcome.HELD,
    Outcome.FAILED,
    Outcome.NOT_REACHED,
    Outcome.NOT_MEASURED,
)


class Severity(StrEnum):
    """How much a finding matters; ordered by `rank`."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class CheckResult(StrEnum):
    """What became of one question to the host."""

    OK = "ok"
    FINDING = "finding"
    NOT_MEASURED = "not_measured"


@dataclass(frozen=True)
class Cause:
    """One kind of deviation. Texts are English msgids; `sentence` and `advice` may hold {placeholders}.

    `values` names the placeholders: an allow-list, so that nothing else of a host's state travels with a
    finding. `check` is the key of the check that decides this cause (by default a check of the same key): a
    finding is closed only when that check was measured again.
    """

    key: str
    severity: Severity
    title: str
    sentence: str
    advice: str
    values: tuple[str, ...] = ()
    check: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "check", self.check or self.key)


CAUSES: Registry[Cause] = Registry("cause")


@dataclass(frozen=True)
class Finding:
    """A cause found on a host, with the values for its sentence; ValueError for values it does not list."""

    cause: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        cause = CAUSES.get(self.cause)
        if cause is None:
            raise ValueError(f"{self.cause!r} is no registered cause.")
        if unlisted := sorted(set(self.values) - set(cause.values)):
            raise ValueError(f"{self.cause}: the cause does not list the value(s) {', '.join(unlisted)}.")
        for name, value in self.values.items():
            if not (value is None or isinstance(value, str | int | float)):
                raise ValueError(
                    f"{self.cause}: the value {name} is a {type(value).__name__}; it must be plain."
                )
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f"{self.cause}: the value {name} is not a finite number.")

    @property
    def definition(self) -> Cause:
        return CAUSES[self.cause]

    def as_data(self) -> dict[str, Json]:
        return {"cause": self.cause, "values": dict(self.values)}


@dataclass(frozen=True)
class Check:
    """One question to the host and what became of it.

    `scope` names what the measurement could see, where it does not always see the same: a finding is closed only by
    one that could have seen it.
    """

    key: str
    result: CheckResult
    scope: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Json]:
        scope: dict[str, Json] = {"scope": list(self.scope)} if self.scope else {}
        return {"key": self.key, "result": self.result.value, **scope}


@dataclass(frozen=True)
class Judgement:
    """Outcome of one subject ("antivirus", "updates", "computer") on one host.

    `measured` is the state in normal form, allow-listed fields only; `actions` is what was done about it;
    `reason` is the code of a failure or of a host that was not reached. ValueError where outcome, findings and
    checks contradict each other: a judgement that is not green must not be able to look green.
    """

    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    measured: Mapping[str, Json] = field(default_factory=dict)
    subject: str = ""
    reason: str | None = None
    checks: tuple[Check, ...] = ()
    actions: tuple[Action, ...] = ()

    def __post_init__(self) -> None:
        may_find = self.outcome in (Outcome.FINDING, Outcome.HELD, Outcome.FAILED)
        if (self.outcome is Outcome.FINDING and not self.findings) or (self.findings and not may_find):
            raise ValueError(f"The outcome is {self.outcome.value!r} with {len(self.findings)} finding(s).")
        results = {check.key: check.result for check in self.checks}
        if len(results) != len(self.checks):
            raise ValueError("A check is listed twice.")
        if self.outcome is Outcome.DONE and CheckResult.NOT_MEASURED in results.values():
            raise ValueError("The outcome is 'done' although a check was not measured.")
        if self.outcome is Outcome.HELD and self.reason is None:
            raise ValueError("The outcome is 'held' without a reason.")
        raised = {finding.definition.check for finding in self.findings}
        found = {key for key, result in results.items() if result is CheckResult.FINDING}
        if len({finding.cause for finding in self.findings}) != len(self.findings):
            raise ValueError("A cause is found twice on one host; put what differs into its values.")
        if unmatched := sorted(raised ^ found):
            raise ValueError(f"Checks and findings do not match: {', '.join(unmatched)}.")

    def as_data(self) -> dict[str, Json]:
        """Plain dicts, lists and strings, as they travel through Ansible."""
        return {
            "outcome": self.outcome.value,
            "findings": [finding.as_data() for finding in self.findings],
            "measured": dict(self.measured),
            "subject": self.subject,
            "reason": self.reason,
            "checks": [check.as_data() for check in self.checks],
            "actions": [action.as_data() for action in self.actions],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of as_data(); ValueError for anything else."""
        fields = {"outcome", "findings", "measured", "subject", "reason", "checks", "actions"}
        if not isinstance(data, Mapping) or "outcome" not in data or set(data) - fields:
            raise ValueError("This is no judgement: it has the fields " + ", ".join(sorted(fields)) + ".")

        def rows(name: str) -> Iterable[Mapping[str, Any]]:
            value = data.get(name, [])
            if not isinstance(value, list | tuple) or not all(isinstance(row, Mapping) for row in value):
                raise ValueError(f"The judgement's {name} are no list of mappings.")
            return value

        try:
            return cls(
                outcome=Outcome(data["outcome"]),
                findings=tuple(
                    Finding(row["cause"], dict(row.get("values", {}))) for row in rows("findings")
                ),
                measured=dict(data.get("measured", {})),
                subject=data.get("subject", ""),
                reason=data.get("reason"),
                checks=tuple(
                    Check(row["key"], CheckResult(row["result"]), tuple(row.get("scope", ())))
                    for row in rows("checks")
                ),
                actions=tuple(Action.from_data(row) for row in rows("actions")),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"This is no judgement: {error!r}.") from error
