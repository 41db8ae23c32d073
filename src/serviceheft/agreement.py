"""What was agreed with a customer, as the book keeps it: all that decides what is owed, and nothing else.

serviceheft.entitlement.terms_of makes it of today's inventory and catalogue. The book gets it as an entry whenever it
has changed (serviceheft.running.beginning), so that what a period owed does not change with the inventory of a later
day: docs/decisions/0010-the-agreement-belongs-into-the-book.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, Self

from serviceheft.clock import ServiceCalendar, calendar_at

#: How an agreement came into the book: the first one, at the first run of an older book, seen by a run, by heft agree.
type Origin = Literal["first", "taken over", "run", "agreed"]


@dataclass(frozen=True, slots=True)
class AgreedService:
    """One service that the contract contains. titles: by language; scope: groups of hosts, none for the customer as a
    whole; automatic: a role carries it out."""

    number: str
    titles: Mapping[str, str]
    cadence: str
    kind: str
    automatic: bool
    scope: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgreedPause:
    """Days, both included, on which nothing is owed."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides what is owed. hosts: their groups by name; place: bundesland, municipality, further closing days;
    visited: the groups of hosts from which the version of Serviceheft that recorded it measures."""

    customer_number: str
    language: str
    kind: str
    tier: str | None
    start: date
    end: date | None
    part_periods: str
    pauses: tuple[AgreedPause, ...]
    place: tuple[str, str | None, tuple[str, ...]]
    catalogue: str
    reaction_hours: int | None
    services: Mapping[str, AgreedService]
    hosts: Mapping[str, tuple[str, ...]]
    visited: frozenset[str]

    def scope(self, service: str) -> tuple[str | None, ...]:
        """The hosts on which a contained service is owed; (None,) for the customer as a whole."""
        groups = self.services[service].scope
        if not groups:
            return (None,)
        wanted = set(groups)
        return tuple(name for name, those in self.hosts.items() if not wanted.isdisjoint(those))

    def measures(self, service: str, host: str | None) -> bool:
        """Whether a role measures something for the service on this host."""
        known = self.services[service]
        return known.automatic and host is not None and not self.visited.isdisjoint(self.hosts[host])

    def title(self, service: str) -> str:
        titles = self.services[service].titles
        return titles.get(self.language) or titles["de"]

    def clause(self, service: str) -> str:
        """ "2.7 Prüfung des Virenschutzes"."""
        return f"{service} {self.title(service)}"

    @property
    def calendar(self) -> ServiceCalendar:
        return calendar_at(*self.place)

    def covers(self, day: date) -> bool:
        """Whether the contract runs on this day, and no pause was agreed for it."""
        return (
            self.start <= day
            and (self.end is None or day <= self.end)
            and not any(pause.first <= day <= pause.last for pause in self.pauses)
        )

    def renamed(self, now: Mapping[str, str]) -> Self:
        """The same with the present names of its hosts."""
        if not now:
            return self
        return replace(self, hosts={now.get(name, name): groups for name, groups in self.hosts.items()})

    def as_data(self) -> dict[str, Any]:
        """As plain JSON; hosts name their groups once, as most have the same."""
        kinds = list(dict.fromkeys(self.hosts.values()))
        return {
            "customer_number": self.customer_number,
            "language": self.language,
            "kind": self.kind,
            "tier": self.tier,
            "start": self.start.isoformat(),
            "end": self.end.isoformat() if self.end else None,
            "part_periods": self.part_periods,
            "pauses": [[it.first.isoformat(), it.last.isoformat()] for it in self.pauses],
            "place": [self.place[0], self.place[1], list(self.place[2])],
            "catalogue": self.catalogue,
            "reaction_hours": self.reaction_hours,
            "services": [
                {
                    "number": it.number,
                    "titles": dict(it.titles),
                    "cadence": it.cadence,
                    "kind": it.kind,
                    "automatic": it.automatic,
                    "scope": list(it.scope),
                }
                for it in self.services.values()
            ],
            "groups": [list(groups) for groups in kinds],
            "hosts": [[name, kinds.index(groups)] for name, groups in self.hosts.items()],
            "visited": sorted(self.visited),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError, ValueError, IndexError for what no version wrote."""
        kinds = [tuple(groups) for groups in data["groups"]]
        bundesland, municipality, closed_days = data["place"]
        return cls(
            customer_number=data["customer_number"],
            language=data["language"],
            kind=data["kind"],
            tier=data["tier"],
            start=date.fromisoformat(data["start"]),
            end=date.fromisoformat(data["end"]) if data["end"] else None,
            part_periods=data["part_periods"],
            pauses=tuple(
                AgreedPause(date.fromisoformat(first), date.fromisoformat(last))
                for first, last in data["pauses"]
            ),
            place=(bundesland, municipality, tuple(closed_days)),
            catalogue=data["catalogue"],
            reaction_hours=data["reaction_hours"],
            services={
                row["number"]: AgreedService(
                    row["number"],
                    row["titles"],
                    row["cadence"],
                    row["kind"],
                    row["automatic"],
                    tuple(row["scope"]),
                )
                for row in data["services"]
            },
            hosts={name: kinds[index] for name, index in data["hosts"]},
            visited=frozenset(data["visited"]),
        )


@dataclass(frozen=True, slots=True)
class Agreed:
    """Terms as they were agreed: when that was recorded and from when it holds (aware).

    The first one holds from the beginning of the contract; kept_since is from when its book is kept: what was due
    before is none of it. number: the entry; 0 for what no run has recorded yet. former: which host of these terms had
    another name then.
    """

    number: int
    at: datetime
    since: datetime
    terms: Terms
    kept_since: datetime
    origin: Origin
    who: str | None = None
    approved_by: str | None = None
    reason: str | None = None
    former: Mapping[str, str] = field(default_factory=dict)
