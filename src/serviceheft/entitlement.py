"""What the provider owes a customer: catalogue x contract x devices x calendar, against what was stamped.

`contained` says for every service of the catalogue whether the contract contains it. `duties` are the services that
come round (weekly to yearly), period by period; `owed` is what became of them, by serviceheft.accounts. Pure
functions.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from serviceheft.accounts import Duty, Owed, StampLike, State, WriteOffLike, account
from serviceheft.clock import CLOSES, SERVICE_DAY, ServiceCalendar, calendar_for, days_of, period_of
from serviceheft.i18n import N_
from serviceheft.model.catalogue import Catalogue, CatalogueService
from serviceheft.model.schema import Contract, Customer
from serviceheft.settings import BERLIN, TOLERANCE

__all__ = [
    "VISITED",
    "Clause",
    "Manner",
    "Owed",
    "Standing",
    "State",
    "clause",
    "contained",
    "duties",
    "manner",
    "may_change",
    "measures",
    "owed",
    "owed_by_book",
    "owed_hosts",
    "visit_on_order",
]

#: Groups of hosts that the play "Visit" collects from; on all others nothing is measured yet.
VISITED = frozenset({"windows_clients", "windows_servers"})
#: A period can be due after its last day, when that and all before were closing days.
_LATE = timedelta(days=31)


class Ledger(Protocol):
    """What is asked of the book."""

    def latest_stamps(self, customer: str) -> Sequence[StampLike]: ...
    def write_offs(self, customer: str) -> Sequence[WriteOffLike]: ...


class Standing(StrEnum):
    """Where a service stands in a contract; the values are msgids."""

    INCLUDED = N_("included")
    ORDERED = N_("ordered")
    SWITCHED_OFF = N_("switched off")
    NOT_IN_TIER = N_("not in tier")
    BY_THE_HOUR = N_("by the hour")

    @property
    def contained(self) -> bool:
        """Whether the service is carried out without being asked for."""
        return self in (Standing.INCLUDED, Standing.ORDERED)


class Manner(StrEnum):
    """How a service is carried out today, whatever the catalogue wishes: the codes of words.KINDS."""

    AUTOMATIC = "automatic"
    PARTLY = "partly automatic"
    NOT_YET = "not automatic yet"
    ASSISTED = "assisted"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class Clause:
    """One service of the catalogue as the contract has it. `reason`: why it was ordered or switched off."""

    service: str
    title: str
    clause: str
    standing: Standing
    reason: str | None
    manner: Manner
    cadence: str


def contained(customer: Customer, catalogue: Catalogue) -> list[Clause]:
    """Every service of the catalogue, in its order, and where it stands in this customer's contract."""
    return [
        Clause(
            service=service.number,
            title=_title(service, customer),
            clause=clause(service, customer),
            standing=_standing(service, customer),
            reason=choice.reason if (choice := customer.services.get(service.number)) else None,
            manner=manner(service.kind, _measured_groups(service)),
            cadence=service.cadence,
        )
        for service in catalogue.services.values()
    ]


def owed(
    customer: Customer,
    catalogue: Catalogue,
    stamps: Iterable[StampLike],
    now: datetime,
    *,
    write_offs: Iterable[WriteOffLike] = (),
    done_since: date | None = None,
) -> list[Owed]:
    """The account in catalogue order: per service what earlier periods left behind, then the period of `now`.

    `stamps` are all of the customer's, or the latest of each period (Book.latest_stamps); `write_offs` all of its
    Book.write_offs. Of earlier periods what is done is left out, unless they end on `done_since` or later. now: aware.
    """
    # What a clock that was ahead has stamped counts for nothing: its period has not come.
    stamps = [stamp for stamp in stamps if not stamp.dry_run and stamp.at <= now + TOLERANCE]
    kept_since = min((stamp.first_at for stamp in stamps), default=now)
    return account(duties(customer, catalogue, kept_since, now), stamps, write_offs, now, done_since)


def owed_by_book(
    customer: Customer, catalogue: Catalogue, book: Ledger, now: datetime, done_since: date | None = None
) -> list[Owed]:
    """`owed` by what the book keeps of each period. Raises BookUnavailable."""
    return owed(
        customer,
        catalogue,
        book.latest_stamps(customer.name),
        now,
        write_offs=book.write_offs(customer.name),
        done_since=done_since,
    )


def duties(customer: Customer, catalogue: Catalogue, kept_since: datetime, now: datetime) -> Iterator[Duty]:
    """What the contract owes, in catalogue order and per service by period, up to the period of `now`.

    Before its first and after its last day a contract owes nothing, and of periods that were due before
    `kept_since`, its first stamp, a book knows nothing. now: aware.
    """
    contract = customer.contract
    today = now.astimezone(BERLIN).date()
    if today < contract.start:
        return
    calendar = calendar_for(customer)
    since = max(contract.start, kept_since.astimezone(BERLIN).date() - _LATE)
    terms = {
        cadence: [
            term
            for term in _terms(cadence, contract, calendar, since, today)
            if term.current or term.due >= kept_since
        ]
        for cadence in dict.fromkeys(service.cadence for service in catalogue.services.values())
    }
    for service in catalogue.services.values():
        if not _standing(service, customer).contained:
            continue
        hosts = _hosts(service, customer)
        measured = frozenset(
            host for host in hosts if host and measures(service, customer.hosts[host].groups)
        )
        for term in terms[service.cadence]:
            yield Duty(
                service=service.number,
                title=_title(service, customer),
                clause=clause(service, customer),
                kind=service.kind,
                automatic=_automatic(service),
                period=term.period,
                current=term.current,
                due=term.due,
                hosts=hosts,
                measured=measured,
            )


def owed_hosts(owed: Iterable[Owed], *, again: bool = False) -> dict[str, dict[str, str]]:
    """What a run can carry out now: host -> {service: period}, automatic services with a role only.

    again: also what is settled already. A missed period is not made up for: a check today says nothing about
    last week. Whoever wants a part of the services gives a part of `owed`.
    """
    found: dict[str, dict[str, str]] = {}
    for one in owed:
        if one.host is not None and one.current and one.automatic and (again or not one.state.settled):
            found.setdefault(one.host, {})[one.service] = one.period
    return found


def visit_on_order(customer: Customer, catalogue: Catalogue, now: datetime) -> dict[str, dict[str, str]]:
    """What a visit carries out that was ordered by ticket: host -> {service: period}, whatever the tier.

    All automatic services with a role that come round, on all devices in their scope; not those switched off. What
    goes beyond the Basic tier changes devices: only where the inventory orders it by name.
    """
    found: dict[str, dict[str, str]] = {}
    for service in catalogue.services.values():
        period = period_of(service.cadence, now)
        if period is None or not _automatic(service) or _standing(service, customer) is Standing.SWITCHED_OFF:
            continue
        choice = customer.services.get(service.number)
        if "basic" not in service.tiers and not (choice and choice.ordered):
            continue
        for host in _hosts(service, customer):
            if host is not None:
                found.setdefault(host, {})[service.number] = period
    return found


def may_change(service: CatalogueService, customer: Customer) -> bool:
    """Whether a run may change devices for the service, or only look at them: contained, or ordered by name."""
    choice = customer.services.get(service.number)
    ordered = choice is not None and choice.enabled and choice.ordered
    return ordered or _standing(service, customer).contained


def clause(service: CatalogueService, customer: Customer) -> str:
    """Number and title of a section, in the customer's language: "2.7 Prüfung des Virenschutzes"."""
    return f"{service.number} {_title(service, customer)}"


def _standing(service: CatalogueService, customer: Customer) -> Standing:
    choice = customer.services.get(service.number)
    if choice and not choice.enabled:
        return Standing.SWITCHED_OFF
    if service.also_hourly or customer.contract.tier in service.tiers:
        return Standing.INCLUDED
    if customer.contract.kind == "hourly":
        return Standing.BY_THE_HOUR  # also what was ordered: nothing runs by schedule
    return Standing.ORDERED if choice else Standing.NOT_IN_TIER


def manner(kind: str, measured: Collection[bool]) -> Manner:
    """How a service of a kind is carried out where it is measured on some (true) and not on others (false)."""
    if kind != "automatic":
        return Manner(kind)
    if not any(measured):
        return Manner.NOT_YET
    return Manner.AUTOMATIC if all(measured) else Manner.PARTLY


def measures(service: CatalogueService, groups: Iterable[str]) -> bool:
    """Whether a role measures something for the service on a host of these groups."""
    return _automatic(service) and not VISITED.isdisjoint(groups)


def _measured_groups(service: CatalogueService) -> list[bool]:
    return [measures(service, [group]) for group in service.scope]


def _automatic(service: CatalogueService) -> bool:
    return service.kind == "automatic" and service.role is not None


class _Term(NamedTuple):
    period: str
    due: datetime
    current: bool


def _terms(
    cadence: str, contract: Contract, calendar: ServiceCalendar, since: date, today: date
) -> Iterator[_Term]:
    """The periods from that of `since` to today's, as far as they owe anything."""
    now, period = period_of(cadence, today), period_of(cadence, since)
    over = contract.end is not None and today > contract.end
    while now is not None and period is not None and (first := days_of(period)[0]) <= today:
        if contract.end is not None and first > contract.end:
            return
        due = _due(period, contract, calendar)
        if due is not None:
            yield _Term(period, due, period == now and not over)
        period = period_of(cadence, days_of(period)[1] + timedelta(days=1))


def _due(period: str, contract: Contract, calendar: ServiceCalendar) -> datetime | None:
    """None when the contract covers no service day of the period, as when it starts on its last Saturday."""
    first, last = days_of(period)
    begin, end = max(first, contract.start), min(last, contract.end or last)
    due = calendar.last_close(begin, end)
    if due is None and (begin, end) == (first, last):
        # A whole week of closing days: owed all the same, on the first service day after it.
        return calendar.deadline(datetime.combine(last, CLOSES, BERLIN), SERVICE_DAY)
    return due


def _hosts(service: CatalogueService, customer: Customer) -> list[str | None]:
    if not service.scope:
        return [None]
    return [name for name, host in customer.hosts.items() if not set(service.scope).isdisjoint(host.groups)]


def _title(service: CatalogueService, customer: Customer) -> str:
    return service.title.en if customer.company.language == "en" else service.title.de
