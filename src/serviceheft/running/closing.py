"""How a run begins and ends on the screen and in the book."""

from serviceheft import settings
from serviceheft.book import BookUnavailable
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


def close(session: Session, whole: bool | None) -> None:  # noqa: FBT001
    """Write the end of the run: carried out, incomplete, or (None) interrupted.

    An end that cannot be written is told, not raised: the stamps are safe, and the next run closes this one.
    """
    outcome = {True: "carried out", False: "incomplete", None: "interrupted"}[whole]
    now = settings.now()
    billable = None
    if session.order.ticket and not session.order.dry_run:
        billable = calendar_for(session.customer).service_time_between(session.began, now)
    try:
        with open_book() as book:
            book.end_run(session.run, outcome, now=now, billable=billable)
    except BookUnavailable as error:
        print(f"The end of run {session.run} could not be recorded: {error}")  # noqa: T201
