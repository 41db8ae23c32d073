"""A judgement that contradicts itself is refused: what is not green must not be able to look green."""

import json
from collections.abc import Callable

import pytest

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
from tests.book_cases import NOT_REACHED, OFF, OUTDATED, UNKNOWN, judged

OK, FOUND, UNMEASURED = CheckResult.OK, CheckResult.FINDING, CheckResult.NOT_MEASURED


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Judgement(Outcome.FINDING), "The outcome is 'finding' with 0 finding(s)."),
        (
            lambda: Judgement(Outcome.DONE, (Finding(OFF),), checks=(Check(OFF, FOUND),)),
            "The outcome is 'done' with 1 finding(s).",
        ),
        (
            lambda: Judgement(Outcome.DONE, checks=(Check(OFF, OK), Check(OFF, OK))),
            "A check is listed twice.",
        ),
        (
            lambda: Judgement(Outcome.DONE, checks=(Check(OFF, UNMEASURED),)),
            "The outcome is 'done' although a check was not measured.",
        ),
        (lambda: Judgement(Outcome.FINDING, (Finding(OFF),)), f"Checks and findings do not match: {OFF}."),
        (
            lambda: Judgement(Outcome.FINDING, (Finding(OFF), Finding(OFF)), checks=(Check(OFF, FOUND),)),
            "A cause is found twice on one host; put what differs into its values.",
        ),
        (lambda: Finding("testing.unheard_of"), "'testing.unheard_of' is no registered cause."),
        (lambda: Finding(OFF, {"user": "x"}), f"{OFF}: the cause does not list the value(s) user."),
        (
            lambda: Finding(OUTDATED, {"days": [1]}),  # type: ignore[dict-item]
            f"{OUTDATED}: the value days is a list; it must be plain.",
        ),
        (
            lambda: Finding(OUTDATED, {"days": float("inf")}),
            f"{OUTDATED}: the value days is not a finite number.",
        ),
        (
            lambda: CAUSES.add(Cause(OFF, Severity.INFO, "another", "s", "a")),
            f"The cause '{OFF}' is declared twice with different contents.",
        ),
        (
            lambda: Judgement.from_data({"outcome": "done", "password": "x"}),
            "This is no judgement: it has the fields actions, checks, findings, measured, outcome, reason, subject.",
        ),
        (lambda: Judgement.from_data({"outcome": "green"}), "'green' is not a valid Outcome"),
        (
            lambda: Judgement.from_data({"outcome": "finding", "findings": ["x"]}),
            "The judgement's findings are no list of mappings.",
        ),
    ],
)
def test_contradictions(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole message is compared
        make()
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "judgement", [judged(), judged(OUTDATED, OFF), judged(UNKNOWN, not_measured=(OFF,)), NOT_REACHED]
)
def test_a_judgement_travels_as_json(judgement: Judgement) -> None:
    assert Judgement.from_data(json.loads(json.dumps(judgement.as_data()))) == judgement


def test_a_cause_is_decided_by_the_check_of_its_name_unless_it_says_otherwise() -> None:
    assert CAUSES[OFF].check == OFF
    assert (
        Cause("a.never_updated", Severity.INFO, "t", "s", "a", check="a.definitions").check == "a.definitions"
    )
