"""What earlier periods left behind, grouped so that a year of it can still be read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from serviceheft.accounts import Owed, debts
from serviceheft.publish import words
from serviceheft.publish.rows import HostLink, host_link, written_off
from serviceheft.publish.source import Source
from serviceheft.publish.words import Mark, mark


@dataclass(frozen=True)
class DebtRow:
    """One service, for the devices that have the same periods in the same state. why: of what was written off."""

    service: str
    state: Mark
    lines: int
    periods: str
    hosts: Sequence[HostLink | None]
    why: str


def debt_rows(source: Source, lines: Iterable[Owed], links: dict[str, HostLink]) -> list[DebtRow]:
    """Of the lines of earlier periods, what is not done."""
    return [
        DebtRow(
            service=source.service_title(debt.service),
            state=mark(words.OWED, debt.state.value, source.reader),
            lines=debt.lines,
            periods=source.reader.periods(debt.spans),
            hosts=[host_link(links, host) for host in debt.hosts],
            why=written_off(source, debt.written_off) if debt.written_off else "",
        )
        for debt in debts(lines)
    ]
