"""The normal form of a host's update state.

Sources: the result of ansible.windows.win_updates (which updates are missing; it tells neither severity nor
date of publication), and the visit's raw updates section, whose offline search of the Windows Update Agent
knows MsrcSeverity and LastDeploymentChangeTime of the updates that the host has already heard of.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from serviceheft.assess.normalform import Kind, shown
from serviceheft.assess.reading import (
    flag,
    hexadecimal,
    iso,
    mapping,
    moment,
    rows,
    text,
    texts,
    whole_number,
)
from serviceheft.i18n import N_

SEVERITIES = {
    "critical": N_("critical"),
    "important": N_("important"),
    "moderate": N_("moderate"),
    "low": N_("low"),
    "unspecified": N_("not rated"),
}

#: OperationResultCode of the Windows Update Agent: failed, aborted; and done, done with errors.
_FAILED, _SUCCEEDED = frozenset({4, 5}), frozenset({2, 3})
_INSTALLATION = 1

_SIGNS_OF_FAILURE = (
    "failed",
    "unreachable",
    "skipped",
    "msg",
    "exception",
    "failed_when_suppressed_exception",
)

#: A failure that is older than this and was never tried again says nothing of today.
_FAILURES_COUNT_FOR = timedelta(days=30)

SOURCES = {"windows update": N_("Windows Update"), "wsus": N_("own update server (WSUS)")}
SWITCH = {"on": N_("on"), "off": N_("off")}


@dataclass(frozen=True)
class MissingUpdate:
    """One update that the search found and that is not installed."""

    title: str | None = shown(N_("Update"))
    kb: str | None = shown(N_("KB article"))
    severity: str | None = shown(N_("Severity"), words=SEVERITIES)
    published_at: str | None = shown(N_("Published"), Kind.MOMENT)
    downloaded: bool | None = shown(N_("Downloaded"), Kind.FLAG)


@dataclass(frozen=True)
class FailedInstallation:
    """One update whose last attempt failed."""

    title: str | None = shown(N_("Update"))
    kb: str | None = shown(N_("KB article"))
    hresult: str | None = shown(N_("Error code"))
    failed_at: str | None = shown(N_("Failed"), Kind.MOMENT)


@dataclass(frozen=True)
class UpdateState:
    """None means: not told. Dates are ISO 8601 in UTC."""

    missing: tuple[MissingUpdate, ...] | None = shown(N_("Missing updates"), Kind.TABLE, row=MissingUpdate)
    failed: tuple[FailedInstallation, ...] | None = shown(
        N_("Failed installations"), Kind.TABLE, row=FailedInstallation
    )
    reboot_pending: bool | None = shown(N_("Restart pending"), Kind.FLAG)
    reboot_pending_since: str | None = shown(N_("Restart pending since"), Kind.MOMENT)
    last_search_at: str | None = shown(N_("Last successful search"), Kind.MOMENT)
    last_installation_at: str | None = shown(N_("Last successful installation"), Kind.MOMENT)
    automatic_updates: str | None = shown(
        N_("Automatic updating"), wanted="update_check_automatic_updates", words=SWITCH
    )
    automatic_updates_setting: str | None = shown(N_("Setting that switches it off"))
    source: str | None = shown(N_("Updates come from"), wanted="update_check_server_selection", words=SOURCES)
    search_error: str | None = shown(N_("Error code of the search"))


def read_state(
    search: Mapping[str, Any] | None, section: Mapping[str, Any] | None, now: datetime
) -> UpdateState:
    """Both sources as one normal form; whatever a source does not tell stays None."""
    raw = mapping(section)
    history = _history(raw, now)
    failed = _failed(search, history, now)
    pending = _reboot_pending(search, raw)
    installed = [entry.at for entry in history or () if entry.succeeded]
    told = moment(mapping(raw, "AutoUpdate"), "LastInstallationSuccessDate", now)
    automatic, setting = _automatic_updates(raw)
    return UpdateState(
        missing=_missing(search, raw, now),
        failed=failed,
        reboot_pending=pending,
        reboot_pending_since=_pending_since(raw, installed, now) if pending else None,
        last_search_at=iso(moment(mapping(raw, "AutoUpdate"), "LastSearchSuccessDate", now)),
        last_installation_at=iso(max([*installed, *([told] if told else [])], default=None)),
        automatic_updates=automatic,
        automatic_updates_setting=setting,
        source=_source(raw),
        search_error=_search_error(search),
    )


def searched(search: Mapping[str, Any] | None) -> bool:
    """Whether the search was made and brought a result.

    The action of win_updates returns an empty list of updates with every failure, and a play may hide
    `failed`; only a round that ended well tells `reboot_required` and has no message.
    """
    return (
        isinstance(search, Mapping)
        and isinstance(search.get("updates"), Mapping)
        and isinstance(search.get("reboot_required"), bool)
        and not any(search.get(sign) for sign in _SIGNS_OF_FAILURE)
    )


def patch_day(title: str | None) -> datetime | None:
    """The second Tuesday of the month that Microsoft's titles begin with ("2026-11 Cumulative Update ...").

    Only for updates whose date the agent does not tell; previews and out-of-band updates of that month
    appear up to three weeks later.
    """
    match = re.match(r"(20[0-9]{2})-(0[1-9]|1[0-2])\b", title or "")
    if match is None:
        return None
    first = date(int(match[1]), int(match[2]), 1)
    days_to_tuesday = (1 - first.weekday()) % 7
    second_tuesday = first + timedelta(days=days_to_tuesday + 7)
    return datetime(second_tuesday.year, second_tuesday.month, second_tuesday.day, tzinfo=UTC)


@dataclass(frozen=True)
class _Entry:
    """One installation in the Update Agent's history."""

    key: str
    title: str | None
    at: datetime
    succeeded: bool
    hresult: str | None


def _history(raw: Mapping[str, Any], now: datetime) -> list[_Entry] | None:
    entries = rows(raw, "History")
    if entries is None or "History" in mapping(raw, "Errors"):
        return None
    found = []
    for entry in entries:
        at = moment(entry, "Date", now)
        code = whole_number(entry, "ResultCode")
        key = text(entry, "UpdateID") or text(entry, "Title")
        wanted = whole_number(entry, "Operation") == _INSTALLATION and code in _FAILED | _SUCCEEDED
        if at is None or key is None or not wanted:
            continue
        title, error = text(entry, "Title"), hexadecimal(whole_number(entry, "HResult"))
        found.append(_Entry(key, title, at, code in _SUCCEEDED, error))
    return sorted(found, key=lambda entry: entry.at)


def _failed(
    search: Mapping[str, Any] | None, history: list[_Entry] | None, now: datetime
) -> tuple[FailedInstallation, ...] | None:
    """The updates whose last attempt failed lately, newest first."""
    if history is None:
        return None
    latest = {entry.key: entry for entry in history}
    failed = [
        entry for entry in latest.values() if not entry.succeeded and now - entry.at <= _FAILURES_COUNT_FOR
    ]
    if searched(search):
        # What the search no longer offers has been replaced or installed since.
        offered = mapping(search, "updates")
        still = {key.casefold() for key in offered if isinstance(key, str)}
        titles = {text(update, "title") for update in offered.values()}
        failed = [entry for entry in failed if entry.key.casefold() in still or entry.title in titles]
    failed.sort(key=lambda entry: entry.at, reverse=True)
    return tuple(
        FailedInstallation(entry.title, _kb_of(entry.title), entry.hresult, iso(entry.at)) for entry in failed
    )


def _missing(
    search: Mapping[str, Any] | None, raw: Mapping[str, Any], now: datetime
) -> tuple[MissingUpdate, ...] | None:
    if not searched(search):
        return None
    heard_of = {
        key.casefold(): update
        for update in rows(raw, "Available") or ()
        if (key := text(update, "UpdateID")) is not None
    }
    missing = []
    for key, update in mapping(search, "updates").items():
        if not isinstance(update, Mapping) or flag(update, "installed"):
            continue
        known = heard_of.get(str(key).casefold(), {})
        title = text(update, "title")
        severity = (text(known, "MsrcSeverity") or "").casefold()
        articles = texts(update, "kb")
        missing.append(
            MissingUpdate(
                title=title,
                kb=f"KB{articles[0].removeprefix('KB')}" if articles else _kb_of(title),
                severity=severity if severity in SEVERITIES else "unspecified",
                published_at=iso(moment(known, "LastDeploymentChangeTime", now) or patch_day(title)),
                downloaded=flag(known, "IsDownloaded"),
            )
        )
    order = list(SEVERITIES)
    missing.sort(
        key=lambda each: (order.index(each.severity or ""), each.published_at or "", each.title or "")
    )
    return tuple(missing)


def _reboot_pending(search: Mapping[str, Any] | None, raw: Mapping[str, Any]) -> bool | None:
    """Windows Update's and component servicing's own marks; PendingFileRenameOperations are mere noise."""
    marks = mapping(raw, "PendingReboot")
    answers = [flag(marks, "WindowsUpdate"), flag(marks, "ComponentBasedServicing")]
    if searched(search):
        answers.append(flag(search, "reboot_required"))
    if True in answers:
        return True
    return None if None in answers[:2] else False


def _pending_since(raw: Mapping[str, Any], installed: list[datetime], now: datetime) -> str | None:
    """The first installation after the last start: Windows keeps no date with its marks."""
    booted = moment(raw, "LastBootUpTime", now)
    return iso(min((at for at in installed if booted is not None and at > booted), default=None))


#: AUOptions that leave the decision to the user.
_ASKS_FIRST = (1, 2, 3)


def _automatic_updates(raw: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """On or off, and the setting that switches it off, in Windows' own names.

    AUOptions 2 (ask before download) and 3 (ask before installation) leave the decision to the user, 1 is
    the older "off": none of them installs anything by itself.
    """
    if "Policy" in mapping(raw, "Errors") or "Policy" not in raw:
        return None, None
    policy = mapping(raw, "Policy")
    if whole_number(policy, "NoAutoUpdate") == 1:
        return "off", "NoAutoUpdate=1"
    options = whole_number(policy, "AUOptions")
    if options in _ASKS_FIRST:
        return "off", f"AUOptions={options}"
    start_mode = text(mapping(raw, "Service"), "StartMode")
    if start_mode == "Disabled":
        return "off", "wuauserv=Disabled"
    return (None, None) if start_mode is None else ("on", None)


def switches(section: Mapping[str, Any] | None) -> dict[str, Any]:
    """What keeps the host from updating itself, as it is to be set.

    {"values": [{"name", "data"}] under the policy key of automatic updating, "service": whether wuauserv is disabled}
    """
    raw = mapping(section)
    policy = mapping(raw, "Policy")
    values = []
    if whole_number(policy, "NoAutoUpdate") == 1:
        values.append({"name": "NoAutoUpdate", "data": 0})
    if whole_number(policy, "AUOptions") in _ASKS_FIRST:
        values.append({"name": "AUOptions", "data": 4})  # download and install on schedule
    return {"values": values, "service": text(mapping(raw, "Service"), "StartMode") == "Disabled"}


def _source(raw: Mapping[str, Any]) -> str | None:
    if "Policy" in mapping(raw, "Errors") or "Policy" not in raw:
        return None
    policy = mapping(raw, "Policy")
    own_server = whole_number(policy, "UseWUServer") == 1 and text(policy, "WUServer") is not None
    return "wsus" if own_server else "windows update"


def _search_error(search: Mapping[str, Any] | None) -> str | None:
    """The HRESULT in the module's message, and nothing else of it."""
    if not isinstance(search, Mapping) or searched(search):
        return None
    match = re.search(r"0x[0-9A-Fa-f]{8}\b", str(search.get("msg", ""))[:4096])
    return hexadecimal(int(match[0], 16)) if match else None


def _kb_of(title: str | None) -> str | None:
    match = re.search(r"\bKB[0-9]{5,8}\b", title or "")
    return match[0] if match else None
