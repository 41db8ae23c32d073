"""What is known of a host before and after it is brought up to date: measured by visits, remembered by the book."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from serviceheft.assess.judgement import CheckResult, Judgement, Outcome
from serviceheft.assess.parts import section, was_read
from serviceheft.assess.reading import count, mapping, moment, text
from serviceheft.book import Snapshot, Stamp
from serviceheft.service import Json, Run, Seen
from serviceheft.services.antivirus_check import judging as antivirus
from serviceheft.services.business_software import judging as products
from serviceheft.services.patch_management.attempts import Past
from serviceheft.services.patch_management.hosts import ROLE
from serviceheft.services.patch_management.order import HostFacts, Progress
from serviceheft.services.patch_management.pilots import LOOKED_AT_SINCE
from serviceheft.services.patch_management.policy import HostPolicy
from serviceheft.services.patch_management.restarts import SignedIn
from serviceheft.services.patch_management.tries import TRIED, read_pasts, unwell
from serviceheft.services.patch_management.turns import Turns
from serviceheft.services.standard_software import judging as software
from serviceheft.services.update_check.offered import read_offered
from serviceheft.services.update_check.search import search_of
from serviceheft.services.update_check.state import build, read_state

_OLD_DEFINITIONS = frozenset({"antivirus.definitions_outdated", "antivirus.definitions_never_loaded"})
_SCANNERS = {"defender": "Microsoft Defender", "bitdefender": "Bitdefender", "kaspersky": "Kaspersky"}

#: Subjects whose installers may want a restart.
_INSTALLING = (software.SUBJECT, products.SUBJECT)


@dataclass(frozen=True)
class Known:
    """What the book knows before a decision.

    restarts: since when an installation of 3.3 or 4.3 has wanted a restart, by host.
    """

    pasts: Mapping[str, Past]
    progress: Progress
    unwell: frozenset[str]
    restarts: Mapping[str | None, datetime]


def read_book(run: Run, policies: Mapping[str, HostPolicy], in_run: frozenset[str], now: datetime) -> Known:
    """What is known of the hosts of patch management. Raises BookUnavailable."""
    customer, book = run.customer.name, run.book
    since = now - LOOKED_AT_SINCE
    turns = Turns(policies)
    concerned = {host for host in policies if turns.goes_alone(host)}
    number = run.catalogue.carried_out_by(ROLE).number
    stamps = [it for it in book.stamps(customer, since=since, service=number) if not it.dry_run]
    all_services = (
        [it for it in book.stamps(customer, since=since, hosts=concerned) if not it.dry_run]
        if concerned
        else []
    )
    progress = read_progress(run, stamps)
    # Of the others this run's own visit tells.
    ask = {host for host in concerned if host not in in_run or host in progress.started}
    return Known(
        read_pasts(stamps, book.findings(customer, open_only=True)),
        progress,
        frozenset(unwell(all_services, ask)),
        _restarts_told(it for subject in _INSTALLING for it in book.snapshots(customer, subject.name)),
    )


def read_progress(run: Run, stamps: Iterable[Stamp]) -> Progress:
    """Which hosts this run has changed so far, by its stamps."""
    tried = [
        stamp
        for stamp in stamps
        if stamp.run == run.id and any(action.result in TRIED for action in stamp.actions)
    ]
    return Progress(
        started=frozenset(stamp.host for stamp in tried if stamp.host),
        failed=frozenset(stamp.host for stamp in tried if stamp.host and stamp.outcome is Outcome.FAILED),
    )


def _restarts_told(snapshots: Iterable[Snapshot]) -> dict[str | None, datetime]:
    """By host the latest time at which an installer said so."""
    found: dict[str | None, datetime] = {}
    for shot in snapshots:
        told_at = text(shot.measured, "restart_wanted_at")
        if told_at is not None:
            at = datetime.fromisoformat(told_at)
            found[shot.host] = max(found.get(shot.host, at), at)
    return found


def read_facts(seen: Seen, policy: HostPolicy, known: Known) -> HostFacts:
    """What was measured on a host before anything is done: by the visit, and by the second look just before."""
    now, variables = seen.now, seen.variables
    look = seen.latest if len(seen.visits) > 1 else None
    updates = mapping(section(look, "updates") or section(seen.first, "updates"))
    search = search_of(seen.first)
    product = variables["antivirus_check_product"]
    known_age = definitions(judge_antivirus(seen, seen.first))
    if known_age == "unknown" and not (product == "defender" or (product == "bitdefender" and console(seen))):
        known_age = "current"  # nothing that tells their age was agreed
    return HostFacts(
        host=seen.host,
        policy=policy,
        offered=read_offered(search, now, variables["update_check_categories"]),
        reboot_pending=_restart_wanted(search, updates, known.restarts.get(seen.host), now),
        definitions="outdated elsewhere" if known_age == "outdated" and product != "defender" else known_age,
        scanner=_SCANNERS.get(product, str(product)),
        signed_in=signed_in(look) if look else SignedIn.NOT_ASKED,
        build=build(updates),
        reached=seen.reached and "sections" in (look or seen.first),
        past=known.pasts.get(seen.host, Past()),
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


def signed_in(look: Json) -> SignedIn:
    """By the visit's section sessions; whoever could not be asked may be working."""
    sessions = section(look, "sessions")
    people = count(sessions, "People") if was_read(sessions, "People") else None
    if people is None:
        return SignedIn.UNKNOWN
    return SignedIn.SOMEBODY if people else SignedIn.NOBODY


def console(seen: Seen) -> Json | None:
    """What the scanner's console told of the host, as 2.7 asked it."""
    return mapping(seen.answers, "console") or None


def judge_antivirus(seen: Seen, visit: Json) -> Judgement:
    """2.7's judgement of a visit."""
    policy = antivirus.AntivirusPolicy.from_variables(seen.variables)
    return antivirus.judge(section(visit, "antivirus"), console(seen), policy, seen.now)


def definitions(judged: Judgement) -> Literal["current", "outdated", "unknown"]:
    """How old the virus definitions are, by 2.7's judgement."""
    if _OLD_DEFINITIONS & {finding.cause for finding in judged.findings}:
        return "outdated"
    results = {check.key: check.result for check in judged.checks}
    measured = (
        results.get("antivirus.definitions") is not CheckResult.NOT_MEASURED
        and results.get("antivirus.scanner") is not CheckResult.NOT_MEASURED
    )
    return "current" if measured else "unknown"
