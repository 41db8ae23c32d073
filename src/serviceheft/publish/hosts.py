"""Devices: the overview's rows, and one page each with wanted beside measured."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from serviceheft.accounts import State
from serviceheft.assess.normalform import Kind, Shown
from serviceheft.assess.subjects import Subject
from serviceheft.book import Snapshot
from serviceheft.i18n import N_
from serviceheft.model.schema import Host
from serviceheft.publish import actions, allowed, words
from serviceheft.publish.actions import ActionRow
from serviceheft.publish.rows import FindingRow, HostLink, StampRow, finding_row, stamp_row, waits
from serviceheft.publish.source import Source
from serviceheft.publish.words import Mark, mark, word
from serviceheft.services import SUBJECTS, roles_of

#: Stamps and actions shown on a device's page; the book keeps all of them.
RECENT_STAMPS = 20
RECENT_ACTIONS = 50


@dataclass(frozen=True)
class ValueRow:
    label: str
    measured: str
    wanted: str


@dataclass(frozen=True)
class ValueTable:
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class HostPart:
    """One subject's fields. `at`: when it was measured, None for never."""

    title: str
    at: datetime | None
    rows: tuple[ValueRow, ...]
    tables: tuple[ValueTable, ...]


@dataclass(frozen=True)
class HostRow:
    """A line of the overview."""

    name: str
    page: str
    title: str
    kind: str
    site: str
    state: Mark
    open_count: int
    measured_at: datetime | None


@dataclass(frozen=True)
class HostPage(HostRow):
    """Everything on a device's own page."""

    facts: tuple[tuple[str, str], ...]
    subjects: tuple[HostPart, ...]
    open_findings: tuple[FindingRow, ...]
    closed_findings: tuple[FindingRow, ...]
    stamps: tuple[StampRow, ...]
    actions: tuple[ActionRow, ...]


def links(hosts: Mapping[str, Host]) -> dict[str, HostLink]:
    """A page name per device: its own name as far as that is a plain file name, and never "index"."""
    found: dict[str, HostLink] = {}
    taken = {"index"}
    for name in hosts:
        page = re.sub(r"[^a-z0-9.-]+", "-", name.lower()).strip("-.") or "host"
        if page in taken:
            page = f"{page}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        taken.add(page)
        found[name] = HostLink(name, page)
    return found


def pages(source: Source, links: Mapping[str, HostLink]) -> Iterator[HostPage]:
    """One page per device of the inventory. Raises Undeclared."""
    sites = {site.name: site.title for site in source.customer.sites}
    for host in source.customer.hosts.values():
        yield _page(source, host, links[host.name], sites)


def _page(source: Source, host: Host, link: HostLink, sites: Mapping[str, str]) -> HostPage:
    reader = source.reader
    findings = [
        (finding.is_open, finding_row(source, finding, link))
        for finding in source.findings_by_host[host.name]
    ]
    still_open = tuple(sorted((row for is_open, row in findings if is_open), key=lambda row: row.rank))
    closed = tuple(row for is_open, row in reversed(findings) if not is_open)
    snapshots = {shot.subject: shot for shot in source.snapshots_by_host[host.name]}
    wanted = allowed.wanted(host.variables, host.name)
    kind = word(words.GROUPS, host.groups[-1], reader)
    site = sites.get(host.site, "")
    facts = [
        (reader.gettext(N_("Title")), host.title),
        (reader.gettext(N_("Kind")), kind),
        (reader.gettext(N_("Site")), site),
        (reader.gettext(N_("Address")), host.address),
    ]
    facts += [
        (reader.gettext(entry.label), allowed.show_wanted(reader, name, wanted.pop(name)))
        for name, entry in allowed.DEVICE.items()
        if name in wanted
    ]
    return HostPage(
        name=host.name,
        page=link.page or "",
        title=host.title,
        kind=kind,
        site=site,
        state=_state(source, host.name),
        open_count=len(still_open),
        measured_at=max((shot.at for shot in snapshots.values()), default=None),
        facts=tuple(facts),
        subjects=tuple(_subjects(source, host, snapshots, wanted)),
        open_findings=still_open,
        closed_findings=closed,
        stamps=tuple(
            stamp_row(source, stamp, link)
            for stamp in reversed(source.stamps_by_host[host.name][-RECENT_STAMPS:])
        ),
        actions=tuple(actions.history(source, source.stamps_by_host[host.name])[:RECENT_ACTIONS]),
    )


def _state(source: Source, host: str) -> Mark:
    """The worst open finding; else whether all that is owed automatically was measured in its period."""
    severities = {f.severity.value for f in source.findings_by_host[host] if f.is_open}
    owed = [one for one in source.owed_by_host[host] if one.current and one.kind == "automatic"]
    owed = [one for one in owed if one.state is not State.WRITTEN_OFF]
    measured = [one.state is State.DONE or waits(one) for one in owed]
    if severities & {"critical", "warning"}:
        code = "critical" if "critical" in severities else "warning"
    elif not owed:
        code = "not scheduled"
    elif not all(measured):
        code = "partly measured" if any(measured) else "not measured"
    elif any(one.state is not State.DONE for one in owed):
        code = "waits"
    elif not any(one.measured for one in owed):
        code = "by hand"
    else:
        code = "info" if severities else "done"
    return mark(words.HOSTS, code, source.reader)


def _subjects(
    source: Source, host: Host, snapshots: Mapping[str, Snapshot], wanted: Mapping[str, Any]
) -> Iterator[HostPart]:
    """What was measured, and what is only wanted so far where the device is owed a service of that subject.

    Policies hold for all devices of a customer; they say something where they are applied.
    """
    owed = {
        source.catalogue.services[one.service].role for one in source.owed_by_host[host.name] if one.current
    }
    for name in snapshots:
        allowed.subject(name, host.name)
    for name, subject in SUBJECTS.items():
        shot = snapshots.get(name)
        agreed = {key: value for key, value in wanted.items() if key in subject.wanted}
        if shot or (agreed and owed & roles_of(subject)):
            yield _part(source, host.name, subject, shot, agreed)


def _part(
    source: Source, host: str, subject: Subject, shot: Snapshot | None, wanted: Mapping[str, Any]
) -> HostPart:
    reader = source.reader
    fields = (
        allowed.measured(subject.name, shot.measured, host)
        if shot
        else [(field, None) for field in subject.fields]
    )
    beside = dict(wanted)
    rows: list[ValueRow] = []
    tables: list[ValueTable] = []
    for field, value in fields:
        if field.kind is Kind.TABLE:
            if value:
                tables.append(_table(source, field, value))
                beside.pop(field.wanted or "", None)  # its rows say what is wanted
            elif value is not None:
                rows.append(ValueRow(reader.gettext(field.label), reader.gettext(N_("none")), ""))
            continue
        agreed = beside.pop(field.wanted, None) if field.wanted else None
        if value is None and agreed is None:
            continue  # the source does not tell this field
        rows.append(
            ValueRow(
                reader.gettext(field.label),
                _told(source, field, value),
                _agreed(source, field, agreed),
            )
        )
    rows += [
        ValueRow(reader.gettext(subject.wanted[key].label), "", allowed.show_wanted(reader, key, value))
        for key, value in beside.items()
    ]
    title = reader.gettext(subject.title)
    return HostPart(title, shot.at if shot else None, tuple(rows), tuple(tables))


def _agreed(source: Source, field: Shown, agreed: object) -> str:
    """The wanted value in the same words as the measured one beside it."""
    if agreed is None or field.wanted is None:
        return ""
    words = field.words or {}
    if isinstance(agreed, bool) and set(words) == {"on", "off"}:
        agreed = "on" if agreed else "off"
    known = words if isinstance(agreed, str) and agreed in words else None
    return allowed.show_wanted(source.reader, field.wanted, agreed, known)


def _told(source: Source, field: Shown, value: Any) -> str:
    if value is None:
        return source.reader.gettext(N_("not measured"))
    return allowed.show(source.reader, field, value)


def _table(source: Source, field: Shown, value: list[Mapping[str, Any]]) -> ValueTable:
    reader = source.reader
    return ValueTable(
        title=reader.gettext(field.label),
        columns=tuple(reader.gettext(column.label) for column in field.columns),
        rows=tuple(
            tuple(allowed.show(reader, column, row.get(column.name)) for column in field.columns)
            for row in value
        ),
    )
