"""The project's collector, carried by unmodified Ansible to emulated hosts over both connections."""

from collections.abc import Iterator

import pytest

from serviceheft.settings import REPOSITORY
from tests.lab.windows_site import PSRP, Site

pytestmark = pytest.mark.lab

SECTIONS = ["computer", "antivirus", "updates", "volumes", "network", "programs", "services"]
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
