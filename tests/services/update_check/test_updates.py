"""3.1 judged on the shapes that the visit returns."""

from datetime import UTC, datetime
from typing import Any

import pytest

from serviceheft.assess.judgement import Judgement
from serviceheft.model.categories import CATEGORIES
from serviceheft.services.update_check import state as updatestate
from serviceheft.services.update_check.judging import judge, settle
from serviceheft.services.update_check.policy import UpdatePolicy
from serviceheft.services.update_check.search import search_of
from serviceheft.services.update_check.state import read_state

NOW = datetime(2026, 11, 22, 20, 35, tzinfo=UTC)
POLICY = UpdatePolicy()
ONE = "fb95c1c8-de23-4089-ae29-fd3351d55421"
TWO = "0a1b2c3d-de23-4089-ae29-fd3351d55421"


#: The parts that tell what holds updates back, where nothing does.
NOTHING_HELD: dict[str, Any] = {
    "GroupPolicy": {},
    "DevicePolicy": {},
    "UserSettings": {},
    "PauseStatus": {"PausedQualityStatus": 0, "PausedFeatureStatus": 0},
    "ConnectionCost": {"NetworkCostType": "Unrestricted"},
    "Connections": [{"SettingID": "{0D5B3A6E-6F1C-4B6A-9C6E-1F2E3D4C5B6A}", "UserCost": None}],
}


def search(*updates: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """The visit's section search that found these."""
    return {
        "Errors": {},
        "ServerSelection": "default",
        "RebootRequired": False,
        "ResultCode": 2,
        "Updates": [*updates],
        **parts,
    }


def update(identity: str = ONE, **fields: Any) -> dict[str, Any]:
    """One that nobody has rated or dated."""
    return {
        "UpdateID": identity.upper(),
        "Title": "Security Update for Windows (KB5031234)",
        "KBArticleIDs": ["5031234"],
        "CategoryIDs": [CATEGORIES["SecurityUpdates"].identifier],
        "Categories": ["Security Updates"],
        "MsrcSeverity": None,
        "LastDeploymentChangeTime": None,
        "IsHidden": False,
        "IsDownloaded": False,
        **fields,
    }


def rated(identity: str = ONE, **fields: Any) -> dict[str, Any]:
    known = {
        "MsrcSeverity": "Critical",
        "LastDeploymentChangeTime": "2026-11-10T18:00:00Z",
        "IsDownloaded": True,
    }
    return update(identity, **known | fields)


def section(*, cumulative: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    """A healthy updates section; `cumulative` changes its last cumulative update, {} leaves it out."""
    last = [] if cumulative == {} else [november(**cumulative or {})]
    parts["History"] = [*last, *parts.get("History", [])]
    return {
        "Errors": {},
        "Policy": {"WUServer": None},
        **NOTHING_HELD,
        "Service": {"Name": "wuauserv", "State": "Stopped", "StartMode": "Manual"},
        "AutoUpdate": {
            "LastSearchSuccessDate": "2026-11-22T03:00:00Z",
            "LastInstallationSuccessDate": "2026-11-12T03:00:00Z",
        },
        "PendingReboot": {
            "WindowsUpdate": False,
            "ComponentBasedServicing": False,
            "PendingFileRenameOperations": True,
        },
        "Windows": {
            "CurrentBuildNumber": "26200",
            "UBR": 7171,
            "EditionID": "Professional",
            "InstallationType": "Client",
            "InstallDate": 1730000000,
        },
        "LastBootUpTime": "2026-11-12T04:00:00Z",
        **parts,
    }


def history(**fields: Any) -> dict[str, Any]:
    return {
        "UpdateID": ONE,
        "Title": "Security Update for Windows (KB5031234)",
        "Date": "2026-11-20T02:00:00Z",
        "Operation": 1,
        "ResultCode": 4,
        "HResult": -2147023293,
        **fields,
    }


def november(**fields: Any) -> dict[str, Any]:
    """The cumulative update that a healthy host has got."""
    return {
        "UpdateID": "c0ffee00-de23-4089-ae29-fd3351d55421",
        "Title": "2026-11 Cumulative Update for Windows 11, version 25H2 for x64-based Systems (KB5068861)",
        "Date": "2026-11-12T03:00:00Z",
        "Operation": 1,
        "ResultCode": 2,
        "HResult": 0,
        **fields,
    }


def found(judgement: Judgement) -> list[tuple[str, dict[str, Any]]]:
    return [(finding.cause, dict(finding.values)) for finding in judgement.findings]


def unmeasured(judgement: Judgement) -> set[str]:
    return {check.key for check in judgement.checks if check.result == "not_measured"}


def test_healthy_host_is_done_and_file_renames_are_noise() -> None:
    judgement = judge(search(), section(), POLICY, NOW)
    assert (judgement.outcome, judgement.reason) == ("done", None)
    assert judgement.measured["missing"] == []
    assert judgement.measured["automatic_updates"] == "on"
    assert judgement.measured["source"] == "windows update"


@pytest.mark.parametrize(
    ("severity", "cause", "tolerated"),
    [
        ("Critical", "updates.missing_critical", 7),
        ("Important", "updates.missing_important", 14),
        ("Moderate", "updates.missing_moderate", 30),
        ("Low", "updates.missing_low", 60),
        (None, "updates.missing_unspecified", 30),
        ("Invented", "updates.missing_unspecified", 30),
    ],
)
def test_missing_update_is_found_once_its_severity_is_no_longer_tolerated(
    severity: str | None, cause: str, tolerated: int
) -> None:
    published = NOW.timestamp() - 86400 * tolerated

    def judged(moment: float) -> Judgement:
        date = datetime.fromtimestamp(moment, UTC).isoformat()
        known = rated(MsrcSeverity=severity, LastDeploymentChangeTime=date)
        return judge(search(known), section(), POLICY, NOW)

    assert judged(published).outcome == "done"
    assert found(judged(published - 86400)) == [
        (cause, {"count": 1, "oldest_days": tolerated + 1, "tolerated_days": tolerated, "kb": "KB5031234"})
    ]


def test_tolerated_days_come_from_the_variables_and_keep_their_defaults() -> None:
    policy = UpdatePolicy.from_variables({"update_check_tolerated_days": {"critical": 20}})
    assert dict(policy.tolerated_days) == {
        "critical": 20,
        "important": 14,
        "moderate": 30,
        "low": 60,
        "unspecified": 30,
    }
    assert judge(search(rated()), section(), policy, NOW).outcome == "done"


def test_several_missing_updates_are_one_finding_with_the_oldest() -> None:
    judgement = judge(
        search(
            rated(),
            rated(TWO, KBArticleIDs=["5040000"], LastDeploymentChangeTime="2026-11-01T00:00:00Z"),
        ),
        section(),
        POLICY,
        NOW,
    )
    assert found(judgement) == [
        ("updates.missing_critical", {"count": 2, "oldest_days": 21, "tolerated_days": 7, "kb": "KB5040000"})
    ]


def test_updates_of_other_categories_are_not_missing() -> None:
    driver = rated(TWO, CategoryIDs=[CATEGORIES["Drivers"].identifier], MsrcSeverity=None)
    judgement = judge(search(driver), section(), POLICY, NOW)
    assert (judgement.outcome, judgement.measured["missing"]) == ("done", [])
    left_out: Any = judgement.measured["left_out"]
    assert [row["category"] for row in left_out] == ["Drivers"]


@pytest.mark.parametrize(
    ("result", "outcome", "reason"),
    [
        (search(rated(LastDeploymentChangeTime="2026-11-20T00:00:00Z")), "finding", None),
        (search(), "done", None),
        (None, "not measured", "updates.not_searched"),
    ],
    ids=["still offered", "no longer offered", "nobody knows"],
)
def test_a_failure_of_long_ago_counts_while_the_update_is_offered(
    result: Any, outcome: str, reason: str | None
) -> None:
    raw = section(History=[history(Date="2026-09-01T02:00:00Z")])
    judgement = judge(result, raw, POLICY, NOW)
    assert (judgement.outcome, judgement.reason) == (outcome, reason)
    assert ("updates.install_failed" in unmeasured(judgement)) is (outcome == "not measured")


def test_update_without_a_date_is_not_measured() -> None:
    judgement = judge(search(update()), section(), POLICY, NOW)
    assert (judgement.outcome, judgement.reason) == ("not measured", "updates.undated")
    assert unmeasured(judgement) == {"updates.missing_unspecified"}


def test_without_a_date_an_update_is_at_least_as_old_as_the_month_in_its_title() -> None:
    title = "2026-08 Cumulative Update for Windows 11 (KB5060001)"
    judgement = judge(search(update(Title=title, KBArticleIDs=[])), section(), POLICY, NOW)
    assert found(judgement) == [
        (
            "updates.missing_unspecified",
            {"count": 1, "oldest_days": 82, "tolerated_days": 30, "kb": "KB5060001"},
        )
    ]


def failed(why: str) -> dict[str, Any]:
    left = search(Errors={"Updates": why})
    del left["Updates"]
    return left


@pytest.mark.parametrize(
    ("result", "reason", "code"),
    [
        (None, "updates.not_searched", None),
        (failed("0x8024402c canary"), "updates.search_failed", "0x8024402C"),
        (failed("0x80070005"), "updates.search_failed", "0x80070005"),
        (failed("The search ended with the result 5."), "updates.search_failed", None),
        (failed("timed_out: it had not ended after 900 seconds."), "updates.search_timed_out", None),
        (search(Errors={"Updates": "0x8024402C"}), "updates.search_failed", "0x8024402C"),
        (search(Updates="nonsense"), "updates.search_failed", None),
        (search(Updates=None), "updates.search_failed", None),
        (search({"Title": "canary, without an id"}), "updates.search_failed", None),
        ({}, "updates.search_failed", None),
    ],
)
def test_failed_search_is_not_measured(result: Any, reason: str, code: str | None) -> None:
    judgement = judge(result, section(), POLICY, NOW)
    assert (judgement.outcome, judgement.reason) == ("not measured", reason)
    assert {f"updates.missing_{each}" for each in ("critical", "important", "low")} <= unmeasured(judgement)
    assert judgement.measured["search_error"] == code
    assert "canary" not in str(judgement.as_data())


def test_failed_installation_is_found_with_its_code() -> None:
    judgement = judge(search(update(TWO), update()), section(History=[history()]), POLICY, NOW)
    assert (
        "updates.install_failed",
        {"count": 1, "hresult": "0x80070643", "kb": "KB5031234", "failed_at": "2026-11-20T02:00:00Z"},
    ) in found(judgement)


@pytest.mark.parametrize(
    "entries",
    [
        [history(), history(Date="2026-11-21T02:00:00Z", ResultCode=2, HResult=0)],
        [history(Operation=2)],
        [history(ResultCode=1)],
        [history(UpdateID=TWO, Title="replaced by a newer one (KB1)")],
    ],
    ids=["mended later", "removal", "in progress", "no longer offered"],
)
def test_failures_that_are_over_do_not_count(entries: list[dict[str, Any]]) -> None:
    known = rated(LastDeploymentChangeTime="2026-11-20T00:00:00Z")
    judgement = judge(search(known), section(History=entries), POLICY, NOW)
    assert judgement.outcome == "done"


@pytest.mark.parametrize("mark", ["WindowsUpdate", "ComponentBasedServicing"])
def test_pending_restart_dates_from_the_first_installation_after_the_last_start(mark: str) -> None:
    pending = {"WindowsUpdate": False, "ComponentBasedServicing": False, mark: True}
    entries = [
        history(Date="2026-11-11T00:00:00Z", ResultCode=2),
        history(Date="2026-11-15T20:00:00Z", ResultCode=2),
        history(Date="2026-11-19T20:00:00Z", ResultCode=3),
    ]
    judgement = judge(search(), section(PendingReboot=pending, History=entries), POLICY, NOW)
    assert found(judgement) == [("updates.reboot_pending", {"since": "2026-11-15T20:00:00Z", "days": 7})]


def test_pending_restart_told_by_the_search_alone() -> None:
    assert found(judge(search(RebootRequired=True), section(), POLICY, NOW)) == [
        ("updates.reboot_pending", {"since": None, "days": None})
    ]


@pytest.mark.parametrize(
    ("key", "date", "cause", "values"),
    [
        (
            "LastSearchSuccessDate",
            "2026-11-10T20:35:00Z",
            "updates.search_outdated",
            {"age_days": 12, "tolerated_days": 7, "searched_at": "2026-11-10T20:35:00Z"},
        ),
    ],
)
def test_last_success_too_long_ago(key: str, date: str, cause: str, values: dict[str, Any]) -> None:
    raw = section()
    raw["AutoUpdate"][key] = date
    assert found(judge(search(), raw, POLICY, NOW)) == [(cause, values)]


def test_history_knows_a_later_installation() -> None:
    raw = section(History=[history(ResultCode=2, Date="2026-11-20T02:00:00Z")])
    raw["AutoUpdate"]["LastInstallationSuccessDate"] = "2026-01-01T00:00:00Z"
    judgement = judge(search(), raw, POLICY, NOW)
    assert judgement.outcome == "done"
    assert judgement.measured["last_installation_at"] == "2026-11-20T02:00:00Z"


@pytest.mark.parametrize(
    ("parts", "setting"),
    [
        ({"Policy": {"NoAutoUpdate": 1}}, "NoAutoUpdate=1"),
        ({"Policy": {"AUOptions": 1}}, "AUOptions=1"),
        ({"Policy": {"AUOptions": 2}}, "AUOptions=2"),
        ({"Policy": {"AUOptions": 3, "NoAutoUpdate": 0}}, "AUOptions=3"),
        ({"Service": {"StartMode": "Disabled"}}, "wuauserv=Disabled"),
        ({"Policy": {"AUOptions": 4}}, None),
        ({"Policy": {"NoAutoUpdate": 0}}, None),
    ],
)
def test_automatic_updating(parts: dict[str, Any], setting: str | None) -> None:
    judgement = judge(search(), section(**parts), POLICY, NOW)
    expected = [] if setting is None else [("updates.automatic_updates_off", {"setting": setting})]
    assert found(judgement) == expected
    unwanted = UpdatePolicy(automatic_updates=False)
    assert judge(search(), section(**parts), unwanted, NOW).outcome == "done"


@pytest.mark.parametrize(
    ("wanted", "policy", "cause"),
    [
        ("default", {"UseWUServer": 1, "WUServer": "http://wsus.example:8530"}, None),
        (
            "windows_update",
            {"UseWUServer": 1, "WUServer": "http://wsus.example:8530"},
            "updates.managed_by_wsus",
        ),
        ("windows_update", {"UseWUServer": 0, "WUServer": "http://wsus.example:8530"}, None),
        ("managed_server", {"UseWUServer": 1}, "updates.not_managed_by_wsus"),
        ("managed_server", {"UseWUServer": 1, "WUServer": "http://user:canary@wsus.example"}, None),
    ],
)
def test_source_of_the_updates(wanted: str, policy: dict[str, Any], cause: str | None) -> None:
    judgement = judge(search(), section(Policy=policy), UpdatePolicy(server_selection=wanted), NOW)
    told = [it for it in found(judgement) if it[0] != "updates.wsus_not_used"]
    assert told == ([] if cause is None else [(cause, {})])
    assert "canary" not in str(judgement.as_data())


@pytest.mark.parametrize(
    ("visit", "reason"),
    [
        ({"sections": {"search": search()}, "errors": {}}, None),
        ({"sections": {}, "errors": {}}, "updates.not_searched"),
        ({"unreachable": True, "msg": "timed out"}, "updates.not_searched"),
        (None, "updates.not_searched"),
        ({"sections": {}, "errors": {"search": "Provider load failure"}}, "updates.search_failed"),
        ({"sections": {"search": search()}, "errors": {"search": "x"}}, "updates.search_failed"),
        ({"sections": {"search": None}, "errors": {}}, "updates.search_failed"),
        (
            {"sections": {}, "errors": {"search": "timed_out: it had not ended after 900 seconds."}},
            "updates.search_timed_out",
        ),
    ],
)
def test_a_visit_tells_whether_a_search_was_made(visit: Any, reason: str | None) -> None:
    judgement = judge(search_of(visit), section(), POLICY, NOW)
    assert judgement.reason == reason
    assert (judgement.measured["missing"] is None) is (reason is not None)


def test_a_search_without_the_restart_leaves_only_that_open() -> None:
    without = search(Errors={"RebootRequired": "0x80070005"})
    del without["RebootRequired"]
    judgement = judge(without, section(), POLICY, NOW)
    assert unmeasured(judgement) == {"updates.reboot_pending"}


@pytest.mark.parametrize("raw", [None, {}])
def test_no_data_at_all(raw: Any) -> None:
    judgement = judge(None, raw, POLICY, NOW)
    assert (judgement.outcome, dict(judgement.measured)) == ("not measured", {})
    assert all(check.result == "not_measured" for check in judgement.checks)


def test_failed_parts_are_not_measured() -> None:
    raw = section(Errors={"Policy": "canary", "History": "canary"})
    judgement = judge(search(), raw, POLICY, NOW)
    assert (judgement.outcome, judgement.reason) == ("not measured", "visit.section_failed")
    assert unmeasured(judgement) == {
        "updates.install_failed",
        "updates.install_outdated",
        "updates.automatic_updates",
        "updates.wsus",
    }
    assert "canary" not in str(judgement.as_data())


SKIPPED = {"skipped": True, "msg": "timed out"}
OFF = {"Policy": {"NoAutoUpdate": 1}}


def told(judgement: Judgement) -> list[tuple[str, str, str | None]]:
    return [(it.kind, it.result.value, it.reason) for it in judgement.actions]


def test_updating_that_is_switched_off_is_to_be_switched_on() -> None:
    assert told(judge(search(), section(**OFF), POLICY, NOW)) == [("updates.automatic", "planned", None)]
    assert told(judge(search(), section(), POLICY, NOW)) == []
    assert told(judge(search(), section(**OFF), UpdatePolicy(automatic_updates=False), NOW)) == []


@pytest.mark.parametrize(
    ("parts", "switches"),
    [
        ({}, {"values": [], "service": False}),
        (
            {"Policy": {"NoAutoUpdate": 1}},
            {"values": [{"name": "NoAutoUpdate", "data": 0}], "service": False},
        ),
        (
            {"Policy": {"NoAutoUpdate": 1, "AUOptions": 2}, "Service": {"StartMode": "Disabled"}},
            {
                "values": [{"name": "NoAutoUpdate", "data": 0}, {"name": "AUOptions", "data": 4}],
                "service": True,
            },
        ),
    ],
)
def test_all_that_keeps_a_host_from_updating_itself_is_switched(
    parts: dict[str, Any], switches: dict[str, Any]
) -> None:
    assert updatestate.switches(section(**parts)) == switches
    assert updatestate.switches(None) == {"values": [], "service": False}


@pytest.mark.parametrize(
    ("after", "visit", "said", "expected"),
    [
        (section(), {"sections": {}}, [{"changed": True}], ("done", None)),
        (section(**OFF), {"sections": {}}, [{"changed": True}], ("failed", "updates.automatic_still_off")),
        (
            section(**OFF),
            {"sections": {}},
            [{"changed": True}, {"msg": "Access is denied."}],
            ("failed", "reach.access_denied"),
        ),
        (
            None,
            {"unreachable": True, "msg": "Connection refused"},
            [{"skipped": True, "msg": "x"}],
            ("failed", "reach.refused"),
        ),
    ],
)
def test_only_the_second_visit_tells_whether_updating_is_on(
    after: dict[str, Any] | None, visit: dict[str, Any], said: list[Any], expected: tuple[str, str | None]
) -> None:
    settled = settle(judge(search(), after, POLICY, NOW), visit, said)
    assert told(settled) == [("updates.automatic", *expected)]


def test_what_was_installed_lately_is_told_with_its_own_id_or_none() -> None:
    rows = [
        {
            "Title": title,
            "Date": "2026-11-15T02:00:00Z",
            "Operation": 1,
            "ResultCode": 2,
            "RevisionNumber": 200,
            **more,
        }
        for title, more in (
            ("2026-11 Cumulative Update (KB5068861)", {"UpdateID": "6C1E4F0A-52B7-4D1C-9C83-2F6A8E0B2601"}),
            ("2026-10 Cumulative Update (KB5066835)", {}),
        )
    ]
    state = read_state(search(), section(cumulative={}, History=rows), NOW)
    assert [(it.kb, it.update_id) for it in state.installed or ()] == [
        ("KB5066835", None),
        ("KB5068861", "6c1e4f0a-52b7-4d1c-9c83-2f6a8e0b2601"),
    ]
