"""The last line of defence: vault values are replaced in whatever is shown."""

from hypothesis import given
from hypothesis import strategies as st

from serviceheft.running.blackout import BLACKED_OUT, Blackout


def taught(*secrets: object) -> Blackout:
    blackout = Blackout()
    blackout.learn({f"vault_{number}": secret for number, secret in enumerate(secrets)})
    return blackout


def test_secrets_are_replaced_in_texts_keys_lists_and_numbers() -> None:
    blackout = taught("geheim-ü", 12345678)
    data = {"geheim-ü": ["x geheim-ü y", {"n": 12345678, "m": 5}], "other": None}
    assert blackout(data) == {BLACKED_OUT: [f"x {BLACKED_OUT} y", {"n": BLACKED_OUT, "m": 5}], "other": None}


def test_a_secret_of_several_lines_is_found_line_by_line_as_diffs_show_it() -> None:
    key = "-----BEGIN KEY-----\n  abcdefgh\nijklmnop\n"
    assert "abcdefgh" not in taught(key)("+    abcdefgh\n")


def test_the_longer_secret_goes_first() -> None:
    assert taught("geheim", "geheim-und-mehr")("geheim-und-mehr") == BLACKED_OUT


def test_secrets_inside_lists_and_mappings_are_learnt() -> None:
    assert taught(["eins-zwei", {"x": "drei-vier"}])("eins-zwei drei-vier") == f"{BLACKED_OUT} {BLACKED_OUT}"


def test_nothing_learnt_changes_nothing() -> None:
    assert taught(None, True, "ab")("True None ab") == "True None ab"


@given(secret=st.text(min_size=4).filter(lambda text: text not in BLACKED_OUT), around=st.text())
def test_no_secret_survives(secret: str, around: str) -> None:
    shown = taught(secret)(f"{around}{secret}{around}")
    assert secret not in shown.replace(BLACKED_OUT, "")
