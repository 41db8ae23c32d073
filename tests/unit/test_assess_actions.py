"""What was done to a host travels as allow-listed data, through a judgement and the book."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft.assess.actions import ACTION_KINDS, Action, ActionKind, ActionResult
from serviceheft.assess.judgement import Judgement, Outcome

REASON = "test.install: a reason stands with what failed or was held back, and only there."
KIND = ActionKind("test.install", "{subject} installed in version {version}", ("version",))


@pytest.fixture(autouse=True)
def known_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ACTION_KINDS, "_entries", {**ACTION_KINDS, KIND.key: KIND})


@given(
    st.text(max_size=20),
    st.sampled_from([ActionResult.DONE, ActionResult.PLANNED]),
    st.one_of(st.none(), st.integers(), st.text(max_size=9)),
)
def test_an_action_survives_its_travel(subject: str, result: ActionResult, version: str | int | None) -> None:
    action = Action("test.install", subject, result, values={"version": version})
    judgement = Judgement(outcome=Outcome.DONE, subject="software", actions=(action,))
    assert Judgement.from_data(judgement.as_data()) == judgement


def test_a_kind_cannot_change_its_meaning() -> None:
    with pytest.raises(
        ValueError, match=r"The action 'test.install' is declared twice with different contents."
    ):
        ACTION_KINDS.add(ActionKind("test.install", "something else"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "nothing"}, "'nothing' is no registered action."),
        ({"values": {"password": "x"}}, "test.install: the action does not list the value(s) password."),
        ({"values": {"version": ["1"]}}, "test.install: the value version must be a plain, finite value."),
        (
            {"values": {"version": float("nan")}},
            "test.install: the value version must be a plain, finite value.",
        ),
        (
            {"result": ActionResult.HELD},
            "test.install: a reason stands with what failed or was held back, and only there.",
        ),
        (
            {"reason": "reach.timeout"},
            "test.install: a reason stands with what failed or was held back, and only there.",
        ),
    ],
)
def test_what_an_action_refuses(changes: dict[str, object], message: str) -> None:
    fields: dict[str, object] = {"kind": "test.install", "subject": "7zip", "result": ActionResult.DONE}
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the message is compared below
        Action(**{**fields, **changes})  # type: ignore[arg-type]
    assert str(refused.value) == message


def test_an_action_as_a_sentence_moves_no_cursor() -> None:
    hostile = Action("updates.automatic", "Win\x1b[2Jdows\r", ActionResult.PLANNED)
    assert hostile.english == "Let Win?[2Jdows? update itself again"
