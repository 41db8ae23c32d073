"""How a run begins and ends on the screen and in the book."""

from datetime import timedelta

from serviceheft import settings
from serviceheft.book import BookUnavailable, RunOutcome
from serviceheft.clock import calendar_for
from serviceheft.running.session import Session, open_book


def headline(session: Session) -> str:
    """The first lines: which customer, which contract, who, from which commit."""
    contract = session.customer.contract
    tier = f"tier {contract.tier}" if contract.tier else f"by the hour, ticket {session.order.ticket}"
    mode = ", check mode: nothing will be changed" if session.order.dry_run else ""
    return (
        f"{session.customer.company.name} ({session.customer.name}), {tier}{mode}\n"
        f"Run {session.run} ({session.order.kind}) by {session.who} from {session.commit}"
    )


def close(session: Session, whole: bool | None) -> None:
    """Write the end of the run: carried out, incomplete, or (None) interrupted.

    An end that cannot be written is told, not raised: the stamps are safe, and the next run closes this one.
    """
    outcome: RunOutcome = "interrupted" if whole is None else "carried out" if whole else "incomplete"
    now = settings.now()
    billable = None
    if session.order.ticket and not session.order.dry_run:
        spent = calendar_for(session.customer).service_time_between(session.began, now)
        billable = (_minutes(spent.inside), _minutes(spent.outside))
    try:
        with open_book() as book:
            book.end_run(session.run, outcome, now=now, billable_minutes=billable)
    except BookUnavailable as error:
        print(f"The end of run {session.run} could not be recorded: {error}")  # noqa: T201


def _minutes(time: timedelta) -> int:
    """Minutes begun."""
    return -(-time // timedelta(minutes=1))
