"""What holds a host's updates back though it "updates itself": pauses, deferrals, a release aimed at, metered
connections, access that is blocked.

They are set by the user, by group policy and by device management (MDM), each in a key of its own, and each key is
a part of the visit's updates section. Where one was not read, or holds what cannot be understood, only what it decides
is not measured. Pauses and deferrals by policy last as Microsoft documents them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from serviceheft.assess.parts import told, told_or_absent, told_rows
from serviceheft.assess.reading import CLOCK_SKEW, count, date_ahead, iso, text, whole_number
from serviceheft.assess.windowssupport import find_support
from serviceheft.i18n import N_

USER, GROUP_POLICY, DEVICE_POLICY = "user", "group policy", "device management"
HOLDERS = {
    USER: N_("in the settings of the device"),
    GROUP_POLICY: N_("by group policy"),
    DEVICE_POLICY: N_("by device management (MDM)"),
}
#: Where each stands in the visit's section.
PARTS = {USER: "UserSettings", GROUP_POLICY: "GroupPolicy", DEVICE_POLICY: "DevicePolicy"}
#: A pause by policy ends by itself so long after it began; so does that of Windows 10 1607, which has no start.
_POLICY_PAUSE = timedelta(days=35)
#: Later ones would end after the last year that there is.
_LATEST_START = datetime(9999, 1, 1, tzinfo=UTC)
_PAUSED = 1
_NOT_PAUSED = (0, 2)  # never, and no longer


@dataclass(frozen=True)
class Pause:
    """`until` None: nothing is paused."""

    until: datetime | None = None
    by: str | None = None


@dataclass(frozen=True)
class Deferral:
    """By how many days each update comes later, and who said so (None: nobody)."""

    days: int
    by: str | None = None


@dataclass(frozen=True)
class Target:
    """The release that feature updates stop at, as people say it; None: the newest."""

    release: str | None = None


def find_pauses(raw: Mapping[str, Any], kind: str, now: datetime) -> list[Pause | None]:
    """All pauses of `kind` Quality or Feature, also those that are over; None stands for one that cannot be told."""
    pauses = _user_pauses(raw, kind)
    for holder in (GROUP_POLICY, DEVICE_POLICY):
        pauses += _policy_pauses(raw, kind, holder, now)
    status = told(raw, "PauseStatus")
    if status is None:
        pauses.append(None)
    elif not pauses and whole_number(status, f"Paused{kind}Status") == _PAUSED:
        pauses = _undated_pauses(raw, kind, USER)
    return pauses


def last_pause(pauses: Iterable[Pause | None], now: datetime) -> Pause | None:
    """The one that ends last; one without an end where nothing is paused. None: it cannot be told."""
    ahead = [Pause()]
    for pause in pauses:
        if pause is None:
            return None
        if pause.until and pause.until > now:
            ahead.append(pause)
    return max(ahead, key=lambda pause: pause.until or now)


def _user_pauses(raw: Mapping[str, Any], kind: str) -> list[Pause | None]:
    user = told(raw, PARTS[USER])
    if user is None:
        return [None]
    ends = [name for name in (f"Pause{kind}UpdatesEndTime", "PauseUpdatesExpiryTime") if _is_set(user, name)]
    starts = (f"Pause{kind}UpdatesStartTime", "PauseUpdatesStartTime")
    if not ends and any(_is_set(user, name) for name in starts):
        return [None]
    return [Pause(end, USER) if (end := date_ahead(user, name)) else None for name in ends]


def _policy_pauses(raw: Mapping[str, Any], kind: str, holder: str, now: datetime) -> list[Pause | None]:
    policy = told(raw, PARTS[holder])
    if policy is None:
        return [None]
    start, switch = f"Pause{kind}UpdatesStartTime", f"Pause{kind}Updates"
    if whole_number(policy, switch) == 0:
        return []
    if _is_set(policy, start):
        begins = date_ahead(policy, start)
        if begins is None:
            return [None]
        # One that lies ahead has not begun to hold anything back.
        return [Pause(begins + _POLICY_PAUSE, holder)] if begins <= now + CLOCK_SKEW else []
    return _undated_pauses(raw, kind, holder) if _is_set(policy, switch) else []


def _undated_pauses(raw: Mapping[str, Any], kind: str, holder: str) -> list[Pause | None]:
    """Where nothing says when it began or ends, Windows keeps the date itself."""
    status = told(raw, "PauseStatus")
    if whole_number(status, f"Paused{kind}Status") in _NOT_PAUSED:
        return []
    began = date_ahead(status, f"Paused{kind}Date")
    return [Pause(min(began, _LATEST_START) + _POLICY_PAUSE, holder) if began else None]


def find_deferral(raw: Mapping[str, Any]) -> Deferral | None:
    """By how many days quality updates come later; policies go before what the user chose. None: not told."""
    name = "DeferQualityUpdatesPeriodInDays"
    for holder in (GROUP_POLICY, DEVICE_POLICY, USER):
        place = told(raw, PARTS[holder])
        if place is None:
            return None
        if whole_number(place, "DeferQualityUpdates") == 0:
            continue
        if _is_set(place, name):
            days = count(place, name)
            return None if days is None else Deferral(days, holder if days else None)
    return Deferral(0)


def find_target(raw: Mapping[str, Any]) -> Target | None:
    """The release that Windows is to stay at; None: not told.

    Group policy switches it on by a number and names the release beside it; device management only names it.
    """
    group, device = (told(raw, PARTS[holder]) for holder in (GROUP_POLICY, DEVICE_POLICY))
    if group is None or device is None:
        return None
    switch = whole_number(group, "TargetReleaseVersion")
    if switch == 1 and _is_set(group, "TargetReleaseVersionInfo"):
        return _target(raw, group, "TargetReleaseVersionInfo")
    if _is_set(group, "TargetReleaseVersion") and switch not in (0, 1):
        return None
    if _is_set(device, "TargetReleaseVersion"):
        return _target(raw, device, "TargetReleaseVersion")
    return Target()


def _target(raw: Mapping[str, Any], policy: Mapping[str, Any], name: str) -> Target | None:
    release, product = text(policy, name), text(policy, "ProductVersion") or _product(raw)
    return Target(f"{product} {release.upper()}") if release and product else None


def _product(raw: Mapping[str, Any]) -> str | None:
    """Without a product, the release is one of the product that the host has."""
    support = find_support(told(raw, "Windows") or {})
    return support.release.rpartition(" ")[0] if support else None


#: As DusmSvc keeps what was chosen in the settings, and as Windows names what holds.
_NOT_METERED, _METERED = (0, 1), (2, 3)
_COSTS = {"Unrestricted": False, "Fixed": True, "Variable": True}


def is_metered(raw: Mapping[str, Any]) -> bool | None:
    """Whether the connection in use costs by volume; by what was set for the adapters where Windows has no answer."""
    told_cost = told_or_absent(raw, "ConnectionCost")
    if told_cost is None:
        return None
    cost = _COSTS.get(text(told_cost, "NetworkCostType") or "")
    if cost is not None:
        return cost
    connections = told_rows(raw, "Connections")
    if connections is None:
        return None
    costs = [whole_number(row, "UserCost") for row in connections if _is_set(row, "UserCost")]
    if any(cost in _METERED for cost in costs):
        return True
    return False if all(cost in _NOT_METERED for cost in costs) else None


def downloads_when_metered(raw: Mapping[str, Any]) -> bool | None:
    """Whether updates are loaded over such a connection all the same; Windows does not by default."""
    name = "AllowAutoWindowsUpdateDownloadOverMeteredNetwork"
    for holder in (GROUP_POLICY, DEVICE_POLICY, USER):
        place = told(raw, PARTS[holder])
        if place is None:
            return None
        if _is_set(place, name):
            return _switch(place, name)
    return False


#: Both are common, and harmless, beside an own update server.
_BLOCKING = ("DisableWindowsUpdateAccess", "DoNotConnectToWindowsUpdateInternetLocations")


def find_block(raw: Mapping[str, Any]) -> tuple[bool | None, str | None]:
    """Whether group policy keeps the host away from Microsoft's servers, and the setting in Windows' own words."""
    policy = told(raw, PARTS[GROUP_POLICY])
    if policy is None:
        return None, None
    numbers = {name: whole_number(policy, name) for name in _BLOCKING if _is_set(policy, name)}
    setting = next((name for name, number in numbers.items() if number == 1), None)
    if setting:
        return True, f"{setting}=1"
    return (None, None) if None in numbers.values() else (False, None)


def served_by_own_server(raw: Mapping[str, Any], source: str | None) -> bool | None:
    """Whether quality updates come from it: with one, policy may send the host to Microsoft for them all the same."""
    if source != "wsus":
        return None if source is None else False
    name = "SetPolicyDrivenUpdateSourceForQualityUpdates"
    for holder in (GROUP_POLICY, DEVICE_POLICY):
        place = told(raw, PARTS[holder])
        if place is None:
            return None
        if _is_set(place, name):
            return _switch(place, name)
    return True


def _switch(raw: Mapping[str, Any], name: str) -> bool | None:
    """A number that is a switch; nobody documents others than these."""
    number = whole_number(raw, name)
    return None if number not in (0, 1) else number == 1


def _is_set(raw: Mapping[str, Any], name: str) -> bool:
    """An empty text is what Windows leaves where a value was taken back."""
    value = raw.get(name)
    return value is not None and not (isinstance(value, str) and not value.strip())


def read_holds(raw: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The fields of UpdateState that tell what holds updates back."""
    pause, features = (last_pause(find_pauses(raw, kind, now), now) for kind in ("Quality", "Feature"))
    deferral, target = find_deferral(raw), find_target(raw)
    return {
        "paused_until": iso(pause.until) if pause else None,
        "paused_by": pause.by if pause else None,
        "feature_updates_paused_until": iso(features.until) if features else None,
        "deferred_days": deferral.days if deferral else None,
        "deferred_by": deferral.by if deferral else None,
        "target_release": target.release if target else None,
        "metered": is_metered(raw),
        "access_blocked_by": find_block(raw)[1],
    }
