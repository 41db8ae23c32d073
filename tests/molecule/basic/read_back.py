"""Every owed service of every device is stamped in the last run; found was what was planted, and nothing else."""

from lab import site
from serviceheft import settings
from serviceheft.book import Book
from serviceheft.entitlement import owed, owed_hosts
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer

NAME = "praxis_sued"

catalogue = load_catalogue()
customer = load_customer(settings.inventories_directory() / NAME, catalogue)
plan = owed_hosts(owed(customer, catalogue, (), settings.now()), again=True)
book = Book.open(settings.book_url(), create=False)

first, second = reversed(book.runs(NAME))
assert (first.state, second.state) == ("carried out", "carried out"), (first, second)
for run in (first, second):
    stamped = {(stamp.host, stamp.service) for stamp in book.stamps(NAME, run=run.id)}
    assert stamped == {(host, service) for host, services in plan.items() for service in services}, stamped

planted = {(one.host, *found) for one in site.planted(NAME) for found in one.finds}
lives = book.findings(NAME)
assert {(life.host, life.service, life.cause) for life in lives} == planted, lives
assert len(lives) == len(planted), lives

# Basic keeps the clients' own updating switched on and the remote access in order; all else it reports.
closed = {(life.host, life.cause) for life in lives if life.state == "closed"}
assert closed == {
    ("ps-pc-02", "updates.automatic_updates_off"),
    ("ps-pc-03", "remote_access.missing"),
}, closed
assert {ticket.state for ticket in book.tickets(NAME)} == {"open", "closed"}
