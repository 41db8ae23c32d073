"""What a run measures of the fictional customers' hosts, and what every service says of it.

The services are found, not listed. A new one whose judgement needs something that is not measured here fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from lab import site
from lab.gravityzone import endpoint
from lab.visit import run
from lab.windows.machine import Machine
from lab.windows.modules import Call
from serviceheft.book import Book
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.model.schema import Customer, Host
from serviceheft.running.session import open_book
from serviceheft.service import Run, Seen
from serviceheft.services import SERVICES
from serviceheft.settings import REPOSITORY
from tests.visit_sections import JUDGED

type Json = dict[str, Any]

CUSTOMERS = ("musterbau", "kanzlei_nord", "praxis_sued", "werkstatt")
SECTIONS = JUDGED

#: What the book knows: packages that we installed, and an installer that wanted a restart.
KNOWN: Json = {
    "ours": ["7zip", "vlc"],
    "brought": ["7zip.install"],
    "restart_wanted_at": "2026-11-16T09:00:00Z",
}


@dataclass
class Measured:
    """One visit, and what was asked of others about the host."""

    visit: Json
    answers: Json = field(default_factory=dict)


@dataclass(frozen=True)
class MeasuredHost:
    """A host of a customer, with its variables (secrets opened)."""

    customer: Customer
    host: Host
    variables: Mapping[str, Any]
    book: Book

    def judge(self, role: str, measured: Measured, now: datetime) -> Json:
        """What the service is stamped as before anything is done."""
        catalogue, name = load_catalogue_once(), self.host.name
        planned = {name: {catalogue.carried_out_by(role).number: "2026-W47" for role in SERVICES}}
        this_run = Run("run", self.customer, catalogue, self.book, planned, dry_run=True)
        seen = Seen(name, self.variables, (measured.visit,), now, measured.answers, known=KNOWN)
        judged: Json = SERVICES[role].judged({name: seen}, this_run)[name].judgement.as_data()
        return judged


load_catalogue_once = cache(load_catalogue)


@cache
def customer(name: str) -> Customer:
    return load_customer(REPOSITORY / "inventories" / name, load_catalogue_once())


@cache
def hosts(name: str) -> tuple[MeasuredHost, ...]:
    """The customer's Windows hosts. Needs a book (HEFT_BOOK), which is made where there is none."""
    found, secrets = customer(name), site.vault(customer(name))
    book = open_book(create=True)
    return tuple(
        MeasuredHost(
            found,
            host,
            {key: _opened(value, secrets) for key, value in host.variables.items()}
            | {"ansible_host": host.address},
            book,
        )
        for host in site.windows_hosts(found)
    )


def _opened(value: Any, secrets: Mapping[str, str]) -> Any:
    return secrets.get(value.strip("{} "), value) if isinstance(value, str) and "{{" in value else value


def machine_state(one: MeasuredHost, now: datetime) -> Json:
    """The machine as the lab makes it, just as the inventory wants it."""
    return site.machine(one.customer, one.host, site.vault(one.customer), now)


def measure(one: MeasuredHost, state: Json, now: datetime, console: Json | None = None) -> Measured:
    """All that a run has of a machine before it acts."""
    machine = Machine(one.host.name, state, now=now)
    call = Call(check_mode=False, diff=False, now=now, user={})
    details = (console or _console(one, now))["details"]
    visit = run(machine, {"sections": list(SECTIONS)}, call)
    answer = {"available": True, "reason": None, "fetched_at": None, "endpoint": details}
    return Measured(visit, {"console": answer})


def _console(one: MeasuredHost, now: datetime) -> Json:
    name = one.host.name.upper()
    times = {"last_seen": now, "definitions_updated": now, "last_scan": now}
    return endpoint(name, address=one.host.address, company_id="c", **times)


def book_of(folder: Path, monkeypatch: Any) -> None:
    """A book of the test's own."""
    monkeypatch.setenv("HEFT_BOOK", f"sqlite:///{folder / 'book.sqlite'}")
