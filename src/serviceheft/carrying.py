"""A balance carried forward: what earlier periods left, so that no account has to begin at the first page of the book.

It is written at the first run of a week. What a period owed never changes once it is over, so nothing but the lines
listed here can still change: they are done later, or written off.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Self

from serviceheft.accounts import Duty, Owed, State
from serviceheft.clock import days_of
from serviceheft.settings import BERLIN


@dataclass(frozen=True, slots=True)
class Carried:
    """What was not done of all periods that had ended by the day `until`."""

    until: date
    duties: tuple[Duty, ...]

    def renamed(self, present: Callable[[str | None], str | None]) -> Self:
        """The same with the present names of its hosts."""
        return replace(
            self,
            duties=tuple(
                replace(
                    duty,
                    hosts=tuple(map(present, duty.hosts)),
                    measured=frozenset(map(present, duty.measured)),
                )
                for duty in self.duties
            ),
        )

    def as_data(self) -> dict[str, Any]:
        """As plain JSON: the periods that the same hosts missed in one row."""
        rows: dict[tuple[Any, ...], list[list[str]]] = {}
        for duty in self.duties:
            alike = (
                duty.service,
                duty.title,
                duty.clause,
                duty.kind,
                duty.automatic,
                tuple(duty.hosts),
                tuple(host in duty.measured for host in duty.hosts),
                duty.since.isoformat(),
            )
            rows.setdefault(alike, []).append([duty.period, duty.due.isoformat()])
        names = ("service", "title", "clause", "kind", "automatic", "hosts", "measured", "since")
        return {
            "until": self.until.isoformat(),
            "left": [
                dict(zip(names, map(_plain, alike), strict=True)) | {"periods": periods}
                for alike, periods in rows.items()
            ],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError, ValueError for what no version wrote."""
        return cls(
            date.fromisoformat(data["until"]),
            tuple(
                Duty(
                    service=row["service"],
                    title=row["title"],
                    clause=row["clause"],
                    kind=row["kind"],
                    automatic=row["automatic"],
                    period=period,
                    current=False,
                    due=datetime.fromisoformat(due).astimezone(BERLIN),
                    hosts=tuple(row["hosts"]),
                    measured=frozenset(
                        host for host, measured in zip(row["hosts"], row["measured"], strict=True) if measured
                    ),
                    since=datetime.fromisoformat(row["since"]).astimezone(BERLIN),
                )
                for row in data["left"]
                for period, due in row["periods"]
            ),
        )


def to_carry(lines: Iterable[Owed], until: date) -> Carried:
    """What is to be carried forward of an account: the lines of periods that had ended by `until` and are not done."""
    rows: dict[tuple[str, str, datetime | None], list[Owed]] = {}
    for line in lines:
        if line.state not in (State.DONE, State.NOT_BEGUN) and days_of(line.period)[1] <= until:
            rows.setdefault((line.service, line.period, line.since), []).append(line)
    return Carried(
        until,
        tuple(
            Duty(
                service=first.service,
                title=first.title,
                clause=first.clause,
                kind=first.kind,
                automatic=first.automatic,
                period=first.period,
                current=False,
                due=first.due,
                hosts=tuple(line.host for line in alike),
                measured=frozenset(line.host for line in alike if line.measured),
                since=first.since or first.due,
            )
            for alike in rows.values()
            for first in alike[:1]
        ),
    )


def due_again(carried: Carried | None, today: date) -> date | None:
    """Until which day a balance is to be carried forward now; None while the week of the last one goes on."""
    until = today - timedelta(days=today.isoweekday())  # the last Sunday
    return until if carried is None or carried.until < until else None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
