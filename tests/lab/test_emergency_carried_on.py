"""An update that cannot wait, through real Ansible: who was off, cut off, or waits for its restart still owes it."""

import json
import os
import signal
from collections.abc import Iterator

import pytest

from tests.lab.patching_site import DAYTIME, EVENING, KB, PatchedCustomer, carried_out, patched_customer
from tests.lab.rehearsal import REHEARSED, until

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("emergency-carried-on")]

NAME = "lichtblick"
LATER = "2026-11-18T12:30:00+01:00"
AFTERNOON = "2026-11-18T15:30:00+01:00"
ORDER = ("emergency", f"KB{KB}", "--reason", "exploited since this morning", "--yes")


@pytest.fixture(scope="module")
def raised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PatchedCustomer]:
    with patched_customer(tmp_path_factory.mktemp("carried-on"), 5) as customer:
        yield customer


@pytest.fixture
def site(raised: PatchedCustomer) -> PatchedCustomer:
    raised.begin_anew()
    return raised


def nothing_happens(site: PatchedCustomer, at: str) -> None:
    before, machines = site.book.head(NAME), site.machines()
    done = site.heft("catch-up", NAME, HEFT_NOW=at)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", REHEARSED)
    assert (site.book.head(NAME), site.machines()) == (before, machines)


def test_who_was_off_owes_it_and_gets_it_by_day_once_it_is_back(site: PatchedCustomer) -> None:
    for host in ("pc-002", "pc-003"):
        site.plant(host)
    site.plant("pc-002", severity="Important", days=30, kb="5070001", title="2026-10 Other Update")
    carried_out(site.weekly(at=DAYTIME))
    frozen = {"first_day": "2026-11-18", "last_day": "2026-11-18", "reason": "Jahresabschluss"}
    site.set_for_all({"patch_management_reboot": "when_needed", "patch_management_freeze": [frozen]})
    site.faults("pc-002", off=True)
    ordered = site.heft(*ORDER, "--maximum-hosts", "7")
    assert ordered.returncode == 1
    assert "restarted at once where it needs it, also by day: pc-002, pc-003" in ordered.stdout
    owed = f"KB{KB} (exploited since this morning) is still owed to 1 host(s): pc-002 (not reached)"
    assert f"{owed}. heft catch-up carries it on." in ordered.stdout
    assert "Not carried out; heft catch-up takes it up" in ordered.stdout
    assert site.installed("pc-003")

    for command in ("status", "owed"):
        assert owed in site.heft(command, NAME).stdout
    (emergency,) = json.loads(site.heft("owed", NAME, "--json").stdout)[0]["emergencies"]
    assert (emergency["kb"], emergency["maximum_hosts"]) == (f"KB{KB}", 7)
    (host,) = emergency["hosts"]
    assert (host["host"], host["why"], host["turn"]) == ("pc-002", "not_reached", "now")
    listed = site.heft("catch-up", NAME, "--list", COLUMNS="200").stdout
    assert f"emergency KB{KB} of 18.11.2026 10:00: exploited since this morning" in listed
    assert "as soon as it answers" in listed
    nothing_happens(site, LATER)

    site.faults("pc-002")
    carried_out(site.heft("catch-up", NAME, HEFT_NOW=LATER))
    assert site.installed("pc-002")
    assert not site.installed("pc-002", "5070001")
    assert site.state("pc-002")["updates"]["reboot_required"] is False
    run = site.book.runs(NAME)[0]
    assert (run.kind, run.catch_up, run.limit, run.maximum_hosts) == ("emergency", True, "pc-002", 7)
    assert run.reason == f"KB{KB}: exploited since this morning"
    assert {it.period for it in site.stamps()} == {None}
    assert "emergency, catch-up" in site.heft("status", NAME, COLUMNS="200").stdout
    nothing_happens(site, AFTERNOON)
    assert site.heft("catch-up", NAME, "--list").stdout == f"{NAME}: nobody waits.\n"


def test_a_run_that_is_killed_is_carried_on_where_it_ended(site: PatchedCustomer) -> None:
    for host in ("pc-001", "pc-002"):
        site.plant(host)
    carried_out(site.weekly(at=DAYTIME))
    site.faults("pc-001", slow_seconds=1.0)
    process = site.start(*ORDER)
    until(lambda: any(run.state == "running" for run in site.book.runs(NAME)), seconds=120)
    met = site.heft("catch-up", NAME, HEFT_NOW=LATER)
    run = site.book.runs(NAME)[0]
    assert met.returncode == 0
    if run.state == "running" and met.stdout:  # nobody is visited by two
        assert met.stdout == f"{NAME}: the emergency run {run.id} by anna is under way; left to it.\n"
    os.kill(run.process.pid, signal.SIGKILL)
    process.communicate(timeout=240)
    site.faults("pc-001")
    assert (run.state, run.limit) == ("running", "pc-001,pc-002")
    listed = site.heft("catch-up", NAME, "--list", HEFT_NOW=LATER, COLUMNS="200").stdout
    assert all(host in listed for host in ("pc-001", "pc-002"))
    assert "the run ended before it got there" in listed
    carried_out(site.heft("catch-up", NAME, HEFT_NOW=LATER))
    assert site.installed("pc-001")
    assert site.installed("pc-002")
    assert site.book.verify() == []
    nothing_happens(site, AFTERNOON)


def test_who_has_it_rejected_owes_nothing_and_an_order_can_be_ended(site: PatchedCustomer) -> None:
    for host in ("pc-002", "pc-003"):
        site.plant(host)
    rejected = {"kb": f"KB{KB}", "reason": "Kassensoftware", "expires": "2026-12-31"}
    carried_out(site.weekly(at=DAYTIME))
    site.set_for("pc-002", {"patch_management_reject": [rejected]})
    site.faults("pc-003", off=True)
    assert site.heft(*ORDER).returncode == 1
    assert not site.installed("pc-002")
    assert site.heft("status", NAME).stdout.count("is still owed to 1 host(s): pc-003 (not reached)") == 1
    ended = site.heft("emergency", f"KB{KB}", "--end", "--reason", "withdrawn", "--customer", NAME)
    assert (ended.returncode, ended.stdout) == (
        0,
        f"{NAME}: KB{KB} is not owed by emergency any more: pc-003\n",
    )
    run = site.book.runs(NAME)[0]
    assert (run.kind, run.reason, run.limit) == ("emergency ended", f"KB{KB}: withdrawn", "pc-003")
    site.faults("pc-003")
    nothing_happens(site, LATER)
    again = site.heft("emergency", f"KB{KB}", "--end", "--reason", "withdrawn")
    assert again.stdout == f"Nobody owes KB{KB} by emergency. Nothing was written.\n"


def test_in_the_night_of_the_clock_change_time_goes_on(site: PatchedCustomer) -> None:
    """From 02:00 on to 03:00: the second catch-up is made half an hour after the first, though the clock says more."""
    site.plant("pc-002")
    site.weekly(at="2027-03-26T10:00:00+01:00")
    site.faults("pc-002", off=True)
    assert site.heft(*ORDER, HEFT_NOW="2027-03-28T01:00:00+01:00").returncode == 1
    site.faults("pc-002", answers_as="pc-003")
    site.heft("catch-up", NAME, HEFT_NOW="2027-03-28T01:40:00+01:00")
    nothing_happens(site, "2027-03-28T03:10:00+02:00")
    site.faults("pc-002")
    carried_out(site.heft("catch-up", NAME, HEFT_NOW="2027-03-28T03:41:00+02:00"))
    assert site.installed("pc-002")


def test_what_waits_for_its_restart_stays_owed(site: PatchedCustomer) -> None:
    site.begin_anew(patch_management_reboot="in_window")
    site.plant("pc-002")
    carried_out(site.weekly(at=DAYTIME))
    ordered = site.heft(*ORDER)
    carried_out(ordered)
    assert "lichtblick: restarted in the maintenance window: pc-002" in ordered.stdout
    assert site.installed("pc-002")
    assert site.state("pc-002")["updates"]["reboot_required"] is True
    assert "pc-002 (waits for its restart)" in ordered.stdout
    nothing_happens(site, AFTERNOON)
    carried_out(site.weekly(at=EVENING))
    assert site.state("pc-002")["updates"]["reboot_required"] is False
    assert "still owed" not in site.heft("status", NAME, HEFT_NOW=EVENING).stdout


def test_the_restart_is_made_by_catch_up_once_the_window_is_open(site: PatchedCustomer) -> None:
    site.begin_anew(patch_management_reboot="in_window")
    site.plant("pc-002")
    carried_out(site.weekly(at=DAYTIME))
    carried_out(site.heft(*ORDER))
    carried_out(site.heft("catch-up", NAME, HEFT_NOW=EVENING))
    assert site.book.runs(NAME)[0].catch_up
    assert site.state("pc-002")["updates"]["reboot_required"] is False
    assert "still owed" not in site.heft("status", NAME, HEFT_NOW=EVENING).stdout
