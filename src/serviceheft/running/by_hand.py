"""What people carried out: a meeting or a talk is stamped, a mended finding noted until it is measured again, and what
nobody will do any more is written off."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial

from serviceheft import open_emergencies, settings
from serviceheft.accounts import Owed
from serviceheft.assess.judgement import CAUSES, Judgement, Outcome
from serviceheft.book import Book, RunRefused, outbox
from serviceheft.book.timing import shown
from serviceheft.clock import RECURRING, days_of, period_of
from serviceheft.entitlement import contained, measures
from serviceheft.ledger import owed_by_book
from serviceheft.model.catalogue import Catalogue, CatalogueService
from serviceheft.model.problems import did_you_mean
from serviceheft.model.schema import Customer
from serviceheft.reaction import reaction_deadline
from serviceheft.running import evidence, typed
from serviceheft.running.beginning import keep_up
from serviceheft.running.recording import central_contact
from serviceheft.running.session import clock, open_book
from serviceheft.running.still_open import still_open
from serviceheft.screen import say

#: Begins a run in a book, and returns its id.
type Beginning = Callable[[Book], str]

_NAMED = 8  # so many periods are named before the rest is only counted


def recordable(customer: Customer, catalogue: Catalogue) -> list[Owed]:
    """The lines that a person can turn to done: not settled, and measured by no role. Raises BookUnavailable."""
    with open_book(create=True) as book:
        every = owed_by_book(customer, catalogue, book, settings.now())
    return [line for line in every if not line.state.settled and not line.measured]


def record_by_hand(
    customer: Customer,
    catalogue: Catalogue,
    service: str,
    host: str | None,
    note: str,
    period: str | None = None,
    done_at: datetime | None = None,
) -> str:
    """Turn exactly one open line to done, with a note; returns for what.

    The line is that of the period, or of the moment at which it was done; without both the only open one. What a role
    measures on a host cannot be stamped by hand: its evidence is the measurement.

    Raises RunRefused, BookUnavailable, ClockError.
    """
    known = _service(catalogue, service)
    _host(customer, host)
    if known.cadence not in RECURRING:
        raise RunRefused(
            f"{service} has no periods: nothing of it is owed at a time, so there is no line to turn to done."
        )
    standing = next(it.standing for it in contained(customer, catalogue) if it.service == service)
    measured = [name for name, it in customer.hosts.items() if measures(known, it.groups)]
    if standing.contained and ((host is None and measured) or host in measured):
        raise RunRefused(f"{service} is stamped by measurement only: heft weekly {customer.name}")
    note = _sentence("--note", note, "what was done")
    now = settings.now()
    if done_at is not None and done_at > now:
        raise RunRefused(f"--at {shown(done_at)} has not come yet. Say when it was done.")
    begin = _beginning(customer, catalogue, now)
    with open_book(create=True) as book:
        with book.in_one_step(customer.name):
            lines = [line for line in _open(customer, catalogue, book, service, now) if line.host == host]
            line = _only(customer, catalogue, known, lines, host, period, done_at)
            run = begin(book)
            book.stamp(
                run,
                service,
                host,
                line.period,
                Judgement(outcome=Outcome.DONE),
                now=now,
                deadline=partial(reaction_deadline, customer, catalogue),
                clause=line.clause,
                contact=central_contact(customer),
                note=note,
                done_at=done_at,
            )
            book.end_run(run, "carried out", now=now)
        anchor(book, customer, run, now)
    return f"{host or customer.company.name}, {line.period}"


def write_off(
    customer: Customer,
    catalogue: Catalogue,
    service: str | None,
    periods: Sequence[str],
    host: str | None,
    reason: str,
    *,
    consent: str | None = None,
    before: date | None = None,
) -> list[Owed]:
    """Close what nobody will carry out any more; returns the lines. Raises RunRefused, BookUnavailable, ClockError.

    Of a service in these periods, or of everything that was due before a day; without a host of all hosts. consent: of
    the customer, in a sentence. All lines are written, or none.
    """
    if service is not None:
        _service(catalogue, service)
    _host(customer, host)
    if (before is None) == (not periods):
        raise RunRefused(
            "Say which periods are meant: --period 2026-W46, or --before 2026-11-01 for all older ones."
        )
    if service is None and before is None:
        raise RunRefused("Say which service is meant, such as 2.7.")
    reason = _sentence("--reason", reason, "why nobody will do it any more")
    consent = _sentence("--consent", consent, "who of the customer agreed, and how") if consent else None
    now = settings.now()
    begin = _beginning(customer, catalogue, now)
    with open_book() as book:
        with book.in_one_step(customer.name):
            left = _open(customer, catalogue, book, service, now)
            found = [line for line in left if line.state.owed and host in (None, line.host)]
            for period in periods:
                days_of(period)
                if not any(line.period == period for line in found):
                    raise RunRefused(_nothing_open(customer, str(service), found, host, period))
            lines = [
                line for line in found if (line.due.date() < before if before else line.period in periods)
            ]
            if not lines:
                raise RunRefused(f"Nothing that is open for {host or customer.name} was due before {before}.")
            run = begin(book)
            book.write_off(run, [line.key for line in lines], now=now, reason=reason, consent=consent)
            book.end_run(run, "carried out", now=now)
        anchor(book, customer, run, now)
    return lines


def _open(
    customer: Customer, catalogue: Catalogue, book: Book, service: str | None, now: datetime
) -> list[Owed]:
    """What somebody can still do or close of a service, or of all."""
    every = owed_by_book(customer, catalogue, book, now)
    return [line for line in every if service in (None, line.service) and not line.state.settled]


def _only(
    customer: Customer,
    catalogue: Catalogue,
    service: CatalogueService,
    lines: Sequence[Owed],
    host: str | None,
    period: str | None,
    done_at: datetime | None,
) -> Owed:
    """The one line that is meant."""
    number = service.number
    if done_at is not None:
        then = str(period_of(service.cadence, done_at))
        if period not in (None, then):
            raise RunRefused(f"--at {shown(done_at)} lies in {then}, not in {period}. Leave one of both out.")
        period = then
    if period is not None:
        days_of(period)
    found = [line for line in lines if period in (None, line.period)]
    if not found:
        standing = next(it.standing for it in contained(customer, catalogue) if it.service == number)
        if not standing.contained and not lines:
            raise RunRefused(
                f"{number} is not part of what was agreed with {customer.name}: {standing.value}."
            )
        raise RunRefused(_nothing_open(customer, number, lines, host, period))
    if len(found) > 1:
        named = _listed([line.period for line in found])
        raise RunRefused(
            f"{number} is open in {named}. Say which one it was: --period {found[0].period}, or when: --at DAY"
        )
    (line,) = found
    if done_at is not None and line.since is not None and done_at.date() < line.since.date():
        since = f"it is since {shown(line.since)}"
        raise RunRefused(
            f"On {shown(done_at)} {number} was not agreed yet for {host or customer.name}: {since}."
        )
    return line


def _nothing_open(
    customer: Customer, service: str, lines: Sequence[Owed], host: str | None, period: str | None
) -> str:
    where = host or customer.name
    when = f" in {period}" if period else ""
    open_in = list(dict.fromkeys(line.period for line in lines))
    advice = f"It is open in {_listed(open_in)}." if open_in else f"See heft owed {customer.name} --all."
    return f"{service} is not open{when} for {where}. {advice}"


def _listed(periods: Sequence[str]) -> str:
    """The newest ones by name."""
    more = f" and {len(periods) - _NAMED} earlier ones" if len(periods) > _NAMED else ""
    return ", ".join(periods[-_NAMED:]) + more


def _service(catalogue: Catalogue, number: str) -> CatalogueService:
    known = catalogue.services.get(number)
    if known is None:
        raise RunRefused(
            f"The catalogue has no service {number!r}.{did_you_mean(number, catalogue.services)}"
        )
    return known


def _host(customer: Customer, host: str | None) -> None:
    if host is not None and host not in customer.hosts:
        raise RunRefused(f"{customer.name} has no host {host!r}.{did_you_mean(host, customer.hosts)}")


def note_mended(customer: Customer, catalogue: Catalogue, ticket: str, note: str) -> str:
    """Note on the finding of an open ticket that somebody mended it; returns for what.

    Ticket and finding stay open until the next measurement. Raises RunRefused, BookUnavailable.
    """
    note = _sentence("--note", note, "what was done")
    now = settings.now()
    begin = _beginning(customer, catalogue, now)
    with open_book() as book:
        with book.in_one_step(customer.name):
            known = {it.number: it for it in book.tickets(customer.name, open_only=True)}
            found = known.get(ticket)
            if found is None:
                listed = f"Open are {', '.join(known)}." if known else "None is open."
                raise RunRefused(f"{customer.name} has no open ticket {ticket!r}. {listed}")
            finding, run = found.finding, begin(book)
            book.mend(run, finding.service, finding.host, finding.cause, now=now, note=note)
            book.end_run(run, "carried out", now=now)
        anchor(book, customer, run, now)
    title = CAUSES[finding.cause].title if finding.cause in CAUSES else finding.cause
    return f"{finding.host or customer.company.name}: {title}"


def sentence(option: str, text: str | None, what: str) -> str | None:
    """What a person may say, for the book; None for nothing. Raises RunRefused, NotAccepted."""
    return None if text is None else _sentence(option, text, what)


def _sentence(option: str, text: str, what: str) -> str:
    """What a person says, for the book. Raises RunRefused for none, NotAccepted for what is no readable line."""
    if not text.strip():
        raise RunRefused(f"Say in a sentence {what}: {option} TEXT")
    return typed.one_line(option, text)


def end_emergency(customer: Customer, catalogue: Catalogue, kb: str, reason: str) -> list[str]:
    """Nobody owes this update any more by emergency; returns the hosts that did. Ordinary runs still bring it.

    Raises RunRefused, BookUnavailable; NotAccepted for no readable reason.
    """
    reason = _sentence("--reason", reason, "why nobody is to install it at once any more")
    now = settings.now()
    with open_book() as book:
        owing = [
            one.host
            for emergency in still_open(customer, catalogue, book, now)
            if emergency.kb == kb
            for one in emergency.owing
        ]
        if not owing:
            return []
        begin = beginning(
            customer, now, kind=open_emergencies.ENDED, reason=f"{kb}: {reason}", limit=",".join(owing)
        )
        with book.in_one_step(customer.name):
            run = begin(book)
            book.end_run(run, "carried out", now=now)
        anchor(book, customer, run, now)
    return owing


def beginning(
    customer: Customer,
    now: datetime,
    *,
    kind: str = "by hand",
    reason: str | None = None,
    limit: str | None = None,
) -> Beginning:
    """What begins the run. Who it is and which commit is asked before the book is held."""
    who, commit = evidence.technician(), evidence.commit(settings.REPOSITORY)
    return lambda book: book.begin_run(
        customer.name,
        kind=kind,
        reason=reason,
        limit=limit,
        who=who,
        commit=commit,
        inventory_hash=customer.inventory_hash(),
        dry_run=False,
        now=now,
        tier=customer.contract.tier,
        clock=clock(),
        rehearsed=settings.rehearsed(),
    )


def _beginning(customer: Customer, catalogue: Catalogue, now: datetime) -> Beginning:
    """The same, with today's agreement."""
    begin = beginning(customer, now)

    def agreed(book: Book) -> str:
        run = begin(book)
        keep_up(book, customer, catalogue, run, now)
        return run

    return agreed


def anchor(book: Book, customer: Customer, run: str, now: datetime) -> None:
    """Sign what was written, once nobody waits for it any more."""
    if told := outbox.anchor(book, customer.name, run, now):
        say(told, error=True)
