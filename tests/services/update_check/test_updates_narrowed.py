"""What a narrower search leaves out is not gone: in judgements, in the book's findings, in an emergency's list."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from serviceheft.assess.judgement import Judgement
from serviceheft.book import Book
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.categories import CATEGORIES, known_categories
from serviceheft.model.load import load_customer
from serviceheft.running.emergency import Known, Published, learn, standing
from serviceheft.services.update_check.judging import judge
from serviceheft.services.update_check.offered import read_offered
from serviceheft.services.update_check.policy import UpdatePolicy
from serviceheft.settings import REPOSITORY
from tests.book_cases import begun, stamped
from tests.services.update_check.test_updates import NOW, TWO, rated, search, section

WSUS = {"UseWUServer": 1, "WUServer": "http://wsus.example:8530"}
CRITICAL = "updates.missing_critical"
NARROW = UpdatePolicy(categories=("UpdateRollups",))
KNOWN = section()
ROLLUPS = [CATEGORIES["UpdateRollups"].identifier]
DRIVERS = [CATEGORIES["Drivers"].identifier]


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with Book.open(f"sqlite:///{tmp_path}/heft.sqlite") as book:
        yield book
    assert book.verify() == []


def result_of(judgement: Judgement, key: str = CRITICAL) -> str:
    return next(check.result.value for check in judgement.checks if check.key == key)


@pytest.mark.parametrize("names", [["Sicherheitsupdates"], ["Security Updates"], ["?????"], []])
def test_an_update_is_found_whatever_language_the_host_speaks(names: list[str]) -> None:
    german = rated(Title="Kumulatives Update (KB5031234)", Categories=names)
    for found in (german, german | {"CategoryIDs": []}):
        judgement = judge(search(found), KNOWN, UpdatePolicy(), NOW)
        assert [it.cause for it in judgement.findings] == [CRITICAL]


def test_categories_are_told_by_their_identifiers_where_the_host_gives_them() -> None:
    identifiers = [CATEGORIES["SecurityUpdates"].identifier.upper(), "a38c835c-2950-4e87-86cc-6911a52c34a3"]
    result = search(rated(CategoryIDs=identifiers, Categories=["Обновления", "Windows 11"]))
    assert [it.cause for it in judge(result, KNOWN, UpdatePolicy(), NOW).findings] == [CRITICAL]
    [row] = judge(result, KNOWN, NARROW, NOW).measured["left_out"]  # type: ignore[misc]
    assert row["category"] == "SecurityUpdates"  # type: ignore[index, call-overload]
    drivers = CATEGORIES["Drivers"].identifier
    assert known_categories(["Security Updates"], [f"{{{drivers.upper()}}}"]) == {"Drivers"}


def test_every_category_has_names_of_its_own() -> None:
    names = [name.casefold() for category in CATEGORIES.values() for name in category.names]
    assert len(names) == len(set(names))
    assert len({category.identifier for category in CATEGORIES.values()}) == len(CATEGORIES)


def test_hidden_updates_are_missing() -> None:
    result = search(rated(IsHidden=True))
    judgement = judge(result, KNOWN, UpdatePolicy(), NOW)
    assert [it.cause for it in judgement.findings] == [CRITICAL]
    assert judgement.measured["missing"][0]["hidden"] is True  # type: ignore[index, call-overload]


def test_a_rated_update_of_a_category_that_was_left_out_is_not_green() -> None:
    judgement = judge(search(rated()), KNOWN, NARROW, NOW)
    assert (judgement.outcome, judgement.reason) == ("not measured", "updates.left_out")
    assert (result_of(judgement), judgement.measured["missing"]) == ("not_measured", [])


def test_a_finding_is_closed_only_by_a_search_that_would_have_seen_it(book: Book) -> None:
    run = begun(book)
    stamped(book, run, judge(search(rated()), KNOWN, UpdatePolicy(), NOW), service="3.1")
    for result in (search(rated()), search(rated(CategoryIDs=[], Categories=["Sicherheitsupdates"]))):
        for policy in (NARROW, UpdatePolicy(categories=("CriticalUpdates",))):
            assert stamped(book, run, judge(result, KNOWN, policy, NOW), service="3.1").closed == ()
    assert [life.state for life in book.findings("musterbau")] == ["open"]
    # The narrow search sees as well that the update is no longer offered: then it is gone.
    assert stamped(book, run, judge(search(), section(), NARROW, NOW), service="3.1").closed == (CRITICAL,)


def test_an_unrated_finding_stays_open_when_its_category_is_left_out(book: Book) -> None:
    run = begun(book)
    driver = rated(CategoryIDs=DRIVERS, MsrcSeverity=None, LastDeploymentChangeTime="2026-08-01T00:00:00Z")
    everything = UpdatePolicy(categories=("*",))
    stamped(book, run, judge(search(driver), KNOWN, everything, NOW), service="3.1")
    narrow = judge(search(driver), KNOWN, UpdatePolicy(), NOW)
    assert narrow.outcome == "done"
    assert stamped(book, run, narrow, service="3.1").closed == ()


def test_another_source_does_not_close_what_the_first_one_found(book: Book) -> None:
    """An own server offers only what somebody has released on it."""
    run = begun(book)
    stamped(book, run, judge(search(rated()), KNOWN, UpdatePolicy(), NOW), service="3.1")
    for policy, raw in (
        (UpdatePolicy(server_selection="managed_server"), section(Policy=WSUS)),
        (UpdatePolicy(), section(Policy=WSUS)),
        (UpdatePolicy(), section(Errors={"Policy": "x"})),
    ):
        assert stamped(book, run, judge(search(), raw, policy, NOW), service="3.1").closed == ()
    at_microsoft = UpdatePolicy(server_selection="windows_update")
    assert stamped(book, run, judge(search(), section(), at_microsoft, NOW), service="3.1").closed == (
        CRITICAL,
    )


def test_a_second_find_in_another_category_widens_what_closing_must_see(book: Book) -> None:
    run = begun(book)
    rollup = rated(TWO, CategoryIDs=ROLLUPS)
    stamped(book, run, judge(search(rated(), rollup), KNOWN, UpdatePolicy(), NOW), service="3.1")
    again = judge(search(rollup, rated()), KNOWN, NARROW, NOW)
    assert stamped(book, run, again, service="3.1").seen == (CRITICAL,)
    without = judge(search(rated()), KNOWN, NARROW, NOW)
    assert stamped(book, run, without, service="3.1").closed == ()


def test_a_judgement_keeps_what_its_checks_could_see() -> None:
    judgement = judge(search(), section(), UpdatePolicy(), NOW)
    check = next(it for it in judgement.checks if it.key == CRITICAL)
    assert {"SecurityUpdates", "at windows update"} <= set(check.scope)
    assert Judgement.from_data(judgement.as_data()) == judgement


def test_an_emergency_knows_who_lacks_the_update_whatever_was_searched_since(book: Book) -> None:
    catalogue = load_catalogue()
    customer = load_customer(REPOSITORY / "inventories" / "musterbau", catalogue)
    run = begun(book)

    published = Published("KB5031234")

    def known() -> Known:
        learn(published, book, customer.name)
        found = standing(customer, catalogue, book, published, NOW)
        (answer,) = [it for it in Known if "mb-pc-01" in found.hosts[it]]
        return answer

    assert known() is Known.NEVER
    stamped(book, run, judge(search(rated()), KNOWN, UpdatePolicy(), NOW), service="3.1")
    assert known() is Known.LACKS
    for narrowed in (
        judge(search(rated()), KNOWN, NARROW, NOW),
        judge({"Errors": {"Updates": "0x8024402C"}}, section(), UpdatePolicy(), NOW),
    ):
        stamped(book, run, narrowed, service="3.1")
        assert known() is Known.LACKS
    stamped(book, run, judge(search(), section(), UpdatePolicy(), NOW), service="3.1")
    assert known() is Known.WELL


def test_a_measurement_of_an_older_serviceheft_says_nothing_of_other_categories(book: Book) -> None:
    catalogue = load_catalogue()
    customer = load_customer(REPOSITORY / "inventories" / "musterbau", catalogue)
    old = dict(judge(search(), section(), UpdatePolicy(), NOW).measured)
    del old["left_out"]
    judgement = judge(search(), section(), UpdatePolicy(), NOW)
    stamped(
        book,
        begun(book),
        Judgement(judgement.outcome, measured=old, subject="updates", checks=judgement.checks),
        service="3.1",
    )
    found = standing(customer, catalogue, book, Published.on("KB5031234", date(2026, 1, 1)), NOW)
    assert "mb-pc-01" in found.hosts[Known.NEVER]


def test_patch_management_installs_what_its_categories_name_in_any_language() -> None:
    def offered(*categories: str, **fields: Any) -> bool:
        [one] = read_offered(search(rated(**fields)), NOW, categories) or ()
        return one.wanted

    assert offered("SecurityUpdates", Categories=["Обновления"])
    assert offered("SecurityUpdates", CategoryIDs=[], Categories=["Sicherheitsupdates"])
    assert not offered("UpdateRollups")
    unknown: dict[str, Any] = {"CategoryIDs": [], "Categories": ["?????"]}
    assert not offered("SecurityUpdates", **unknown)  # missing, but nothing unknown is installed by itself
    assert offered("*", **unknown)
