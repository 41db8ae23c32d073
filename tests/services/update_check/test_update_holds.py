"""3.1: what holds updates back, judged on what the visit reads of the registry."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft.assess.judgement import CAUSES, Judgement
from serviceheft.i18n import LANGUAGES
from serviceheft.model.categories import CATEGORIES
from serviceheft.publish import allowed
from serviceheft.publish.reader import Reader
from serviceheft.services.update_check.holds import Pause, find_pauses, last_pause, read_holds
from serviceheft.services.update_check.judging import SUBJECT, judge
from serviceheft.services.update_check.policy import UpdatePolicy
from tests.services.update_check.test_updates import (
    NOTHING_HELD,
    NOW,
    found,
    rated,
    search,
    section,
    unmeasured,
)

POLICY = UpdatePolicy()
CHECKS = (
    "updates.paused",
    "updates.deferred",
    "updates.target_release",
    "updates.metered",
    "updates.access_blocked",
    "updates.wsus",
)
WSUS = {"UseWUServer": 1, "WUServer": "http://wsus.example:8530"}
SERVER = {
    "CurrentBuildNumber": "20348",
    "EditionID": "ServerStandard",
    "InstallationType": "Server",
    "InstallDate": 1730000000,
}


def judged(policy: UpdatePolicy = POLICY, *, now: datetime = NOW, **parts: Any) -> Judgement:
    """With these parts of the visit; the others tell of a host that nothing holds back."""
    return judge(search(), section(**parts), policy, now)


def causes(judgement: Judgement) -> list[str]:
    return [cause for cause, _ in found(judgement)]


def result(judgement: Judgement, check: str) -> str:
    return next(it.result.value for it in judgement.checks if it.key == check)


def windows(build: str, edition: str = "Professional") -> dict[str, Any]:
    return {
        "CurrentBuildNumber": build,
        "EditionID": edition,
        "InstallationType": "Client",
        "InstallDate": 1730000000,
    }


def test_every_check_is_declared_and_well_where_nothing_holds() -> None:
    judgement = judged()
    assert set(CHECKS) <= set(SUBJECT.checks)
    assert [result(judgement, check) for check in CHECKS] == ["ok"] * len(CHECKS)
    assert judgement.measured["paused_until"] is None
    assert (judgement.measured["deferred_days"], judgement.measured["metered"]) == (0, False)


def test_a_pause_until_2077_is_found_though_windows_updates_itself() -> None:
    until = "2077-11-22T00:00:00Z"
    user = {
        "PauseUpdatesStartTime": "2026-01-11T13:58:49Z",
        "PauseUpdatesExpiryTime": until,
        "PauseQualityUpdatesEndTime": until,
        "PauseFeatureUpdatesEndTime": until,
    }
    judgement = judged(UserSettings=user)
    assert found(judgement) == [("updates.paused", {"until": until, "days": 18627, "by": "user"})]
    assert judgement.measured["automatic_updates"] == "on"
    assert (judgement.measured["paused_until"], judgement.measured["paused_by"]) == (until, "user")


@pytest.mark.parametrize("name", ["PauseUpdatesExpiryTime", "PauseQualityUpdatesEndTime"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-22T20:36:00Z", "finding"),
        ("2026-11-22T20:34:00Z", "ok"),
        ("2026-11-22T20:35:00Z", "ok"),
        ("2026-11-22T21:36:00+01:00", "finding"),
        ("2026-11-22T21:34:00+01:00", "ok"),
        ("2026-12-24T00:00:00", "finding"),  # without a zone
        ("2026-12-24", "finding"),
        ("  2026-12-24T00:00:00Z ", "finding"),
        ("9999-12-31T23:59:59.9999999Z", "finding"),
        ("9999-12-31T23:59:59-14:00", "finding"),
        ("1601-01-01T00:00:00Z", "ok"),
        ("1970-01-01T00:00:00Z", "ok"),
        ("0001-01-01T00:00:00+14:00", "ok"),
        ("", "ok"),
        ("   ", "ok"),
        (None, "ok"),
        ("2077", "not_measured"),
        ("24.12.2026", "not_measured"),
        ("forever", "not_measured"),
        (1, "not_measured"),
        (0, "not_measured"),
        (3376684800, "not_measured"),
        (True, "not_measured"),
        (["2077-01-01T00:00:00Z"], "not_measured"),
        ({}, "not_measured"),
    ],
)
def test_the_end_of_a_users_pause(name: str, value: Any, expected: str) -> None:
    judgement = judged(UserSettings={name: value})
    assert result(judgement, "updates.paused") == expected
    # The end of a pause of everything ends that of new releases as well.
    lost = {"updates.paused"} | ({"updates.target_release"} if name == "PauseUpdatesExpiryTime" else set())
    assert unmeasured(judgement) == (lost if expected == "not_measured" else set())
    if expected == "not_measured":
        assert judgement.reason == "updates.hold_unreadable"


def test_the_zone_of_now_does_not_matter() -> None:
    user = {"PauseUpdatesExpiryTime": "2026-11-22T20:36:00Z"}
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    assert found(judged(UserSettings=user, now=tokyo)) == found(judged(UserSettings=user))


def test_a_pause_found_outweighs_what_cannot_be_read() -> None:
    user = {"PauseUpdatesExpiryTime": "2077-01-01T00:00:00Z", "PauseQualityUpdatesEndTime": 7}
    judgement = judged(UserSettings=user, DevicePolicy=None)
    assert "updates.paused" in causes(judgement)


def test_the_user_and_a_policy_pause_each_by_itself() -> None:
    parts: dict[str, Any] = {
        "UserSettings": {"PauseUpdatesExpiryTime": "2026-12-01T00:00:00Z"},
        "GroupPolicy": {"PauseQualityUpdatesStartTime": "2026-11-20"},
    }
    judgement = judged(**parts)
    assert causes(judgement) == ["updates.paused", "updates.paused_by_policy"]
    assert judgement.measured["paused_by"] == "group policy"
    half = judged(**parts | {"GroupPolicy": None})
    assert (causes(half), half.measured["paused_until"]) == (["updates.paused"], None)


def test_the_later_end_holds() -> None:
    user = {
        "PauseQualityUpdatesEndTime": "2026-11-01T00:00:00Z",
        "PauseUpdatesExpiryTime": "2026-12-01T00:00:00Z",
    }
    assert judged(UserSettings=user).measured["paused_until"] == "2026-12-01T00:00:00Z"


def test_a_beginning_without_an_end_is_not_measured() -> None:
    judgement = judged(UserSettings={"PauseQualityUpdatesStartTime": "2026-11-20T00:00:00Z"})
    assert "updates.paused" in unmeasured(judgement)
    assert causes(judgement) == []


@pytest.mark.parametrize("part", ["GroupPolicy", "DevicePolicy"])
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"PauseQualityUpdatesStartTime": "2026-11-01"}, "2026-12-06T00:00:00Z"),
        ({"PauseQualityUpdatesStartTime": "2026-10-18T20:35:01Z"}, "2026-11-22T20:35:01Z"),
        ({"PauseQualityUpdatesStartTime": "2026-10-18T20:35:00Z"}, None),  # 35 days ago
        ({"PauseQualityUpdatesStartTime": "2026-11-23"}, "2026-12-28T00:00:00Z"),  # a clock that runs ahead
        ({"PauseQualityUpdatesStartTime": "2026-12-24"}, None),  # has not begun
        ({"PauseQualityUpdatesStartTime": "9999-12-31"}, None),
        ({"PauseQualityUpdatesStartTime": "1601-01-01"}, None),
        ({"PauseQualityUpdatesStartTime": ""}, None),
        ({"PauseQualityUpdates": 1, "PauseQualityUpdatesStartTime": "2026-11-01"}, "2026-12-06T00:00:00Z"),
        ({"PauseQualityUpdates": 0, "PauseQualityUpdatesStartTime": "2026-11-01"}, None),
        ({"PauseFeatureUpdatesStartTime": "2026-11-01"}, None),
    ],
)
def test_a_pause_by_policy_lasts_35_days(part: str, policy: dict[str, Any], expected: str | None) -> None:
    parts: dict[str, Any] = {part: policy}
    judgement = judged(**parts)
    assert judgement.measured["paused_until"] == expected
    assert causes(judgement) == (["updates.paused_by_policy"] if expected else [])
    if expected:
        by = {"GroupPolicy": "group policy", "DevicePolicy": "device management"}[part]
        assert judgement.measured["paused_by"] == by


@pytest.mark.parametrize("start", [1, "soon", "2026-13-01", [], True])
def test_a_policy_that_cannot_be_understood_is_not_measured(start: Any) -> None:
    judgement = judged(GroupPolicy={"PauseQualityUpdatesStartTime": start})
    assert (unmeasured(judgement), judgement.reason) == ({"updates.paused"}, "updates.hold_unreadable")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"PausedQualityStatus": 1, "PausedQualityDate": "2026-11-01T00:00:00Z"}, "finding"),
        ({"PausedQualityStatus": 1, "PausedQualityDate": "2026-08-01T00:00:00Z"}, "ok"),
        ({"PausedQualityStatus": 1, "PausedQualityDate": "9999-12-31T00:00:00Z"}, "finding"),
        ({"PausedQualityStatus": 2, "PausedQualityDate": "2026-11-01T00:00:00Z"}, "ok"),
        ({"PausedQualityStatus": 0}, "ok"),
        ({"PausedQualityStatus": 1}, "not_measured"),
        ({}, "not_measured"),
        (None, "not_measured"),
    ],
)
def test_a_policy_without_a_start_is_dated_by_windows(status: Any, expected: str) -> None:
    """As Windows 10 1607 and Server 2016 have it."""
    judgement = judged(GroupPolicy={"PauseQualityUpdates": 1}, PauseStatus=status)
    assert result(judgement, "updates.paused") == expected


def test_windows_own_mark_alone_is_not_passed_over() -> None:
    assert result(judged(PauseStatus={"PausedQualityStatus": 1}), "updates.paused") == "not_measured"


@pytest.mark.parametrize(
    ("parts", "days", "by"),
    [
        (
            {"GroupPolicy": {"DeferQualityUpdates": 1, "DeferQualityUpdatesPeriodInDays": 30}},
            30,
            "group policy",
        ),
        ({"GroupPolicy": {"DeferQualityUpdates": 0, "DeferQualityUpdatesPeriodInDays": 30}}, 0, None),
        ({"GroupPolicy": {"DeferQualityUpdatesPeriodInDays": 8}}, 8, "group policy"),
        ({"DevicePolicy": {"DeferQualityUpdatesPeriodInDays": 365}}, 365, "device management"),
        ({"UserSettings": {"DeferQualityUpdatesPeriodInDays": 14}}, 14, "user"),
        ({"UserSettings": {"DeferQualityUpdatesPeriodInDays": 7}}, 7, "user"),
        ({"UserSettings": {"DeferQualityUpdatesPeriodInDays": 0}}, 0, None),
        (
            {
                "GroupPolicy": {"DeferQualityUpdates": 1, "DeferQualityUpdatesPeriodInDays": 3},
                "UserSettings": {"DeferQualityUpdatesPeriodInDays": 30},
            },
            3,
            "group policy",
        ),
    ],
)
def test_deferral(parts: dict[str, Any], days: int, by: str | None) -> None:
    judgement = judged(**parts)
    assert (judgement.measured["deferred_days"], judgement.measured["deferred_by"]) == (days, by)
    values = {"days": days, "tolerated_days": 7, "by": by}
    assert found(judgement) == ([("updates.deferred", values)] if days > 7 else [])


@pytest.mark.parametrize("days", [-1, 4294967295, "many", True, 2.5, []])
def test_a_deferral_that_cannot_be_understood_is_not_measured(days: Any) -> None:
    judgement = judged(GroupPolicy={"DeferQualityUpdates": 1, "DeferQualityUpdatesPeriodInDays": days})
    assert unmeasured(judgement) == {"updates.deferred"}


def test_the_deferral_that_is_allowed_comes_from_the_inventory() -> None:
    policy = UpdatePolicy.from_variables({"update_check_maximum_deferral_days": 30})
    assert judged(policy, UserSettings={"DeferQualityUpdatesPeriodInDays": 30}).outcome == "done"


def target(release: Any, product: str | None = "Windows 11", switch: Any = 1) -> dict[str, Any]:
    return {
        "TargetReleaseVersion": switch,
        "TargetReleaseVersionInfo": release,
        **({} if product is None else {"ProductVersion": product}),
    }


@pytest.mark.parametrize(
    ("build", "policy", "cause"),
    [
        ("26200", target("25H2"), None),
        ("26200", target("25h2", product=None), None),
        ("26200", target("26H2"), None),
        ("26200", target("24H2"), "updates.target_release_ended"),
        ("22631", target("22H2"), "updates.target_release_ended"),
        ("26200", target("24H2", switch=0), None),
        ("26200", target(""), None),
        ("26200", {"TargetReleaseVersionInfo": "24H2"}, None),
        ("26200", target("22H2", "Windows 10"), "updates.target_release_ended"),
    ],
)
def test_target_release(build: str, policy: dict[str, Any], cause: str | None) -> None:
    judgement = judged(GroupPolicy=policy, Windows=windows(build))
    mine = [it for it in causes(judgement) if "target" in it]
    assert mine == ([] if cause is None else [cause])


@pytest.mark.parametrize(
    ("day", "cause", "days"),
    [
        (datetime(2027, 6, 13, 12, tzinfo=UTC), "updates.target_release_older", None),
        (datetime(2027, 6, 14, 12, tzinfo=UTC), "updates.target_release_ends_soon", 120),
        (datetime(2027, 10, 12, 12, tzinfo=UTC), "updates.target_release_ends_soon", 0),
        (
            datetime(2027, 10, 12, 23, tzinfo=UTC),
            "updates.target_release_ended",
            1,
        ),  # in Berlin the day after
    ],
)
def test_a_target_ends_with_its_last_day(day: datetime, cause: str, days: int | None) -> None:
    pinned = judged(GroupPolicy=target("24H2"), Windows=windows("26200", "Enterprise"), now=day)
    (values,) = (values for found_cause, values in found(pinned) if found_cause == cause)
    assert (values["until"], values.get("days")) == ("2027-10-12", days)


def test_device_management_names_the_release_itself() -> None:
    policy = {"TargetReleaseVersion": "24H2", "ProductVersion": "Windows 11"}
    judgement = judged(DevicePolicy=policy)
    assert judgement.measured["target_release"] == "Windows 11 24H2"
    assert causes(judgement) == ["updates.target_release_ended"]


@pytest.mark.parametrize(
    "policy", [target("31H1"), target("latest"), target(24), target("24H2", switch="yes")]
)
def test_an_unknown_target_is_not_measured(policy: dict[str, Any]) -> None:
    assert unmeasured(judged(GroupPolicy=policy)) == {"updates.target_release"}


def test_extended_support_counts_for_the_release_that_it_was_bought_for() -> None:
    bought = UpdatePolicy(extended_support_until=date(2027, 10, 12))
    old = windows("19045")
    pinned = target("22H2", "Windows 10")
    assert causes(judged(bought, GroupPolicy=pinned, Windows=old)) == []
    assert "updates.target_release_ended" in causes(
        judged(bought, GroupPolicy=target("21H2", "Windows 10"), Windows=old)
    )


def test_servers_get_no_releases_but_are_paused_all_the_same() -> None:
    parts: dict[str, Any] = {"Windows": SERVER, "GroupPolicy": target("21H2")}
    assert judged(**parts).outcome == "done"
    paused = judged(Windows=SERVER, UserSettings={"PauseUpdatesExpiryTime": "2077-01-01T00:00:00Z"})
    assert causes(paused) == ["updates.paused"]


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("2027-10-12T12:00:00Z", []),
        ("2027-10-13T00:00:00Z", ["updates.release_held"]),
        ("2077-01-01T00:00:00Z", ["updates.release_held"]),
    ],
)
def test_new_releases_may_not_be_paused_beyond_the_end_of_the_installed_one(
    until: str, expected: list[str]
) -> None:
    judgement = judged(UserSettings={"PauseFeatureUpdatesEndTime": until})
    assert causes(judgement) == expected
    assert judgement.measured["feature_updates_paused_until"] == until
    assert result(judgement, "updates.paused") == "ok"


ALLOWED = "AllowAutoWindowsUpdateDownloadOverMeteredNetwork"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"ConnectionCost": {"NetworkCostType": "Fixed"}}, "finding"),
        ({"ConnectionCost": {"NetworkCostType": "Variable"}}, "finding"),
        ({"ConnectionCost": {"NetworkCostType": "Fixed"}, "GroupPolicy": {ALLOWED: 1}}, "ok"),
        ({"ConnectionCost": {"NetworkCostType": "Fixed"}, "DevicePolicy": {ALLOWED: 1}}, "ok"),
        ({"ConnectionCost": {"NetworkCostType": "Fixed"}, "UserSettings": {ALLOWED: 1}}, "ok"),
        (
            {
                "ConnectionCost": {"NetworkCostType": "Fixed"},
                "GroupPolicy": {ALLOWED: 0},
                "UserSettings": {ALLOWED: 1},
            },
            "finding",
        ),
        ({"ConnectionCost": {"NetworkCostType": "Fixed"}, "UserSettings": {ALLOWED: "x"}}, "not_measured"),
        ({"ConnectionCost": {"NetworkCostType": "Fixed"}, "UserSettings": None}, "not_measured"),
        ({"ConnectionCost": {"NetworkCostType": "Unknown"}, "Connections": [{"UserCost": 2}]}, "finding"),
        ({"ConnectionCost": None, "Connections": [{"UserCost": 0}, {"UserCost": 2}]}, "finding"),
        ({"ConnectionCost": None, "Connections": [{"UserCost": 0}]}, "ok"),
        ({"ConnectionCost": None, "Connections": [{"UserCost": None}]}, "ok"),
        ({"ConnectionCost": None, "Connections": []}, "ok"),
        ({"ConnectionCost": None, "Connections": [{"UserCost": 99}]}, "not_measured"),
        ({"ConnectionCost": None, "Connections": [{"UserCost": "two"}]}, "not_measured"),
        ({"ConnectionCost": None, "Connections": "none"}, "not_measured"),
        ({"ConnectionCost": {"NetworkCostType": "Unrestricted"}, "Connections": None}, "ok"),
    ],
)
def test_metered_connection(parts: dict[str, Any], expected: str) -> None:
    assert result(judged(**parts), "updates.metered") == expected


BLOCKS = ("DisableWindowsUpdateAccess", "DoNotConnectToWindowsUpdateInternetLocations")


@pytest.mark.parametrize("name", BLOCKS)
def test_blocked_access(name: str) -> None:
    judgement = judged(GroupPolicy={name: 1})
    assert found(judgement) == [("updates.access_blocked", {"setting": f"{name}=1"})]
    assert judgement.measured["access_blocked_by"] == f"{name}=1"
    assert causes(judged(GroupPolicy={name: 1}, Policy=WSUS)) == []
    assert causes(judged(GroupPolicy={name: 0})) == []
    assert unmeasured(judged(GroupPolicy={name: "on"})) == {"updates.access_blocked"}
    assert "updates.access_blocked" in unmeasured(judged(GroupPolicy={name: 1}, Policy=None))


OLD = {"Date": "2026-08-12T03:00:00Z", "Title": "2026-08 Cumulative Update for Windows 11 (KB5060000)"}


def test_an_own_server_that_approves_nothing() -> None:
    raw = section(Policy=WSUS, cumulative=OLD)
    assert "updates.wsus_approves_nothing" in causes(judge(search(), raw, POLICY, NOW))
    # It offers something, be it of another category; or it did lately; or the search was made elsewhere.
    offered = search(rated(CategoryIDs=[CATEGORIES["Drivers"].identifier]))
    some = section(Policy=WSUS, cumulative=OLD)
    assert result(judge(offered, some, POLICY, NOW), "updates.wsus") == "ok"
    assert result(judged(Policy=WSUS), "updates.wsus") == "ok"
    elsewhere = UpdatePolicy(server_selection="windows_update")
    assert result(judge(search(), raw, elsewhere, NOW), "updates.wsus") == "ok"


def test_without_a_search_an_own_server_is_not_measured() -> None:
    judgement = judge(None, section(Policy=WSUS, cumulative=OLD), POLICY, NOW)
    assert result(judgement, "updates.wsus") == "not_measured"
    short = judge(search(), section(Policy=WSUS, cumulative={}), POLICY, NOW)
    assert result(short, "updates.wsus") == "not_measured"


@pytest.mark.parametrize("part", ["GroupPolicy", "DevicePolicy"])
@pytest.mark.parametrize(("chosen", "expected"), [(0, "ok"), (1, "finding"), (7, "not_measured")])
def test_policy_may_send_the_host_past_its_own_server(part: str, chosen: int, expected: str) -> None:
    parts: dict[str, Any] = {part: {"SetPolicyDrivenUpdateSourceForQualityUpdates": chosen}}
    raw = section(Policy=WSUS, cumulative=OLD, **parts)
    assert result(judge(search(), raw, POLICY, NOW), "updates.wsus") == expected


def test_what_is_left_of_an_own_server() -> None:
    judgement = judged(Policy={"WUServer": "http://wsus.example:8530"})
    assert found(judgement) == [("updates.wsus_not_used", {})]


@pytest.mark.parametrize(
    ("failed", "lost"),
    [
        ("UserSettings", {"updates.paused", "updates.deferred", "updates.target_release"}),
        (
            "GroupPolicy",
            {"updates.paused", "updates.deferred", "updates.target_release", "updates.access_blocked"},
        ),
        ("DevicePolicy", {"updates.paused", "updates.deferred", "updates.target_release"}),
        ("PauseStatus", {"updates.paused", "updates.target_release"}),
        ("ConnectionCost", {"updates.metered"}),
        ("Connections", set()),
    ],
)
def test_a_failed_part_takes_only_what_it_decides(failed: str, lost: set[str]) -> None:
    raw = section(Errors={failed: "canary"})
    del raw[failed]
    judgement = judge(search(), raw, POLICY, NOW)
    assert unmeasured(judgement) == lost
    assert judgement.reason == ("visit.section_failed" if lost else None)
    assert "canary" not in str(judgement.as_data())


def test_no_part_at_all_is_never_well() -> None:
    raw = {name: part for name, part in section().items() if name not in ("UserSettings", "GroupPolicy")}
    for name in ("DevicePolicy", "PauseStatus", "ConnectionCost", "Connections", "Policy"):
        del raw[name]
    assert set(CHECKS) <= unmeasured(judge(search(), raw, POLICY, NOW))


def test_what_was_measured_before_is_still_shown() -> None:
    """Books hold measurements without the fields of this module."""
    new = set(read_holds({}, NOW))
    old = {name: value for name, value in judged().measured.items() if name not in new}
    shown = {field.name: value for field, value in allowed.measured("updates", old, "pc-1")}
    assert new <= set(shown)
    assert {shown[name] for name in new} == {None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_latest_pause_can_be_said(language: str) -> None:
    judgement = judged(UserSettings={"PauseUpdatesExpiryTime": "9999-12-31T23:59:59Z"})
    reader = Reader(language)
    (finding,) = judgement.findings
    assert "9999" in reader.sentence(CAUSES[finding.cause].sentence, dict(finding.values))
    fields = allowed.measured("updates", judgement.measured, "pc-1")
    assert any("9999" in allowed.show(reader, field, value) for field, value in fields)


def test_a_pause_of_either_kind_is_read_by_itself() -> None:
    raw = section(GroupPolicy={"PauseFeatureUpdatesStartTime": "2026-11-20"})
    feature, quality = (last_pause(find_pauses(raw, kind, NOW), NOW) for kind in ("Feature", "Quality"))
    assert feature == Pause(datetime(2026, 12, 25, tzinfo=UTC), "group policy")
    assert quality == Pause()


NAMES = (
    *(f"Pause{kind}Updates{end}" for kind in ("Quality", "Feature") for end in ("", "StartTime", "EndTime")),
    "PauseUpdatesExpiryTime",
    "DeferQualityUpdatesPeriodInDays",
    "TargetReleaseVersion",
    "TargetReleaseVersionInfo",
    "ProductVersion",
    "PausedQualityStatus",
    "PausedQualityDate",
    "NetworkCostType",
    "UserCost",
    ALLOWED,
    *BLOCKS,
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.datetimes().map(datetime.isoformat),
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    st.sampled_from(
        ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "Windows 11", "25H2", 0, 1, 2]
    ),
    st.lists(st.integers(), max_size=2),
)
PART = st.one_of(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6), VALUES)


@given(parts=st.dictionaries(st.sampled_from(sorted(NOTHING_HELD)), PART))
def test_nothing_that_a_host_may_say_breaks_the_judgement(parts: dict[str, Any]) -> None:
    judgement = judged(**parts)
    assert set(CHECKS) <= {check.key for check in judgement.checks}
    for finding in judgement.findings:
        assert set(finding.values) <= set(CAUSES[finding.cause].values)
    assert allowed.measured("updates", judgement.measured, "pc-1")
