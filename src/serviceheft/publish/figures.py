"""The charts' numbers: bars and one line. How they look is the templates' and the style sheet's business.

Hand-written HTML and SVG instead of a plotting library's pictures: the bars are text that reflows on a phone,
follows light and dark colours, is found by the search and read aloud.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from serviceheft.assess.antivirus import AntivirusPolicy
from serviceheft.assess.updatestate import SEVERITIES
from serviceheft.book import Snapshot
from serviceheft.entitlement import State
from serviceheft.i18n import N_
from serviceheft.publish import allowed, words
from serviceheft.publish.rows import HostLink
from serviceheft.publish.source import Source
from serviceheft.publish.words import Mark, mark

#: Bars beyond this number are counted, not drawn: the worst ones stand first.
MOST_BARS = 25
WEEKS = 13

_UPDATE_TONES = {
    "critical": "critical",
    "important": "warning",
    "moderate": "info",
    "low": "open",
    "unspecified": "none",
}


@dataclass(frozen=True)
class Part:
    text: str
    words: str
    tone: str
    share: float
    fill: bool = False


@dataclass(frozen=True)
class Bar:
    name: str
    page: str | None
    parts: tuple[Part, ...]
    note: str = ""


@dataclass(frozen=True)
class Bars:
    """`limit_share`: place of the dashed line in percent, 0 for none."""

    rows: Sequence[Bar]
    alt: str
    caption: str
    empty: str
    legend: Sequence[Mark] = ()
    limit_share: float = 0


@dataclass(frozen=True)
class Line:
    """Two SVG paths in a box of 1000 x 100; the area is empty when there is nothing to draw."""

    area: str
    line: str
    tone: str
    alt: str
    caption: str
    empty: str
    highest: int = 0
    labels: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True)
class Charts:
    progress: Bars
    findings: Line
    definitions: Bars
    updates: Bars


def charts(source: Source, links: dict[str, HostLink]) -> Charts:
    return Charts(
        progress(source),
        findings_over_time(source),
        definitions(source, links),
        missing_updates(source, links),
    )


def progress(source: Source) -> Bars:
    """Owed and done of the current periods, one bar per service."""
    counts: dict[str, Counter[State]] = {}
    for one in source.owed:
        if one.current:
            counts.setdefault(one.service, Counter())[one.state] += 1
    order = (State.DONE, State.OPEN, State.NOT_REACHED, State.OVERDUE)
    reader = source.reader
    rows = []
    for service, states in counts.items():
        marks = [(mark(words.OWED, state.value, reader), states[state]) for state in order if states[state]]
        parts = tuple(
            Part(reader.number(n), f"{entry.word}: {reader.number(n)}", entry.tone, n, fill=True)
            for entry, n in marks
        )
        rows.append(Bar(source.service_title(service), None, parts))
    done = sum(states[State.DONE] for states in counts.values())
    total = sum(states.total() for states in counts.values())
    return Bars(
        rows=rows,
        alt=reader.gettext(N_("Owed and done per service: {done} of {total} done."), done=done, total=total),
        caption=reader.gettext(
            N_("Number of devices (or 1 for the whole customer) per service in the current period.")
        ),
        empty=reader.gettext(N_("Nothing is owed by schedule.")),
        legend=[mark(words.OWED, state.value, reader) for state in order],
    )


def findings_over_time(source: Source) -> Line:
    """Open findings at the end of each day of the last quarter, from the book's own times."""
    reader = source.reader
    empty = reader.gettext(N_("There is no history yet."))
    caption = reader.gettext(N_("Open findings day by day, as measured."))
    first_run = min((run.began_at for run in source.runs), default=None)
    if first_run is None or source.now - first_run < timedelta(days=2):
        return Line("", "", "warning", "", caption, empty)
    start = max(first_run, source.now - timedelta(weeks=WEEKS))
    days = max((source.now - start).days, 1)
    moments = [start + (source.now - start) * index / days for index in range(days + 1)]
    series = [_open_at(source, when) for when in moments]
    top = max(max(series), 1)
    points = [(1000 * index / days, 100 - 94 * count / top) for index, count in enumerate(series)]
    steps = [f"M0 {points[0][1]:.1f}"]
    steps += [f"H{x:.1f}V{y:.1f}" for x, y in points[1:]]
    line = "".join(steps)
    middle = moments[len(moments) // 2]
    return Line(
        area=f"{line}V100H0Z",
        line=line,
        tone="warning",
        alt=reader.gettext(
            N_("Open findings: {first} on {start}, at most {most}, now {last}."),
            first=series[0],
            start=reader.day(start),
            most=max(series),
            last=series[-1],
        ),
        caption=caption,
        empty=empty,
        highest=top,
        labels=[reader.short_day(when) for when in (start, middle, source.now)],
    )


def _open_at(source: Source, when: datetime) -> int:
    return sum(
        finding.opened_at <= when and (finding.closed_at is None or finding.closed_at > when)
        for finding in source.findings
    )


def definitions(source: Source, links: dict[str, HostLink]) -> Bars:
    """Age of the virus definitions per device, the oldest first; not measured stands apart."""
    reader = source.reader
    ages: list[tuple[float, str, int | None]] = []
    unmeasured: list[str] = []
    for name, snapshot in _latest(source, "antivirus").items():
        updated = _field(snapshot, "definitions_updated_at", name)
        if updated is None:
            unmeasured.append(name)
        else:
            age = (source.now - datetime.fromisoformat(str(updated))).total_seconds() / 86400
            ages.append((max(age, 0.0), name, _limit(source, name)))
    ages.sort(key=lambda entry: (-entry[0], entry[1]))
    limits = {limit for _, _, limit in ages if limit is not None}
    span = max([age for age, _, _ in ages] + [2.0 * limit for limit in limits], default=1.0)
    rows = []
    for age, name, limit in ages[:MOST_BARS]:
        tone = "critical" if limit is not None and age > limit else "done"
        days = reader.days(age) if age >= 1 else reader.gettext(N_("less than a day"))
        rows.append(Bar(name, links[name].page, (Part("", days, tone, _share(age, span, 72)),), days))
    rows += _unmeasured_bars(source, unmeasured, links, MOST_BARS - len(rows))
    return Bars(
        rows=rows,
        alt=reader.gettext(
            N_(
                "Age of the virus definitions on {count} devices; {outdated} too old, {unmeasured} not measured."
            ),
            count=len(ages) + len(unmeasured),
            outdated=sum(limit is not None and age > limit for age, _, limit in ages),
            unmeasured=len(unmeasured),
        ),
        caption=_caption(source, len(ages) + len(unmeasured), len(rows), _limit_words(source, limits)),
        empty=reader.gettext(N_("Not measured yet.")),
        legend=[
            Mark(reader.gettext(N_("within the agreed age")), "done"),
            Mark(reader.gettext(N_("too old")), "critical"),
            mark(words.OUTCOMES, "not measured", reader),
        ],
        limit_share=_share(limits.pop(), span, 72) if len(limits) == 1 else 0,
    )


def missing_updates(source: Source, links: dict[str, HostLink]) -> Bars:
    """Missing Windows updates per device by severity, the worst first; not measured stands apart."""
    reader = source.reader
    found: list[tuple[tuple[int, ...], str]] = []
    unmeasured: list[str] = []
    for name, snapshot in _latest(source, "updates").items():
        missing = _field(snapshot, "missing", name)
        if not isinstance(missing, list):
            unmeasured.append(name)
            continue
        counts = Counter(row["severity"] for row in missing if isinstance(row, dict))
        found.append((tuple(counts[severity] for severity in SEVERITIES), name))
    found.sort(key=lambda entry: (tuple(-n for n in entry[0]), entry[1]))
    span = max((sum(counts) for counts, _ in found), default=1) or 1
    rows = []
    for counts, name in found[:MOST_BARS]:
        parts = tuple(
            Part(
                reader.number(n),
                f"{reader.gettext(SEVERITIES[severity])}: {reader.number(n)}",
                _UPDATE_TONES[severity],
                _share(n, span, 88),
            )
            for severity, n in zip(SEVERITIES, counts, strict=True)
            if n
        )
        rows.append(Bar(name, links[name].page, parts, "" if parts else reader.gettext(N_("none missing"))))
    rows += _unmeasured_bars(source, unmeasured, links, MOST_BARS - len(rows))
    return Bars(
        rows=rows,
        alt=reader.gettext(
            N_("Missing Windows updates on {count} devices; {lacking} lack some, {unmeasured} not measured."),
            count=len(found) + len(unmeasured),
            lacking=sum(any(counts) for counts, _ in found),
            unmeasured=len(unmeasured),
        ),
        caption=_caption(source, len(found) + len(unmeasured), len(rows), ""),
        empty=reader.gettext(N_("Not measured yet.")),
        legend=[
            *(Mark(reader.gettext(SEVERITIES[key]), tone) for key, tone in _UPDATE_TONES.items()),
            mark(words.OUTCOMES, "not measured", reader),
        ],
    )


def _latest(source: Source, subject: str) -> dict[str, Snapshot | None]:
    """Every device to which the subject's service is owed, with its latest snapshot (None: never measured)."""
    role = {"antivirus": "antivirus_check", "updates": "update_check"}[subject]
    services = {number for number, service in source.catalogue.services.items() if service.role == role}
    owed = [one.host for one in source.owed if one.service in services and one.host is not None]
    measured = {shot.host: shot for shot in source.snapshots if shot.subject == subject}
    hosts = dict.fromkeys([*owed, *(host for host in measured if host in source.customer.hosts and host)])
    return {name: measured.get(name) for name in hosts if name is not None}


def _field(snapshot: Snapshot | None, name: str, host: str) -> object:
    if snapshot is None:
        return None
    fields = allowed.measured(snapshot.subject, snapshot.measured, host)
    return next(value for field, value in fields if field.name == name)


def _limit(source: Source, host: str) -> int | None:
    """The agreed age in days; None when none was agreed."""
    policy = AntivirusPolicy.from_variables(source.customer.hosts[host].variables)
    return policy.maximum_definition_age_days


def _limit_words(source: Source, limits: set[int]) -> str:
    if len(limits) != 1:
        return ""
    return source.reader.gettext(
        N_("Dashed line: the agreed {days}."), days=source.reader.days(next(iter(limits)))
    )


def _unmeasured_bars(
    source: Source, names: Sequence[str], links: dict[str, HostLink], room: int
) -> list[Bar]:
    """Hatched, never green. They are always drawn, if need be beyond the usual number of bars."""
    words_ = mark(words.OUTCOMES, "not measured", source.reader)
    part = Part(words_.word, words_.word, words_.tone, 40)
    return [Bar(name, links[name].page, (part,)) for name in sorted(names)[: max(room, 10)]]


def _caption(source: Source, total: int, drawn: int, remark: str) -> str:
    if drawn == total:
        return remark
    rest = source.reader.gettext(
        N_("Shown are the {drawn} worst of {total} devices."), drawn=drawn, total=total
    )
    return f"{rest} {remark}".strip()


def _share(value: float, span: float, width: int) -> float:
    """Percent of the track; a little room stays for the words beside the bar."""
    return round(width * value / span, 1) if span else 0
