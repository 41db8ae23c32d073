"""The service book. `Book` is the way in; everything else here is what it takes, returns and raises.

Import this before Ansible forks its workers (SQLAlchemy alone takes half a second), and open a Book after.
"""

from serviceheft.book.book import Book
from serviceheft.book.chain import Break, Entry, Head
from serviceheft.book.errors import BookUnavailable, RunRefused
from serviceheft.book.processes import Process
from serviceheft.book.records import (
    FindingLife,
    Found,
    LatestStamp,
    Run,
    RunOutcome,
    Snapshot,
    Stamp,
    Stamped,
    Ticket,
    WriteOff,
)
from serviceheft.book.stamping import StampOrder
from serviceheft.tickets import Contact

__all__ = [
    "Book",
    "BookUnavailable",
    "Break",
    "Contact",
    "Entry",
    "FindingLife",
    "Found",
    "Head",
    "LatestStamp",
    "Process",
    "Run",
    "RunOutcome",
    "RunRefused",
    "Snapshot",
    "Stamp",
    "StampOrder",
    "Stamped",
    "Ticket",
    "WriteOff",
]
