"""A fictional quarter of musterbau in a real book: what the tests of publishing read.

Inventory, catalogue, causes, normal forms, clock and book are the real ones; only what the devices answered
is made up here, as the normal forms that judging would have made of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import CAUSES, Check, CheckResult, Finding, Json, Judgement, Outcome
from serviceheft.assess.normalform import as_measured
from serviceheft.book import Book, Contact
from serviceheft.clock import period_of
from serviceheft.model.catalogue import Catalogue, load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.model.schema import Customer
from serviceheft.reaction import calendar_for
from serviceheft.services.antivirus_check.state import ScannerState
from serviceheft.services.documentation.judging import ComputerState, Volume
from serviceheft.services.update_check.state import MissingUpdate, UpdateState
from serviceheft.settings import BERLIN, REPOSITORY

#: Sunday of week 47, in the evening.
NOW = datetime(2026, 11, 22, 20, 15, tzinfo=BERLIN)
PERIOD = "2026-W47"

ANTIVIRUS_CHECKS = ("antivirus.scanner", "antivirus.definitions", "antivirus.real_time", "antivirus.scan")
UPDATE_CHECKS = ("updates.missing_critical", "updates.missing_important", "updates.reboot_pending")

#: In which weeks before the last one a device had which cause: found first, and (exclusive) no longer.
TROUBLES = {
    "mb-pc-02": ("antivirus.definitions_outdated", {"age_days": 12, "tolerated_days": 3}, 1, -1),
    "mb-pc-05": ("antivirus.real_time_off", {}, 0, -1),
    "mb-nb-01": ("antivirus.scan_outdated", {"age_days": 31, "tolerated_days": 14}, 3, -1),
    "mb-srv-file": ("antivirus.product_outdated", {"version": "7.9.1"}, 6, 2),
    "mb-dc-01": ("antivirus.definitions_outdated", {"age_days": 5, "tolerated_days": 3}, 5, 4),
}
LACKING_UPDATES = {
    "mb-pc-03": {"critical": 1, "important": 3, "low": 1},
    "mb-pc-05": {"important": 2, "moderate": 2},
    "mb-nb-02": {"critical": 2, "important": 4, "moderate": 1, "unspecified": 2},
}
#: Off in the last week, so neither service could be carried out.
AWAY = {"mb-nb-03": "reach.no_route", "mb-pc-06": "reach.credentials"}


@dataclass
class Story:
    """A customer with a filled book."""

    customer: Customer
    catalogue: Catalogue
    book: Book

    def run(
        self, when: datetime, *, kind: str = "weekly", dry_run: bool = False, reason: str | None = None
    ) -> str:
        """Begin a run at `when`."""
        return self.book.begin_run(
            self.customer.name,
            kind=kind,
            who="k.holzmann",
            commit="3f1c9a7e20bd",
            inventory_hash=self.customer.inventory_hash(),
            dry_run=dry_run,
            now=when,
            tier=self.customer.contract.tier,
            reason=reason,
        )

    def stamp(self, run: str, service: str, host: str, judgement: Judgement, when: datetime) -> None:
        people = self.customer.people.theirs
        contact = next(it for it in people.authorised_reporters if it.email == people.central_contact)
        calendar = calendar_for(self.customer)
        title = self.catalogue.services[service].title.de
        self.book.stamp(
            run,
            service,
            host,
            period_of(self.catalogue.services[service].cadence, when),
            judgement,
            now=when,
            deadline=lambda start: calendar.deadline(start, 6),
            clause=f"{service} {title}",
            contact=Contact(contact.name, contact.email),
        )


def load(name: str = "musterbau") -> tuple[Customer, Catalogue]:
    catalogue = load_catalogue()
    return load_customer(REPOSITORY / "inventories" / name, catalogue), catalogue


def tell(folder: Path, customer: Customer | None = None, weeks: int = 9, now: datetime = NOW) -> Story:
    """Fill a book in `folder` with weekly runs up to the Thursday before `now`."""
    inventory, catalogue = load()
    story = Story(customer or inventory, catalogue, Book.open(f"sqlite:///{folder / 'heft.sqlite'}"))
    thursday = (now - timedelta(days=3)).replace(hour=12, minute=5)
    rehearsal = thursday - timedelta(days=1)
    for ago in reversed(range(weeks)):
        if ago == 0:
            _visit(story, rehearsal, ago, dry_run=True)
        _visit(story, thursday - timedelta(weeks=ago), ago)
    return story


def _visit(story: Story, when: datetime, ago: int, *, dry_run: bool = False) -> None:
    run = story.run(when, dry_run=dry_run)
    for index, host in enumerate(story.customer.hosts.values()):
        at = when + timedelta(seconds=20 * (index + 1))
        if not {"windows_clients", "windows_servers"} & set(host.groups):
            no_collector = Judgement(Outcome.NOT_MEASURED, subject="computer", reason="visit.no_collector")
            story.stamp(run, "2.6", host.name, no_collector, at)
            continue
        away = AWAY.get(host.name) if ago == 0 else None
        antivirus = gone("antivirus", away) if away else antivirus_of(host.name, at, ago)
        story.stamp(run, "2.7", host.name, antivirus, at)
        if "windows_clients" in host.groups:
            story.stamp(
                run, "3.1", host.name, gone("updates", away) if away else updates_of(host.name, at, ago), at
            )
        if not away:
            story.stamp(run, "2.6", host.name, computer_of(story.customer, host.name, at), at)
    story.book.end_run(run, "incomplete" if ago == 0 else "carried out", now=when + timedelta(minutes=11))


#: What a run does or would do about LACKING_UPDATES and some software: service, subject, and action with its result
#: in the dry run, in the run.
PLANNED, DONE, FAILED, HELD = ActionResult.PLANNED, ActionResult.DONE, ActionResult.FAILED, ActionResult.HELD
KB = "KB5068861"
UPDATE = {"title": "2026-11 Kumulatives Update für Windows 11, Version 24H2 (x64)"}
DEEDS: dict[str, list[tuple[str, str, str, str, dict[str, Any], ActionResult, ActionResult, str | None]]] = {
    "mb-pc-03": [
        ("3.2", "updates", "update.install", KB, UPDATE, PLANNED, DONE, None),
        ("3.2", "updates", "update.reboot", "Windows", {}, PLANNED, DONE, None),
        (
            "3.3",
            "software",
            "package.upgrade",
            "7-Zip",
            {"package": "7zip", "before": "23.01"},
            PLANNED,
            DONE,
            None,
        ),
        ("3.3", "software", "package.remove", "Java 8", {"package": "jre8"}, PLANNED, DONE, None),
    ],
    "mb-nb-02": [
        ("3.2", "updates", "update.install", KB, UPDATE, PLANNED, FAILED, "patch.install_failed"),
        ("3.2", "updates", "update.reboot", "Windows", {}, HELD, HELD, "patch.somebody_logged_on"),
    ],
    "mb-pc-02": [("3.2", "updates", "update.install", KB, UPDATE, HELD, HELD, "patch.ring_waits")],
    "mb-pc-01": [],
}


def act(
    story: Story, when: datetime, *, dry_run: bool, kind: str = "weekly", reason: str | None = None
) -> str:
    """A run that mends what DEEDS lists, or only would; mb-pc-06 is away. Returns its id."""
    run = story.run(when, dry_run=dry_run, kind=kind, reason=reason)
    at = when + timedelta(minutes=4)
    for host, deeds in DEEDS.items():
        for service, subject in dict.fromkeys((deed[0], deed[1]) for deed in deeds or [("3.2", "updates")]):
            taken = tuple(_deed(*deed[2:], dry_run=dry_run) for deed in deeds if deed[0] == service)
            if not dry_run and taken:
                before = [Action(it.kind, it.subject, HELD, "patch.in_turn", it.values) for it in taken]
                waiting = Judgement(
                    Outcome.HELD, subject=subject, reason="patch.in_turn", actions=tuple(before)
                )
                story.stamp(run, service, host, waiting, at)
            results = {it.result for it in taken}
            reason_ = next((it.reason for it in taken if it.reason), None)
            outcome = (
                Outcome.FAILED if FAILED in results else Outcome.HELD if HELD in results else Outcome.DONE
            )
            judged = Judgement(outcome, subject=subject, reason=reason_, actions=taken)
            story.stamp(run, service, host, judged, at + timedelta(minutes=1))
    story.stamp(run, "3.2", "mb-pc-06", gone("updates", "reach.no_route"), at)
    story.book.end_run(run, "carried out", now=when + timedelta(minutes=11))
    return run


def _deed(
    kind: str,
    subject: str,
    values: dict[str, Any],
    planned: ActionResult,
    result: ActionResult,
    reason: str | None,
    *,
    dry_run: bool,
) -> Action:
    became = planned if dry_run else result
    code = {"hresult": "0x80070643"} if became is FAILED and kind == "update.install" else {}
    return Action(kind, subject, became, reason if became in (FAILED, HELD) else None, values | code)


def gone(subject: str, reason: str) -> Judgement:
    return Judgement(Outcome.NOT_REACHED, subject=subject, reason=reason)


def antivirus_of(host: str, at: datetime, ago: int) -> Judgement:
    state = ScannerState(
        source="console",
        product="bitdefender",
        product_version="7.9.20.515",
        definitions_updated_at=_iso(at - timedelta(hours=4)),
        real_time_protection=True,
        last_scan_at=_iso(at - timedelta(days=2)),
        active_detections=0,
        licence="active",
        console_known=True,
        console_last_seen_at=_iso(at - timedelta(minutes=7)),
    )
    cause, values, first, last = TROUBLES.get(host, ("", {}, -1, -1))
    if not (cause and last < ago <= first):
        gap = "antivirus.scan" if host == "mb-srv-app" else None
        if gap:
            state = replace(state, last_scan_at=None)
        return judgement("antivirus", state, ANTIVIRUS_CHECKS, gap=gap)
    if "age_days" in values and cause == "antivirus.definitions_outdated":
        updated = at - timedelta(days=float(values["age_days"]))
        state = replace(state, definitions_updated_at=_iso(updated))
    if cause == "antivirus.real_time_off":
        state = replace(state, real_time_protection=False)
    return judgement("antivirus", state, ANTIVIRUS_CHECKS, (Finding(cause, values),))


def updates_of(host: str, at: datetime, ago: int) -> Judgement:
    lacking = LACKING_UPDATES.get(host, {}) if ago < 4 else {}
    missing = tuple(
        MissingUpdate(
            title=f"2026-10 Kumulatives Update für Windows 11, Version 24H2 ({severity} {number + 1})",
            kb=f"KB50{len(severity)}12{number}0",
            severity=severity,
            published_at="2026-10-13T17:00:00+00:00",
            downloaded=number == 0,
        )
        for severity, count in lacking.items()
        for number in range(count)
    )
    state = UpdateState(
        missing=missing,
        failed=(),
        reboot_pending=False,
        last_search_at=_iso(at - timedelta(hours=9)),
        last_installation_at=_iso(at - timedelta(days=8)),
        automatic_updates="on",
        source="windows update",
    )
    findings = tuple(
        Finding(
            f"updates.missing_{severity}",
            {"count": lacking[severity], "oldest_days": 37, "tolerated_days": days},
        )
        for severity, days in (("critical", 7), ("important", 14))
        if severity in lacking
    )
    return judgement("updates", state, UPDATE_CHECKS, findings)


def computer_of(customer: Customer, host: str, at: datetime) -> Judgement:
    variables = customer.hosts[host].variables
    state = ComputerState(
        name=host.upper(),
        domain="musterbau.example",
        role="client",
        manufacturer="HP",
        model="ProDesk 400 G9",
        serial_number=variables.get("documentation_serial_number", "5CG0000" + host[-2:].upper()),
        operating_system=variables.get("documentation_operating_system"),
        build="26100.2314",
        installed_at="2025-02-11T08:20:00+00:00",
        booted_at=_iso(at - timedelta(days=1, hours=3)),
        processor="Intel Core i5-13500",
        cores=14,
        memory_bytes=16 * 1024**3,
        volumes=(Volume("C:", "System", "NTFS", 512_000_000_000, 201_500_000_000),),
        adapters=(),
    )
    return judgement("computer", state, ("computer.system", "computer.volumes", "computer.network"))


def judgement(
    subject: str,
    state: object,
    checks: tuple[str, ...],
    findings: tuple[Finding, ...] = (),
    gap: str | None = None,
    more: Mapping[str, Json] | None = None,
) -> Judgement:
    """A judgement that fits its findings; `gap` is a check that was not measured, `more` smuggled fields."""
    found = {CAUSES[finding.cause].check for finding in findings}
    results = {key: CheckResult.FINDING if key in found else CheckResult.OK for key in (*checks, *found)}
    if gap:
        results[gap] = CheckResult.NOT_MEASURED
    measured: dict[str, Any] = {**as_measured(state), **(more or {})}
    return Judgement(
        outcome=Outcome.FINDING if findings else Outcome.NOT_MEASURED if gap else Outcome.DONE,
        findings=findings,
        measured=measured,
        subject=subject,
        reason="antivirus.not_shown" if gap else None,
        checks=tuple(Check(key, result) for key, result in results.items()),
    )


def _iso(when: datetime) -> str:
    return when.astimezone(UTC).isoformat()
