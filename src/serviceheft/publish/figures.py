"""The charts' numbers: bars and one line. How they look is the templates' and the style sheet's business.

Hand-written HTML and SVG instead of a plotting library's pictures: the bars are text that reflows on a phone,
follows light and dark colours, is found by the search and read aloud.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from serviceheft.accounts import State, add_up
from serviceheft.i18n import N_
from serviceheft.publish import words
from serviceheft.publish.rows import owed_code
from serviceheft.publish.source import Source
from serviceheft.publish.words import Mark, mark

WEEKS = 13


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


_NOT_DONE = (
    State.WAITS,
    State.OPEN,
    State.NOT_REACHED,
    State.OVERDUE,
    State.WRITTEN_OFF,
    State.NOT_BEGUN,
)


def progress(source: Source) -> Bars:
    """Owed and done of the current periods, one bar per service."""
    current = [one for one in source.owed if one.current]
    order = ("done", "done, with findings", *(state.value for state in _NOT_DONE))
    reader = source.reader
    rows = []
    by_service: dict[str, Counter[str]] = {}
    for line in {line.key: line for line in current}.values():
        by_service.setdefault(line.service, Counter())[owed_code(source, line)] += 1
    for service, counts in by_service.items():
        marks = [(mark(words.OWED, code, reader), counts[code]) for code in order if counts[code]]
        parts = tuple(
            Part(reader.number(n), f"{entry.word}: {reader.number(n)}", entry.tone, n, fill=True)
            for entry, n in marks
        )
        rows.append(Bar(source.service_title(service), None, parts))
    total = add_up(current)
    return Bars(
        rows=rows,
        alt=reader.gettext(
            N_("Owed and done per service: {done} of {total} done."),
            done=total.of(State.DONE),
            total=total.owed,
        ),
        caption=reader.gettext(
            N_("Number of devices (or 1 for the whole customer) per service in the current period.")
        ),
        empty=reader.gettext(N_("Nothing is owed by schedule.")),
        legend=[mark(words.OWED, code, reader) for code in order],
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
