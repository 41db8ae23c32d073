"""What is owed to a customer and what became of it: the agreements of its book against the stamps of its book.

Every page, record, command and exit code that tells of what is owed asks here, so all tell the same.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from serviceheft.accounts import Duty, Owed, StampLike, WriteOffLike, account
from serviceheft.agreement import Agreed, Terms
from serviceheft.carrying import Carried
from serviceheft.clock import days_of
from serviceheft.duties import duties, in_order, in_scope, periods_since
from serviceheft.entitlement import terms_of
from serviceheft.model.catalogue import Catalogue
from serviceheft.model.schema import Customer
from serviceheft.settings import BERLIN, TOLERANCE

#: A contract that has run for longer when its book is begun was served without one.
_LONGEST_PERIOD = timedelta(days=366)


#: Service, host (None: the customer as a whole), period.
type Line = tuple[str, str | None, str]


class Ledger(Protocol):
    """What is asked of the book."""

    def agreements(self, customer: str) -> Sequence[Agreed]: ...
    def carried_forward(self, customer: str) -> Carried | None: ...
    def latest_stamps(
        self,
        customer: str,
        periods: Collection[str] | None = None,
        lines: Collection[Line] = (),
    ) -> Sequence[StampLike]: ...
    def write_offs(self, customer: str) -> Sequence[WriteOffLike]: ...


def owed(
    customer: Customer,
    catalogue: Catalogue,
    stamps: Iterable[StampLike],
    now: datetime,
    *,
    write_offs: Iterable[WriteOffLike] = (),
    done_since: date | None = None,
    agreements: Sequence[Agreed] = (),
) -> list[Owed]:
    """The account in catalogue order: per service what earlier periods left behind, then the period of `now`.

    `stamps` are all of the customer's, or the latest of each period (Book.latest_stamps); `write_offs` all of its
    Book.write_offs; `agreements` as recorded. Of earlier periods what is done is left out, unless they end on
    `done_since` or later. now: aware.
    """
    counted = _counted(stamps, now)
    first = min((stamp.first_at for stamp in counted), default=None)
    known = history(terms_of(customer, catalogue), agreements, now, first)
    return account(duties(known, now), counted, write_offs, now, done_since)


def owed_by_book(
    customer: Customer,
    catalogue: Catalogue,
    book: Ledger,
    now: datetime,
    done_since: date | None = None,
    stamps: Iterable[StampLike] = (),
) -> list[Owed]:
    """`owed` by what the book keeps of each period. Raises BookUnavailable.

    It costs what was left open and what has happened since the last balance, not what the book holds. `stamps`: of the
    same book, for readers who want more of them than the book keeps of a period.
    """
    known = history_by_book(customer, catalogue, book, now)
    older, wanted, after = duties_by_book(customer.name, known, book, now, done_since)
    lines = {(duty.service, host, duty.period) for duty in older for host in duty.hosts}
    # Also of periods that owe nothing: what is done in a pause makes up for what was put off before.
    periods = periods_since(known[0].kept_since, now, after)
    latest = book.latest_stamps(customer.name, {*periods, *(duty.period for duty in wanted)}, lines)
    counted = _counted([*latest, *stamps], now)
    every = in_order([*older, *wanted])
    return account(every, counted, book.write_offs(customer.name), now, done_since)


def owed_now(customer: Customer, catalogue: Catalogue, book: Ledger, now: datetime) -> list[Owed]:
    """Of `owed_by_book` the periods that run now alone."""
    known = history_by_book(customer, catalogue, book, now)
    running = [
        duty for duty in duties(known, now, now.astimezone(BERLIN).date() - timedelta(days=1)) if duty.current
    ]
    stamps = _counted(book.latest_stamps(customer.name, {duty.period for duty in running}), now)
    return account(running, stamps, book.write_offs(customer.name), now)


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


def scope_now(
    customer: Customer, catalogue: Catalogue, book: Ledger, now: datetime
) -> dict[tuple[str, str | None], datetime]:
    """The services that are agreed now, on which hosts (None: the customer as a whole), and since when."""
    return in_scope(history_by_book(customer, catalogue, book, now), now)


def history_by_book(customer: Customer, catalogue: Catalogue, book: Ledger, now: datetime) -> list[Agreed]:
    """The agreements as the book has them, and what today's inventory says otherwise."""
    recorded = book.agreements(customer.name)
    first = None
    if not recorded:
        stamps = _counted(book.latest_stamps(customer.name), now)
        first = min((stamp.first_at for stamp in stamps), default=None)
    return history(terms_of(customer, catalogue), recorded, now, first)


def history(
    terms: Terms, recorded: Sequence[Agreed], now: datetime, first_stamp: datetime | None
) -> list[Agreed]:
    """What was recorded, and these terms as if they were recorded now, where they are others.

    first_stamp: when a book without any agreement was begun.
    """
    if not recorded:
        return [first_agreed(terms, now, first_stamp)]
    if recorded[-1].terms == terms:
        return list(recorded)
    return [*recorded, next_agreed(recorded[-1], terms, now)]


def first_agreed(
    terms: Terms, now: datetime, first_stamp: datetime | None, kept_since: datetime | None = None
) -> Agreed:
    """The first agreement of a book: it holds from the contract's first day.

    Its book is kept from that day on, too. A contract that is older than a year was served without this book: then it
    is kept from now on, or from its first stamp, if it was begun by a version that wrote no agreements.
    """
    start = datetime.combine(terms.start, datetime.min.time(), BERLIN)
    begun = first_stamp or now
    if kept_since is None:
        kept_since = start if begun - start <= _LONGEST_PERIOD else begun
    return Agreed(0, now, start, terms, kept_since, "taken over" if first_stamp else "first")


def next_agreed(before: Agreed, terms: Terms, now: datetime, since: datetime | None = None) -> Agreed:
    """The agreement that follows: it holds from now on, a contract that was made anew from its first day on."""
    if since is None:
        start = datetime.combine(terms.start, datetime.min.time(), BERLIN)
        over = before.terms.end is not None and before.terms.end < terms.start
        since = start if over and start <= now else now
    return Agreed(0, now, max(since, before.since), terms, before.kept_since, "run")


def duties_by_book(
    customer: str, known: Sequence[Agreed], book: Ledger, now: datetime, done_since: date | None = None
) -> tuple[list[Duty], list[Duty], date | None]:
    """What the last balance says that older periods left, all duties since then, and the day of that balance.

    Of periods that end on `done_since` or later all duties are told.
    """
    carried = book.carried_forward(customer)
    if carried is None:
        return [], duties(known, now), None
    after = carried.until if done_since is None else min(carried.until, done_since - timedelta(days=1))
    older = [duty for duty in carried.duties if days_of(duty.period)[1] <= after]
    return older, duties(known, now, after), after


def _counted[S: StampLike](stamps: Iterable[S], now: datetime) -> list[S]:
    """What a clock that was ahead has stamped counts for nothing: its period has not come."""
    return [stamp for stamp in stamps if not stamp.dry_run and stamp.at <= now + TOLERANCE]
