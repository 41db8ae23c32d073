"""heft record, write-off, mended, verify: adding to the book by hand, and proving it whole."""

import re
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serviceheft.cli.contract import table
from serviceheft.cli.customers import CustomerArgument, Refused, known, load, names
from serviceheft.cli.dates import day, moment
from serviceheft.cli.owing import spans
from serviceheft.screen import Screen, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from serviceheft.accounts import Owed
    from serviceheft.book.proving import Proof


def record(
    customer: CustomerArgument,
    service: Annotated[
        str | None,
        typer.Argument(
            metavar="[SERVICE]", help="Number in the catalogue, such as 1.2; left out: list what is open."
        ),
    ] = None,
    note: Annotated[
        str, typer.Option(help="What was done, in a sentence. Goes into the book as it is.")
    ] = "",
    host: Annotated[
        str | None, typer.Option(help="For one host; left out: for the customer as a whole.")
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="For which period, when more than one is open: 2026-Q3")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="When it was done, if not now: 2026-09-29 or '2026-09-29 10:00'"),
    ] = None,
) -> None:
    """Stamp a service that people carried out, such as the quarterly meeting, for a period that still owes it.

    Without a service it lists what is open and can be recorded. Nothing else is accepted: what was not agreed, what is
    done already, and what a role measures.

    [bold]Examples[/]

      heft record musterbau
      heft record musterbau 1.2 --note "Quartalsmeeting am Telefon, Protokoll verschickt"
      heft record musterbau 1.2 --at 2026-09-29 --note "Quartalsmeeting beim Kunden"
    """
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.running.by_hand import record_by_hand, recordable

    found, catalogue = load(customer), load_catalogue()
    if service is None:
        if note or host or period or at:
            raise Refused(
                "Say which service was carried out, such as 1.2. heft record CUSTOMER lists what is open."
            )
        _print_recordable(customer, recordable(found, catalogue))
        return
    done_at = None if at is None else moment("--at", at)
    stamped = record_by_hand(found, catalogue, service, host, note, period, done_at)
    say(f"{service} stamped for {stamped}.")


def _print_recordable(customer: str, lines: "Sequence[Owed]") -> None:
    """A row for the hosts that have the same periods open: a year of them stays readable."""
    from serviceheft.accounts import open_together

    if not lines:
        say(f"{customer}: nothing is open that people record.")
        return
    made = table(f"{customer}: open, and recorded by people", "service", "state", "periods", "for")
    for group in open_together(lines):
        hosts = ", ".join(host or "the customer as a whole" for host in group.hosts)
        made.add_row(f"{group.service} {group.title}", group.state.value, spans(group), hosts)
    Screen().print(made)


def write_off(
    customer: CustomerArgument,
    reason: Annotated[str, typer.Option(help="Why nobody will do it any more. The customer reads it.")],
    service: Annotated[
        str | None,
        typer.Argument(
            metavar="[SERVICE]", help="Number in the catalogue, such as 2.7; with --before all when left out."
        ),
    ] = None,
    period: Annotated[
        list[str] | None, typer.Option(help="The period; give it again for more: 2026-W46")
    ] = None,
    before: Annotated[
        str | None, typer.Option(metavar="DAY", help="Instead of periods: all that was due before this day.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="For one host; left out: for all on which it is open.")
    ] = None,
    consent: Annotated[
        str | None, typer.Option(help="Who of the customer agreed, and how. The customer reads it.")
    ] = None,
) -> None:
    """Close what is owed and nobody will carry out any more, such as the check of a week that is over.

    Your name, the time and the reason go into the book and stand on the customer's pages. heft owed lists what is open.

    [bold]Examples[/]

      heft write-off musterbau 2.7 --period 2026-W46 --host mb-nb-03 --reason "Gerät war zur Reparatur"
      heft write-off musterbau 2.6 --period 2026-W46 --reason "Umbau" --consent "Mail von Änne Öttinger, 12.11."
      heft write-off musterbau --before 2026-10-01 --reason "Vor der Übernahme anderswo nachgewiesen"
    """
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.running import by_hand

    lines = by_hand.write_off(
        load(customer),
        load_catalogue(),
        service,
        period or (),
        host,
        reason,
        consent=consent,
        before=None if before is None else day("--before", before),
    )
    for number, rows in groupby(lines, key=lambda line: line.service):
        of_it = list(rows)
        hosts = ", ".join(dict.fromkeys(line.host or "the customer as a whole" for line in of_it))
        say(f"{number} written off for {', '.join(dict.fromkeys(it.period for it in of_it))}: {hosts}.")


def mended(
    customer: CustomerArgument,
    ticket: Annotated[str, typer.Argument(help="Number of the ticket, as heft status shows it.")],
    note: Annotated[str, typer.Option(help="What was done, in a sentence. Goes into the book as it is.")],
) -> None:
    """Note that somebody mended what a ticket is about. It is closed when the next run measures it well.

    [bold]Example[/]

      heft mended musterbau musterbau-000004 --note "Agent neu installiert"
    """
    from serviceheft.model.catalogue import load_catalogue
    from serviceheft.running.by_hand import note_mended

    say(
        f"{note_mended(load(customer), load_catalogue(), ticket, note)}. To be measured: heft weekly {customer}"
    )


def verify(
    customer: Annotated[str | None, typer.Argument(metavar="[CUSTOMER]", help="All when left out.")] = None,
    against: Annotated[
        str | None, typer.Option(metavar="NUMBER:HASH", help="A chain head printed in a report or on a site.")
    ] = None,
    anchors: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Signed heads from elsewhere, such as lines saved from a mail."),
    ] = None,
) -> None:
    """Prove that no row of the book was changed, taken out or put in, that its tables, indexes and guards are as they
    were made, and that it holds what its signed heads say.

    Exit code 1 when something was, or when a place of signed heads cannot be read.

    [bold]Examples[/]

      heft verify
      heft verify musterbau --against 412:9f86d081884c7d65
      heft verify --anchors saved-mails.txt
    """
    from serviceheft.book import outbox, proving
    from serviceheft.running.session import open_book

    book = open_book()
    head = _head(customer, against) if against else None
    layout = book.soundness()
    for fault in layout.faults:  # said first: what is not there cannot be read further down
        say(fault)
    outside = proving.gathered(outbox.places(), outbox.own_copy())
    for file in anchors or ():
        try:
            proving.add(
                outside, {str(file): file.read_text("utf-8", "replace").splitlines()}, among_others=True
            )
        except OSError as error:
            raise Refused(f"{file} cannot be read: {error.strerror}.") from None
    proofs = proving.prove(book, outside, customer)
    there = names()
    empty = dict.fromkeys(there)
    if customer and not any(proof.head.number or proof.contradictions for proof in proofs):
        empty = {known(customer): None}  # a name that neither the book nor a folder knows is a slip
    broken = book.verify(customer, against=head)
    for one in broken:
        say(f"{one.customer} entry {one.number}: {one.kind}: {one.message}")
    contradictions = [it for proof in proofs for it in proof.contradictions]
    for message in (*contradictions, *outside.troubles):
        say(message)
    for proof in proofs:
        empty.pop(proof.customer, None)
        say(_chain(proof, there))
    for name in () if customer and proofs else empty:
        say(f"{name}: no entries")
    for what in layout.unproved:
        say(f"Not proved: {what}.")
    unproved = bool(outside.troubles or layout.unproved)
    say(_verdict(bool(broken or layout.faults), bool(contradictions), unproved))
    raise typer.Exit(1 if broken or layout.faults or contradictions or outside.troubles else 0)


def _chain(proof: "Proof", customers: "Sequence[str]") -> str:
    """One chain: how long it is, and how far it is proven."""
    said = f"{proof.customer}: {proof.head.number} entries, head {proof.head.number}:{proof.head.hash}"
    if proof.customer not in customers:
        said = f"{said}; no inventory has this name"
    return f"{said}; {proof.reach}" if proof.head.number else said


def _head(customer: str | None, text: str) -> tuple[int, str]:
    """A head as a report prints it; the hash may be shortened to 16 characters. Raises Refused."""
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{16,64})", text.strip().lower())
    if found is None or customer is None:
        raise Refused(
            "--against takes NUMBER:HASH as a report prints it (of the hash at least 16 characters), together with a "
            "customer."
        )
    return int(found[1]), found[2]


def _verdict(broken: bool, contradictions: bool, unproved: bool) -> str:
    if broken:
        return "The book was tampered with."
    if contradictions:
        return "The book and its signed heads contradict each other."
    return "Not everything could be proved." if unproved else "The book is whole."


def add_to(app: typer.Typer) -> None:
    app.command("write-off")(write_off)
    for command in (record, mended, verify):
        app.command()(command)
