"""What differs between two agreements, in sentences for the customer's page and the technician's screen."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from serviceheft.agreement import AgreedPause, Terms
from serviceheft.i18n import N_

TIERS = {"basic": "Basic", "standard": "Standard", "comfort": "Comfort"}
_PART = {
    "half": N_("from half of its service days on"),
    "started": N_("as soon as it is started"),
    "whole": N_("only as a whole"),
}
CADENCES = {
    "continuous": N_("continuously"),
    "weekly": N_("weekly"),
    "monthly": N_("monthly"),
    "quarterly": N_("quarterly"),
    "yearly": N_("yearly"),
    "on_demand": N_("when needed"),
}
_NAMED = 12  # so many names stand in a sentence before the rest is only counted


@dataclass(frozen=True, slots=True)
class Changed:
    """One sentence: a msgid, and what stands in its places. `words` are msgids themselves."""

    msgid: str
    values: Mapping[str, str | int]
    words: Mapping[str, str]

    def text(self, gettext: Callable[[str], str] = str) -> str:
        """The sentence in a reader's language."""
        filled = {**self.values, **{name: gettext(word) for name, word in self.words.items()}}
        return gettext(self.msgid).format(**filled)


def changes(before: Terms, after: Terms) -> list[Changed]:
    """Everything that differs, the contract first. Hosts are compared by their present names."""
    return [*_contract(before, after), *_services(before, after), *_hosts(before, after)]


def _contract(before: Terms, after: Terms) -> Iterator[Changed]:
    if (before.kind, before.tier) != (after.kind, after.tier):
        kinds = {"before": _kind(before), "after": _kind(after)}
        yield Changed(N_("Contract: {before}, now {after}"), {}, kinds)
    yield from _days_of_contract(before, after)
    if before.part_periods != after.part_periods:
        yield Changed(
            N_("A period that is covered in part is owed {after}"), {}, {"after": _PART[after.part_periods]}
        )
    if before.place != after.place:
        yield _said(N_("Holidays or closing days that count for the service days"))
    if before.reaction_hours != after.reaction_hours and after.reaction_hours is not None:
        yield _said(N_("Time to react: {after} service hours"), after=after.reaction_hours)
    if before.catalogue != after.catalogue:
        yield _said(
            N_("Service description {before}, now {after}"), before=before.catalogue, after=after.catalogue
        )


def _days_of_contract(before: Terms, after: Terms) -> Iterator[Changed]:
    if before.start != after.start:
        days = {"before": _day(before.start), "after": _day(after.start)}
        yield _said(N_("First day: {before}, now {after}"), **days)
    if before.end != after.end and after.end is None:
        yield _said(N_("The contract goes on; it was to end on {before}"), before=_day(before.end))
    elif before.end != after.end:
        yield _said(N_("Last day: {after}"), after=_day(after.end))
    for pause in after.pauses:
        if pause not in before.pauses:
            yield _said(N_("Pause agreed: {days}"), days=_days(pause))
    for pause in before.pauses:
        if pause not in after.pauses:
            yield _said(N_("Pause no longer agreed: {days}"), days=_days(pause))


def _services(before: Terms, after: Terms) -> Iterator[Changed]:
    added = [number for number in after.services if number not in before.services]
    gone = [number for number in before.services if number not in after.services]
    if added:
        yield _said(N_("Services added: {services}"), services=_some(map(after.clause, added)))
    if gone:
        yield _said(N_("Services no longer contained: {services}"), services=_some(map(before.clause, gone)))
    for number, service in after.services.items():
        old = before.services.get(number)
        if old is None:
            continue
        if old.cadence != service.cadence:
            yield Changed(
                N_("{service}: {before}, now {after}"),
                {"service": after.clause(number)},
                {"before": CADENCES[old.cadence], "after": CADENCES[service.cadence]},
            )
        if set(old.scope) != set(service.scope):
            yield _said(N_("{service}: for other kinds of devices"), service=after.clause(number))
        if old.automatic != service.automatic:
            yield _said(
                N_("{service}: carried out automatically")
                if service.automatic
                else N_("{service}: no longer carried out automatically"),
                service=after.clause(number),
            )
    if before.visited != after.visited:
        yield _said(N_("Kinds of devices that are measured automatically"))


def _hosts(before: Terms, after: Terms) -> Iterator[Changed]:
    if added := [name for name in after.hosts if name not in before.hosts]:
        yield _said(N_("Devices added: {hosts}"), hosts=_some(added))
    if gone := [name for name in before.hosts if name not in after.hosts]:
        yield _said(N_("Devices no longer there: {hosts}"), hosts=_some(gone))
    moved = [
        name
        for name, groups in after.hosts.items()
        if name in before.hosts and set(before.hosts[name]) != set(groups)
    ]
    if moved:
        yield _said(N_("Devices of another kind: {hosts}"), hosts=_some(moved))


def _said(msgid: str, **values: str | int) -> Changed:
    return Changed(msgid, values, {})


def _kind(terms: Terms) -> str:
    return TIERS[terms.tier] if terms.tier else N_("by the hour")


def _day(day: date | None) -> str:
    return f"{day:%d.%m.%Y}" if day else "-"


def _days(pause: AgreedPause) -> str:
    return f"{_day(pause.first)} - {_day(pause.last)}"


def _some(names: Iterable[str]) -> str:
    every = list(names)
    more = f" (+{len(every) - _NAMED})" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more
