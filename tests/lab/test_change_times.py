"""Freeze days and windows hold everything that changes a host by schedule (2.4, 3.1, 3.2, 3.3, 4.3), through
real Ansible; and the restart that an installation wants is made by patch management, within its terms."""

from collections.abc import Iterator
from typing import Any

import pytest

from lab import defects
from lab.generated import write_yaml
from serviceheft import settings
from tests.lab.patching_site import MISSING
from tests.lab.rehearsal import NOW, Rehearsal, rehearse
from tests.lab.test_software import FILES, KEY, SHARE, older_product, set_back

pytestmark = pytest.mark.lab

DAYTIME, EVENING, NEXT_EVENING = NOW, "2026-11-18T20:30:00+01:00", "2026-11-19T20:30:00+01:00"
FROZEN = {"first_day": "2026-11-18", "last_day": "2026-11-18", "reason": "Jahresabschluss"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    written: dict[str, Any] = {
        "hosts": 2,
        "tier": "comfort",
        "windows": {"evening": ("20:00", "23:00")},
        "more": {path: data for path, data in FILES.items() if "pc-004" not in path},
        "more_secrets": {"vault_kalkulon_licence_key": KEY},
    }
    with rehearse(tmp_path_factory.mktemp("times"), 6, **written) as lab:
        yield lab


def set_for_all(site: Rehearsal, **variables: Any) -> None:
    wanted = {"patch_management_reboot": "when_needed", "antivirus_check_maximum_definition_age_days": 90}
    wanted |= variables
    write_yaml(site.elsewhere.root / "group_vars" / "all" / "patching.yml", wanted)


def results(site: Rehearsal, service: str, host: str = "pc-001") -> list[tuple[str, str, str | None]]:
    stamp = [it for it in site.stamps() if (it.service, it.host) == (service, host)][-1]
    return [(it.kind, it.result.value, it.reason) for it in stamp.actions]


def outcome(site: Rehearsal, service: str) -> tuple[str, str | None]:
    return site.outcomes()["pc-001", service]


def test_a_freeze_holds_every_service_and_the_window_those_that_say_so(site: Rehearsal) -> None:
    set_for_all(site, patch_management_freeze=[FROZEN])

    def spoil(state: dict[str, Any]) -> None:
        set_back(state, "firefox")
        older_product(state)
        state["installers"][SHARE]["return_code"] = 3010
        defects.plant(state, "automatic_updates_off", settings.now())
        defects.plant(state, "update_missing", settings.now(), **MISSING)

    site.change("pc-001", spoil)
    before = site.machines()
    for at in (DAYTIME, EVENING):
        done = site.heft("weekly", "lichtblick", HEFT_NOW=at)
        assert done.returncode == 0, done.stdout + done.stderr
        assert site.machines() == before
        for service in ("3.1", "3.3", "4.3"):
            assert outcome(site, service) == ("held", "change.freeze"), service
            assert {reason for _, _, reason in results(site, service)} == {"change.freeze"}
        assert outcome(site, "3.2") == ("held", "patch.freeze")

    # The freeze is over, the window is not open: what may be done at any time is done, the rest waits.
    set_for_all(site)
    day = site.heft("run", "lichtblick", HEFT_NOW="2026-11-19T10:00:00+01:00")
    assert day.returncode == 0, day.stdout + day.stderr
    assert outcome(site, "3.1")[0] == "finding"  # the update is missing still
    assert ("updates.automatic", "done", None) in results(site, "3.1")
    for service in ("3.3", "4.3"):
        assert outcome(site, service) == ("held", "change.outside_window")
    assert outcome(site, "3.2") == ("held", "patch.outside_window")

    # In the window all is done, and the restart that the product's installer wants comes with that of the update.
    booted = site.state("pc-001")["boot_time"]
    evening = site.heft("run", "lichtblick", HEFT_NOW=NEXT_EVENING)
    assert evening.returncode == 0, evening.stdout + evening.stderr
    assert results(site, "3.3") == [("package.upgrade", "done", None)]
    assert results(site, "4.3") == [("product.upgrade", "done", None)]
    assert ("update.reboot", "done", None) in results(site, "3.2")
    assert site.state("pc-001")["boot_time"] > booted


def test_a_restart_that_an_installer_wants_alone_is_made_once(site: Rehearsal) -> None:
    set_for_all(site)

    def spoil(state: dict[str, Any]) -> None:
        older_product(state)
        state["installers"][SHARE]["return_code"] = 3010

    site.change("pc-002", spoil)
    booted = site.state("pc-002")["boot_time"]
    evening = site.heft("weekly", "lichtblick", HEFT_NOW="2026-11-24T20:30:00+01:00")
    assert evening.returncode == 0, evening.stdout + evening.stderr
    assert results(site, "4.3", "pc-002") == [("product.upgrade", "done", None)]
    assert results(site, "3.2", "pc-002") == [("update.reboot", "done", None)]
    assert site.state("pc-002")["boot_time"] > booted
    # The lab's clock stands days behind ours: it is the host's own that tells that it was started since.
    again = site.heft("weekly", "lichtblick", HEFT_NOW="2026-11-25T20:30:00+01:00")
    assert again.returncode == 0, again.stdout + again.stderr
    assert results(site, "3.2", "pc-002") == []
