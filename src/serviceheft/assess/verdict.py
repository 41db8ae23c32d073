"""Gathers the checks of one subject and draws the conclusion that all subjects share."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from serviceheft.assess.actions import Action, Value
from serviceheft.assess.judgement import (
    CAUSES,
    Check,
    CheckResult,
    Finding,
    Json,
    Judgement,
    Outcome,
)
from serviceheft.assess.reading import age_in_days


class Verdict:
    """Collects checks, then concludes: findings, else not measured when anything was not, else done."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._results: dict[str, CheckResult] = {}
        self._findings: list[Finding] = []
        self._reason: str | None = None
        self._scopes: dict[str, frozenset[str]] = {}

    def ok(self, check: str) -> None:
        """The check was measured and is well, unless another source found or lacks something."""
        self._results.setdefault(check, CheckResult.OK)

    def found(self, cause: str, **values: Value) -> None:
        """A deviation; a finding outweighs everything else that is said about its check."""
        self._findings.append(Finding(cause, values))
        self._results[CAUSES[cause].check] = CheckResult.FINDING

    def unmeasured(self, check: str, reason: str) -> None:
        """The data for the check is missing; `reason` is a code of serviceheft.assess.reasons."""
        if self._results.get(check) is not CheckResult.FINDING:
            self._results[check] = CheckResult.NOT_MEASURED
            self._reason = self._reason or reason

    def saw(self, check: str, scope: Iterable[str]) -> None:
        """What the measurement behind a check could see, where it does not always see the same."""
        self._scopes[check] = frozenset(scope)

    def age(
        self,
        cause: str,
        since: str | None,
        tolerated_days: int,
        now: datetime,
        *,
        moment_name: str,
        missing: str,
    ) -> bool:
        """Whether `since` (ISO 8601) lies back further than tolerated: found as `cause`, which holds age_days,
        tolerated_days and `since` as `moment_name`. Without it the cause's check is not measured, for `missing`.
        """
        check = CAUSES[cause].check
        if since is None:
            self.unmeasured(check, missing)
            return False
        days = age_in_days(datetime.fromisoformat(since), now)
        if days <= tolerated_days:
            self.ok(check)
            return False
        self.found(cause, age_days=days, tolerated_days=tolerated_days, **{moment_name: since})
        return True

    def conclude(self, measured: Mapping[str, Json], actions: Sequence[Action] = ()) -> Judgement:
        """`reason` tells why the first of the checks that lack data lacks it; `actions` go along."""
        results = self._results.values()
        if self._findings:
            outcome = Outcome.FINDING
        elif not results or CheckResult.NOT_MEASURED in results:
            outcome = Outcome.NOT_MEASURED
        else:
            outcome = Outcome.DONE
        return Judgement(
            outcome=outcome,
            findings=tuple(self._findings),
            measured=measured,
            subject=self._subject,
            reason=self._reason if CheckResult.NOT_MEASURED in results else None,
            checks=tuple(
                Check(key, result, tuple(sorted(self._scopes.get(key, ()))))
                for key, result in self._results.items()
            ),
            actions=tuple(actions),
        )
