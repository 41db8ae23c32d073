"""What the pages of a customer's book show, as plain values in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from serviceheft.accounts import State, balance
from serviceheft.book import Run
from serviceheft.entitlement import manner
from serviceheft.i18n import N_
from serviceheft.publish import actions, agreement, allowed, device_figures, figures, hosts, imprint, words
from serviceheft.publish.actions import SharedRow
from serviceheft.publish.debts import DebtRow, debt_rows
from serviceheft.publish.hosts import HostPage
from serviceheft.publish.rows import (
    FindingRow,
    HostLink,
    TicketRow,
    UncheckedRow,
    all_checked,
    cause_title,
    finding_row,
    host_link,
    owed_code,
    telling_stamp,
    ticket_row,
    unchecked_rows,
    written_off,
)
from serviceheft.publish.source import Source
from serviceheft.publish.whatif import what_if
from serviceheft.publish.words import Mark, mark, word

MOST_ON_START = 5
#: A year of weekly runs; the book keeps all of them.
MOST_RUNS = 53


@dataclass(frozen=True)
class Card:
    """One figure of the start page, with the page that it leads to."""

    what: str
    figure: str
    remark: str
    tone: str
    page: str


@dataclass(frozen=True)
class OwedRow:
    host: HostLink | None
    state: Mark
    outcome: Mark | None
    at: datetime | None
    why: str


@dataclass(frozen=True)
class OwedGroup:
    """One service in one period, device by device."""

    number: str
    title: str
    period: str
    due: datetime
    kind: str
    rows: Sequence[OwedRow]


@dataclass(frozen=True)
class ChangeRow:
    change: Mark
    host: HostLink | None
    title: str
    ticket: str | None


@dataclass(frozen=True)
class RunRow:
    began: datetime
    kind: str
    outcome: Mark
    dry_run: Mark | None
    facts: Sequence[tuple[str, str]]
    changes: Sequence[ChangeRow]
    actions: Sequence[SharedRow]


@dataclass(frozen=True)
class Charts:
    progress: figures.Bars
    findings: figures.Line
    definitions: figures.Bars
    updates: figures.Bars


class BookView:
    """The attributes that the templates use. Raises Undeclared for whatever may not be published."""

    def __init__(self, source: Source, dry_run: Run | None = None) -> None:
        self._source = source
        self._reader = source.reader
        self._links = hosts.links(source.customer.hosts)
        customer, reader = source.customer, source.reader
        self.company = customer.company.name
        self.notes = customer.documentation.notes
        self.catalogue_version = source.catalogue.version
        self.catalogue_changes = agreement.catalogue_changes(source)
        self.contract_in_words = agreement.contract_in_words(source)
        self.contract_facts = agreement.contract_facts(source)
        self.services = agreement.services(source)
        self.history = agreement.history(source)
        self.windows = agreement.windows(source)
        self.people = agreement.people(source)
        self.imprint = imprint.imprint(source)
        self.hosts: list[HostPage] = list(hosts.pages(source, self._links))
        self.charts = Charts(
            progress=figures.progress(source),
            findings=figures.findings_over_time(source),
            definitions=device_figures.definitions(source, self._links),
            updates=device_figures.missing_updates(source, self._links),
        )
        self.open_findings = self._findings(closed=False)
        self.closed_findings = self._findings(closed=True)
        self.worst_findings = self.open_findings[:MOST_ON_START]
        #: What may be said where no finding is open.
        self.no_finding = reader.gettext(
            N_("No finding is open.") if source.snapshots else N_("Nothing has been measured yet.")
        )
        self.open_tickets, self.closed_tickets = self._tickets()
        self.next_tickets = self.open_tickets[:MOST_ON_START]
        current = [one for one in source.owed if one.current]
        self.unchecked: list[UncheckedRow] = unchecked_rows(source, current, self._links)
        self.all_checked = all_checked(source, current)
        self.owed = self._owed()
        self.debts: list[DebtRow] = debt_rows(source, source.owed, self._links)
        self.what_if = what_if(source, dry_run, self._links) if dry_run else None
        self.runs = [self._run(run) for run in source.runs[:MOST_RUNS]]
        self.glossary = [(reader.gettext(term), reader.gettext(meaning)) for term, meaning in words.GLOSSARY]

    @property
    def cards(self) -> list[Card]:
        """What a reader wants to know first."""
        source, reader = self._source, self._reader
        t = reader.gettext
        sums = balance(source.owed)
        now, left = sums.current, sums.earlier.of(State.OVERDUE)
        overdue = now.of(State.OVERDUE)
        earlier = t(N_("{count} missed earlier"), count=reader.number(left))
        measured = any(one.measured for one in source.owed if one.current)
        looked_at = bool(source.snapshots)
        critical = sum(row.severity.tone == "critical" for row in self.open_findings)
        late = sum(row.state.tone == "critical" for row in self.open_tickets)
        first = self.open_tickets[0] if self.open_tickets else None
        return [
            Card(
                t(N_("Owed and done")),
                t(
                    N_("{done} of {total}"),
                    done=reader.number(now.of(State.DONE)),
                    total=reader.number(now.owed),
                ),
                " · ".join(
                    (
                        reader.ngettext("{count} overdue", "{count} overdue", overdue),
                        *([earlier] if left else []),
                    )
                ),
                "critical"
                if overdue or left
                else "open"
                if now.left
                else "warning"
                if any(owed_code(source, one) == "done, with findings" for one in source.owed if one.current)
                else "done"
                if now.of(State.DONE)
                else "none",
                "owed",
            ),
            Card(
                t(N_("Open findings")),
                reader.number(len(self.open_findings)),
                reader.ngettext("{count} of them critical", "{count} of them critical", critical)
                if looked_at or self.open_findings
                else t(N_("nothing measured yet")),
                "critical"
                if critical
                else "warning"
                if self.open_findings
                else "done"
                if looked_at
                else "unmeasured",
                "findings",
            ),
            Card(
                t(N_("Open tickets")),
                reader.number(len(self.open_tickets)),
                reader.ngettext("{count} overdue", "{count} overdue", late)
                if late or first is None
                else t(N_("next: {when}"), when=reader.moment(first.deadline)),
                "critical" if late else "open" if first else "done",
                "tickets",
            ),
            Card(
                t(N_("Not checked")),
                reader.number(len(self.unchecked)),
                t(N_("owed, and not measured"))
                if self.unchecked
                else t(N_("everything was measured"))
                if measured
                else t(N_("nothing is measured automatically")),
                "unmeasured" if self.unchecked else "done" if measured else "none",
                "about",
            ),
        ]

    def _findings(self, *, closed: bool) -> list[FindingRow]:
        rows = [
            finding_row(self._source, finding, host_link(self._links, finding.host))
            for finding in self._source.findings
            if finding.is_open is not closed
        ]
        if closed:
            return sorted(rows, key=lambda row: row.closed_at or row.last_seen_at, reverse=True)
        return sorted(rows, key=lambda row: (row.rank, row.opened_at, row.host.name if row.host else ""))

    def _tickets(self) -> tuple[list[TicketRow], list[TicketRow]]:
        rows = [
            (ticket.state, ticket_row(self._source, ticket, host_link(self._links, ticket.finding.host)))
            for ticket in self._source.tickets
        ]
        open_ = sorted((row for state, row in rows if state == "open"), key=lambda row: row.deadline)
        closed = sorted(
            (row for state, row in rows if state == "closed"), key=lambda row: row.closed_at or row.opened_at
        )
        return open_, closed[::-1]

    def _owed(self) -> list[OwedGroup]:
        grouped: dict[tuple[str, str], OwedGroup] = {}
        rows: dict[tuple[str, str], list[OwedRow]] = {}
        lines = [one for one in self._source.owed if one.current]
        measured: dict[tuple[str, str], list[bool]] = {}
        for one in lines:
            measured.setdefault((one.service, one.period), []).append(one.measured)
        for one in lines:
            key = (one.service, one.period)
            if key not in grouped:
                grouped[key] = OwedGroup(
                    number=one.service,
                    title=one.title,
                    period=self._reader.period(one.period),
                    due=one.due,
                    kind=word(words.KINDS, manner(one.kind, measured[key]), self._reader),
                    rows=rows.setdefault(key, []),
                )
            stamp = telling_stamp(one)
            row = OwedRow(
                host=host_link(self._links, one.host),
                state=mark(words.OWED, owed_code(self._source, one), self._reader),
                outcome=mark(words.OUTCOMES, stamp.outcome.value, self._reader) if stamp else None,
                at=stamp.at if stamp else None,
                why=written_off(self._source, one.written_off) if one.written_off else "",
            )
            rows[key].append(row)
        return list(grouped.values())

    def _run(self, run: Run) -> RunRow:
        reader, source = self._reader, self._source
        t = reader.gettext
        facts = [
            (t(N_("Run")), run.id),
            (t(N_("Carried out by")), run.who),
            (t(N_("Rules (commit)")), run.commit),
            (t(N_("Inventory (hash)")), run.inventory_hash),
        ]
        if run.ended_at:
            facts.append((t(N_("Ended")), reader.moment(run.ended_at)))
        if run.ticket:
            facts.append((t(N_("Ordered by ticket")), run.ticket))
        if why := allowed.why_outside_procedure(run):
            facts.append((t(N_("Why outside of the procedure")), why))
        if why := allowed.why_ended(run):
            facts.append((t(N_("Why it was ended")), why))
        stamps = source.stamps_by_run.get(run.id, [])
        final = actions.final(stamps)
        tally = [
            (mark(words.OUTCOMES, code, reader).word, sum(stamp.outcome.value == code for stamp in final))
            for code in words.OUTCOMES
        ]
        facts.append(
            (
                t(N_("Stamps")),
                ", ".join(f"{reader.number(n)} {label}" for label, n in tally if n) or t(N_("none")),
            )
        )
        kind = words.RUN_KINDS.get(run.kind, N_("other visit"))
        return RunRow(
            began=run.began_at,
            kind=t(kind),
            outcome=mark(words.RUNS, run.state, reader),
            dry_run=mark(words.DRY_RUN, "dry run", reader) if run.dry_run else None,
            facts=facts,
            changes=[] if run.dry_run else self._changes(run),
            actions=actions.by_run(source, stamps, self._links),
        )

    def _changes(self, run: Run) -> list[ChangeRow]:
        """One run of a customer at a time: what changed while it went on, it changed."""
        end = run.ended_at or self._source.now
        rows = []
        for finding in self._source.findings:
            for code, when in (("opened", finding.opened_at), (finding.state, finding.closed_at)):
                if when and run.began_at <= when <= end:
                    change = mark(words.CHANGES, code, self._reader)
                    link = host_link(self._links, finding.host)
                    rows.append(
                        ChangeRow(change, link, cause_title(self._source, finding.cause), finding.ticket)
                    )
        return rows
