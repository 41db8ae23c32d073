"""Who is who after an inventory was changed."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft.identities import Device, may_be_another, renames_between

NAMES = ("pc-01", "pc-02", "pc-03", "nb-01", "nb-02")
IDS = ("11", "22", "33")


def device(*former: str, ids: str = "", recorded: tuple[str, ...] = ()) -> Device:
    return Device(former, frozenset(ids.split()), frozenset(recorded))


@pytest.mark.parametrize(
    ("before", "now", "found"),
    [
        ({"a": ()}, {"a": device()}, {}),
        ({"a": ()}, {"b": device("a")}, {"a": "b"}),
        ({"a": ()}, {"b": device()}, {}),  # retired, and another one came
        ({"a": ()}, {"b": device("a", recorded=("a",))}, {}),
        ({"a": ("1",)}, {"b": device(ids="1")}, {"a": "b"}),
        ({"a": ("1",), "b": ()}, {"b": device(ids="1")}, {"a": "b"}),  # visited under its new name meanwhile
        ({"a": ("1",)}, {"a": device(ids="1"), "b": device(ids="1")}, {}),  # a clone beside it
        ({"a": ("1",), "c": ("1",)}, {"b": device(ids="1")}, {}),  # two that left say the same
        ({"a": (), "b": ()}, {"a": device("b"), "b": device("a")}, {"a": "b", "b": "a"}),
        ({"a": (), "b": ()}, {"a": device("b", recorded=("b",)), "b": device("a", recorded=("a",))}, {}),
        ({"a": ()}, {"a": device(), "b": device("a")}, {"a": "b"}),  # its name went to a new machine
        ({"a": ()}, {"b": device("a"), "c": device("a")}, {"a": "b"}),
        ({"a": ()}, {"c": device("b", "a")}, {"a": "c"}),  # renamed twice between two visits
        ({"a": ()}, {"a": device("a")}, {}),
    ],
)
def test_who_is_who(
    before: Mapping[str, tuple[str, ...]], now: Mapping[str, Device], found: Mapping[str, str]
) -> None:
    assert renames_between(before, now) == found


@given(
    st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(IDS), max_size=2)),
    st.dictionaries(
        st.sampled_from(NAMES),
        st.builds(
            Device,
            st.lists(st.sampled_from(NAMES), max_size=2).map(tuple),
            st.frozensets(st.sampled_from(IDS), max_size=2),
            st.frozensets(st.sampled_from(NAMES), max_size=1),
        ),
    ),
)
def test_law_one_to_one_among_those_there_are_and_found_once(
    before: Mapping[str, list[str]], now: Mapping[str, Device]
) -> None:
    found = renames_between(before, now)
    assert set(found) <= set(before)
    assert set(found.values()) <= set(now)
    assert len(set(found.values())) == len(found)
    assert all(old != new for old, new in found.items())
    recorded = {
        name: Device(it.former, it.ids, it.recorded | {old for old, new in found.items() if new == name})
        for name, it in now.items()
    }
    left = {found.get(name, name): ids for name, ids in before.items()}
    again = renames_between(left, recorded)
    assert not set(again.items()) & set(found.items())


def test_what_was_found_on_a_host_that_left_is_kept_while_it_may_be_one_that_came() -> None:
    assert may_be_another("pc-01", ["windows_clients"], {"pc-09": ["windows_clients"]})
    assert not may_be_another("pc-01", ["windows_clients"], {"sw-01": ["switches"]})
    assert not may_be_another("pc-01", ["windows_clients"], {})
