"""What a dry run would have changed: for the customer, who approves it before it is done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from serviceheft.assess.actions import ActionResult
from serviceheft.assess.judgement import CheckResult, Outcome
from serviceheft.book import Run, Stamp
from serviceheft.i18n import N_
from serviceheft.publish import actions, allowed, words
from serviceheft.publish.actions import ActionRow
from serviceheft.publish.rows import HostLink, host_link, unmeasured_checks
from serviceheft.publish.source import LOOK_BACK, Source
from serviceheft.publish.words import Mark, mark

#: What would happen comes first, then what keeps something from happening.
_ORDER = (ActionResult.PLANNED, ActionResult.FAILED, ActionResult.HELD, ActionResult.DONE)
_UNMEASURED = (Outcome.FAILED, Outcome.NOT_REACHED, Outcome.NOT_MEASURED)
#: Notes in the book; no device was touched.
_BY_HAND = "by hand"


class NoDryRun(Exception):
    """There is nothing to print; the message says why and what to do."""


@dataclass(frozen=True)
class HostPlan:
    """What would be done to one device, and what waits there."""

    host: HostLink | None
    title: str
    rows: Sequence[ActionRow]


@dataclass(frozen=True)
class UnmeasuredRow:
    """What of a service the dry run could not measure, on which devices: changes there are not known."""

    service: str
    why: str
    hosts: Sequence[HostLink | None]


@dataclass(frozen=True)
class WhatIf:
    """A dry run as the customer reads it. `warnings`: why it should not be approved any more."""

    run: str
    at: datetime
    state: Mark
    who: str
    commit: str
    inventory_hash: str
    summary: str
    warnings: Sequence[str]
    plans: Sequence[HostPlan]
    unchanged: Sequence[HostLink | None]
    unmeasured: Sequence[UnmeasuredRow]
    #: What may be said where nothing is unmeasured.
    all_measured: str


def choose(source: Source, named: str | None = None) -> Run:
    """The named dry run, or the last one that has ended. Raises NoDryRun."""
    name = source.customer.name
    advice = f"Make one, which changes nothing: heft weekly {name} --check"
    if named is None:
        found = next((run for run in source.runs if run.dry_run and run.state != "running"), None)
        if found is None:
            raise NoDryRun(f"There is no dry run of {name} yet. {advice}")
    else:
        found = next((run for run in source.runs if run.id == named), None)
        if found is None:
            latest = [run.id for run in source.runs if run.dry_run][:3]
            known = (
                f"The latest dry runs are: {', '.join(latest)}." if latest else f"No dry run yet. {advice}"
            )
            raise NoDryRun(f"{name} has no run {named!r}. {known}")
        if not found.dry_run:
            raise NoDryRun(f"The run {named} of {name} was no dry run: it changed what it says. {advice}")
        if found.state == "running":
            raise NoDryRun(f"The dry run {named} of {name} still goes on. Try again when it has ended.")
    if found.began_at < source.now - LOOK_BACK:
        raise NoDryRun(f"The dry run {found.id} of {name} is older than {LOOK_BACK.days} days. {advice}")
    return found


def pending(source: Source) -> Run | None:
    """The last dry run, if no device was visited for real after it: what it shows is still to come."""
    for run in source.runs:
        if run.dry_run and run.state != "running":
            return run if run.began_at >= source.now - LOOK_BACK else None
        if not run.dry_run and run.kind != _BY_HAND:
            return None
    return None


def what_if(source: Source, run: Run, links: dict[str, HostLink]) -> WhatIf:
    """Undeclared for whatever may not be published."""
    stamps = actions.final(source.stamps_by_run.get(run.id, ()))
    plans = list(_plans(source, stamps, links))
    planned = [stamp.host for stamp in stamps for it in stamp.actions if it.result is ActionResult.PLANNED]
    held = sum(it.result is ActionResult.HELD for stamp in stamps for it in stamp.actions)
    silent = {stamp.host for stamp in stamps if _is_unmeasured(stamp)}
    acting = {stamp.host for stamp in stamps if stamp.actions}
    reader = source.reader
    return WhatIf(
        run=run.id,
        at=run.began_at,
        state=mark(words.RUNS, run.state, source.reader),
        who=run.who,
        commit=run.commit,
        inventory_hash=run.inventory_hash,
        summary=reader.gettext(
            N_("{changes} {where}; {waiting}."),
            changes=reader.ngettext("{count} change", "{count} changes", len(planned)),
            where=reader.ngettext("on {count} device", "on {count} devices", len(set(planned))),
            waiting=reader.ngettext("{count} waits", "{count} wait", held),
        ),
        warnings=list(_warnings(source, run)),
        plans=plans,
        unchanged=[
            host_link(links, host)
            for host in dict.fromkeys(stamp.host for stamp in stamps)
            if host is not None and host not in silent | acting
        ],
        unmeasured=list(_unmeasured(source, stamps, links)),
        all_measured=reader.gettext(
            N_("Everything that this dry run was to look at was measured.")
            if stamps
            else N_("This dry run looked at nothing.")
        ),
    )


def _plans(source: Source, stamps: Sequence[Stamp], links: dict[str, HostLink]) -> Iterator[HostPlan]:
    for host in dict.fromkeys(stamp.host for stamp in stamps if stamp.actions):
        found = [(stamp, action) for stamp in stamps if stamp.host == host for action in stamp.actions]
        found.sort(key=lambda pair: _ORDER.index(pair[1].result))
        rows = [actions.action_row(source, stamp, action) for stamp, action in found]
        known = source.customer.hosts.get(host or "")
        yield HostPlan(host_link(links, host), known.title if known else "", rows)


def _unmeasured(
    source: Source, stamps: Sequence[Stamp], links: dict[str, HostLink]
) -> Iterator[UnmeasuredRow]:
    shared: dict[tuple[str, str], list[HostLink | None]] = {}
    for stamp in stamps:
        if not _is_unmeasured(stamp):
            continue
        why = (
            allowed.reason(source.reader, stamp.reason)
            or mark(words.OUTCOMES, stamp.outcome.value, source.reader).word
        )
        if missing := unmeasured_checks(source, stamp):
            why = f"{why} ({missing})" if stamp.outcome in _UNMEASURED else missing
        key = (source.service_title(stamp.service), why)
        shared.setdefault(key, []).append(host_link(links, stamp.host))
    for (service, why), hosts in sorted(shared.items(), key=lambda item: item[0]):
        yield UnmeasuredRow(service, why, hosts)
    visited = {stamp.host for stamp in stamps}
    if left_out := [links[name] for name in source.customer.hosts if name not in visited]:
        t = source.reader.gettext
        yield UnmeasuredRow(t(N_("all services")), t(N_("Not part of this dry run")), left_out)


def _is_unmeasured(stamp: Stamp) -> bool:
    return stamp.outcome in _UNMEASURED or CheckResult.NOT_MEASURED in stamp.checks.values()


def _warnings(source: Source, run: Run) -> Iterator[str]:
    t = source.reader.gettext
    if run.inventory_hash != source.customer.inventory_hash():
        yield t(N_("The inventory was changed after this dry run: it needs a new one before it is approved."))
    later = [
        it for it in source.runs if not it.dry_run and it.kind != _BY_HAND and it.began_at > run.began_at
    ]
    if later:
        yield t(
            N_("Devices were visited after this dry run, on {when}: some of this may be done already."),
            when=source.reader.moment(later[0].began_at),
        )
    if run.state != "carried out":
        yield t(N_("The dry run did not get through everything: more may have to be changed."))
