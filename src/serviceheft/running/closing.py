"""How a run begins and ends on the screen and in the book."""

from datetime import timedelta

from serviceheft import settings
from serviceheft.book import BookUnavailable, RunOutcome, RunRefused, outbox
from serviceheft.reaction import calendar_for
from serviceheft.running.session import Session, open_book
from serviceheft.running.still_open import in_words, still_open
from serviceheft.running.stop import stop_reason

#: Over all that was made with a made-up time.
REHEARSED = "Rehearsal: HEFT_NOW sets the time. What is stamped proves nothing, and is marked so everywhere."


def headline(session: Session) -> str:
    """The first lines: which customer, which contract, who, from which commit."""
    contract = session.customer.contract
    terms = f"tier {contract.tier}" if contract.tier else "by the hour"
    ticket = f", ticket {session.order.ticket}" if session.order.ticket else ""
    mode = ", check mode: nothing will be changed" if session.order.dry_run else ""
    stopped = stop_reason()
    brake = f"\nThe stop file is there, so nothing will be changed: {stopped}" if stopped else ""
    rehearsed = f"\n{REHEARSED}" if settings.rehearsed() else ""
    changed = f"\n{session.changed_in_words}" if session.changed_in_words else ""
    return (
        f"{session.customer.company.name} ({session.customer.name}), {terms}{ticket}{mode}\n"
        f"Run {session.run} ({session.order.kind}) by {session.who} from {session.commit}{brake}{rehearsed}{changed}"
    )


def close(session: Session, whole: bool | None) -> str:
    """Write the end of the run: carried out, incomplete, or (None) interrupted. Returns what to say about it.

    An end that cannot be written is told, not raised: the stamps are safe, and the next run closes this one.
    """
    outcome: RunOutcome = "interrupted" if whole is None else "carried out" if whole else "incomplete"
    now = settings.now()
    billable = None
    if session.customer.contract.kind == "hourly" and not session.order.dry_run:
        spent = calendar_for(session.customer).service_time_between(session.began, now)
        billable = (_minutes(spent.inside), _minutes(spent.outside))
    try:
        with open_book() as book:
            book.end_run(session.run, outcome, now=now, billable_minutes=billable)
            told = outbox.anchor(book, session.customer.name, session.run, now)
    except (BookUnavailable, RunRefused) as error:
        return f"The end of run {session.run} could not be recorded: {error}"
    said = [told] if told else []
    said += _still_open(session)
    if abs(jumped := settings.clock_jumped()) > settings.TOLERANCE:
        way = "forwards" if jumped > timedelta() else "back"
        said.append(
            f"The clock of this machine was set {way} by {abs(jumped).total_seconds() / 60:.0f} minutes during the "
            "run. Its entries carry the time that the run counted itself. Check NTP (timedatectl)."
        )
    if whole is None:
        said.append(
            f"Run {session.run} was interrupted. What it had stamped is safe; the next run takes up the rest."
        )
    elif billable:
        inside, outside = billable
        said.append(
            f"Billable on ticket {session.order.ticket}: {inside} min inside, {outside} min outside of service hours."
        )
    return "\n".join(said)


def _still_open(session: Session) -> list[str]:
    """The emergencies that hosts still owe; a run that only looked changes nothing about them."""
    if session.order.dry_run:
        return []
    try:
        with open_book() as book:
            found = still_open(session.customer, session.catalogue, book, settings.now())
    except BookUnavailable as error:
        return [f"Which emergencies are still open could not be read: {error}"]
    return [f"{in_words(one)}. heft catch-up carries it on." for one in found]


def _minutes(time: timedelta) -> int:
    """Minutes begun."""
    return -(-time // timedelta(minutes=1))
