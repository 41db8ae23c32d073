"""Checking arguments as Ansible.Basic does, with its messages."""

from typing import Any

import pytest

from lab.windows.arguments import CheckModeUnsupported, check_arguments, expand, secret_values
from lab.windows.failures import ModuleFailure
from lab.windows.specification import COMPUTED, Specification

OPTIONS: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True, "aliases": ["n"]},
    "mode": {"type": "str", "choices": ["Fast", "slow"], "default": "slow"},
    "count": {"type": "int"},
    "size": {"type": "float"},
    "flag": {"type": "bool", "default": False},
    "items": {"type": "list", "elements": "int"},
    "kinds": {"type": "list", "choices": ["a", "b"]},
    "where": {"type": "path"},
    "text": {"type": "json"},
    "password": {"type": "str", "no_log": True},
    "odd": {"type": COMPUTED},
    "parts": {
        "type": "list",
        "elements": "dict",
        "options": {"key": {"type": "str", "required": True}, "secret": {"type": "str", "no_log": True}},
    },
    "one": {"type": "dict", "options": {"deep": {"type": "bool", "default": True}}, "apply_defaults": True},
}
CONSTRAINTS: dict[str, Any] = {
    "mutually_exclusive": [["count", "size"]],
    "required_together": [["where", "text"]],
    "required_if": [["mode", "Fast", ["count"]], ["name", "any", ["size", "items"], True]],
    "required_by": {"password": ["where"]},
}
SPECIFICATION = Specification(OPTIONS, CONSTRAINTS, supports_check_mode=True)


def check(**given: Any) -> dict[str, Any]:
    return check_arguments(SPECIFICATION, "example.collection.beispiel", given)


def test_defaults_aliases_and_spelling() -> None:
    checked = check(
        n="x", MODE="FAST", Count="7", flag="yes", items="1, 2", where=r"%ProgramData%\x", text={"a": 1}
    )
    assert checked["name"] == "x"
    assert checked["mode"] == "Fast"
    assert checked["count"] == 7
    assert checked["flag"] is True
    assert checked["items"] == [1, 2]
    assert checked["where"] == r"C:\ProgramData\x"
    assert checked["text"] == '{"a": 1}'
    assert checked["size"] is None
    assert checked["one"] == {"deep": True}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "missing required arguments: name"),
        (
            {"name": "x", "nane": 1, "zz": 2},
            "Unsupported parameters for (beispiel) module: nane, zz. Supported parameters include: count, flag, items, "
            "kinds, mode, n, name, odd, one, parts, password, size, text, where",
        ),
        (
            {"name": "x", "mode": "medium"},
            "value of mode must be one of: Fast, slow. Got no match for: medium",
        ),
        (
            {"name": "x", "kinds": ["a", "c"]},
            "value of kinds must be one or more of: a, b. Got no match for: c",
        ),
        (
            {"name": "x", "count": "viel"},
            "argument for count is of type System.String and we were unable to convert to int: Input string was not "
            "in a correct format.",
        ),
        (
            {"name": "x", "flag": "vielleicht"},
            "argument for flag is of type System.String and we were unable to convert to bool: The value 'vielleicht' "
            "is not a valid boolean. Valid booleans include: y, yes, on, 1, true, t, 1.0, n, no, off, 0, false, f, 0.0",
        ),
        (
            {"name": "x", "items": [1, "zwei"]},
            "argument for list entry items is of type System.String and we were unable to convert to int: Input "
            "string was not in a correct format.",
        ),
        ({"name": "x", "count": 1, "size": 2}, "parameters are mutually exclusive: count, size"),
        ({"name": "x", "where": "C:"}, "parameters are required together: where, text"),
        ({"name": "x", "mode": "Fast"}, "mode is Fast but all of the following are missing: count"),
        ({"name": "any"}, "name is any but any of the following are missing: size, items"),
        ({"name": "x", "password": "p"}, "missing parameter(s) required by 'password': where"),
        ({"name": "x", "parts": [{"secret": "s"}]}, "missing required arguments: key found in parts"),
        (
            {"name": "x", "parts": [{"key": "k", "kex": 1}]},
            "Unsupported parameters for (beispiel) module: kex found in parts. Supported parameters include: key, "
            "secret",
        ),
        (
            {"name": "x", "one": {"deep": "tief"}},
            "argument for deep is of type System.String and we were unable to convert to bool: The value 'tief' is "
            "not a valid boolean. Valid booleans include: y, yes, on, 1, true, t, 1.0, n, no, off, 0, false, f, 0.0 "
            "found in one",
        ),
    ],
)
def test_refused_in_the_words_of_windows(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailure) as caught:
        check(**given)
    assert str(caught.value) == message


def test_one_of() -> None:
    one_of = Specification({"a": {}, "b": {}}, {"required_one_of": [["a", "b"]]})
    with pytest.raises(ModuleFailure, match=r"^one of the following is required: a, b$"):
        check_arguments(one_of, "x.y.z", {})


def test_check_mode_skips_what_does_not_support_it() -> None:
    with pytest.raises(CheckModeUnsupported, match=r"^remote module \(z\) does not support check mode$"):
        check_arguments(Specification({}), "x.y.z", {}, check_mode=True)


def test_unknown_arguments_are_dropped_when_ansible_says_so() -> None:
    checked = check_arguments(SPECIFICATION, "x.y.z", {"name": "x", "new": 1}, ignore_unknown=True)
    assert "new" not in checked


def test_secrets_are_found_at_any_depth() -> None:
    given = {
        "password": "p1",
        "parts": [{"key": "k", "secret": "s1"}, {"key": "k", "secret": "s2"}],
        "name": "x",
    }
    assert secret_values(SPECIFICATION, given) == {"p1", "s1", "s2"}


def test_variables_of_the_account() -> None:
    assert expand(r"%TEMP%\a\%NoSuch%", {"name": "anna"}) == r"C:\Users\anna\AppData\Local\Temp\a\%NoSuch%"
    assert expand("%windir%") == r"C:\Windows"
