"""The charts that compare devices: age of the virus definitions, missing Windows updates."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from serviceheft.book import Snapshot
from serviceheft.i18n import N_
from serviceheft.publish import allowed, words
from serviceheft.publish.figures import Bar, Bars, Part
from serviceheft.publish.rows import HostLink
from serviceheft.publish.source import Source
from serviceheft.publish.words import Mark, mark
from serviceheft.services import SUBJECTS, roles_of
from serviceheft.services.antivirus_check.judging import AntivirusPolicy
from serviceheft.services.update_check.state import SEVERITIES

#: Bars beyond this number are counted, not drawn: the worst ones stand first.
MOST_BARS = 25
#: At least this many of the devices that were not measured are drawn, however many bad ones there are.
UNMEASURED_BARS = 10
#: Older data says nothing of today: one weekly visit, and a day of slack.
MEASURED_WITHIN = timedelta(days=8)

_UPDATE_TONES = {
    "critical": "critical",
    "important": "warning",
    "moderate": "info",
    "low": "open",
    "unspecified": "none",
}


def definitions(source: Source, links: Mapping[str, HostLink]) -> Bars:
    """Age of the virus definitions per device at its last visit, the oldest first; not measured apart."""
    reader = source.reader
    ages: list[tuple[float, str, int | None]] = []
    fresh, unmeasured = _latest(source, "antivirus")
    for name, snapshot in fresh.items():
        updated = _field(snapshot, "definitions_updated_at", name)
        if updated is None:
            unmeasured.append(name)
        else:
            age = (snapshot.at - datetime.fromisoformat(str(updated))).total_seconds() / 86400
            ages.append((max(age, 0.0), name, _limit(source, name)))
    ages.sort(key=lambda entry: (-entry[0], entry[1]))
    limits = {limit for _, _, limit in ages if limit is not None}
    span = max([age for age, _, _ in ages] + [2.0 * limit for limit in limits], default=1.0)
    rows = []
    for age, name, limit in ages[:MOST_BARS]:
        tone = "critical" if _too_old(age, limit) else "done"
        days = reader.days(age) if age >= 1 else reader.gettext(N_("less than a day"))
        rows.append(Bar(name, links[name].page, (Part("", days, tone, _share(age, span, 60)),), days))
    rows += _unmeasured_bars(source, unmeasured, links, MOST_BARS - len(rows))
    total = len(ages) + len(unmeasured)
    return Bars(
        rows=rows,
        alt=reader.gettext(
            N_("Age of virus definitions on {count} devices; {old} too old, {unmeasured} not measured."),
            count=total,
            old=sum(_too_old(age, limit) for age, _, limit in ages),
            unmeasured=len(unmeasured),
        ),
        caption=_caption(source, total, len(rows), _limit_words(source, limits)),
        empty=reader.gettext(N_("Not measured yet.")),
        legend=[
            Mark(reader.gettext(N_("within the agreed age")), "done"),
            Mark(reader.gettext(N_("too old")), "critical"),
            mark(words.OUTCOMES, "not measured", reader),
        ],
        limit_share=_share(limits.pop(), span, 60) if len(limits) == 1 else 0,
    )


def missing_updates(source: Source, links: Mapping[str, HostLink]) -> Bars:
    """Missing Windows updates per device by severity, the worst first; not measured stands apart."""
    reader = source.reader
    found: list[tuple[tuple[int, ...], str]] = []
    fresh, unmeasured = _latest(source, "updates")
    for name, snapshot in fresh.items():
        missing = _field(snapshot, "missing", name)
        if isinstance(missing, list):
            counts = Counter((row.get("severity") or "unspecified") for row in missing)
            found.append((tuple(counts[severity] for severity in SEVERITIES), name))
        else:
            unmeasured.append(name)
    found.sort(key=lambda entry: (tuple(-n for n in entry[0]), entry[1]))
    span = max((sum(numbers) for numbers, _ in found), default=1) or 1
    rows = []
    for numbers, name in found[:MOST_BARS]:
        parts = tuple(
            Part(
                reader.number(n),
                f"{reader.gettext(SEVERITIES[severity])}: {reader.number(n)}",
                _UPDATE_TONES[severity],
                _share(n, span, 88),
            )
            for severity, n in zip(SEVERITIES, numbers, strict=True)
            if n
        )
        rows.append(Bar(name, links[name].page, parts, "" if parts else reader.gettext(N_("none missing"))))
    rows += _unmeasured_bars(source, unmeasured, links, MOST_BARS - len(rows))
    total = len(found) + len(unmeasured)
    return Bars(
        rows=rows,
        alt=reader.gettext(
            N_("Missing Windows updates on {count} devices; {lacking} lack some, {unmeasured} not measured."),
            count=total,
            lacking=sum(any(numbers) for numbers, _ in found),
            unmeasured=len(unmeasured),
        ),
        caption=_caption(source, total, len(rows), reader.gettext(N_("As found at the last visit."))),
        empty=reader.gettext(N_("Not measured yet.")),
        legend=[
            *(Mark(reader.gettext(SEVERITIES[key]), tone) for key, tone in _UPDATE_TONES.items()),
            mark(words.OUTCOMES, "not measured", reader),
        ],
    )


def _latest(source: Source, subject: str) -> tuple[dict[str, Snapshot], list[str]]:
    """Among the devices to which the subject's service is owed: fresh snapshots, and those without one."""
    roles = roles_of(SUBJECTS[subject])
    services = {number for number, service in source.catalogue.services.items() if service.role in roles}
    owed = [one.host for one in source.owed if one.current and one.service in services and one.host]
    measured = {shot.host: shot for shot in source.snapshots if shot.subject == subject and shot.host}
    hosts = dict.fromkeys([*owed, *(host for host in measured if host in source.customer.hosts)])
    fresh: dict[str, Snapshot] = {}
    unmeasured: list[str] = []
    for host in hosts:
        shot = measured.get(host)
        if shot is not None and source.now - shot.at <= MEASURED_WITHIN:
            fresh[host] = shot
        else:
            unmeasured.append(host)
    return fresh, unmeasured


def _field(snapshot: Snapshot, name: str, host: str) -> object:
    fields = allowed.measured(snapshot.subject, snapshot.measured, host)
    return next(value for field, value in fields if field.name == name)


def _limit(source: Source, host: str) -> int | None:
    """The agreed age in days; None when none was agreed."""
    policy = AntivirusPolicy.from_variables(source.customer.hosts[host].variables)
    return policy.maximum_definition_age_days


def _too_old(age: float, limit: int | None) -> bool:
    return limit is not None and age > limit


def _limit_words(source: Source, limits: set[int]) -> str:
    reader = source.reader
    told = reader.gettext(N_("As found at the last visit."))
    if len(limits) != 1:
        return told
    days = reader.days(next(iter(limits)))
    return f"{told} {reader.gettext(N_('Dashed line: at most {days} were agreed.'), days=days)}"


def _unmeasured_bars(
    source: Source, names: Sequence[str], links: Mapping[str, HostLink], room: int
) -> list[Bar]:
    """Hatched, never green."""
    label = mark(words.OUTCOMES, "not measured", source.reader)
    part = Part(label.word, label.word, label.tone, 40)
    return [Bar(name, links[name].page, (part,)) for name in sorted(names)[: max(room, UNMEASURED_BARS)]]


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
