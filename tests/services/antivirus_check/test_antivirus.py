"""2.7 judged on recorded shapes: every cause, every gap, both sources."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from serviceheft.assess.judgement import Judgement
from serviceheft.services.antivirus_check.judging import AntivirusPolicy, judge
from serviceheft.settings import REPOSITORY

NOW = datetime(2026, 11, 22, 20, 35, tzinfo=UTC)
RECENT = "2026-11-22T15:00:00Z"
BITDEFENDER = AntivirusPolicy(product="bitdefender")
DEFENDER = AntivirusPolicy(product="defender")


def defender(**changes: Any) -> dict[str, Any]:
    """A healthy antivirus section with Defender at work; `changes` alter Get-MpComputerStatus."""
    return {
        "Errors": {},
        "Defender": {
            "AMServiceEnabled": True,
            "AMRunningMode": "Normal",
            "AMProductVersion": "4.18.26090.9",
            "AMEngineVersion": "1.1.26090.5",
            "AntivirusEnabled": True,
            "AntivirusSignatureVersion": "1.455.12.0",
            "AntivirusSignatureLastUpdated": RECENT,
            "AntivirusSignatureAge": 0,
            "DefenderSignaturesOutOfDate": False,
            "RealTimeProtectionEnabled": True,
            "QuickScanEndTime": RECENT,
            "QuickScanAge": 0,
            "FullScanEndTime": None,
            "FullScanAge": 4294967295,
            **changes,
        },
        "Detections": [],
        "SecurityCenter": [{"displayName": "Windows Defender", "productState": 397568}],
        "Bitdefender": None,
    }


def bitdefender(state: str = "Running") -> dict[str, Any]:
    """A section with Bitdefender's agent; Defender has stepped back."""
    section = defender(AMRunningMode="Passive Mode", AntivirusEnabled=False)
    section["Bitdefender"] = {
        "Programs": [{"DisplayName": "Bitdefender Endpoint Security Tools", "DisplayVersion": "7.9.22.537"}],
        "Services": [{"Name": "EPSecurityService", "State": state, "StartMode": "Auto"}],
    }
    section["SecurityCenter"] = [
        {"displayName": "Bitdefender Endpoint Security Tools Antimalware", "productState": 266240}
    ]
    return section


def console(**agent: Any) -> dict[str, Any]:
    """A console that knows a healthy host; `agent` alters the agent's part."""
    return {
        "available": True,
        "reason": None,
        "fetched_at": RECENT,
        "endpoint": {
            "lastSeen": "2026-11-22T20:00:00",
            "agent": {
                "engineVersion": "7.98245",
                "lastUpdate": "2026-11-22T15:00:00",
                "licensed": 1,
                "productOutdated": False,
                "productUpdateDisabled": False,
                "productVersion": "7.9.22.537",
                "signatureOutdated": False,
                "signatureUpdateDisabled": False,
                **agent,
            },
            "malwareStatus": {"detection": False, "infected": False},
            "modules": {"antimalware": True},
            "lastSuccessfulScan": {"name": "weekly", "date": "2026-11-21T04:09:29+00:00"},
        },
    }


def changed(console_part: dict[str, Any], **fields: Any) -> dict[str, Any]:
    altered = deepcopy(console_part)
    altered["endpoint"] |= fields
    return altered


def causes(judgement: Judgement) -> list[str]:
    return [finding.cause for finding in judgement.findings]


def unmeasured(judgement: Judgement) -> set[str]:
    return {check.key for check in judgement.checks if check.result == "not_measured"}


def test_healthy_defender_is_done() -> None:
    judgement = judge(defender(), None, DEFENDER, NOW)
    assert judgement.outcome == "done"
    assert judgement.reason is None
    assert {check.key for check in judgement.checks} == {
        "antivirus.scanner",
        "antivirus.definitions",
        "antivirus.real_time",
        "antivirus.detections",
        "antivirus.scan",
    }
    measured = judgement.measured
    assert measured["product"] == "defender"
    assert measured["definitions_updated_at"] == RECENT
    assert measured["last_scan_at"] == RECENT
    assert measured["source"] == "windows"


def test_healthy_bitdefender_is_done_and_the_console_outranks_windows() -> None:
    judgement = judge(bitdefender(), console(), BITDEFENDER, NOW)
    assert (judgement.outcome, causes(judgement), unmeasured(judgement)) == ("done", [], set())
    assert judgement.measured["source"] == "console"
    assert judgement.measured["licence"] == "active"
    assert judgement.measured["console_last_seen_at"] == "2026-11-22T20:00:00Z"
    assert judgement.measured["product_name"] == "Bitdefender Endpoint Security Tools"


@pytest.mark.parametrize(
    ("changes", "cause", "values"),
    [
        (
            {"AntivirusSignatureLastUpdated": "2026-11-18T20:00:00Z"},
            "antivirus.definitions_outdated",
            {"age_days": 4, "tolerated_days": 3, "updated_at": "2026-11-18T20:00:00Z"},
        ),
        ({"DefenderSignaturesOutOfDate": True}, "antivirus.definitions_called_outdated", {}),
        (
            {"AntivirusSignatureLastUpdated": None, "AntivirusSignatureAge": 4294967295},
            "antivirus.definitions_never_loaded",
            {},
        ),
        ({"RealTimeProtectionEnabled": False}, "antivirus.real_time_off", {}),
        (
            {"QuickScanEndTime": "2026-11-01T20:00:00Z"},
            "antivirus.scan_outdated",
            {"age_days": 21, "tolerated_days": 14, "scanned_at": "2026-11-01T20:00:00Z"},
        ),
        ({"QuickScanEndTime": None, "QuickScanAge": 4294967295}, "antivirus.never_scanned", {}),
        ({"AMServiceEnabled": False}, "antivirus.no_scanner", {"expected": "defender"}),
        ({"AMRunningMode": "Not running"}, "antivirus.no_scanner", {"expected": "defender"}),
    ],
)
def test_each_defect_of_defender_is_the_only_finding(
    changes: dict[str, Any], cause: str, values: dict[str, Any]
) -> None:
    judgement = judge(defender(**changes), None, DEFENDER, NOW)
    assert judgement.outcome == "finding"
    assert [(finding.cause, dict(finding.values)) for finding in judgement.findings] == [(cause, values)]


@pytest.mark.parametrize("days", [3, 4])
def test_limit_of_the_definitions_is_inclusive(days: int) -> None:
    section = defender(AntivirusSignatureLastUpdated=f"2026-11-{22 - days}T20:35:00Z")
    assert bool(judge(section, None, DEFENDER, NOW).findings) is (days == 4)


@pytest.mark.parametrize(
    ("status", "active"),
    [
        (1, True),
        (2, False),
        (3, False),
        (4, False),
        (5, False),
        (6, False),
        (102, True),
        (107, True),
        (0, True),
    ],
)
def test_detections_that_are_dealt_with_do_not_count(status: int, active: bool) -> None:
    section = defender()
    section["Detections"] = [
        {"ThreatID": 1, "ThreatStatusID": status, "ThreatName": "Virus:DOS/EICAR_Test_File"}
    ]
    judgement = judge(section, None, DEFENDER, NOW)
    if active:
        assert dict(judgement.findings[0].values) == {"count": 1, "threats": "Virus:DOS/EICAR_Test_File"}
    else:
        assert judgement.outcome == "done"
        assert judgement.measured["handled_detections"] == 1


@pytest.mark.parametrize(
    ("version", "minimum", "found"),
    [
        ("4.18.26090.9", "4.18.26090.10", True),
        ("4.18.26090.9", "4.18.26090.9", False),
        ("4.18.26090.9", "4.18", False),
        ("4.18", "4.18.0.0", False),
        ("10.0", "9.9", False),
    ],
)
def test_minimum_version_is_compared_by_numbers(version: str, minimum: str, found: bool) -> None:
    policy = AntivirusPolicy(minimum_product_version=minimum)
    judgement = judge(defender(AMProductVersion=version), None, policy, NOW)
    assert causes(judgement) == (["antivirus.product_below_minimum"] if found else [])
    assert judgement.outcome == ("finding" if found else "done")


def test_version_that_is_none_is_not_measured() -> None:
    judgement = judge(
        defender(AMProductVersion="preview"), None, AntivirusPolicy(minimum_product_version="4.18"), NOW
    )
    assert (judgement.outcome, unmeasured(judgement)) == ("not measured", {"antivirus.product"})


@pytest.mark.parametrize(
    ("part", "cause", "values"),
    [
        ({"signatureOutdated": True}, "antivirus.definitions_called_outdated", {}),
        ({"productOutdated": True}, "antivirus.product_outdated", {"version": "7.9.22.537"}),
        ({"signatureUpdateDisabled": True}, "antivirus.updates_disabled", {}),
        ({"productUpdateDisabled": True}, "antivirus.updates_disabled", {}),
        ({"licensed": 0}, "antivirus.licence_missing", {"state": "pending"}),
        ({"licensed": 2}, "antivirus.licence_missing", {"state": "expired"}),
        ({"licensed": 6}, "antivirus.licence_missing", {"state": "missing"}),
        (
            {"lastUpdate": "2026-11-10T15:00:00"},
            "antivirus.definitions_outdated",
            {"age_days": 12, "tolerated_days": 3, "updated_at": "2026-11-10T15:00:00Z"},
        ),
    ],
)
def test_each_defect_of_the_agent_is_the_only_finding(
    part: dict[str, Any], cause: str, values: dict[str, Any]
) -> None:
    judgement = judge(bitdefender(), console(**part), BITDEFENDER, NOW)
    assert [(finding.cause, dict(finding.values)) for finding in judgement.findings] == [(cause, values)]


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"lastSeen": "2026-11-14T00:00:00"}, "antivirus.console_silent"),
        ({"malwareStatus": {"detection": True, "infected": True}}, "antivirus.active_detections"),
        ({"modules": {"antimalware": False}}, "antivirus.real_time_off"),
        ({"lastSuccessfulScan": {"date": "2026-10-01T00:00:00+02:00"}}, "antivirus.scan_outdated"),
    ],
)
def test_each_defect_of_the_endpoint_is_the_only_finding(fields: dict[str, Any], cause: str) -> None:
    judgement = judge(bitdefender(), changed(console(), **fields), BITDEFENDER, NOW)
    assert causes(judgement) == [cause]


def test_console_does_not_know_the_host() -> None:
    judgement = judge(bitdefender(), console() | {"endpoint": None}, BITDEFENDER, NOW)
    assert causes(judgement) == ["antivirus.console_unknown_host"]
    assert judgement.reason == "console.host_unknown"
    assert "antivirus.definitions" in unmeasured(judgement)


@pytest.mark.parametrize("reason", ["console.unauthorised", "console.rate_limited", "console.timeout"])
def test_console_is_away(reason: str) -> None:
    away = {"available": False, "reason": reason, "fetched_at": RECENT, "endpoint": None}
    judgement = judge(bitdefender(), away, BITDEFENDER, NOW)
    assert (judgement.outcome, judgement.reason) == ("not measured", reason)
    assert unmeasured(judgement) >= {"antivirus.console", "antivirus.definitions", "antivirus.licence"}
    assert "antivirus.scanner" not in unmeasured(judgement)


def test_console_is_away_and_windows_own_data_is_still_judged() -> None:
    away = {"available": False, "reason": "console.timeout"}
    stopped = judge(bitdefender("Stopped"), away, BITDEFENDER, NOW)
    assert causes(stopped) == ["antivirus.real_time_off"]
    assert stopped.reason == "console.timeout"
    other = judge(defender(), away, BITDEFENDER, NOW)
    assert [(each.cause, dict(each.values)) for each in other.findings] == [
        ("antivirus.other_scanner", {"found": "defender", "expected": "bitdefender"})
    ]


def test_console_was_not_asked() -> None:
    assert judge(bitdefender(), None, BITDEFENDER, NOW).reason == "console.not_asked"


def test_reason_of_the_console_is_allow_listed() -> None:
    judgement = judge(bitdefender(), {"available": False, "reason": "key abc refused"}, BITDEFENDER, NOW)
    assert judgement.reason == "console.invalid_answer"


def test_endpoint_without_scan_logs_is_not_measured_unless_no_age_was_agreed() -> None:
    part = changed(console(), lastSuccessfulScan=None)
    judgement = judge(bitdefender(), part, BITDEFENDER, NOW)
    assert (judgement.outcome, judgement.reason) == ("not measured", "antivirus.not_shown")
    assert unmeasured(judgement) == {"antivirus.scan"}
    lenient = AntivirusPolicy(product="bitdefender", maximum_scan_age_days=None)
    assert judge(bitdefender(), part, lenient, NOW).outcome == "done"


def test_other_scanner_than_agreed() -> None:
    judgement = judge(bitdefender(), None, DEFENDER, NOW)
    assert causes(judgement) == ["antivirus.other_scanner"]
    assert unmeasured(judgement)


def test_security_centre_names_another_scanner_but_proves_none() -> None:
    section = defender(AMServiceEnabled=False)
    section["SecurityCenter"] = [{"displayName": "Kaspersky Endpoint Security", "productState": 266240}]
    assert causes(judge(section, None, DEFENDER, NOW)) == ["antivirus.other_scanner"]
    agreed = judge(section, None, AntivirusPolicy(product="kaspersky"), NOW)
    assert (agreed.outcome, agreed.reason) == ("not measured", "antivirus.only_a_hint")
    assert agreed.measured["product"] == "kaspersky"


@pytest.mark.parametrize("state", [393472, 0, None, "x"])
def test_security_centre_entry_that_is_off_counts_for_nothing(state: object) -> None:
    section = defender(AMServiceEnabled=False)
    section["SecurityCenter"] = [{"displayName": "Other AV", "productState": state}]
    assert causes(judge(section, None, DEFENDER, NOW)) == ["antivirus.no_scanner"]


def test_server_without_security_centre_and_defender() -> None:
    section = {"Errors": {}, "Defender": None, "Detections": [], "SecurityCenter": None, "Bitdefender": None}
    judgement = judge(section, None, DEFENDER, NOW)
    assert causes(judgement) == ["antivirus.no_scanner"]
    assert unmeasured(judgement) == set()


def test_nothing_agreed_still_wants_a_scanner() -> None:
    policy = AntivirusPolicy(product="none")
    assert judge(defender(), None, policy, NOW).outcome == "done"
    assert causes(judge(defender(AMServiceEnabled=False), None, policy, NOW)) == ["antivirus.no_scanner"]


@pytest.mark.parametrize("section", [None, {}])
@pytest.mark.parametrize("product", ["defender", "bitdefender", "kaspersky", "none"])
def test_no_data_is_not_measured(section: dict[str, Any] | None, product: str) -> None:
    judgement = judge(section, None, AntivirusPolicy(product=product), NOW)
    assert (judgement.outcome, judgement.reason) == ("not measured", "visit.section_missing")
    assert dict(judgement.measured) == {}


def test_failed_parts_are_not_measured() -> None:
    section = defender()
    del section["Defender"]
    section["Errors"] = {"Defender": "Access denied for secret-canary", "Detections": "x"}
    judgement = judge(section, None, DEFENDER, NOW)
    assert (judgement.outcome, judgement.reason) == ("not measured", "visit.section_failed")
    assert "canary" not in str(judgement.as_data())


def test_clock_that_runs_ahead_is_no_measurement() -> None:
    judgement = judge(defender(AntivirusSignatureLastUpdated="2027-11-22T15:00:00Z"), None, DEFENDER, NOW)
    assert (judgement.outcome, unmeasured(judgement)) == ("not measured", {"antivirus.definitions"})


def test_policy_from_variables_takes_its_own_and_leaves_the_rest() -> None:
    policy = AntivirusPolicy.from_variables(
        {
            "antivirus_check_product": "bitdefender",
            "antivirus_check_maximum_scan_age_days": None,
            "antivirus_check_gravityzone_api_key": "secret",
            "ansible_password": "secret",
        }
    )
    assert policy == AntivirusPolicy(product="bitdefender", maximum_scan_age_days=None)
    assert "secret" not in repr(policy)


@pytest.mark.parametrize("status", [0, 1, 7, 102, 103, 104, 105, 106, 107, None, 65535])
@pytest.mark.parametrize("days", [0, 95, 900])
def test_what_is_active_is_shown_whatever_its_age(status: int | None, days: int) -> None:
    section = defender()
    at = (NOW - timedelta(days=days)).isoformat()
    section["Detections"] = [
        {
            "ThreatID": 1,
            "ThreatStatusID": status,
            "ThreatName": "Trojan:Win32/Example",
            "InitialDetectionTime": at,
            "LastThreatStatusChangeTime": at,
        }
    ]
    assert causes(judge(section, None, DEFENDER, NOW)) == ["antivirus.active_detections"]


def test_the_script_leaves_no_detection_out_for_its_age() -> None:
    script = (REPOSITORY / "library" / "windows_visit.ps1").read_text(encoding="utf-8")
    assert "AddDays" not in script


def test_what_defender_could_not_remove_stays_active_under_another_scanner() -> None:
    """The console has not seen it: it says that nothing is infected."""
    section = defender()
    section["Defender"] |= {"AMRunningMode": "Passive Mode"}
    section["Bitdefender"] = {
        "DisplayName": "Bitdefender Endpoint Security Tools",
        "DisplayVersion": "7.9.22.537",
        "Services": [{"Name": "EPSecurityService", "State": "Running"}],
    }
    section["Detections"] = [{"ThreatID": 1, "ThreatStatusID": 103, "ThreatName": "Trojan:Win32/Example"}]
    judgement = judge(section, console(), BITDEFENDER, NOW)
    assert causes(judgement) == ["antivirus.active_detections"]
    assert judgement.measured["threats"] == ["Trojan:Win32/Example"]
    section["Detections"][0]["ThreatStatusID"] = 3
    assert causes(judge(section, console(), BITDEFENDER, NOW)) == []
