"""The record's sums: what was owed in its period and what became of it, by the account alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from serviceheft.accounts import Key, Owed, State, Sums, Tried, add_up, add_up_by, state_of
from serviceheft.i18n import N_
from serviceheft.publish import words
from serviceheft.publish.source import Source
from serviceheft.publish.words import mark


def tally(source: Source, lines: Sequence[Owed]) -> dict[str, Any]:
    """Labels and one row per service; the states of a row add up to what was owed, the last row is the sum of all."""
    reader, t = source.reader, source.reader.gettext
    lines = [line for line in lines if line.state.owed]
    total = add_up(lines)
    states = [state for state in State if state is State.DONE or total.of(state)]
    found = add_up(line for line in lines if line.with_findings)

    def cells(name: str, sums: Sums, deviating: Sums) -> list[str]:
        numbers = [sums.owed, *(sums.of(state) for state in states)]
        if found.owed:
            numbers.insert(2, deviating.owed)  # beside what is done, of which it is a part
        return [name, *map(reader.number, numbers)]

    rows = []
    deviating = add_up_by((line for line in lines if line.with_findings), lambda line: line.service)
    for service, sums in add_up_by(lines, lambda line: line.service).items():
        rows.append(cells(source.service_title(service), sums, deviating.get(service, Sums({}))))
    if len(rows) > 1:
        rows.append(cells(t(N_("Total")), total, found))
    return {
        "labels": [
            t(N_("Service")),
            t(N_("owed")),
            mark(words.OWED, State.DONE.value, reader).word,
            *([t(N_("of it with findings"))] if found.owed else []),
            *(mark(words.OWED, state.value, reader).word for state in states[1:]),
        ],
        "rows": rows,
        "summed": len(lines) > 0 and len(rows) > 1,
    }


def further_lines(source: Source, lines: Sequence[Owed], stamped: Mapping[Key, Tried]) -> list[Owed]:
    """What was stamped and is no line of the record: ordered by ticket, of a longer period, or no longer agreed."""
    listed = {line.key for line in lines}
    known = {line.key: line for line in source.owed}
    return [
        known.get(key) or _ordered(source, key, attempts)
        for key, attempts in stamped.items()
        if key not in listed
    ]


def _ordered(source: Source, key: Key, attempts: Tried) -> Owed:
    service, host, period = key
    return Owed(
        service=service,
        title=source.service_title(service),
        clause=source.service_title(service),
        host=host,
        period=period,
        current=False,
        due=source.now,
        state=state_of(attempts, None, source.now),
        kind="",
        automatic=False,
        measured=False,
        tried=attempts,
    )
