"""Checks of what holds a host's updates back (holds.py)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from serviceheft.assess.parts import lacking, told, was_read
from serviceheft.assess.reading import iso, text
from serviceheft.assess.verdict import Verdict
from serviceheft.assess.windowssupport import Support, find_release, find_support, is_server
from serviceheft.services.update_check.holds import (
    DEVICE_POLICY,
    GROUP_POLICY,
    PARTS,
    USER,
    Pause,
    downloads_when_metered,
    find_block,
    find_deferral,
    find_pauses,
    find_target,
    is_metered,
    last_pause,
    served_by_own_server,
)
from serviceheft.services.update_check.policy import UpdatePolicy
from serviceheft.services.update_check.state import UpdateState
from serviceheft.settings import BERLIN


def judge_holds(
    verdict: Verdict,
    raw: Mapping[str, Any],
    state: UpdateState,
    policy: UpdatePolicy,
    now: datetime,
    *,
    outdated: bool | None,
    not_searched: str,
) -> None:
    """All checks of what holds updates back.

    `outdated`: whether the last cumulative update is older than tolerated (None: not known); `not_searched`: why
    there is no search, where there is none.
    """
    pauses = find_pauses(raw, "Quality", now)
    _judge_pauses(verdict, raw, pauses, now)
    _judge_deferral(verdict, raw, policy.maximum_deferral_days)
    _judge_releases(verdict, raw, last_pause(pauses, now), policy, now)
    _judge_metered(verdict, raw)
    _judge_access(verdict, raw, state.source)
    _judge_own_server(verdict, raw, state, policy, outdated, not_searched)


def _why(raw: Mapping[str, Any], *parts: str) -> str:
    """Why something is not told: parts of the visit are missing, or what they hold cannot be understood."""
    return "updates.hold_unreadable" if was_read(raw, *parts) else lacking(raw)


def _judge_pauses(
    verdict: Verdict, raw: Mapping[str, Any], pauses: list[Pause | None], now: datetime
) -> None:
    """The user's and the policies' each by itself: a pause that was read counts whatever could not be read."""
    known = [pause for pause in pauses if pause]
    for cause, holders in (
        ("updates.paused", (USER,)),
        ("updates.paused_by_policy", (GROUP_POLICY, DEVICE_POLICY)),
    ):
        last = last_pause((pause for pause in known if pause.by in holders), now)
        if last and last.until:
            verdict.found(cause, until=iso(last.until), days=(last.until - now).days, by=last.by)
    if None in pauses:
        verdict.unmeasured("updates.paused", _why(raw, *PARTS.values(), "PauseStatus"))
    else:
        verdict.ok("updates.paused")


def _judge_deferral(verdict: Verdict, raw: Mapping[str, Any], tolerated_days: int) -> None:
    check, deferral = "updates.deferred", find_deferral(raw)
    if deferral is None:
        verdict.unmeasured(check, _why(raw, *PARTS.values()))
    elif deferral.days > tolerated_days:
        verdict.found(check, days=deferral.days, tolerated_days=tolerated_days, by=deferral.by)
    else:
        verdict.ok(check)


def _judge_releases(
    verdict: Verdict,
    raw: Mapping[str, Any],
    pause: Pause | None,
    policy: UpdatePolicy,
    now: datetime,
) -> None:
    """Whether Windows is kept at a release that Microsoft stops maintaining; servers get no releases by update."""
    check, version = "updates.target_release", told(raw, "Windows")
    if version is None:
        verdict.unmeasured(check, lacking(raw))
        return
    if not is_server(version):
        installed = find_support(version)
        _judge_target(verdict, raw, version, installed, policy, now.astimezone(BERLIN).date())
        _judge_feature_pause(verdict, raw, pause, installed, policy, now)
    verdict.ok(check)


def _judge_target(
    verdict: Verdict,
    raw: Mapping[str, Any],
    version: Mapping[str, Any],
    installed: Support | None,
    policy: UpdatePolicy,
    today: date,
) -> None:
    check, target = "updates.target_release", find_target(raw)
    if target is None:
        verdict.unmeasured(check, _why(raw, "GroupPolicy", "DevicePolicy"))
        return
    if target.release is None:
        return
    aimed_at = find_release(version, target.release)
    if installed is None or aimed_at is None:
        verdict.unmeasured(check, "updates.target_unknown" if installed else "windows.release_unknown")
        return
    until = _maintained_until(aimed_at, installed, policy)
    days = (until - today).days
    values = {"release": aimed_at.release, "until": until.isoformat()}
    if days < 0:
        verdict.found("updates.target_release_ended", days=-days, **values)
    elif days <= policy.support_warning_days:
        verdict.found("updates.target_release_ends_soon", days=days, **values)
    elif aimed_at.release < installed.release:
        verdict.found("updates.target_release_older", installed=installed.release, **values)


def _judge_feature_pause(
    verdict: Verdict,
    raw: Mapping[str, Any],
    pause: Pause | None,
    installed: Support | None,
    policy: UpdatePolicy,
    now: datetime,
) -> None:
    """Only where it outlasts the pause of all other updates, which is found already."""
    check, features = "updates.target_release", last_pause(find_pauses(raw, "Feature", now), now)
    if features is None:
        verdict.unmeasured(check, _why(raw, *PARTS.values(), "PauseStatus"))
    elif features.until and not (pause and pause.until and pause.until >= features.until):
        if installed is None:
            verdict.unmeasured(check, "windows.release_unknown")
        elif features.until.date() > (until := _maintained_until(installed, installed, policy)):
            verdict.found(
                "updates.release_held",
                release=installed.release,
                paused_until=iso(features.until),
                until=until.isoformat(),
            )


def _maintained_until(release: Support, installed: Support, policy: UpdatePolicy) -> date:
    """Extended support was bought for the release that is installed."""
    bought = policy.extended_support_until if release.release == installed.release else None
    return max(release.until, bought or release.until)


def _judge_metered(verdict: Verdict, raw: Mapping[str, Any]) -> None:
    check, metered = "updates.metered", is_metered(raw)
    allowed = downloads_when_metered(raw) if metered else None
    if metered is None:
        verdict.unmeasured(check, _why(raw, "ConnectionCost", "Connections"))
    elif metered and allowed is None:
        verdict.unmeasured(check, _why(raw, *PARTS.values()))
    elif metered and not allowed:
        verdict.found(check)
    else:
        verdict.ok(check)


def _judge_access(verdict: Verdict, raw: Mapping[str, Any], source: str | None) -> None:
    check = "updates.access_blocked"
    blocked, setting = find_block(raw)
    if blocked is None:
        verdict.unmeasured(check, _why(raw, "GroupPolicy"))
    elif blocked and source is None:
        verdict.unmeasured(check, _why(raw, "Policy"))
    elif blocked and source != "wsus":
        verdict.found(check, setting=setting)
    else:
        verdict.ok(check)


def _judge_own_server(
    verdict: Verdict,
    raw: Mapping[str, Any],
    state: UpdateState,
    policy: UpdatePolicy,
    outdated: bool | None,
    not_searched: str,
) -> None:
    """An own server that offers nothing looks like a host that lacks nothing, but for the age of the last update."""
    check = "updates.wsus"
    served = served_by_own_server(raw, state.source)
    if served is None:
        verdict.unmeasured(check, _why(raw, "Policy", "GroupPolicy", "DevicePolicy"))
    elif not served:
        server = text(told(raw, "Policy"), "WUServer")
        if server and state.source != "wsus":
            verdict.found("updates.wsus_not_used")
        else:
            verdict.ok(check)
    elif policy.server_selection == "windows_update" or outdated is False:
        verdict.ok(check)  # the search says nothing of the own server, or it has approved something lately
    elif state.missing is None:
        verdict.unmeasured(check, not_searched)
    elif state.missing or state.left_out:
        verdict.ok(check)
    elif outdated is None:
        verdict.unmeasured(check, "updates.history_short" if was_read(raw, "History") else lacking(raw))
    else:
        verdict.found("updates.wsus_approves_nothing", tolerated_days=policy.maximum_installation_age_days)
