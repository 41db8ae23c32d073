"""Who of a run's hosts is brought up to date now, what is done there, and what is judged before and after it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from serviceheft.assess.parts import section, told
from serviceheft.assess.reading import flag, mapping
from serviceheft.entitlement import contained
from serviceheft.model.categories import CATEGORIES
from serviceheft.service import Json, Judged, Run, Seen
from serviceheft.services.patch_management import judging as patching
from serviceheft.services.patch_management.facts import (
    definitions,
    judge_antivirus,
    read_book,
    read_facts,
    signed_in,
)
from serviceheft.services.patch_management.hosts import in_scope, policy_of
from serviceheft.services.patch_management.order import HostFacts, HostOrder, order
from serviceheft.services.patch_management.pilots import read_pilots
from serviceheft.services.patch_management.policy import CustomerPolicy
from serviceheft.services.patch_management.restarts import restart_waits
from serviceheft.services.patch_management.selection import choose
from serviceheft.services.update_check import judging as updates
from serviceheft.services.update_check.history import read_history
from serviceheft.services.update_check.offered import read_offered
from serviceheft.services.update_check.policy import UpdatePolicy
from serviceheft.services.update_check.search import reason_unsearched, search_of, searched
from serviceheft.services.update_check.state import build, read_state
from serviceheft.services.update_check.update import Update

UPDATES, ANTIVIRUS = "update_check", "antivirus_check"
_ORDER = TypeAdapter(HostOrder)

#: What keeps a host from being changed now, and may have passed when its turn comes in the same run.
_MAY_PASS = frozenset({"patch.others_first", "patch.unidentified"})


def plan_turns(hosts: Mapping[str, Seen], run: Run) -> dict[str, Judged]:
    """Before anything is done: every host's judgement, and who gets a turn later in this run."""
    return {host: _planned(judged, run) for host, judged in give_orders(hosts, run, planning=True).items()}


def _planned(judged: Judged, run: Run) -> Judged:
    steps = judged.steps
    if run.dry_run or not steps["candidate"]:
        return judged
    alone = "_alone" if steps["alone"] else ""
    return replace(judged, groups=(f"patching_{steps['ring']}{alone}",))


def give_orders(hosts: Mapping[str, Seen], run: Run, *, planning: bool = False) -> dict[str, Judged]:
    """Per host, in the order of their turns: what to do now, and the judgement that is stamped before it is done.

    `hosts` are all hosts of the play, those included that were started already: they are counted. Of the steps,
    `candidate` says whether something may be done later in this run, `alone` that it must not be done beside another
    host.
    """
    now = next(iter(hosts.values())).now
    policy = _customer_policy(run)
    policies = {name: policy_of(run.customer, name) for name in in_scope(run.customer, run.catalogue)}
    known = read_book(run, policies, frozenset(hosts), now)
    facts = {host: read_facts(seen, policies[host], known) for host, seen in hosts.items()}
    orders = order(
        facts.values(),
        read_pilots(run, now),
        known.progress,
        policy,
        now,
        stopped=run.stopped,
        planning=planning,
        others={host: it for host, it in policies.items() if host not in hosts},
        unwell=known.unwell,
    )
    return {host: _judged(made, facts[host], hosts[host], policy, run) for host, made in orders.items()}


def decide_restart(seen: Seen, run: Run, install: Json | None) -> dict[str, Any]:
    """After installing, at the very moment before a restart: whether it is needed, and what speaks against it now.

    install: the result of the task that installed; the latest visit was made since.
    """
    marks = told(section(seen.latest, "updates"), "PendingReboot")
    pending = any(flag(marks, name) is True for name in ("WindowsUpdate", "ComponentBasedServicing"))
    if not patching.asks_for_restart(install, pending=pending):
        return {"needed": False, "restart": False, "reason": None}
    reason = restart_waits(
        _customer_policy(run),
        policy_of(run.customer, seen.host),
        signed_in(seen.latest),
        seen.now,
        stopped=run.stopped,
    )
    return {"needed": True, "restart": reason is None, "reason": reason}


def judge_after(seen: Seen, results: Json, run: Run) -> Judged:
    """After the order that was kept was carried out: 3.2's judgement, and those of what was measured again.

    results: first_restart, install, decision, restart, where a task was called for. Of the visits the second is the
    look before anything was done, the latest the one after all.
    """
    now, variables = seen.now, seen.variables
    visit, look = seen.latest, seen.visits[1]
    # Once the host is lost, whatever else was registered is no measurement.
    reached = not (visit.get("unreachable") or visit.get("failed"))
    found = mapping(section(visit, "updates")) if reached else {}
    search = search_of(visit) if reached else None
    offered = read_offered(search, now, variables["update_check_categories"])
    again = updates.judge(search, found or None, UpdatePolicy.from_variables(variables), now)
    scanner = judge_antivirus(seen, visit if reached else {})
    made = _ORDER.validate_json(seen.kept["order"])
    owes_updates = _owes(run, seen.host, UPDATES)
    state, history = read_state(search, found, now), read_history(found, now)
    selection = choose(offered or (), policy_of(run.customer, seen.host), now.date(), run.emergency)
    before = mapping(section(look, "updates"))
    after = patching.After(
        visit=visit,
        offered=offered,
        chosen=selection.chosen,
        reboot_pending=state.reboot_pending if reached else None,
        definitions_current={"current": True, "outdated": False}.get(definitions(scanner)),
        found=again if reached and not owes_updates else None,
        # Not the module's own: where its answer was lost on the way, the host's history still tells.
        hresults=history.last_failures if history else {},
        came_in=_came_in(made.install, before, found, now),
        build=build(before),
    )
    said = patching.Results(*(results.get(name) for name in ("install", "first_restart", "restart")))
    decision = mapping(mapping(results, "decision"), "decision")
    also = {}
    if reached and made.definitions and _owes(run, seen.host, ANTIVIRUS):
        also[ANTIVIRUS] = scanner
    if reached and owes_updates:
        also[UPDATES] = again
    restart = patching.RestartDecision(decision.get("needed") is True, decision.get("reason"))
    return Judged(patching.judge_result(made, said, restart, after), also=also)


def _customer_policy(run: Run) -> CustomerPolicy:
    customer = run.customer
    return CustomerPolicy.from_variables(
        next(iter(customer.hosts.values())).variables,
        tuple(customer.contract.maintenance_windows),
        emergency=run.emergency,
        carried_on=run.catch_up,
        maximum_hosts=run.maximum_hosts,
    )


def _judged(made: HostOrder, facts: HostFacts, seen: Seen, policy: CustomerPolicy, run: Run) -> Judged:
    measured = None
    search = search_of(seen.first)
    if not _owes(run, made.host, UPDATES):
        wanted = UpdatePolicy.from_variables(seen.variables)
        measured = updates.judge(search, section(seen.first, "updates"), wanted, seen.now)
    judged = patching.judge_order(made, measured, unmeasured=_unmeasured(facts, search), dry_run=run.dry_run)
    reasons = {waiting.reason for waiting in made.waiting}
    may_pass = _MAY_PASS | ({"patch.ring_waits"} if policy.ring_wait_hours == 0 else set())
    steps = {
        "ring": made.ring,
        "alone": made.alone,
        "acts": made.acts,
        "candidate": made.acts or bool(may_pass & reasons),
        "install": [_for_module(update) for update in made.install],
        "restart": made.restart,
        "definitions": made.definitions,
    }
    return Judged(judged, steps=steps, keep={"order": _ORDER.dump_json(made).decode()})


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


def _unmeasured(facts: HostFacts, search: Json | None) -> str | None:
    """Why it is not known what the host lacks; None where it is."""
    if facts.offered is None:
        return "visit.section_failed" if searched(search) else reason_unsearched(search)
    if facts.reboot_pending is None:
        return "visit.section_failed"
    return patching.DEFINITIONS_UNKNOWN if facts.definitions == "unknown" else None


def _owes(run: Run, host: str, role: str) -> bool:
    """Whether a service of its own stamps this on the host; else it is 3.2's to tell."""
    service = run.catalogue.carried_out_by(role)
    if service.number in run.planned.get(host, {}):
        return True
    agreed = {it.service for it in contained(run.customer, run.catalogue) if it.standing.contained}
    return service.number in agreed and bool(set(service.scope) & set(run.customer.hosts[host].groups))
