"""Patch management (3.2) within a run: what was measured and what the book knows, as the decisions take it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import TypeAdapter

from serviceheft import settings
from serviceheft.assess import antivirus, patching, products, software, updates
from serviceheft.assess.actions import ActionResult
from serviceheft.assess.judgement import CheckResult, Judgement, Outcome
from serviceheft.assess.offered import read_offered
from serviceheft.assess.parts import told, was_read
from serviceheft.assess.reading import count, flag, mapping, moment, text
from serviceheft.assess.updatehistory import read_history
from serviceheft.assess.updatepolicy import UpdatePolicy
from serviceheft.assess.updatesearch import reason_unsearched, search_of, searched
from serviceheft.assess.updatestate import build, read_state
from serviceheft.book import Snapshot, Stamp
from serviceheft.entitlement import contained
from serviceheft.model.categories import CATEGORIES
from serviceheft.patching.attempts import Past
from serviceheft.patching.order import HostFacts, HostOrder, Progress, order
from serviceheft.patching.policy import CustomerPolicy, HostPolicy, Update
from serviceheft.patching.restarts import SignedIn, restart_waits
from serviceheft.patching.selection import choose
from serviceheft.patching.turns import Turns
from serviceheft.running.patched_hosts import SERVICE, in_scope, policy_of
from serviceheft.running.pilots import ANTIVIRUS, LOOKED_AT_SINCE, UPDATES, read_pilots
from serviceheft.running.session import Session, open_book
from serviceheft.running.stop import stop_reason
from serviceheft.running.tries import read_pasts, unwell
from serviceheft.vendors import gravityzone

_OLD_DEFINITIONS = frozenset({"antivirus.definitions_outdated", "antivirus.definitions_never_loaded"})
_SCANNERS = {"defender": "Microsoft Defender", "bitdefender": "Bitdefender", "kaspersky": "Kaspersky"}
_TRIED = (ActionResult.DONE, ActionResult.FAILED)
_ORDER = TypeAdapter(HostOrder)

#: Subjects whose installers may want a restart.
_INSTALLING = (software.SUBJECT, products.SUBJECT)

#: What keeps a host from being changed now, and may have passed when its turn comes in the same run.
_MAY_PASS = frozenset({"patch.others_first", "patch.unidentified"})

#: A host's variables with what its tasks registered.
type HostVariables = Mapping[str, Any]


@dataclass(frozen=True)
class _Known:
    """What the book knows before a decision."""

    pasts: Mapping[str, Past]
    progress: Progress
    unwell: frozenset[str]
    #: Since when an installation of 3.3 or 4.3 has wanted a restart, by host.
    restarts: Mapping[str | None, datetime]


def give_orders(session: Session, hosts: Mapping[str, HostVariables], *, planning: bool) -> dict[str, Any]:
    """Per host, in the order of their turns: what to do now, as the tasks need it, and the judgement that is stamped
    before it is done.

    `hosts` are all hosts of the play, those included that were started already: they are counted. `candidate` says
    whether something may be done later in this run; `alone`, that it must not be done beside another host.
    """
    now = settings.now()
    policy = _customer_policy(session)
    policies = {
        name: policy_of(session.customer, name) for name in in_scope(session.customer, session.catalogue)
    }
    known = _read_book(session, policies, frozenset(hosts), now)
    facts = {
        host: read_facts(session, host, registered, policies[host], known, now)
        for host, registered in hosts.items()
    }
    orders = order(
        facts.values(),
        read_pilots(session, now),
        known.progress,
        policy,
        now,
        stopped=stop_reason() is not None,
        planning=planning,
        others={host: it for host, it in policies.items() if host not in hosts},
        unwell=known.unwell,
    )
    return {
        host: _for_tasks(session, made, facts[host], hosts[host], policy, now)
        for host, made in orders.items()
    }


def decide_restart(session: Session, host: str, registered: Mapping[str, Any]) -> dict[str, Any]:
    """After installing, at the very moment before a restart: whether it is needed, and what speaks against it now.

    `registered` holds `install` and `look`, the visit that was made since; None where a task was not called for.
    """
    now = settings.now()
    look = mapping(registered, "look")
    marks = told(mapping(mapping(look, "sections"), "updates"), "PendingReboot")
    pending = any(flag(marks, name) is True for name in ("WindowsUpdate", "ComponentBasedServicing"))
    if not patching.asks_for_restart(registered.get("install"), pending=pending):
        return {"needed": False, "restart": False, "reason": None}
    reason = restart_waits(
        _customer_policy(session),
        policy_of(session.customer, host),
        _signed_in(look),
        now,
        stopped=stop_reason() is not None,
    )
    return {"needed": True, "restart": reason is None, "reason": reason}


def judge_after(
    session: Session, host: str, given: Mapping[str, Any], registered: Mapping[str, Any]
) -> dict[str, Any]:
    """Judgements by service after the order `given` was carried out: 3.2's, and those that were measured again.

    `registered` holds what the tasks returned: look (before anything), visit, first_restart, install,
    decision, restart; None where a task was not called for.
    """
    now = settings.now()
    variables = session.customer.hosts[host].variables
    visit = mapping(registered, "visit")
    # Once the host is lost, whatever else was registered is no measurement.
    reached = not (visit.get("unreachable") or visit.get("failed"))
    section = mapping(mapping(visit, "sections"), "updates") if reached else {}
    search = search_of(visit) if reached else None
    offered = read_offered(search, now, variables["update_check_categories"])
    again = updates.judge(search, section or None, UpdatePolicy.from_variables(variables), now)
    scanner = _judge_antivirus(session, host, visit if reached else {}, registered.get("console"), now)
    made = _ORDER.validate_json(given["order"])
    owes_updates = _owes(session, host, UPDATES)
    state, history = read_state(search, section, now), read_history(section, now)
    policy = policy_of(session.customer, host)
    selection = choose(offered or (), policy, now.date(), session.order.emergency)
    before = mapping(mapping(mapping(registered, "look"), "sections"), "updates")
    after = patching.After(
        visit=visit,
        offered=offered,
        chosen=selection.chosen,
        reboot_pending=state.reboot_pending if reached else None,
        definitions_current={"current": True, "outdated": False}.get(_definitions(scanner)),
        found=again if reached and not owes_updates else None,
        # Not the module's own: where its answer was lost on the way, the host's history still tells.
        hresults=history.last_failures if history else {},
        came_in=_came_in(made.install, before, section, now),
        build=build(before),
    )
    results = patching.Results(*(registered.get(name) for name in ("install", "first_restart", "restart")))
    decision = mapping(registered, "decision")
    found = {
        SERVICE: patching.judge_result(
            made,
            results,
            patching.RestartDecision(decision.get("needed") is True, decision.get("reason")),
            after,
        )
    }
    if reached and owes_updates:
        found[UPDATES] = again
    if reached and made.definitions and _owes(session, host, ANTIVIRUS):
        found[ANTIVIRUS] = scanner
    return {service: judgement.as_data() for service, judgement in found.items()}


def read_facts(
    session: Session, host: str, registered: HostVariables, policy: HostPolicy, known: _Known, now: datetime
) -> HostFacts:
    """What was measured on a host before anything is done: by the visit, and by the second look just before."""
    variables = session.customer.hosts[host].variables
    visit = mapping(registered, "visit_result")
    look = mapping(registered, "patch_management_look")
    section = mapping(mapping(look, "sections"), "updates") or mapping(mapping(visit, "sections"), "updates")
    search = _search(registered)
    product = variables["antivirus_check_product"]
    console = mapping(registered, "antivirus_check_console").get("console")
    definitions = _definitions(_judge_antivirus(session, host, visit, console, now))
    if definitions == "unknown" and not (product == "defender" or (product == "bitdefender" and console)):
        definitions = "current"  # nothing that tells their age was agreed
    return HostFacts(
        host=host,
        policy=policy,
        offered=read_offered(search, now, variables["update_check_categories"]),
        reboot_pending=_restart_wanted(search, section, known.restarts.get(host), now),
        definitions="outdated elsewhere"
        if definitions == "outdated" and product != "defender"
        else definitions,
        scanner=_SCANNERS.get(product, product),
        signed_in=_signed_in(look) if look else SignedIn.NOT_ASKED,
        build=build(section),
        reached="sections" in visit and "sections" in (look or visit),
        past=known.pasts.get(host, Past()),
    )


def _restart_wanted(
    search: Mapping[str, Any] | None, section: Mapping[str, Any], told_at: datetime | None, now: datetime
) -> bool | None:
    """Whether Windows wants a restart, or an installer did since it was started last; None: not measured."""
    pending = read_state(search, section, now).reboot_pending
    if pending or told_at is None:
        return pending
    started_at = moment(section, "LastBootUpTime", now)
    if started_at is None:
        return None
    return True if started_at < told_at else pending


def _read_book(
    session: Session, policies: Mapping[str, HostPolicy], in_run: frozenset[str], now: datetime
) -> _Known:
    turns = Turns(policies)
    concerned = {host for host in policies if turns.goes_alone(host)}
    with open_book() as book:
        customer = session.customer.name
        stamps = [
            it for it in book.stamps(customer, since=now - LOOKED_AT_SINCE, service=SERVICE) if not it.dry_run
        ]
        pasts = read_pasts(stamps, book.findings(customer, open_only=True))
        restarts = _restarts_told(
            it for subject in _INSTALLING for it in book.snapshots(customer, subject.name)
        )
        all_services = (
            [
                it
                for it in book.stamps(customer, since=now - LOOKED_AT_SINCE, hosts=concerned)
                if not it.dry_run
            ]
            if concerned
            else []
        )
    progress = read_progress(session, stamps)
    # Of the others this run's own visit tells.
    ask = {host for host in concerned if host not in in_run or host in progress.started}
    return _Known(pasts, progress, frozenset(unwell(all_services, ask)), restarts)


def _restarts_told(snapshots: Iterable[Snapshot]) -> dict[str | None, datetime]:
    """By host the latest time at which an installer said so."""
    found: dict[str | None, datetime] = {}
    for shot in snapshots:
        told_at = text(shot.measured, "restart_wanted_at")
        if told_at is not None:
            at = datetime.fromisoformat(told_at)
            found[shot.host] = max(found.get(shot.host, at), at)
    return found


def read_progress(session: Session, stamps: Iterable[Stamp]) -> Progress:
    """Which hosts this run has changed so far, by its stamps."""
    tried = [
        stamp
        for stamp in stamps
        if stamp.run == session.run and any(action.result in _TRIED for action in stamp.actions)
    ]
    return Progress(
        started=frozenset(stamp.host for stamp in tried if stamp.host),
        failed=frozenset(stamp.host for stamp in tried if stamp.host and stamp.outcome is Outcome.FAILED),
    )


def _customer_policy(session: Session) -> CustomerPolicy:
    variables = next(iter(session.customer.hosts.values())).variables
    return CustomerPolicy.from_variables(
        variables,
        tuple(session.customer.contract.maintenance_windows),
        emergency=session.order.emergency,
        carried_on=session.order.catch_up,
        maximum_hosts=session.order.maximum_hosts,
    )


def _for_tasks(
    session: Session,
    made: HostOrder,
    facts: HostFacts,
    registered: HostVariables,
    policy: CustomerPolicy,
    now: datetime,
) -> dict[str, Any]:
    measured = None
    section = mapping(mapping(registered, "visit_result"), "sections").get("updates")
    if not _owes(session, made.host, UPDATES):
        wanted = UpdatePolicy.from_variables(session.customer.hosts[made.host].variables)
        measured = updates.judge(_search(registered), section, wanted, now)
    judged = patching.judge_order(
        made,
        measured,
        unmeasured=_unmeasured(facts, _search(registered)),
        dry_run=session.order.dry_run,
    )
    reasons = {waiting.reason for waiting in made.waiting}
    may_pass = _MAY_PASS | ({"patch.ring_waits"} if policy.ring_wait_hours == 0 else set())
    return {
        "ring": made.ring,
        "alone": made.alone,
        "acts": made.acts,
        "candidate": made.acts or bool(may_pass & reasons),
        "install": [_for_module(update) for update in made.install],
        "restart": made.restart,
        "definitions": made.definitions,
        "judgement": judged.as_data(),
        "order": _ORDER.dump_json(made).decode(),
    }


def _for_module(update: Update) -> dict[str, Any]:
    """An update as windows_update_install takes it."""
    return {
        "id": update.key,
        "revision": update.revision,
        "categories": [CATEGORIES[name].identifier for name in update.categories],
    }


def _came_in(
    chosen: Iterable[Update], before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> tuple[str, ...] | None:
    """Titles of what was installed meanwhile besides what was chosen, without the small things of every day."""
    then, since = read_history(before, now), read_history(after, now)
    if then is None or since is None:
        return None
    known = {(entry.key, entry.at) for entry in then.entries} | {(it.key, None) for it in chosen}
    return tuple(
        entry.title or entry.key
        for entry in since.installed
        if not entry.minor and (entry.key, entry.at) not in known and (entry.key, None) not in known
    )


def _unmeasured(facts: HostFacts, search: Mapping[str, Any] | None) -> str | None:
    """Why it is not known what the host lacks; None where it is."""
    if facts.offered is None:
        return "visit.section_failed" if searched(search) else reason_unsearched(search)
    if facts.reboot_pending is None:
        return "visit.section_failed"
    return patching.DEFINITIONS_UNKNOWN if facts.definitions == "unknown" else None


def _search(registered: HostVariables) -> Any:
    return search_of(registered.get("visit_result"))


def _signed_in(look: Mapping[str, Any]) -> SignedIn:
    """By the visit's section sessions; whoever could not be asked may be working."""
    section = mapping(mapping(look, "sections"), "sessions")
    people = count(section, "People") if was_read(section, "People") else None
    if people is None:
        return SignedIn.UNKNOWN
    return SignedIn.SOMEBODY if people else SignedIn.NOBODY


def _judge_antivirus(
    session: Session, host: str, visit: Mapping[str, Any], console: Any, now: datetime
) -> Judgement:
    policy = antivirus.AntivirusPolicy.from_variables(session.customer.hosts[host].variables)
    section = mapping(visit, "sections").get("antivirus")
    return antivirus.judge(section, gravityzone.for_host(console, host), policy, now)


def _definitions(judged: Judgement) -> Literal["current", "outdated", "unknown"]:
    if _OLD_DEFINITIONS & {finding.cause for finding in judged.findings}:
        return "outdated"
    results = {check.key: check.result for check in judged.checks}
    measured = (
        results.get("antivirus.definitions") is not CheckResult.NOT_MEASURED
        and results.get("antivirus.scanner") is not CheckResult.NOT_MEASURED
    )
    return "current" if measured else "unknown"


def _owes(session: Session, host: str, service: str) -> bool:
    """Whether a service of its own stamps this on the host; else it is 3.2's to tell."""
    if service in (session.planned or {}).get(host, {}):
        return True
    agreed = {
        clause.service
        for clause in contained(session.customer, session.catalogue)
        if clause.standing.contained
    }
    scope = set(session.catalogue.services[service].scope)
    return service in agreed and bool(scope & set(session.customer.hosts[host].groups))
