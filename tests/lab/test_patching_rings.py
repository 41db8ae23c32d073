"""Patch management (3.2) through real Ansible: who gets updates when, and that nobody else does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.patching_site import (
    DAYTIME,
    EVENING,
    FRIDAY_EVENING,
    KB,
    NEXT_EVENING,
    PatchedCustomer,
    carried_out,
    patched_customer,
)
from tests.lab.rehearsal import REHEARSED

pytestmark = pytest.mark.lab

INSTALLED = [("update.install", "done", None), ("update.reboot", "done", None)]


def waits(reason: str) -> list[tuple[str, str, str | None]]:
    return [("update.install", "held", reason)]


@pytest.fixture(scope="module")
def raised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PatchedCustomer]:
    with patched_customer(tmp_path_factory.mktemp("rings"), 8) as customer:
        yield customer


@pytest.fixture
def site(raised: PatchedCustomer) -> PatchedCustomer:
    raised.begin_anew()
    return raised


def test_the_pilot_first_then_the_others_then_nobody(site: PatchedCustomer) -> None:
    for host in ("pc-001", "pc-002", "srv-001"):
        site.plant(host)
    before = site.machines()

    shown = site.weekly("--check")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert site.machines() == before
    assert site.outcome("pc-001") == ("held", "patch.planned")
    assert site.actions("pc-001") == [("update.install", "planned", None)]
    assert site.actions("pc-002") == site.actions("srv-001") == waits("patch.ring_waits")
    assert site.open_findings("pc-001") == set()

    carried_out(site.weekly())
    assert site.actions("pc-001") == INSTALLED
    assert site.outcome("pc-001") == ("done", None)
    assert site.state("pc-001")["updates"]["reboot_required"] is False
    assert site.open_findings("pc-001") == set()
    assert site.open_findings("pc-002") == site.open_findings("srv-001") == {"updates.missing_critical"}
    for host in ("pc-002", "srv-001"):
        assert site.outcome(host) == ("held", "patch.ring_waits")
        assert site.actions(host) == waits("patch.ring_waits")
    assert site.outcome("pc-003") == ("done", None)

    carried_out(site.weekly(at=NEXT_EVENING))  # a day is not long enough
    assert {host: state for host, state in site.machines().items() if host != "pc-001"} == {
        host: state for host, state in before.items() if host != "pc-001"
    }

    carried_out(site.weekly(at=FRIDAY_EVENING))
    assert site.actions("pc-002") == site.actions("srv-001") == INSTALLED
    assert site.open_findings("pc-002") == site.open_findings("srv-001") == set()
    assert {it.finding.service for it in site.book.tickets("lichtblick")} == {"3.1", "3.2"}
    assert {it.state for it in site.book.tickets("lichtblick")} == {"closed"}

    healthy = site.machines()
    carried_out(site.weekly(at=FRIDAY_EVENING))
    assert site.machines() == healthy
    assert [site.outcome(host) for host in ("pc-001", "pc-002", "srv-001")] == [("done", None)] * 3


def test_the_others_stay_untouched_when_the_pilot_turns_sick(site: PatchedCustomer) -> None:
    for host in ("pc-001", "pc-002"):
        site.plant(host)
    carried_out(site.weekly())
    assert site.outcome("pc-001") == ("done", None)
    before = site.machines()["pc-002"]

    # Two days later, its real-time protection is off: new trouble since it was patched.
    site.plant("pc-001", "real_time_off")
    carried_out(site.weekly(at=FRIDAY_EVENING))
    assert site.open_findings("pc-001") == {"antivirus.real_time_off"}
    assert site.outcome("pc-002") == ("held", "patch.pilot_sick")
    assert site.machines()["pc-002"] == before

    site.faults("pc-001", off=True)  # and away altogether
    assert site.weekly(at=FRIDAY_EVENING).returncode == 1
    assert site.outcome("pc-001")[0] == "not reached"
    assert site.outcome("pc-002") == ("held", "patch.pilot_sick")
    assert site.machines()["pc-002"] == before


def test_a_basic_customer_gets_the_finding_and_no_change(site: PatchedCustomer) -> None:
    site.set_tier("basic")
    site.plant("pc-001")
    before = site.machines()
    carried_out(site.weekly())
    assert site.open_findings("pc-001") == {"updates.missing_critical"}
    assert ("pc-001", "3.2") not in site.outcomes()
    assert site.machines() == before


def test_outside_of_the_window_and_on_a_freeze_day_nothing_is_changed(site: PatchedCustomer) -> None:
    site.plant("pc-001")
    before = site.machines()
    carried_out(site.weekly(at=DAYTIME))
    assert site.outcome("pc-001") == ("held", "patch.outside_window")
    frozen = {"first_day": "2026-11-18", "last_day": "2026-11-18", "reason": "Jahresabschluss"}
    site.set_for_all({"patch_management_freeze": [frozen]})
    carried_out(site.weekly(at=EVENING))
    assert site.outcome("pc-001") == ("held", "patch.freeze")
    assert site.actions("pc-001") == waits("patch.freeze")
    assert site.machines() == before
    # Held is open: the run that takes up what is open carries on when it may.
    carried_out(site.heft("run", "lichtblick", HEFT_NOW=NEXT_EVENING))
    assert site.actions("pc-001") == INSTALLED


def test_the_stop_file_stops_everything(site: PatchedCustomer, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    stop.write_text("Microsoft recalls the November update\nsecond line\n", encoding="utf-8")
    site.plant("pc-001")
    site.plant("pc-002", "definitions_outdated", days=9)
    site.plant("pc-003", "automatic_updates_off")
    before = site.machines()
    run = site.weekly(HEFT_STOP=str(stop))
    assert run.returncode == 0
    assert "so nothing will be changed: Microsoft recalls the November update\n" in run.stdout
    assert site.actions("pc-001") == waits("change.stopped")
    assert site.actions("pc-002") == [("definitions.update", "held", "change.stopped")]
    refused = site.heft("emergency", f"KB{KB}", "--reason", "exploited", "--yes", HEFT_STOP=str(stop))
    assert refused.returncode == 2
    assert refused.stderr.removeprefix(REHEARSED).strip() == (
        f"The stop file {stop} is there (Microsoft recalls the November update): nothing is changed, in an emergency "
        "neither. Remove it first."
    )
    assert site.machines() == before


def test_the_cap_holds_and_the_next_run_carries_on(site: PatchedCustomer) -> None:
    site.begin_anew(patch_management_maximum_hosts=1)
    site.set_for("pc-001", {"patch_management_ring": "broad"})
    for host in ("pc-001", "pc-002"):
        site.plant(host)
    carried_out(site.weekly())
    assert [site.installed(host) for host in ("pc-001", "pc-002")] == [True, False]
    assert site.outcome("pc-002") == ("held", "patch.cap")
    carried_out(site.weekly())
    assert site.installed("pc-002")


def test_an_emergency_leaves_the_procedure_out_and_says_why(site: PatchedCustomer) -> None:
    for host in ("pc-002", "srv-001"):
        site.plant(host)
    site.plant("pc-002", severity="Important", days=30, kb="5070001", title="2026-10 Other Update")
    carried_out(site.weekly(at=DAYTIME))
    before = site.machines()
    order = ("emergency", f"KB{KB}", "--reason", "exploited since this morning")

    asked = site.heft(*order)
    assert asked.returncode == 1  # nobody answered
    assert "lichtblick: 2 lack it: pc-002, srv-001" in asked.stdout
    assert "may lack it" not in asked.stdout
    shown = site.heft(*order, "--check")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert site.actions("pc-002") == [("update.install", "planned", None)]
    assert site.machines() == before

    done = site.heft(*order, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert site.installed("pc-002")
    assert site.installed("srv-001")
    assert not site.installed("pc-002", "5070001")
    run = site.book.runs("lichtblick")[0]
    assert (run.kind, run.limit) == ("emergency", "pc-002,srv-001")
    assert run.reason == f"KB{KB}: exploited since this morning"
    assert site.open_findings("pc-002") == {"updates.missing_important"}
    assert {it.period for it in site.stamps() if it.service == "3.2"} == {None}

    again = site.heft(*order, "--yes")
    assert again.returncode == 0
    assert again.stdout.splitlines()[-1] == f"No host lacks KB{KB}. Nothing was touched."
    # One that nobody has been offered yet: whoever was measured before its day may lack it, and is looked at.
    new = site.heft("emergency", "KB5099999", "--reason", "exploited", "--published", "2026-11-18", "--yes")
    assert "measured before it was published, as far as is known: may lack it: pc-001, pc-002" in new.stdout
    assert new.returncode == 0, new.stdout + new.stderr
    assert site.book.runs("lichtblick")[0].reason == "KB5099999: exploited"
