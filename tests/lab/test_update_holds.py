"""What holds updates back (3.1, on servers 3.2), through real Ansible: found, and over when it is mended."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from lab import defects
from lab.windows.state_file import Json, iso
from serviceheft import settings
from tests.lab.patching_site import DAYTIME, PatchedCustomer, carried_out, patched_customer

pytestmark = pytest.mark.lab

_POLICY = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"
_USER_SETTINGS = r"HKLM:\SOFTWARE\Microsoft\WindowsUpdate\UX\Settings"


@pytest.fixture(scope="module")
def raised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PatchedCustomer]:
    with patched_customer(tmp_path_factory.mktemp("holds"), 5) as customer:
        yield customer


@pytest.fixture
def site(raised: PatchedCustomer) -> PatchedCustomer:
    raised.begin_anew()
    return raised


def mend(site: PatchedCustomer, host: str, defect: str) -> None:
    site.change(host, lambda state: defects.mend(state, defect, settings.now()))


def test_what_holds_updates_back_is_found_and_gone_when_mended(site: PatchedCustomer) -> None:
    site.plant("pc-001", "updates_paused")
    site.plant("pc-002", "updates_deferred")
    site.plant("pc-002", "connection_metered")
    site.plant("pc-003", "release_pinned")
    site.plant("srv-001", "updates_paused_by_policy")
    before = site.machines()

    carried_out(site.weekly(at=DAYTIME))
    assert site.machines() == before
    assert site.open_findings("pc-001") == {"updates.paused"}
    assert site.open_findings("pc-002") == {"updates.deferred", "updates.metered"}
    assert site.open_findings("pc-003") == {"updates.target_release_ended"}
    assert site.open_findings("srv-001") == {"updates.paused_by_policy"}
    measured = {
        it.host: it.measured for it in site.book.snapshots(site.elsewhere.name) if it.subject == "updates"
    }
    assert measured["pc-001"]["paused_until"] == "2077-11-22T00:00:00Z"
    assert measured["pc-001"]["automatic_updates"] == "on"

    planted = {
        "pc-001": ["updates_paused"],
        "pc-002": ["updates_deferred", "connection_metered"],
        "pc-003": ["release_pinned"],
        "srv-001": ["updates_paused_by_policy"],
    }
    for host, names in planted.items():
        for name in names:
            mend(site, host, name)
    carried_out(site.weekly(at=DAYTIME))
    assert [site.open_findings(host) for host in planted] == [set()] * len(planted)
    assert site.outcome("pc-001", "3.1") == ("done", None)


def test_a_pause_that_cannot_be_read_is_not_measured(site: PatchedCustomer) -> None:
    site.change(
        "pc-001",
        lambda state: state["registry"].update(
            {_USER_SETTINGS: {"PauseQualityUpdatesEndTime": {"type": "dword", "data": 1}}}
        ),
    )
    site.change("pc-002", served_by_a_silent_server)
    run = site.weekly(at=DAYTIME)
    assert run.returncode == 1, run.stdout + run.stderr  # something that is owed was not measured
    assert site.outcome("pc-001", "3.1") == ("not measured", "updates.hold_unreadable")
    assert site.open_findings("pc-001") == set()
    assert site.open_findings("pc-002") == {"updates.install_outdated", "updates.wsus_approves_nothing"}
    assert site.outcome("pc-003", "3.1") == ("done", None)


def served_by_a_silent_server(state: Json) -> None:
    """An own update server on which nobody has approved anything for months."""
    state["registry"].setdefault(_POLICY, {})["WUServer"] = {
        "type": "string",
        "data": "http://wsus.example:8530",
    }
    state["registry"].setdefault(rf"{_POLICY}\AU", {})["UseWUServer"] = {"type": "dword", "data": 1}
    for entry in state["updates"]["history"]:
        entry["date"] = iso(datetime.fromisoformat(entry["date"]) - timedelta(days=100))
