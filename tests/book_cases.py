"""A customer's visits for the tests of the book: causes, judgements, and a book opened in a folder."""

from datetime import UTC, datetime, timedelta
from typing import Any

from serviceheft.assess.judgement import (
    CAUSES,
    Cause,
    Check,
    CheckResult,
    Finding,
    Judgement,
    Outcome,
    Severity,
)
from serviceheft.book import Book, Contact

NOW = datetime(2026, 11, 22, 20, 35, tzinfo=UTC)
OUTDATED, OFF, UNKNOWN = "testing.definitions_outdated", "testing.protection_off", "testing.version_unknown"

for cause in (
    Cause(OUTDATED, Severity.WARNING, "t", "{days} days", "a", ("days",)),
    Cause(OFF, Severity.CRITICAL, "t", "s", "a"),
    Cause(UNKNOWN, Severity.INFO, "t", "s", "a"),
):
    CAUSES.add(cause)


def judged(*found: str, not_measured: tuple[str, ...] = (), days: int = 4, **more: Any) -> Judgement:
    """A judgement of the three checks: these causes found, those not measured, the others fine."""
    results = {
        key: CheckResult.FINDING
        if key in found
        else CheckResult.NOT_MEASURED
        if key in not_measured
        else CheckResult.OK
        for key in (OUTDATED, OFF, UNKNOWN)
    }
    outcome = Outcome.FINDING if found else Outcome.NOT_MEASURED if not_measured else Outcome.DONE
    findings = tuple(Finding(key, {"days": days} if key == OUTDATED else {}) for key in found)
    checks = tuple(Check(key, result) for key, result in results.items())
    return Judgement(outcome, findings, more.pop("measured", {"days": days}), "antivirus", None, checks)


NOT_REACHED = Judgement(Outcome.NOT_REACHED, subject="antivirus", reason="reach.timeout")


def begun(book: Book, customer: str = "musterbau", **more: Any) -> str:
    """The id of a run, real unless told."""
    fields: dict[str, Any] = {
        "kind": "weekly",
        "who": "anna",
        "commit": "4f2a91c",
        "inventory_hash": "ab" * 32,
        "dry_run": False,
        "now": NOW,
        "tier": "comfort",
    }
    return book.begin_run(customer, **{**fields, **more})


def stamped(book: Book, run: str, judgement: Judgement, host: str | None = "mb-pc-01", **more: Any) -> Any:
    """Stamp 2.7 with a deadline of six hours."""
    fields: dict[str, Any] = {
        "now": NOW,
        "deadline": lambda at: at + timedelta(hours=6),
        "clause": "2.7",
        "contact": Contact("Erika Beispiel", "erika@musterbau.example"),
    }
    service = more.pop("service", "2.7")
    period = more.pop("period", "2026-W47")
    return book.stamp(run, service, host, period, judgement, **{**fields, **more})
