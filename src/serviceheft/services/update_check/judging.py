"""3.1: are the host's Windows updates current?

What is missing comes from the visit's section search, the rest from its section updates.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from serviceheft.assess import reach
from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import CheckResult, Judgement
from serviceheft.assess.normalform import as_measured
from serviceheft.assess.reading import age_in_days, mapping
from serviceheft.assess.subjects import Subject, Wanted
from serviceheft.assess.verdict import Verdict
from serviceheft.assess.windowssupport import find_support, judge_support
from serviceheft.i18n import N_
from serviceheft.model.categories import CATEGORIES
from serviceheft.services.update_check.history import History, read_history
from serviceheft.services.update_check.holds_judging import judge_holds
from serviceheft.services.update_check.policy import TOLERATED, UpdatePolicy
from serviceheft.services.update_check.search import published_at_the_latest, reason_unsearched
from serviceheft.services.update_check.state import (
    SEVERITIES,
    SOURCES,
    MissingUpdate,
    UpdateState,
    read_state,
)
from serviceheft.settings import BERLIN

_SEARCHED_AT = {
    "default": N_("as the device is set up"),
    "managed_server": N_("the company's update server"),
    "windows_update": N_("Microsoft"),
}
_RINGS = {"pilot": N_("first, as a pilot"), "broad": N_("after the pilots")}
_RESTARTS = {
    "never": N_("never"),
    "when_needed": N_("whenever needed, also by day"),
    "in_window": N_("in the maintenance window"),
    "nobody_logged_on": N_("in the maintenance window, when nobody is signed in"),
}

SUBJECT = Subject(
    "updates",
    N_("Windows updates"),
    place=30,
    form=UpdateState,
    checks={
        "updates.missing_critical": N_("critical updates"),
        "updates.missing_important": N_("important updates"),
        "updates.missing_moderate": N_("moderate updates"),
        "updates.missing_low": N_("updates of low severity"),
        "updates.missing_unspecified": N_("unrated updates"),
        "updates.install_failed": N_("failed installations"),
        "updates.reboot_pending": N_("pending restart"),
        "updates.search_outdated": N_("last search for updates"),
        "updates.install_outdated": N_("last cumulative update"),
        "updates.support": N_("support by Microsoft"),
        "updates.automatic_updates": N_("automatic updating"),
        "updates.source": N_("source of updates"),
        "updates.paused": N_("pause of updates"),
        "updates.deferred": N_("updates put off"),
        "updates.target_release": N_("release that Windows is kept at"),
        "updates.metered": N_("metered connection"),
        "updates.access_blocked": N_("access to update servers"),
        "updates.wsus": N_("own update server"),
        "patching.exception_lapsed": N_("exceptions for updates"),
        "patching.keeps_failing": N_("updates that keep failing"),
        "patching.came_in": N_("updates that nobody chose"),
    },
    wanted={
        "update_check_tolerated_days": Wanted(N_("Missing updates tolerated for")),
        "update_check_categories": Wanted(N_("Categories searched")),
        "update_check_maximum_installation_age_days": Wanted(
            N_("Age of the last cumulative update at most"), "days"
        ),
        "update_check_extended_support_until": Wanted(N_("Extended support until")),
        "update_check_server_selection": Wanted(N_("Searched at"), words=_SEARCHED_AT),
        "update_check_automatic_updates": Wanted(N_("Windows updates itself")),
        "update_check_maximum_deferral_days": Wanted(N_("Updates put off by at most"), "days"),
        "patch_management_ring": Wanted(N_("Gets updates"), words=_RINGS),
        "patch_management_reboot": Wanted(N_("Restarted for updates"), words=_RESTARTS),
    },
)

#: In place of a category that the host names in no way that is known.
_NO_CATEGORY = "?"
_SWITCHED_OFF = "updates.automatic_updates_off"


def _switch_on(result: ActionResult, reason: str | None = None) -> Action:
    return Action("updates.automatic", "Windows", result, reason)


def judge(
    search: Mapping[str, Any] | None,
    section: Mapping[str, Any] | None,
    policy: UpdatePolicy,
    now: datetime,
) -> Judgement:
    """Judge one host.

    `search` is the visit's raw section of that name (updatesearch.search_of; None when it was not asked for),
    `section` the visit's raw updates section (None when the visit lacks it). `now` is aware.
    """
    state = read_state(search, section, now, policy.categories)
    verdict = Verdict(SUBJECT.name)
    lacking = "visit.section_failed" if section else "visit.section_missing"
    _judge_missing(verdict, search, state, policy, now)
    history = read_history(mapping(section), now)
    _judge_failures(verdict, search, state, policy, lacking, history.last_failures if history else {})
    _judge_reboot(verdict, state, now, lacking)
    verdict.age(
        "updates.search_outdated",
        state.last_search_at,
        policy.maximum_search_age_days,
        now,
        moment_name="searched_at",
        missing=lacking,
    )
    outdated = _judge_cumulative(verdict, state, history, policy, now, lacking)
    judge_support(
        verdict,
        SUBJECT.name,
        find_support(mapping(section, "Windows")),
        policy.extended_support_until,
        policy.support_warning_days,
        now.astimezone(BERLIN).date(),
        missing="windows.release_unknown" if mapping(section, "Windows") else lacking,
    )
    actions: tuple[Action, ...] = ()
    if policy.automatic_updates:
        if state.automatic_updates is None:
            verdict.unmeasured("updates.automatic_updates", lacking)
        elif state.automatic_updates == "off":
            verdict.found(_SWITCHED_OFF, setting=state.automatic_updates_setting)
            actions = (_switch_on(ActionResult.PLANNED),)
        else:
            verdict.ok("updates.automatic_updates")
    _judge_source(verdict, state, policy, lacking)
    judge_holds(
        verdict,
        mapping(section),
        state,
        policy,
        now,
        outdated=outdated,
        not_searched=reason_unsearched(search),
    )
    known = as_measured(state)
    return verdict.conclude(known if any(value is not None for value in known.values()) else {}, actions)


def settle(after: Judgement, visit: object, said: Iterable[object]) -> Judgement:
    """The judgement after automatic updating was switched on, with what became of that.

    `visit` is the registered result of the second visit, `said` those of the tasks that switched it on: they tell
    why it failed, and nothing else.
    """
    check = next(it.result for it in after.checks if it.key == "updates.automatic_updates")
    if check is CheckResult.OK:
        return replace(after, actions=(_switch_on(ActionResult.DONE),))
    reason = "updates.automatic_still_off" if check is CheckResult.FINDING else "visit.section_failed"
    for result in (*said, visit):
        answer = mapping(result)
        if not answer.get("skipped") and (answer.get("unreachable") or answer.get("msg")):
            reason = reach.classify(answer).code
            break
    return replace(after, actions=(_switch_on(ActionResult.FAILED, reason),))


def _judge_missing(
    verdict: Verdict,
    search: Mapping[str, Any] | None,
    state: UpdateState,
    policy: UpdatePolicy,
    now: datetime,
) -> None:
    """A search sees all categories, so each check says of which ones it can tell that nothing is missing."""
    source = _searched_at(state, policy)
    for severity in SEVERITIES:
        cause = f"updates.missing_{severity}"
        if state.missing is None:
            verdict.unmeasured(cause, reason_unsearched(search))
            continue
        if any(it.severity is None for it in (*state.missing, *(state.left_out or ()))):
            verdict.unmeasured(cause, "visit.section_failed")
            continue
        mine = [update for update in state.missing if update.severity == severity]
        tolerated = policy.tolerated_days.get(severity, TOLERATED[severity])
        overdue = _overdue(mine, tolerated, now)
        others = _overdue((it for it in state.left_out or () if it.severity == severity), tolerated, now)
        if overdue:
            oldest, update = max(overdue, key=lambda pair: pair[0])
            verdict.found(
                cause, count=len(overdue), oldest_days=oldest, tolerated_days=tolerated, kb=update.kb
            )
            verdict.saw(cause, source | {update.category or _NO_CATEGORY for _, update in overdue})
            continue
        verdict.saw(cause, source | {*CATEGORIES, _NO_CATEGORY} - {update.category for _, update in others})
        if any(update.published_at is None for update in mine):
            verdict.unmeasured(cause, "updates.undated")
        elif others and severity != "unspecified":
            # Microsoft rates what concerns security. That the contract leaves the category out makes it no better.
            verdict.unmeasured(cause, "updates.left_out")
        else:
            verdict.ok(cause)


def _overdue(
    updates: Iterable[MissingUpdate], tolerated: int, now: datetime
) -> list[tuple[int, MissingUpdate]]:
    return [(age, update) for update in updates if (age := _age(update, now)) is not None and age > tolerated]


def _searched_at(state: UpdateState, policy: UpdatePolicy) -> frozenset[str]:
    """Where the search was made: an own server offers only what somebody has released there."""
    chosen = {"managed_server": "wsus", "windows_update": "windows update"}.get(policy.server_selection)
    where = chosen or state.source
    return frozenset({f"at {where}"}) if where else frozenset()


def _judge_failures(
    verdict: Verdict,
    search: Mapping[str, Any] | None,
    state: UpdateState,
    policy: UpdatePolicy,
    lacking: str,
    failures: Mapping[str, str | None],
) -> None:
    """`failures`: whatever failed when it was tried last, still offered or not."""
    check = "updates.install_failed"
    if state.failed is None:
        told = state.last_installation_at is None or state.missing is not None
        verdict.unmeasured(check, lacking if told else reason_unsearched(search))
        return
    if not failures:
        verdict.saw(check, {f"at {source}" for source in SOURCES})
    elif state.missing is not None:
        verdict.saw(check, _searched_at(state, policy))
    if state.failed:
        last = state.failed[0]
        verdict.found(
            check, count=len(state.failed), hresult=last.hresult, kb=last.kb, failed_at=last.failed_at
        )
    else:
        verdict.ok(check)


def _judge_cumulative(
    verdict: Verdict,
    state: UpdateState,
    history: History | None,
    policy: UpdatePolicy,
    now: datetime,
    lacking: str,
) -> bool | None:
    """Whether Windows itself was brought up to date lately: a search that finds nothing may be searching nowhere.

    Returns whether it was too long ago; None: not known.
    """
    check, limit = "updates.install_outdated", policy.maximum_installation_age_days
    renewed = [moment for moment in (state.last_cumulative_at, state.windows_installed_at) if moment]
    if history is None:
        verdict.unmeasured(check, lacking)
    elif state.last_cumulative_at:
        return verdict.age(
            check, max(renewed), limit, now, moment_name="installed_at", missing="updates.history_short"
        )
    elif renewed and age_in_days(datetime.fromisoformat(renewed[0]), now) <= limit:
        verdict.ok(check)
        return False
    elif history.reaches_to and (known := age_in_days(history.reaches_to, now)) > limit:
        verdict.found("updates.never_installed", known_days=known, tolerated_days=limit)
        return True
    else:
        verdict.unmeasured(check, "updates.history_short")
    return None


def _judge_reboot(verdict: Verdict, state: UpdateState, now: datetime, lacking: str) -> None:
    check = "updates.reboot_pending"
    if state.reboot_pending is None:
        verdict.unmeasured(check, lacking)
    elif state.reboot_pending:
        since = state.reboot_pending_since
        days = None if since is None else age_in_days(datetime.fromisoformat(since), now)
        verdict.found(check, since=since, days=days)
    else:
        verdict.ok(check)


def _judge_source(verdict: Verdict, state: UpdateState, policy: UpdatePolicy, lacking: str) -> None:
    """Only where the inventory says where updates come from; the default leaves it to the host."""
    check = "updates.source"
    if policy.server_selection not in ("managed_server", "windows_update"):
        return
    if state.source is None:
        verdict.unmeasured(check, lacking)
    elif policy.server_selection == "windows_update" and state.source == "wsus":
        verdict.found("updates.managed_by_wsus")
    elif policy.server_selection == "managed_server" and state.source != "wsus":
        verdict.found("updates.not_managed_by_wsus")
    else:
        verdict.ok(check)


def _age(update: MissingUpdate, now: datetime) -> int | None:
    """In days; of an update without a date at least so many, by the month in its title."""
    published = update.published_at
    moment = datetime.fromisoformat(published) if published else published_at_the_latest(update.title)
    return None if moment is None else age_in_days(moment, now)
