"""The part of the book that says what was carried out and found, and what became of findings and tickets."""

from collections.abc import Callable, Iterable
from datetime import datetime

from serviceheft.assess.judgement import Judgement, Severity
from serviceheft.book import reading
from serviceheft.book.agreed_pages import AgreedPages
from serviceheft.book.appending import Appending
from serviceheft.book.living import NO_LONGER_THERE, TicketPolicy
from serviceheft.book.open_runs import open_run
from serviceheft.book.records import FindingLife, Stamped
from serviceheft.book.stamping import StampOrder, stamp_all
from serviceheft.tickets import Contact
from serviceheft.tickets.in_book import BookTickets


class StampedPages(AgreedPages):
    """Any method may raise BookUnavailable: nothing was written."""

    def stamp(
        self,
        run: str,
        service: str,
        host: str | None,
        period: str | None,
        judgement: Judgement,
        *,
        now: datetime,
        deadline: Callable[[datetime], datetime | None],
        clause: str,
        contact: Contact,
        note: str | None = None,
        done_at: datetime | None = None,
        tickets_from: Severity = Severity.WARNING,
    ) -> Stamped:
        """stamp_many() of one: its arguments are those of StampOrder."""
        order = StampOrder(service, host, period, judgement, clause, note, done_at)
        [stamped] = self.stamp_many(
            run, [order], now=now, deadline=deadline, contact=contact, tickets_from=tickets_from
        )
        return stamped

    def stamp_many(
        self,
        run: str,
        orders: Iterable[StampOrder],
        *,
        now: datetime,
        deadline: Callable[[datetime], datetime | None],
        contact: Contact,
        tickets_from: Severity = Severity.WARNING,
    ) -> tuple[Stamped, ...]:
        """Stamp services on hosts in this order, with their findings and tickets; a result for each.

        All in one transaction: when this returns, all of it is on disk; when it raises, nothing of it is in the book.
        How many to give at once is the caller's choice. `deadline` gives a ticket's deadline from the time of its
        opening (None: no reaction time was agreed, so no ticket is opened). In a dry run findings, tickets and
        snapshots stay as they are.

        RunRefused when the run has ended; ValueError for what is too large or no plain JSON.
        """
        customer = self._customer(run)
        policy = TicketPolicy(deadline, contact, tickets_from)
        with self._store.writing(customer) as connection:
            return stamp_all(connection, open_run(connection, run, now), orders, policy, now)

    def drop(
        self, run: str, kept: Callable[[str, str | None], bool], *, now: datetime
    ) -> tuple[FindingLife, ...]:
        """End the open findings of which `kept`(service, host) says that nobody will measure them again.

        Their tickets are closed. A dry run drops nothing.
        """
        customer = self._customer(run)
        with self._store.writing(customer) as connection:
            if open_run(connection, run, now).dry_run:
                return ()
            lives, _ = reading.open_lives(connection, customer)
            gone = tuple(it for it in lives if not kept(it.service, it.host))
            appending = Appending(connection, customer, run, now)
            for life in gone:
                appending.append(
                    "finding dropped",
                    service=life.service,
                    host=life.host,
                    subject=life.cause,
                    body={"finding": life.number},
                )
                if life.ticket:
                    BookTickets(appending, life.service, life.host).close(life.ticket, NO_LONGER_THERE)
            if gone:
                appending.write()
        return gone

    def mend(self, run: str, service: str, host: str | None, cause: str, *, now: datetime, note: str) -> None:
        """Record that somebody acted on an open finding; only a measurement closes it. The ticket gets
        `note`.

        ValueError when no such finding is open, or in a dry run.
        """
        customer = self._customer(run)
        with self._store.writing(customer) as connection:
            if open_run(connection, run, now).dry_run:
                raise ValueError("A dry run mends nothing.")
            lives, _ = reading.open_lives(connection, customer, (service, host))
            life = next((it for it in lives if it.cause == cause), None)
            if life is None:
                raise ValueError(
                    f"{customer}: {cause} is not open for {service} on {host or 'the customer'}."
                )
            appending = Appending(connection, customer, run, now)
            appending.append(
                "finding mended",
                service=service,
                host=host,
                subject=cause,
                body={"finding": life.number, "note": note},
            )
            if life.ticket:
                BookTickets(appending, service, host).comment(life.ticket, note)
            appending.write()

    def mirror(self, customer: str, ticket: str, system: str, outside: str, *, now: datetime) -> None:
        """Store an outside system's reference of a ticket. ValueError for an unknown ticket."""
        with self._store.writing(customer) as connection:
            _, tickets = reading.lives(connection, customer)
            found = next((it.finding for it in tickets if it.number == ticket), None)
            if found is None:
                raise ValueError(f"{customer} has no ticket {ticket}.")
            appending = Appending(connection, customer, None, now)
            BookTickets(appending, found.service, found.host).mirrored(ticket, system, outside)
            appending.write()

    def write_off(
        self,
        run: str,
        lines: Iterable[tuple[str, str | None, str]],
        *,
        now: datetime,
        reason: str,
        consent: str | None = None,
    ) -> int:
        """Close lines (service, host, period) that nobody will carry out any more; how many. All of them, or none.

        ValueError in a dry run. Whether they are open is the caller's business: the book knows no contract.
        """
        customer = self._customer(run)
        with self._store.writing(customer) as connection:
            if open_run(connection, run, now).dry_run:
                raise ValueError("A dry run writes nothing off.")
            appending = Appending(connection, customer, run, now)
            body = {"reason": reason} | ({"consent": consent} if consent else {})
            written = [
                appending.append(reading.WRITTEN_OFF, service=service, host=host, subject=period, body=body)
                for service, host, period in lines
            ]
            appending.write()
        return len(written)
