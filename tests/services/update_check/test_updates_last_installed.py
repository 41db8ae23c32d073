"""Only a cumulative update brings Windows up to date: definitions, drivers and Store apps do not, in any language."""

from datetime import timedelta
from typing import Any

import pytest

from serviceheft.model.categories import CATEGORIES
from serviceheft.services.update_check.history import read_history
from serviceheft.services.update_check.judging import judge
from serviceheft.services.update_check.policy import UpdatePolicy
from tests.services.update_check.test_updates import NOW, found, history, search, section, unmeasured

CHECK = "updates.install_outdated"
SMALL = [
    "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version 1.443.331.0)",
    "Security Intelligence-Update für Microsoft Defender Antivirus – KB2267602 (Version 1.443.331.0)",
    "Update für Microsoft Defender Antivirus-Antischadsoftwareplattform – KB4052623 (Version 4.18.25100.9008)",
    "Windows-Tool zum Entfernen bösartiger Software x64 - v5.135 (KB890830)",
    "2026-11 .NET 8.0.22 Security Update for x64 Client (KB5072031)",
    "2026-11 Kumulatives Update für .NET Framework 3.5 und 4.8.1 für Windows 11 (KB5066131)",
    "2026-11 Servicing Stack Update for Windows 10 Version 22H2 (KB5031539)",
    "2026-11 Wartungsstapelupdate für Windows 10 (KB5031539)",
    "Обновление механизма обнаружения угроз для Microsoft Defender Antivirus - KB2267602 (версия 1.359.1276.0)",
    "Definition Update for Windows Defender - KB2267602 (Definition 1.237.77.0)",
    "2024-01 Security Update for Microsoft server operating system version 21H2 for x64-based Systems (KB5034439)",
    "2024-01 Sicherheitsupdate für Windows 10 Version 22H2 für x64-basierte Systeme (KB5034441)",
    "9NBLGGH4NNS1-Microsoft.DesktopAppInstaller",
    "Intel - net - 12.19.2.60",
    "Realtek Semiconductor Corp. - Extension - 11.0.6000.1",
    "Sicherheitsupdate für Microsoft Office 2016 (KB5002100), 64-Bit-Edition",
    "Update for Windows Security platform - KB5007651 (Version 10.0.29429.1000)",
]
CUMULATIVE = [
    "2026-11 Cumulative Update for Windows 11, version 25H2 for x64-based Systems (KB5068861)",
    "2026-11 Kumulatives Update für Windows 11, Version 25H2 für x64-basierte Systeme (KB5068861)",
    "2026-11 Security Update (KB5068861) (26200.7171)",
    "2026-11 Sicherheitsupdate (KB5068861) (26200.7171)",
    "2026-11 Mise à jour cumulative pour Windows 11 (KB5068861)",
    "2026-10 Preview Update (KB5067036) (26200.7019)",
    "2026-11 Security Monthly Quality Rollup for Windows Server 2012 R2 for x64-based Systems (KB5068905)",
    "2026-11 Monatliches Sicherheits- und Qualitätsrollup für Windows Server 2012 R2 (KB5068905)",
    "Feature update to Windows 11, version 25H2",
    "Funktionsupdate für Windows 11, Version 25H2",
    "Windows 11, version 25H2",
]


def entry(title: str, days: int, *categories: str, **fields: Any) -> dict[str, Any]:
    return history(
        UpdateID=f"{title} {days}",
        Title=title,
        Date=(NOW - timedelta(days=days)).isoformat(),
        ResultCode=2,
        HResult=0,
        CategoryIDs=[CATEGORIES[name].identifier for name in categories],
        **fields,
    )


@pytest.mark.parametrize("title", SMALL)
def test_small_things_are_no_cumulative_update(title: str) -> None:
    old = entry(CUMULATIVE[0], 460)
    raw = section(cumulative={}, History=[old, *(entry(title, days) for days in range(60))])
    raw["AutoUpdate"]["LastInstallationSuccessDate"] = NOW.isoformat()
    [(cause, values)] = found(judge(search(), raw, UpdatePolicy(), NOW))
    assert (cause, values["age_days"]) == (CHECK, 460)


@pytest.mark.parametrize("title", CUMULATIVE)
def test_cumulative_updates_of_both_languages_and_both_styles_count(title: str) -> None:
    raw = section(cumulative={}, History=[entry(title, 20)])
    assert found(judge(search(), raw, UpdatePolicy(), NOW)) == []


def test_identifiers_go_before_titles() -> None:
    named = [
        entry(CUMULATIVE[0], 3, "DefinitionUpdates"),
        entry(CUMULATIVE[0], 4, "Drivers"),
        entry("Irgendein Name", 5, "Upgrades"),
    ]
    told = read_history({"History": named}, NOW)
    assert told is not None
    assert [one.cumulative for one in told.entries] == [True, False, False]


def test_a_cumulative_update_that_failed_or_was_removed_does_not_count() -> None:
    entries = [entry(CUMULATIVE[0], 3) | {"ResultCode": 4}, entry(CUMULATIVE[0], 4) | {"Operation": 2}]
    raw = section(cumulative={}, History=[entry(CUMULATIVE[0], 100), *entries])
    assert CHECK in [cause for cause, _ in found(judge(search(), raw, UpdatePolicy(), NOW))]


def test_a_history_of_small_things_only_is_found_once_it_reaches_back_far_enough() -> None:
    raw = section(cumulative={}, History=[entry(SMALL[0], days) for days in range(50)])
    assert found(judge(search(), raw, UpdatePolicy(), NOW)) == [
        ("updates.never_installed", {"known_days": 49, "tolerated_days": 45})
    ]
    for short in ([], [entry(SMALL[0], 3)]):
        judgement = judge(search(), section(cumulative={}, History=short), UpdatePolicy(), NOW)
        assert (judgement.reason, unmeasured(judgement)) == ("updates.history_short", {CHECK})
    # The script leaves definitions out and says how far it looked.
    looked = section(cumulative={}, HistoryReachesTo=(NOW - timedelta(days=49)).isoformat())
    assert [cause for cause, _ in found(judge(search(), looked, UpdatePolicy(), NOW))] == [
        "updates.never_installed"
    ]


def test_a_new_windows_is_up_to_date_by_its_installation() -> None:
    """A new release of Windows begins its history anew."""
    raw = section(cumulative={})
    raw["Windows"]["InstallDate"] = int((NOW - timedelta(days=10)).timestamp())
    assert found(judge(search(), raw, UpdatePolicy(), NOW)) == []
    for never in (0, -1, 4294967295, 65535, None):
        raw["Windows"]["InstallDate"] = never
        assert unmeasured(judge(search(), raw, UpdatePolicy(), NOW)) == {CHECK}


def test_how_old_it_may_be_is_the_inventory_s_affair() -> None:
    raw = section(cumulative={"Date": (NOW - timedelta(days=60)).isoformat()})
    assert [cause for cause, _ in found(judge(search(), raw, UpdatePolicy(), NOW))] == [CHECK]
    policy = UpdatePolicy.from_variables({"update_check_maximum_installation_age_days": 90})
    assert found(judge(search(), raw, policy, NOW)) == []


def test_a_restart_waits_since_something_that_wants_one_was_installed() -> None:
    pending = {"WindowsUpdate": True, "ComponentBasedServicing": False}
    entries = [entry(SMALL[0], 9), entry(SMALL[8], 8), entry("x", 7, "Drivers"), entry(CUMULATIVE[0], 5)]
    raw = section(cumulative={}, PendingReboot=pending, History=entries)
    [(cause, values)] = found(judge(search(), raw, UpdatePolicy(), NOW))
    assert (cause, values["days"]) == ("updates.reboot_pending", 5)
