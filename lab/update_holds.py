"""Planted defects: what holds a machine's updates back, as users and policies set it in the registry."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from lab.defect import Defect
from lab.windows.state_file import Json, iso

_POLICY = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"
_SETTINGS = r"HKLM:\SOFTWARE\Microsoft\WindowsUpdate\UX\Settings"
_CONNECTION = r"HKLM:\SOFTWARE\Microsoft\DusmSvc\Profiles\{3F0A6C1E-5B7D-4E52-9C1B-7A2D9E4F6B80}\*"


def _set(state: Json, key: str, **values: str | int) -> None:
    state["registry"].setdefault(key, {}).update(
        {
            name: {"type": "string" if isinstance(data, str) else "dword", "data": data}
            for name, data in values.items()
        }
    )


def _taken_back(key: str, *names: str) -> Callable[..., None]:
    def edit(state: Json, now: datetime, **_: Any) -> None:  # noqa: ARG001
        for name in names:
            state["registry"].get(key, {}).pop(name, None)

    return edit


def _paused(state: Json, now: datetime, *, until: str = "2077-11-22T00:00:00Z") -> None:
    """As the page of Windows Update writes it; with a longest pause of many days it takes any date."""
    started = iso(now - timedelta(days=3))
    _set(state, _SETTINGS, FlightSettingsMaxPauseDays=20000, PauseUpdatesExpiryTime=until)
    for kind in ("Quality", "Feature"):
        _set(
            state,
            _SETTINGS,
            **{f"Pause{kind}UpdatesStartTime": started, f"Pause{kind}UpdatesEndTime": until},
        )


def _resumed(state: Json, now: datetime) -> None:  # noqa: ARG001
    state["registry"].pop(_SETTINGS, None)


def _paused_by_policy(state: Json, now: datetime, *, days: int = 3) -> None:
    _set(state, _POLICY, PauseQualityUpdatesStartTime=f"{now - timedelta(days=days):%Y-%m-%d}")


def _deferred(state: Json, now: datetime, *, days: int = 30) -> None:  # noqa: ARG001
    _set(state, _POLICY, DeferQualityUpdates=1, DeferQualityUpdatesPeriodInDays=days)


def _pinned(state: Json, now: datetime, *, release: str = "23H2") -> None:  # noqa: ARG001
    _set(
        state,
        _POLICY,
        TargetReleaseVersion=1,
        TargetReleaseVersionInfo=release,
        ProductVersion="Windows 11",
    )


def _metered(*, cost: int) -> Callable[..., None]:
    def edit(state: Json, now: datetime) -> None:  # noqa: ARG001
        _set(state, _CONNECTION, UserCost=cost)

    return edit


def _blocked(state: Json, now: datetime, *, setting: str = "DisableWindowsUpdateAccess") -> None:  # noqa: ARG001
    _set(state, _POLICY, **{setting: 1})


HOLDS = {
    "updates_paused": Defect(_paused, _resumed),
    "updates_paused_by_policy": Defect(
        _paused_by_policy, _taken_back(_POLICY, "PauseQualityUpdatesStartTime")
    ),
    "updates_deferred": Defect(
        _deferred,
        _taken_back(_POLICY, "DeferQualityUpdates", "DeferQualityUpdatesPeriodInDays"),
    ),
    "release_pinned": Defect(
        _pinned, _taken_back(_POLICY, "TargetReleaseVersion", "TargetReleaseVersionInfo")
    ),
    "connection_metered": Defect(_metered(cost=2), _metered(cost=0)),
    "update_access_blocked": Defect(_blocked, _taken_back(_POLICY, "DisableWindowsUpdateAccess")),
}
