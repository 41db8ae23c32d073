"""Patch management (3.2) through real Ansible: what goes wrong on a host stays there, and ends as a stamp."""

import os
import signal
from collections.abc import Iterator

import pytest

from lab.windows.defaults import available_update
from serviceheft import settings
from serviceheft.book import BookUnavailable
from tests.lab.patching_site import DAYTIME, KB, PatchedCustomer, carried_out, patched_customer
from tests.lab.rehearsal import until

pytestmark = pytest.mark.lab

INSTALLED = [("update.install", "done", None), ("update.reboot", "done", None)]


@pytest.fixture(scope="module")
def raised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PatchedCustomer]:
    with patched_customer(tmp_path_factory.mktemp("faults"), 9) as customer:
        yield customer


@pytest.fixture
def site(raised: PatchedCustomer) -> PatchedCustomer:
    """Everybody gets updates at once: no pilots."""
    raised.begin_anew()
    raised.set_for("pc-001", {"patch_management_ring": "broad"})
    return raised


def spoil(site: PatchedCustomer, host: str, **fields: object) -> None:
    """The missing update of a host does what `fields` say: failure, hangs."""
    site.plant(host)
    site.change(host, lambda state: state["updates"]["available"][-1].update(fields))


def stamped_done(site: PatchedCustomer, host: str) -> bool:
    """Whether the run under way has stamped 3.2 there; it may not even have made the book yet."""
    try:
        return bool(site.run_ids()) and site.outcomes().get((host, "3.2")) == ("done", None)
    except BookUnavailable:
        return False


def test_one_host_that_fails_hangs_or_does_not_come_back_stops_nobody(site: PatchedCustomer) -> None:
    site.begin_anew(
        patch_management_timeout_seconds=12,
        patch_management_reboot_timeout_seconds=4,
        patch_management_maximum_failed_percent=100,
    )
    for host in ("pc-001", "pc-002", "pc-003", "srv-001"):
        site.set_for(host, {"patch_management_ring": "broad"})
    site.plant("pc-001")
    site.faults("pc-001", reboot_never_ends=True)
    spoil(site, "pc-002", hangs=True)
    spoil(site, "pc-003", failure="0x80070643")
    site.plant("srv-001")
    run = site.weekly()
    assert run.returncode == 1
    assert "Traceback" not in run.stdout + run.stderr
    assert site.outcome("pc-001") == ("failed", "reach.reboot_timeout")
    assert site.outcome("pc-002") == ("failed", "patch.installation_hangs")
    assert site.outcome("pc-003") == ("failed", "patch.install_failed")
    assert site.raw_actions("pc-003")[0].values["hresult"] == "0x80070643"
    assert site.outcome("srv-001") == ("done", None)
    assert site.actions("srv-001") == INSTALLED
    assert site.open_findings("pc-003") == {"updates.missing_critical", "updates.install_failed"}
    assert site.open_findings("pc-001") == {"updates.missing_critical"}

    # The causes are gone: the next run carries on with what is still missing.
    site.faults("pc-001")
    for host in ("pc-002", "pc-003"):
        site.change(host, lambda state: state["updates"]["available"][-1].update(hangs=False, failure=None))
    carried_out(site.weekly())
    assert [site.outcome(f"pc-00{number}") for number in (1, 2, 3)] == [("done", None)] * 3
    assert not any(site.open_findings(f"pc-00{number}") for number in (1, 2, 3))


def test_too_many_failures_start_no_further_hosts_and_the_next_run_begins_with_those(
    site: PatchedCustomer,
) -> None:
    site.begin_anew(patch_management_maximum_failed_percent=0)
    site.set_for("pc-001", {"patch_management_ring": "broad"})
    spoil(site, "pc-001", failure="0x80070643")
    for host in ("pc-002", "pc-003"):
        site.plant(host)
    before = {host: site.machines()[host] for host in ("pc-002", "pc-003")}
    assert site.weekly().returncode == 1
    assert site.outcome("pc-001") == ("failed", "patch.install_failed")
    for host, state in before.items():
        assert site.outcome(host) == ("held", "patch.ring_failed")
        assert site.machines()[host] == state
    assert site.weekly().returncode == 1
    assert site.outcome("pc-002") == site.outcome("pc-003") == ("done", None)


def test_an_update_that_fails_each_evening_restarts_nothing_keeps_nobody_waiting_and_is_given_up(
    site: PatchedCustomer,
) -> None:
    """0x80070643, as where the recovery partition is too small."""
    spoil(site, "pc-001", failure="0x80070643")
    site.plant("pc-002")
    booted = site.state("pc-001")["boot_time"]
    for day in (16, 17, 18):
        assert site.weekly(at=f"2026-11-{day}T20:30:00+01:00").returncode == 1
        assert site.outcome("pc-001") == ("failed", "patch.install_failed")
    assert site.outcome("pc-002") == ("done", None)
    assert site.state("pc-001")["boot_time"] == booted
    assert "patching.keeps_failing" not in site.open_findings("pc-001")

    before = site.machines()
    carried_out(site.weekly(at="2026-11-19T20:30:00+01:00"))
    assert site.outcome("pc-001") == ("held", "patch.keeps_failing")
    assert site.machines() == before
    (finding,) = (
        it for it in site.book.findings("lichtblick", open_only=True) if it.cause == "patching.keeps_failing"
    )
    assert (finding.host, finding.values) == ("pc-001", {"count": 1, "updates": f"KB{KB}"})

    # Somebody mends the cause and says so: it is tried again, and comes.
    site.change("pc-001", lambda state: state["updates"]["available"][-1].update(failure=None))
    mended = site.heft("mended", "lichtblick", str(finding.ticket), "--note", "recovery partition enlarged")
    assert mended.returncode == 0, mended.stdout + mended.stderr
    carried_out(site.weekly(at="2026-11-20T20:30:00+01:00"))
    assert site.installed("pc-001")
    assert site.open_findings("pc-001") == set()


def test_what_is_rejected_stays_away_and_what_is_accepted_comes(site: PatchedCustomer) -> None:
    def exception(**what: str) -> dict[str, str]:
        return {**what, "reason": "recalled", "expires": "2026-12-31"}

    site.set_for(
        "pc-001",
        {
            "patch_management_reject": [exception(kb=f"KB{KB}"), exception(title="*preview*")],
            "patch_management_accept": [exception(title="*Network Driver*")],
        },
    )
    site.plant("pc-001")
    published = settings.now()

    def offer(state: dict[str, object]) -> None:
        for kb, title, category in (
            ("5070001", "2026-11 Preview of Cumulative Update (KB5070001)", "Security Updates"),
            ("5070002", "Network Driver 12.1 (KB5070002)", "Drivers"),
            ("5070003", "Printer Driver 3.0 (KB5070003)", "Drivers"),
            ("5070004", "2026-11 .NET Update (KB5070004)", "Security Updates"),
        ):
            update = available_update(title, kb, published=published, categories=[category])
            state["updates"]["available"].append(update)  # type: ignore[index]

    site.change("pc-001", offer)
    carried_out(site.weekly())
    installed = {kb: site.installed("pc-001", kb) for kb in (KB, "5070001", "5070002", "5070003", "5070004")}
    assert installed == {KB: False, "5070001": False, "5070002": True, "5070003": False, "5070004": True}
    told = {(it.subject, it.result.value, it.reason) for it in site.raw_actions("pc-001")}
    assert told == {
        ("KB5070002", "done", None),
        ("KB5070004", "done", None),
        (f"KB{KB}", "held", "patch.rejected"),
        ("KB5070001", "held", "patch.rejected"),
    }
    assert site.outcome("pc-001") == ("done", None)
    assert site.open_findings("pc-001") == {"updates.missing_critical"}  # rejecting does not close the ticket


def test_nobody_is_restarted_while_somebody_is_signed_in(site: PatchedCustomer) -> None:
    site.begin_anew(patch_management_reboot="nobody_logged_on")
    site.set_for("pc-001", {"patch_management_ring": "broad"})
    site.set_for("pc-003", {"patch_management_reboot": "never"})
    for host in ("pc-001", "pc-002", "pc-003"):
        site.plant(host)
    site.change("pc-001", lambda state: state.update(sessions=["LICHTBLICK\\anna"]))
    booted = site.state("pc-001")["boot_time"]
    carried_out(site.weekly())
    restart_waits = ("update.reboot", "held", "patch.somebody_logged_on")
    assert site.actions("pc-001") == [("update.install", "done", None), restart_waits]
    assert site.outcome("pc-001") == ("held", "patch.somebody_logged_on")
    assert site.state("pc-001")["boot_time"] == booted
    assert site.open_findings("pc-001") == {"updates.reboot_pending"}
    assert site.actions("pc-002") == INSTALLED
    assert site.actions("pc-003")[1] == ("update.reboot", "held", "patch.reboot_never")

    site.change("pc-001", lambda state: state.update(sessions=[]))
    carried_out(site.weekly())
    assert site.actions("pc-001") == [("update.reboot", "done", None)]
    assert site.open_findings("pc-001") == set()
    assert site.state("pc-001")["boot_time"] > booted


def test_an_update_that_follows_another_comes_with_the_next_run(site: PatchedCustomer) -> None:
    site.plant("pc-001")
    second = available_update(
        "2026-11 Second Round (KB5070009)", "5070009", published=settings.now(), after=KB
    )
    site.change("pc-001", lambda state: state["updates"]["available"].append(second))
    carried_out(site.weekly())
    assert site.actions("pc-001") == [*INSTALLED, ("update.install", "held", "patch.next_run")]
    assert site.outcome("pc-001") == ("held", "patch.next_run")
    carried_out(site.weekly())
    assert site.installed("pc-001", "5070009")
    assert site.outcome("pc-001") == ("done", None)


def test_old_definitions_are_renewed_at_any_hour_where_windows_scans(site: PatchedCustomer) -> None:
    for host in ("pc-001", "srv-001"):
        site.plant(host, "definitions_outdated", days=9)
    site.change("srv-001", lambda state: state["scanner"].update(definitions_unreachable=True))
    assert site.weekly(at=DAYTIME).returncode == 1
    assert site.actions("pc-001") == [("definitions.update", "done", None)]
    assert site.open_findings("pc-001") == set()
    assert site.actions("srv-001") == [("definitions.update", "failed", "patch.definitions_still_old")]
    assert site.open_findings("srv-001") == {"antivirus.definitions_outdated"}


def test_a_run_that_is_killed_in_the_middle_is_taken_up(site: PatchedCustomer) -> None:
    site.plant("pc-001")
    spoil(site, "pc-002", hangs=True)
    process = site.start("weekly", "lichtblick", HEFT_NOW="2026-11-18T20:30:00+01:00")
    log = site.lab / "windows.log"
    try:
        # One after the other: pc-001's update is done when pc-002's hangs.
        until(lambda: stamped_done(site, "pc-001"), 240)
        seen = len(log.read_text(encoding="utf-8"))
        until(lambda: "pc-002: " in log.read_text(encoding="utf-8")[seen:])
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert site.outcome("pc-002") == ("held", "patch.in_turn")
    site.change("pc-002", lambda state: state["updates"]["available"][-1].update(hangs=False))
    carried_on = site.heft("run", "lichtblick", HEFT_NOW="2026-11-18T21:00:00+01:00")
    assert carried_on.returncode == 0, carried_on.stdout + carried_on.stderr
    assert site.actions("pc-002") == INSTALLED
    assert ("pc-001", "3.2") not in site.outcomes()  # done already
