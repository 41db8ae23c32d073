"""What the provider owes a customer: catalogue x contract x devices x calendar, against what was stamped.

`contained` says for every service of the catalogue whether the contract contains it. `owed` lists the
services that come round (weekly to yearly), device by device, with what became of them. Pure functions.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from serviceheft.clock import CLOSES, SERVICE_DAY, ServiceCalendar, calendar_for, days_of, period_of, previous
from serviceheft.i18n import N_
from serviceheft.model.catalogue import Catalogue, CatalogueService
from serviceheft.model.schema import Contract, Customer
from serviceheft.settings import BERLIN


class StampLike(Protocol):
    """What is read of a stamp in the book, or of the latest stamp of a period, which stands for all of it.

    first_at: when the first of those that it stands for was made; measured: whether one was done or a finding.
    """

    @property
    def service(self) -> str: ...
    @property
    def host(self) -> str | None: ...
    @property
    def period(self) -> str | None: ...
    @property
    def outcome(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def first_at(self) -> datetime: ...
    @property
    def measured(self) -> bool: ...
    @property
    def dry_run(self) -> bool: ...


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


class State(StrEnum):
    """What became of an owed service; the values are msgids."""

    DONE = N_("done")
    OPEN = N_("open")
    OVERDUE = N_("overdue")
    NOT_REACHED = N_("not reached")


@dataclass(frozen=True, slots=True)
class Clause:
    """One service of the catalogue as the contract has it. `reason`: why it was ordered or switched off."""

    service: str
    title: str
    clause: str
    standing: Standing
    reason: str | None
    kind: str
    cadence: str


@dataclass(frozen=True, slots=True)
class Owed:
    """One service owed in one period, to one device or (host None) to the customer as a whole.

    due: 17:00 of the last service day of the period that the contract covers, in Europe/Berlin.
    current: the period that runs now; otherwise the one before, which is listed only when it was missed.
    automatic: a role carries it out. last: the newest stamp in that period, dry runs left out.
    """

    service: str
    title: str
    clause: str
    host: str | None
    period: str
    current: bool
    due: datetime
    state: State
    kind: str
    automatic: bool
    last: StampLike | None


def contained(customer: Customer, catalogue: Catalogue) -> list[Clause]:
    """Every service of the catalogue, in its order, and where it stands in this customer's contract."""
    return [
        Clause(
            service=service.number,
            title=_title(service, customer),
            clause=clause(service, customer),
            standing=_standing(service, customer),
            reason=choice.reason if (choice := customer.services.get(service.number)) else None,
            kind=service.kind,
            cadence=service.cadence,
        )
        for service in catalogue.services.values()
    ]


def owed(customer: Customer, catalogue: Catalogue, stamps: Iterable[StampLike], now: datetime) -> list[Owed]:
    """Owed services in catalogue order; per service the missed period before, then the period of `now`.

    A service is done when a stamp of the period says "done" or "finding": a deviation found is a check
    carried out. Otherwise it is overdue once `now` is past `due`, "not reached" when the last stamp says so,
    and open in all other cases, a failed or not measured attempt included. Before its first and after its
    last day a contract owes nothing, and of the time before its first stamp a book knows nothing. `stamps`
    are all of the customer's, or the latest of each period (Book.latest_stamps). now: aware.
    """
    contract = customer.contract
    today = now.astimezone(BERLIN).date()
    if today < contract.start or (contract.end is not None and today > contract.end):
        return []
    calendar = calendar_for(customer)
    terms = {cadence: list(_terms(cadence, contract, calendar, today)) for cadence in _cadences(catalogue)}
    stamps = [stamp for stamp in stamps if not stamp.dry_run]
    kept_since = min((stamp.first_at for stamp in stamps), default=now)
    history = _history(stamps, {period for known in terms.values() for period, _, _ in known})
    found: list[Owed] = []
    for service in catalogue.services.values():
        if not _standing(service, customer).contained:
            continue
        hosts = _hosts(service, customer)
        for period, due, current in terms[service.cadence]:
            if not current and due < kept_since:
                continue
            for host in hosts:
                of_period = history.get((service.number, host, period), [])
                # Of two at the same moment the one written later, hence reversed.
                last = max(reversed(of_period), key=lambda stamp: stamp.at, default=None)
                state = _state(of_period, last, due, now)
                if not current and state is State.DONE:
                    continue
                found.append(
                    Owed(
                        service=service.number,
                        title=_title(service, customer),
                        clause=clause(service, customer),
                        host=host,
                        period=period,
                        current=current,
                        due=due,
                        state=state,
                        kind=service.kind,
                        automatic=_automatic(service),
                        last=last,
                    )
                )
    return found


def owed_hosts(owed: Iterable[Owed], *, again: bool = False) -> dict[str, dict[str, str]]:
    """What a run can carry out now: host -> {service: period}, automatic services with a role only.

    again: also what is done already. A missed period is not made up for: a check today says nothing about
    last week. Whoever wants a part of the services gives a part of `owed`.
    """
    found: dict[str, dict[str, str]] = {}
    for one in owed:
        if one.host is not None and one.current and one.automatic and (again or one.state is not State.DONE):
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


def _automatic(service: CatalogueService) -> bool:
    return service.kind == "automatic" and service.role is not None


def _cadences(catalogue: Catalogue) -> set[str]:
    return {service.cadence for service in catalogue.services.values()}


def _terms(
    cadence: str, contract: Contract, calendar: ServiceCalendar, today: date
) -> Iterator[tuple[str, datetime, bool]]:
    """(period, due, current) of the period before and of today's, as far as they owe anything."""
    now = period_of(cadence, today)
    if now is None:
        return
    for period, current in ((previous(cadence, now), False), (now, True)):
        due = _due(period, contract, calendar)
        if due is not None:
            yield period, due, current


def _due(period: str, contract: Contract, calendar: ServiceCalendar) -> datetime | None:
    """None when the contract covers no service day of the period, as when it starts on its last Saturday."""
    first, last = days_of(period)
    begin, end = max(first, contract.start), min(last, contract.end or last)
    due = calendar.last_close(begin, end)
    if due is None and (begin, end) == (first, last):
        # A whole week of closing days: owed all the same, on the first service day after it.
        return calendar.deadline(datetime.combine(last, CLOSES, BERLIN), SERVICE_DAY)
    return due


def _history(
    stamps: Iterable[StampLike], periods: Collection[str]
) -> dict[tuple[str, str | None, str], list[StampLike]]:
    found: dict[tuple[str, str | None, str], list[StampLike]] = {}
    for stamp in stamps:
        if stamp.period in periods and stamp.period is not None and not stamp.dry_run:
            found.setdefault((stamp.service, stamp.host, stamp.period), []).append(stamp)
    return found


def _state(stamps: list[StampLike], last: StampLike | None, due: datetime, now: datetime) -> State:
    waits = last is not None and last.outcome == "held"
    if not waits and any(stamp.measured for stamp in stamps):
        return State.DONE
    if now > due:
        return State.OVERDUE
    return State.NOT_REACHED if last is not None and last.outcome == "not reached" else State.OPEN


def _hosts(service: CatalogueService, customer: Customer) -> list[str | None]:
    if not service.scope:
        return [None]
    return [name for name, host in customer.hosts.items() if not set(service.scope).isdisjoint(host.groups)]


def _title(service: CatalogueService, customer: Customer) -> str:
    return service.title.en if customer.company.language == "en" else service.title.de
