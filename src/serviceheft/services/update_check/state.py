"""The normal form of a host's update state.

Sources: the visit's section search (updatesearch), the history (updatehistory), and what else its section updates
tells.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from serviceheft.assess.normalform import Kind, shown
from serviceheft.assess.parts import told, was_read
from serviceheft.assess.reading import flag, iso, mapping, moment, text, unix_moment, whole_number
from serviceheft.assess.windowssupport import find_support
from serviceheft.i18n import N_
from serviceheft.model.categories import CATEGORIES, EVERY
from serviceheft.services.update_check.history import History, read_history
from serviceheft.services.update_check.holds import HOLDERS, read_holds
from serviceheft.services.update_check.search import Offer, articles_in, read_offers, search_error
from serviceheft.services.update_check.update import UPGRADES

#: As in group_vars/all/update_check.yml.
DEFAULT_CATEGORIES = ("CriticalUpdates", "SecurityUpdates", "UpdateRollups")

SEVERITIES = {
    "critical": N_("critical"),
    "important": N_("important"),
    "moderate": N_("moderate"),
    "low": N_("low"),
    "unspecified": N_("not rated"),
}

#: More rows than any host has; a stamp has a limit.
MOST_ROWS = 150

INSTALLED_SINCE = timedelta(days=60)

SOURCES = {"windows update": N_("Windows Update"), "wsus": N_("own update server (WSUS)")}
SWITCH = {"on": N_("on"), "off": N_("off")}


@dataclass(frozen=True)
class MissingUpdate:
    """One update that the search found and that is not installed."""

    title: str | None = shown(N_("Update"))
    kb: str | None = shown(N_("KB article"))
    severity: str | None = shown(N_("Severity"), words=SEVERITIES)
    category: str | None = shown(
        N_("Category"), words={key: category.title for key, category in CATEGORIES.items()}
    )
    published_at: str | None = shown(N_("Published"), Kind.MOMENT)
    downloaded: bool | None = shown(N_("Downloaded"), Kind.FLAG)
    hidden: bool | None = shown(N_("Hidden on the device"), Kind.FLAG)
    update_id: str | None = shown(N_("Id of the update"))
    revision: int | None = shown(N_("Revision"), Kind.NUMBER)


@dataclass(frozen=True)
class InstalledUpdate:
    """One update that was installed lately, by whomever."""

    title: str | None = shown(N_("Update"))
    kb: str | None = shown(N_("KB article"))
    installed_at: str | None = shown(N_("Installed"), Kind.MOMENT)
    update_id: str | None = shown(N_("Id of the update"))
    revision: int | None = shown(N_("Revision"), Kind.NUMBER)


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
    left_out: tuple[MissingUpdate, ...] | None = shown(
        N_("Updates of other categories"), Kind.TABLE, row=MissingUpdate
    )
    categories: tuple[str, ...] | None = shown(
        N_("Categories looked after"), Kind.LIST, wanted="update_check_categories"
    )
    failed: tuple[FailedInstallation, ...] | None = shown(
        N_("Failed installations"), Kind.TABLE, row=FailedInstallation
    )
    installed: tuple[InstalledUpdate, ...] | None = shown(
        N_("Installed in the last 60 days"), Kind.TABLE, row=InstalledUpdate
    )
    reboot_pending: bool | None = shown(N_("Restart pending"), Kind.FLAG)
    reboot_pending_since: str | None = shown(N_("Restart pending since"), Kind.MOMENT)
    last_search_at: str | None = shown(N_("Last successful search"), Kind.MOMENT)
    last_installation_at: str | None = shown(N_("Last installation of whatever kind"), Kind.MOMENT)
    last_cumulative_at: str | None = shown(N_("Last cumulative update installed"), Kind.MOMENT)
    last_cumulative: str | None = shown(N_("Last cumulative update"))
    windows_installed_at: str | None = shown(N_("This Windows installed"), Kind.MOMENT)
    release: str | None = shown(N_("Release of Windows"))
    supported_until: str | None = shown(
        N_("Maintained by Microsoft until"), wanted="update_check_extended_support_until"
    )
    automatic_updates: str | None = shown(
        N_("Automatic updating"), wanted="update_check_automatic_updates", words=SWITCH
    )
    automatic_updates_setting: str | None = shown(N_("Setting that switches it off"))
    source: str | None = shown(N_("Updates come from"), wanted="update_check_server_selection", words=SOURCES)
    search_error: str | None = shown(N_("Error code of the search"))
    paused_until: str | None = shown(N_("Updates paused until"), Kind.MOMENT)
    paused_by: str | None = shown(N_("Updates paused"), words=HOLDERS)
    feature_updates_paused_until: str | None = shown(N_("New releases of Windows paused until"), Kind.MOMENT)
    deferred_days: int | None = shown(
        N_("Updates put off by days"), Kind.NUMBER, wanted="update_check_maximum_deferral_days"
    )
    deferred_by: str | None = shown(N_("Updates put off"), words=HOLDERS)
    target_release: str | None = shown(N_("Kept at the release"))
    metered: bool | None = shown(N_("Connection is metered"), Kind.FLAG)
    access_blocked_by: str | None = shown(N_("Setting that blocks Microsoft's update servers"))


def read_state(
    search: Mapping[str, Any] | None,
    section: Mapping[str, Any] | None,
    now: datetime,
    categories: Collection[str] = DEFAULT_CATEGORIES,
) -> UpdateState:
    """Both sources as one normal form; whatever a source does not tell stays None.

    `categories`: those of which updates are to be on the host.
    """
    raw = mapping(section)
    offers, history = read_offers(search, now), read_history(raw, now)
    failed = history.failed(offers) if history else None
    pending = _reboot_pending(search, raw)
    installed = [entry.at for entry in history.installed] if history else []
    version, last = told(raw, "Windows") or {}, told(raw, "AutoUpdate")
    support = find_support(version)
    successes = [*installed, moment(last, "LastInstallationSuccessDate", now)]
    cumulative = history.last_cumulative if history else None
    automatic, setting = _automatic_updates(raw)
    wanted = expanded(categories)
    missing = _rows(offer for offer in offers or () if offer.wanted(wanted))
    left_out = _rows(offer for offer in offers or () if not offer.wanted(wanted))
    return UpdateState(
        missing=None if offers is None else missing[:MOST_ROWS],
        left_out=None if offers is None else left_out[: max(0, MOST_ROWS - len(missing))],
        categories=None if offers is None else tuple(sorted(categories)),
        failed=None
        if failed is None
        else tuple(
            FailedInstallation(one.title, next(iter(articles_in(one.title)), None), one.hresult, iso(one.at))
            for one in failed
        ),
        installed=None if history is None else _installed(history, now),
        reboot_pending=pending,
        reboot_pending_since=_pending_since(raw, history, now) if pending else None,
        last_search_at=iso(moment(last, "LastSearchSuccessDate", now)),
        # The later one may stand in either: where one was not read, the other says nothing.
        last_installation_at=None
        if history is None or last is None
        else iso(max((at for at in successes if at), default=None)),
        last_cumulative_at=iso(cumulative.at) if cumulative else None,
        last_cumulative=cumulative.title if cumulative else None,
        windows_installed_at=iso(unix_moment(version, "InstallDate", now)),
        release=support.release if support else None,
        supported_until=support.until.isoformat() if support else None,
        automatic_updates=automatic,
        automatic_updates_setting=setting,
        source=_source(raw),
        search_error=search_error(search),
        **read_holds(raw, now),
    )


def build(section: Mapping[str, Any] | None) -> str | None:
    """Which Windows it is, to the update: 26200.7171. None: not told."""
    windows = told(mapping(section), "Windows")
    number, revision = text(windows, "CurrentBuildNumber"), whole_number(windows, "UBR")
    return None if number is None or revision is None else f"{number}.{revision}"


def expanded(categories: Collection[str]) -> frozenset[str]:
    """The categories by name, "*" resolved."""
    return frozenset(CATEGORIES) if EVERY in categories else frozenset(categories)


def _rows(offers: Iterable[Offer]) -> tuple[MissingUpdate, ...]:
    """The worst first."""
    order = list(SEVERITIES)
    found = [
        MissingUpdate(
            title=offer.title,
            kb=offer.kbs[0] if offer.kbs else None,
            severity=offer.severity if offer.severity in (*SEVERITIES, None) else "unspecified",
            category=UPGRADES if UPGRADES in offer.categories else min(offer.categories, default=None),
            published_at=iso(offer.published_at),
            downloaded=offer.downloaded,
            hidden=offer.hidden,
            update_id=offer.key,
            revision=offer.revision,
        )
        for offer in offers
    ]
    found.sort(
        key=lambda each: (
            order.index(each.severity or "unspecified"),
            each.published_at or "",
            each.title or "",
        )
    )
    return tuple(found)


def _installed(history: History, now: datetime) -> tuple[InstalledUpdate, ...]:
    """What came lately besides the small things of every day, the newest first."""
    found = [one for one in history.installed if not one.minor and now - one.at <= INSTALLED_SINCE]
    return tuple(
        InstalledUpdate(
            one.title, next(iter(articles_in(one.title)), None), iso(one.at), one.update_id, one.revision
        )
        for one in reversed(found)
    )[:MOST_ROWS]


def _reboot_pending(search: Mapping[str, Any] | None, raw: Mapping[str, Any]) -> bool | None:
    """By Windows Update's and component servicing's own marks, and the search; renamed files are noise."""
    marks = told(raw, "PendingReboot")
    answers = [
        flag(marks, "WindowsUpdate"),
        flag(marks, "ComponentBasedServicing"),
        flag(search, "RebootRequired") if was_read(search, "RebootRequired") else None,
    ]
    if True in answers:
        return True
    return None if None in answers else False


def _pending_since(raw: Mapping[str, Any], history: History | None, now: datetime) -> str | None:
    """The first installation after the last start that can want a restart: Windows keeps no date with its marks."""
    booted = moment(raw, "LastBootUpTime", now)
    installed = [entry.at for entry in history.installed if not entry.minor] if history else []
    return iso(min((at for at in installed if booted is not None and at > booted), default=None))


#: AUOptions that leave the decision to the user.
_ASKS_FIRST = (1, 2, 3)
#: Those with which Windows installs by itself: at a set time, as a local administrator chose, in automatic maintenance.
_UPDATES_ITSELF = (0, 4, 5, 7)


def _automatic_updates(raw: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """On or off, and the setting that switches it off, in Windows' own names.

    AUOptions 2 (ask before download) and 3 (ask before installation) leave the decision to the user, 1 is
    the older "off": none of them installs anything by itself.
    """
    policy = told(raw, "Policy")
    if policy is None:
        return None, None
    switch, options = whole_number(policy, "NoAutoUpdate"), whole_number(policy, "AUOptions")
    if switch == 1:
        return "off", "NoAutoUpdate=1"
    if options in _ASKS_FIRST:
        return "off", f"AUOptions={options}"
    odd = switch != 0 and policy.get("NoAutoUpdate") is not None
    if odd or (options not in _UPDATES_ITSELF and policy.get("AUOptions") is not None):
        return None, None  # nobody documents what Windows makes of it
    start_mode = text(told(raw, "Service"), "StartMode")
    if start_mode == "Disabled":
        return "off", "wuauserv=Disabled"
    return (None, None) if start_mode is None else ("on", None)


def switches(section: Mapping[str, Any] | None) -> dict[str, Any]:
    """What keeps the host from updating itself, as it is to be set.

    {"values": [{"name", "data"}] under the policy key of automatic updating, "service": whether wuauserv is disabled}
    """
    raw = mapping(section)
    policy = told(raw, "Policy")
    values = []
    if whole_number(policy, "NoAutoUpdate") == 1:
        values.append({"name": "NoAutoUpdate", "data": 0})
    if whole_number(policy, "AUOptions") in _ASKS_FIRST:
        values.append({"name": "AUOptions", "data": 4})  # download and install on schedule
    return {"values": values, "service": text(told(raw, "Service"), "StartMode") == "Disabled"}


def _source(raw: Mapping[str, Any]) -> str | None:
    policy = told(raw, "Policy")
    if policy is None:
        return None
    own_server = whole_number(policy, "UseWUServer") == 1 and text(policy, "WUServer") is not None
    return "wsus" if own_server else "windows update"
