"""The project's collector, carried by unmodified Ansible to emulated hosts over both connections."""

from collections.abc import Iterator
from typing import Any

import pytest

from lab import defects
from serviceheft import settings
from serviceheft.assess.judgement import Judgement
from serviceheft.services.update_check import judging as updates
from serviceheft.services.update_check.offered import read_offered
from serviceheft.services.update_check.policy import UpdatePolicy
from serviceheft.services.update_check.search import search_of
from serviceheft.settings import REPOSITORY
from tests.lab.windows_site import PSRP, Site
from tests.visit_sections import EVERY

pytestmark = pytest.mark.lab

SECTIONS = [*EVERY]
VISIT = {"name": "visit", "windows_visit": {"sections": SECTIONS}}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("visit"))
    site.add("visit-pc")
    site.add("visit-srv", "server", **PSRP)
    site.up()
    yield site
    site.down()


@pytest.fixture(autouse=True)
def _library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_LIBRARY", str(REPOSITORY / "library"))
    monkeypatch.setenv("ANSIBLE_MODULE_UTILS", str(REPOSITORY / "module_utils"))


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_visit_brings_every_section_and_changes_nothing(site: Site, options: list[str]) -> None:
    before = {name: site.state_file(name).read_bytes() for name in ("visit-pc", "visit-srv")}
    outcome = site.play([VISIT], *options)
    assert outcome.code == 0, outcome.output
    for name, content in before.items():
        result = outcome.task(name, "visit")
        assert sorted(result["sections"]) == sorted(SECTIONS)
        assert (result["changed"], result["errors"]) == (False, {})
        assert result["sections"]["computer"]["ComputerSystem"]["DNSHostName"] == name.upper()
        assert site.state_file(name).read_bytes() == content


def test_unknown_section_is_refused(site: Site) -> None:
    outcome = site.play([{"name": "visit", "windows_visit": {"sections": ["registry"]}}])
    assert outcome.code == 2
    assert "sections" in outcome.message("visit-pc", "visit")
    assert "registry" in outcome.message("visit-pc", "visit")


def test_sections_must_be_named(site: Site) -> None:
    outcome = site.play([{"name": "visit", "windows_visit": {}}])
    assert outcome.message("visit-pc", "visit") == "missing required arguments: sections"


def test_real_search_results_are_judged(site: Site) -> None:
    now = settings.now()

    def spoil(state: dict[str, Any]) -> None:
        state["updates"]["search_failure"] = "0x8024402C"

    def offer(state: dict[str, Any]) -> None:
        defects.plant(
            state,
            "update_missing",
            now,
            severity="Critical",
            days=20,
            kb="5068861",
            title="Cumulative Update",
        )

    site.change("visit-pc", spoil)
    site.change("visit-srv", offer)
    outcome = site.play([VISIT])
    assert outcome.code == 0, outcome.output

    def judged(host: str) -> Judgement:
        visit = outcome.task(host, "visit")
        return updates.judge(search_of(visit), visit["sections"]["updates"], UpdatePolicy(), now)

    failed, missing = judged("visit-pc"), judged("visit-srv")
    assert (failed.outcome, failed.reason) == ("not measured", "updates.search_failed")
    assert failed.measured["search_error"] == "0x8024402C"
    assert [(each.cause, each.values["kb"]) for each in missing.findings] == [
        ("updates.missing_critical", "KB5068861")
    ]


def test_a_german_windows_lacks_its_updates_too(site: Site) -> None:
    """It names categories in German; their ids are what counts."""
    now = settings.now()

    def offer(state: dict[str, Any]) -> None:
        state["language"] = "de"
        state["updates"] |= {"search_failure": None, "available": []}
        defects.plant(
            state,
            "update_missing",
            now,
            severity="Critical",
            days=20,
            kb="5068861",
            title="Kumulatives Update",
        )

    site.change("visit-pc", offer)
    visit = site.play([VISIT]).task("visit-pc", "visit")
    search = search_of(visit)
    assert [row["Categories"] for row in (search or {})["Updates"]] == [["Sicherheitsupdates"]]
    policy = UpdatePolicy(categories=("SecurityUpdates",))
    judgement = updates.judge(search, visit["sections"]["updates"], policy, now)
    assert [each.cause for each in judgement.findings] == ["updates.missing_critical"]
    [offered] = read_offered(search, now, ("SecurityUpdates",)) or ()
    assert offered.wanted
