"""Tickets behind one small interface. The book's ticket is the truth; an outside system mirrors it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from serviceheft.assess.judgement import Severity

REPORTER = "Serviceheft"


@dataclass(frozen=True)
class Contact:
    """The customer's central contact, who sees every ticket."""

    name: str
    email: str


@dataclass(frozen=True)
class TicketOrder:
    """All that a ticket system needs to open a ticket for one finding (`finding`: its number in the book)."""

    customer: str
    finding: int
    service: str
    host: str | None
    cause: str
    severity: Severity
    clause: str
    opened_at: datetime
    deadline: datetime
    reporter: str
    contact: Contact


class TicketSystem(Protocol):
    """Where tickets are kept. Each call is one ticket's; `reference` is what `open` returned."""

    def open(self, order: TicketOrder) -> str: ...

    def comment(self, reference: str, text: str) -> None: ...

    def close(self, reference: str, text: str) -> None: ...
