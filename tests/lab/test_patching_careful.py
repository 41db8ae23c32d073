"""Patch management (3.2) through real Ansible as a careful technician does it: what is chosen and nothing else, who is
asked before a restart, pilots that refuse or fall sick, hosts that stand in for each other."""

from collections.abc import Iterator

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

pytestmark = pytest.mark.lab

SHARED = "5044284"
CUMULATIVE = "2026-11 Kumulatives Update für Windows 11 (KB5044284)"
RELEASE = "Windows 11, version 26H2 (KB5044284)"
STACK = "2026-11 Update für den Wartungsstapel (KB5070043)"
#: The lab's definitions and scans are of the first day; here weeks go by.
PATIENT = {
    "antivirus_check_maximum_definition_age_days": 90,
    "antivirus_check_maximum_scan_age_days": None,
    "update_check_maximum_installation_age_days": 90,
}
DONE = [("update.install", "done", None), ("update.reboot", "done", None)]


@pytest.fixture(scope="module")
def raised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PatchedCustomer]:
    controllers = ("domain_controllers", ("dc-001", "dc-002"))
    with patched_customer(tmp_path_factory.mktemp("careful"), 4, *controllers) as customer:
        yield customer


@pytest.fixture
def site(raised: PatchedCustomer) -> PatchedCustomer:
    raised.begin_anew()
    return raised


def without_pilots(site: PatchedCustomer) -> None:
    site.set_for("pc-001", {"patch_management_ring": "broad"})


def has(site: PatchedCustomer, host: str, title: str) -> bool:
    (update,) = (it for it in site.state(host)["updates"]["available"] if it["title"] == title)
    return bool(update["installed"])


def restarted(site: PatchedCustomer, host: str, before: dict[str, str]) -> bool:
    return bool(site.state(host)["boot_time"] != before[host])


def boots(site: PatchedCustomer, *hosts: str) -> dict[str, str]:
    return {host: site.state(host)["boot_time"] for host in hosts}


# -- which updates -----------------------------------------------------------------------------------------------


def test_of_two_updates_with_one_article_exactly_the_chosen_one_comes(site: PatchedCustomer) -> None:
    """KB5044284 is a cumulative update and the next release of Windows; so it is for the accept list, and urgently."""
    without_pilots(site)
    accepted = {"kb": f"KB{SHARED}", "reason": "wanted early", "expires": "2026-12-31"}
    site.set_for("pc-002", {"patch_management_accept": [accepted]})
    stack = site.offer("pc-001", STACK, "5070043", categories=("Updates",))
    for host in ("pc-001", "pc-002", "pc-003"):
        site.offer(host, RELEASE, SHARED, categories=("Upgrades",), reboot_required=True)
        brings = (stack,) if host == "pc-001" else ()
        chosen = site.offer(
            host, CUMULATIVE, SHARED, severity="Critical", reboot_required=True, brings=brings
        )
    carried_out(site.weekly("--limit", "pc-001,pc-002"))
    for host in ("pc-001", "pc-002"):
        assert has(site, host, CUMULATIVE)
        assert not has(site, host, RELEASE)
        assert site.actions(host) == DONE
        values = site.raw_actions(host)[0].values
        assert (values["update_id"], values["revision"], values["title"]) == (chosen, 200, CUMULATIVE)
    # What came in besides is said.
    assert has(site, "pc-001", STACK)
    assert site.open_findings("pc-001") == {"patching.came_in"}
    assert site.open_findings("pc-002") == set()

    done = site.heft("emergency", f"KB{SHARED}", "--reason", "exploited", "--yes", HEFT_NOW=EVENING)
    assert done.returncode == 0, done.stdout + done.stderr
    assert has(site, "pc-003", CUMULATIVE)
    assert not has(site, "pc-003", RELEASE)
    again = site.heft("emergency", f"KB{SHARED}", "--reason", "exploited", "--yes", HEFT_NOW=EVENING)
    assert again.stdout.splitlines()[-1] == f"No host lacks KB{SHARED}. Nothing was touched."


# -- restarts ----------------------------------------------------------------------------------------------------


def test_who_is_signed_in_is_asked_right_before_the_restart(site: PatchedCustomer) -> None:
    site.begin_anew(patch_management_reboot="nobody_logged_on")
    without_pilots(site)
    site.offer("pc-001", CUMULATIVE, SHARED, reboot_required=True, signs_in="LICHTBLICK\\anna")
    for host, kind in (("pc-002", "disconnected"), ("pc-003", "remote_app")):
        site.plant(host)
        session = {"user": "LICHTBLICK\\bernd", "kind": kind}
        site.change(host, lambda state, session=session: state.update(sessions=[session]))
    site.plant("dc-001")
    site.change("dc-001", lambda state: state.update(sessions_unreadable=True))
    before = boots(site, "pc-001", "pc-002", "pc-003", "dc-001")
    carried_out(site.weekly())
    for host, reason in (
        ("pc-001", "patch.somebody_logged_on"),  # came while it was installed
        ("pc-002", "patch.somebody_logged_on"),
        ("pc-003", "patch.somebody_logged_on"),
        ("dc-001", "patch.sessions_unknown"),
    ):
        assert site.actions(host) == [("update.install", "done", None), ("update.reboot", "held", reason)]
        assert not restarted(site, host, before)

    # They are gone: nothing is left to install, and the restart is made.
    for host in before:
        site.change(host, lambda state: state.update(sessions=[], sessions_unreadable=False))
    carried_out(site.weekly())
    for host in before:
        assert site.actions(host) == [("update.reboot", "done", None)]
        assert restarted(site, host, before)


def test_an_emergency_by_day_restarts_by_the_terms_of_each_device(site: PatchedCustomer) -> None:
    terms = {"pc-001": "when_needed", "pc-002": "in_window", "pc-003": "nobody_logged_on", "dc-001": "never"}
    for host, reboot in terms.items():
        ring = {"patch_management_ring": "broad"}
        site.set_for(host, {"patch_management_reboot": reboot} | ring)
        site.plant(host)
    carried_out(site.weekly(at="2026-11-18T08:00:00+01:00"))
    before = boots(site, *terms)
    done = site.heft("emergency", f"KB{KB}", "--reason", "exploited", "--yes", HEFT_NOW=DAYTIME)
    assert all(site.installed(host) for host in terms), done.stdout + done.stderr
    assert {host: site.actions(host)[-1] for host in terms} == {
        "pc-001": ("update.reboot", "done", None),
        "pc-002": ("update.reboot", "held", "patch.outside_window"),
        "pc-003": ("update.reboot", "held", "patch.outside_window"),
        "dc-001": ("update.reboot", "held", "patch.reboot_never"),
    }
    assert [host for host in terms if restarted(site, host, before)] == ["pc-001"]


def test_domain_controllers_are_never_away_together(site: PatchedCustomer) -> None:
    site.begin_anew(patch_management_reboot_timeout_seconds=4)
    without_pilots(site)
    for host in ("dc-001", "dc-002"):
        site.plant(host)
    site.faults("dc-001", reboot_never_ends=True)
    before = site.machines()["dc-002"]
    assert site.weekly().returncode == 1
    assert site.outcome("dc-001") == ("failed", "reach.reboot_timeout")
    assert site.outcome("dc-002") == ("held", "patch.partner_unwell")
    assert site.machines()["dc-002"] == before

    site.faults("dc-001", off=True)  # and it stays away
    assert site.weekly(at=NEXT_EVENING).returncode == 1
    assert site.outcome("dc-002") == ("held", "patch.partner_unwell")
    assert site.weekly("--limit", "dc-002", at=NEXT_EVENING).returncode == 0
    assert site.outcome("dc-002") == ("held", "patch.partner_unwell")
    assert site.machines()["dc-002"] == before

    site.faults("dc-001")
    carried_out(site.weekly(at=FRIDAY_EVENING))
    assert site.outcome("dc-001") == site.outcome("dc-002") == ("done", None)
    stamps = [it for it in site.stamps() if it.service == "3.2" and it.host in ("dc-001", "dc-002")]
    done = {it.host: it.number for it in stamps if it.outcome == "done"}
    assert done["dc-001"] < done["dc-002"]


# -- rings and pilots --------------------------------------------------------------------------------------------


def test_what_the_pilot_refuses_or_nobody_can_date_nobody_gets_untested(site: PatchedCustomer) -> None:
    site.begin_anew(**PATIENT)
    rejected = {"kb": f"KB{KB}", "reason": "breaks its scanner", "expires": "2027-12-31"}
    site.set_for("pc-001", {"patch_management_ring": "pilot", "patch_management_reject": [rejected]})
    for host in ("pc-001", "pc-002"):
        site.plant(host)
    site.offer("pc-003", "2026-11 Out-of-band Update (KB5070099)", "5070099")
    site.change("pc-003", lambda state: state["updates"]["available"][-1].update(published=None))
    before = site.machines()
    for at in (EVENING, FRIDAY_EVENING):
        # How long an update without a date has been missing nobody can measure (3.1).
        assert site.weekly(at=at).returncode == 1
        assert site.outcome("pc-003", "3.1") == ("not measured", "updates.undated")
        assert site.outcome("pc-002") == ("held", "patch.pilot_refuses")
        assert site.outcome("pc-003") == ("held", "patch.undated")
    # Nobody waits for ever by agreement.
    site.weekly(at="2026-12-09T20:30:00+01:00")
    for host in ("pc-002", "pc-003"):
        assert site.outcome(host) == ("held", "patch.pilots_overdue")
    assert site.machines() == before
    # Another pilot takes it, and is well with it.
    site.set_for("dc-001", {"patch_management_ring": "pilot"})
    site.plant("dc-001")
    site.weekly(at="2026-12-14T20:30:00+01:00")
    assert site.outcome("pc-002") == ("held", "patch.pilots_overdue")
    site.weekly(at="2026-12-17T20:30:00+01:00")
    assert site.installed("pc-002")


def test_a_pilot_that_fell_sick_stays_so_when_the_next_update_comes(site: PatchedCustomer) -> None:
    site.begin_anew(**PATIENT)
    for host in ("pc-001", "pc-002"):
        site.plant(host)
    carried_out(site.weekly())
    assert site.installed("pc-001")
    site.plant("pc-001", "real_time_off")
    carried_out(site.weekly(at=NEXT_EVENING))
    assert site.open_findings("pc-001") == {"antivirus.real_time_off"}
    for host in ("pc-001", "pc-002"):
        site.offer(
            host, "2026-11 Second Update (KB5070010)", "5070010", published="2026-11-19T18:00:00+00:00"
        )
    carried_out(site.weekly(at=FRIDAY_EVENING))
    assert site.installed("pc-001", "5070010")
    before = site.machines()["pc-002"]
    carried_out(site.weekly(at="2026-11-25T20:30:00+01:00"))
    assert site.outcome("pc-002") == ("held", "patch.pilot_sick")
    assert {it.reason for it in site.raw_actions("pc-002")} == {"patch.pilot_sick"}
    assert site.machines()["pc-002"] == before

    # Measured gone, it is well with both.
    site.change("pc-001", lambda state: state["scanner"]["defender"].update(RealTimeProtectionEnabled=True))
    carried_out(site.weekly(at="2026-11-26T20:30:00+01:00"))
    assert site.installed("pc-002")
    assert site.installed("pc-002", "5070010")
