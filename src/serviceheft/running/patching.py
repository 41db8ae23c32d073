"""Patch management (3.2) within a run: what was measured and what the book knows, as the decisions take it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import TypeAdapter

from serviceheft import settings
from serviceheft.assess import antivirus, patching, updates
from serviceheft.assess.actions import ActionResult
from serviceheft.assess.judgement import CheckResult, Judgement, Outcome
from serviceheft.assess.offered import read_offered
from serviceheft.assess.reading import count, mapping
from serviceheft.assess.updatehistory import read_history
from serviceheft.assess.updatepolicy import UpdatePolicy
from serviceheft.assess.updatesearch import searched
from serviceheft.assess.updatestate import read_state
from serviceheft.entitlement import contained
from serviceheft.patching.order import HostFacts, HostOrder, Progress, SignedIn, order
from serviceheft.patching.policy import CustomerPolicy, HostPolicy, Reboot
from serviceheft.patching.selection import choose, patterns
from serviceheft.running.pilots import ANTIVIRUS, SERVICE, UPDATES, read_pilots
from serviceheft.running.session import Session, open_book
from serviceheft.running.stop import stop_reason
from serviceheft.vendors import gravityzone

_OLD_DEFINITIONS = frozenset({"antivirus.definitions_outdated", "antivirus.definitions_never_loaded"})
_SCANNERS = {"defender": "Microsoft Defender", "bitdefender": "Bitdefender", "kaspersky": "Kaspersky"}
_TRIED = (ActionResult.DONE, ActionResult.FAILED)
_ORDER = TypeAdapter(HostOrder)

#: A host's variables with what its tasks registered.
type HostVariables = Mapping[str, Any]


def give_orders(session: Session, hosts: Mapping[str, HostVariables], *, planning: bool) -> dict[str, Any]:
    """Per host: what to do now, as the tasks need it, and the judgement that is stamped before it is done.

    `hosts` are all hosts of the play, those included that were started already: they are counted. `candidate` says
    whether something may be done later in this run.
    """
    now = settings.now()
    variables = next(iter(session.customer.hosts.values())).variables
    policy = CustomerPolicy.from_variables(
        variables,
        tuple(session.customer.contract.maintenance_windows),
        emergency=session.order.emergency,
        maximum_hosts=session.order.maximum_hosts,
    )
    facts = {host: read_facts(session, host, registered, now) for host, registered in hosts.items()}
    orders = order(
        facts.values(),
        read_pilots(session, now),
        read_progress(session),
        policy,
        now,
        stopped=stop_reason() is not None,
        planning=planning,
    )
    return {
        host: _for_tasks(session, made, facts[host], hosts[host], policy, now)
        for host, made in orders.items()
    }


def judge_after(
    session: Session, host: str, given: Mapping[str, Any], registered: Mapping[str, Any]
) -> dict[str, Any]:
    """Judgements by service after the order `given` was carried out: 3.2's, and those that were measured again.

    `registered` holds what the tasks returned: visit, search, install, restart, definitions; None where a task was
    not called for.
    """
    now = settings.now()
    variables = session.customer.hosts[host].variables
    visit = mapping(registered, "visit")
    # Once the host is lost, whatever else was registered is no measurement.
    reached = not (visit.get("unreachable") or visit.get("failed"))
    section = mapping(mapping(visit, "sections"), "updates") if reached else {}
    search = registered.get("search") if reached else None
    offered = read_offered(search, section, now, variables["update_check_categories"])
    again = updates.judge(search, section or None, UpdatePolicy.from_variables(variables), now)
    scanner = _judge_antivirus(session, host, visit if reached else {}, registered.get("console"), now)
    made = _ORDER.validate_json(given["order"])
    owes_updates = _owes(session, host, UPDATES)
    state, history = read_state(search, section, now), read_history(section, now)
    selection = choose(
        offered or (), HostPolicy.from_variables(variables), now.date(), session.order.emergency
    )
    after = patching.After(
        visit=visit,
        offered=offered,
        chosen=selection.chosen,
        reboot_pending=state.reboot_pending if reached else None,
        definitions_current={"current": True, "outdated": False}.get(_definitions(scanner)),
        found=again if reached and not owes_updates else None,
        # Not the module's own: after a second attempt it says nothing but that it tried twice.
        hresults=history.last_failures if history else {},
    )
    results = patching.Results(*(registered.get(name) for name in ("install", "restart", "definitions")))
    found = {SERVICE: patching.judge_result(made, results, after)}
    if reached and owes_updates:
        found[UPDATES] = again
    if reached and made.definitions and _owes(session, host, ANTIVIRUS):
        found[ANTIVIRUS] = scanner
    return {service: judgement.as_data() for service, judgement in found.items()}


def read_facts(session: Session, host: str, registered: HostVariables, now: datetime) -> HostFacts:
    """What was measured on a host before anything is done."""
    variables = session.customer.hosts[host].variables
    visit = mapping(registered, "visit_result")
    section = mapping(mapping(visit, "sections"), "updates")
    search = _search(registered)
    product = variables["antivirus_check_product"]
    console = mapping(registered, "antivirus_check_console").get("console")
    definitions = _definitions(_judge_antivirus(session, host, visit, console, now))
    if definitions == "unknown" and not (product == "defender" or (product == "bitdefender" and console)):
        definitions = "current"  # nothing that tells their age was agreed
    policy = HostPolicy.from_variables(variables)
    return HostFacts(
        host=host,
        policy=policy,
        offered=read_offered(search, section, now, variables["update_check_categories"]),
        reboot_pending=read_state(search, section, now).reboot_pending,
        definitions="outdated elsewhere"
        if definitions == "outdated" and product != "defender"
        else definitions,
        scanner=_SCANNERS.get(product, product),
        signed_in=_signed_in(registered),
    )


def read_progress(session: Session) -> Progress:
    """Which hosts this run has changed so far, by its stamps."""
    with open_book() as book:
        stamps = book.stamps(session.customer.name, service=SERVICE, run=session.run)
    tried = [stamp for stamp in stamps if any(action.result in _TRIED for action in stamp.actions)]
    return Progress(
        started=frozenset(stamp.host for stamp in tried if stamp.host),
        failed=frozenset(stamp.host for stamp in tried if stamp.host and stamp.outcome is Outcome.FAILED),
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
    return {
        "ring": made.ring,
        "acts": made.acts,
        "candidate": made.acts or (policy.ring_wait_hours == 0 and "patch.ring_waits" in reasons),
        "asks_who_is_signed_in": facts.policy.reboot is Reboot.NOBODY_LOGGED_ON,
        "accept": patterns(made.install),
        "reject": patterns(made.rejected),
        "restart": made.restart and not made.install,
        "may_restart": made.restart_waits is None,
        "definitions": made.definitions,
        "judgement": judged.as_data(),
        "order": _ORDER.dump_json(made).decode(),
    }


def _unmeasured(facts: HostFacts, search: Mapping[str, Any] | None) -> str | None:
    """Why it is not known what the host lacks; None where it is."""
    if facts.offered is None:
        return "visit.section_failed" if searched(search) else "updates.search_failed"
    if facts.reboot_pending is None:
        return "visit.section_failed"
    return patching.DEFINITIONS_UNKNOWN if facts.definitions == "unknown" else None


def _search(registered: HostVariables) -> Any:
    """The check of 3.1 has searched already where it was carried out in this run."""
    return registered.get("update_check_search") or registered.get("patch_management_search")


def _signed_in(registered: HostVariables) -> SignedIn:
    answer = registered.get("patch_management_signed_in")
    if answer is None:
        return SignedIn.NOT_ASKED
    output = answer.get("output") if isinstance(answer, Mapping) else None
    people = count({"people": output[0]}, "people") if isinstance(output, list) and len(output) == 1 else None
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
