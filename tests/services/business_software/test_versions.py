"""Versions of products are compared by their parts, as many as the inventory gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft.services.business_software.versions import as_file_version, compare

PARTS = st.lists(st.integers(0, 99_999), min_size=1, max_size=4)


def dotted(parts: list[int]) -> str:
    return ".".join(map(str, parts))


@pytest.mark.parametrize(
    ("installed", "wanted", "told"),
    [
        ("2026.1.0.512", "2026.1", "current"),
        ("2026.10", "2026.1", "newer"),
        ("2026.1", "2026.10", "outdated"),
        ("24.09", "24.9", "current"),
        ("14.2", "14.2.0.0", "current"),
        ("14.2.0.0", "14.2", "current"),
        ("14", "14.2", "outdated"),
        ("2026.5", "2026", "current"),
        ("2026.5", "2026.0", "newer"),
        ("1.0-beta", "1.0-BETA", "current"),
        ("1.0-beta", "1.0", None),
        ("Sommer", "1.0", None),
        (None, "1.0", None),
    ],
)
def test_the_wanted_parts_count(installed: str | None, wanted: str, told: str | None) -> None:
    assert compare(installed, wanted) == told


@given(PARTS, PARTS)
def test_a_version_satisfies_itself_and_every_beginning_of_it(beginning: list[int], more: list[int]) -> None:
    assert compare(dotted(beginning), dotted(beginning)) == "current"
    assert compare(dotted(beginning + more), dotted(beginning)) == "current"


@given(PARTS, st.integers(0, 4))
def test_zeros_at_the_end_say_nothing_on_the_installed_side(parts: list[int], zeros: int) -> None:
    longer = dotted(parts + [0] * zeros)
    assert compare(dotted(parts), longer) == compare(longer, dotted(parts)) == "current"


@given(PARTS, PARTS)
def test_of_two_versions_with_as_many_parts_one_is_newer_or_they_are_the_same(
    one: list[int], other: list[int]
) -> None:
    length = min(len(one), len(other))
    mine, theirs = dotted(one[:length]), dotted(other[:length])
    opposite = {"newer": "outdated", "outdated": "newer", "current": "current"}
    assert compare(mine, theirs) == opposite[str(compare(theirs, mine))]
    assert (compare(mine, theirs) == "outdated") is (one[:length] < other[:length])


@given(PARTS, PARTS, PARTS)
def test_what_is_older_than_older_is_older(one: list[int], other: list[int], third: list[int]) -> None:
    length = min(map(len, (one, other, third)))
    low, middle, high = sorted((one[:length], other[:length], third[:length]))
    assert compare(dotted(low), dotted(high)) in ("outdated", "current")
    if compare(dotted(low), dotted(middle)) == "outdated":
        assert compare(dotted(low), dotted(high)) == "outdated"


@given(PARTS, st.integers(0, 3), st.integers(1, 99))
def test_a_higher_part_is_newer_whatever_stands_behind_it(parts: list[int], place: int, more: int) -> None:
    place = min(place, len(parts) - 1)
    higher = [*parts[:place], parts[place] + more, *([0] * (len(parts) - place - 1))]
    assert compare(dotted(higher), dotted(parts)) == "newer"
    assert compare(dotted(parts), dotted(higher)) == "outdated"


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("2026.1", "2026.1.0.0"),
        ("24.09", "24.9.0.0"),
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3.4.5", None),
        ("70000", None),
        ("1.0-beta", None),
    ],
)
def test_a_files_version_has_four_numbers(version: str, told: str | None) -> None:
    assert as_file_version(version) == told
