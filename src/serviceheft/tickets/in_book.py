"""Tickets kept in the book itself, written in the transaction of the stamp that causes them."""

from collections.abc import Mapping
from typing import Protocol

from serviceheft.tickets import TicketOrder


class Entries(Protocol):
    """What BookTickets needs of the book: its open transaction on one customer's chain."""

    def append(
        self,
        kind: str,
        *,
        service: str | None = None,
        host: str | None = None,
        subject: str | None = None,
        body: Mapping[str, object],
    ) -> int: ...

    def count(self, kind: str) -> int: ...


class BookTickets:
    """The TicketSystem of the book, for the findings of one service on one host.

    Numbers run from <customer>-000001 without gaps: they are counted under the lock of the customer's chain,
    and a transaction that is rolled back takes its number with it.
    """

    def __init__(self, entries: Entries, service: str, host: str | None) -> None:
        self._entries = entries
        self._service = service
        self._host = host

    def open(self, order: TicketOrder) -> str:
        number = f"{order.customer}-{self._entries.count('ticket opened') + 1:06d}"
        body = {
            "finding": order.finding,
            "cause": order.cause,
            "severity": order.severity,
            "clause": order.clause,
            "deadline": order.deadline,
            "reporter": order.reporter,
            "contact_name": order.contact.name,
            "contact_email": order.contact.email,
        }
        self._append("ticket opened", number, body)
        return number

    def comment(self, reference: str, text: str) -> None:
        self._append("ticket commented", reference, {"text": text})

    def close(self, reference: str, text: str) -> None:
        self._append("ticket closed", reference, {"text": text})

    def mirrored(self, reference: str, system: str, outside: str) -> None:
        """Store the reference under which an outside system keeps the same ticket."""
        self._append("ticket mirrored", reference, {"system": system, "outside": outside})

    def _append(self, kind: str, number: str, body: Mapping[str, object]) -> None:
        self._entries.append(kind, service=self._service, host=self._host, subject=number, body=body)
