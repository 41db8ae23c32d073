"""What the scenario's runs left, in the book and on the machines, against what was owed and what was planted.

    read_back.py CUSTOMER

Mended is just what the contract mends: the same defect is closed by measurement in one tier and reported in another.
What differs is said in read_back.txt, in the scenario's ephemeral directory.
"""

import os
import sys
import traceback
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import yaml
from machines import MENDED_BY, is_rid_of

from lab import defects, site
from lab.site import Planted
from serviceheft import settings
from serviceheft.assess.actions import ActionResult
from serviceheft.book import Book, Run, Stamp
from serviceheft.ledger import owed, owed_hosts
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer

NAME = sys.argv[1]
SCENARIO = yaml.safe_load(
    (Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]) / "scenario.yml").read_text(encoding="utf-8")
)
CATALOGUE = load_catalogue()
CUSTOMER = load_customer(settings.inventories_directory() / NAME, CATALOGUE)
BOOK = Book.open(settings.book_url(), create=False)
*BEFORE, FIRST, SECOND = reversed(BOOK.runs(NAME))
#: What the runs owed to the hosts that the scenario is limited to.
PLAN = {
    host: set(services)
    for host, services in owed_hosts(owed(CUSTOMER, CATALOGUE, (), settings.now()), again=True).items()
    if SECOND.limit is None or host in SECOND.limit.split(",")
}
#: Without what was mended before the first visit.
PLANTED = [
    one
    for one in site.planted(NAME)
    if one.host in PLAN and SCENARIO.get("mended", {}).get(one.host) != one.defect
]


def main() -> None:
    assert BOOK.verify(NAME) == []
    everything_owed_is_stamped(FIRST)
    everything_owed_is_stamped(SECOND)
    waits(SECOND, SCENARIO["waits"])
    the_second_run_did_nothing()
    the_visit_before_found_what_waits()
    something_is_planted_for_each_service_that_the_tier_adds()
    what_was_planted_was_found_and_mended_where_the_contract_contains_it()
    the_machines_are_rid_of_what_was_mended_and_of_nothing_else()


def everything_owed_is_stamped(run: Run, hosts: Mapping[str, set[str]] = PLAN) -> None:
    assert run.state == "carried out", run
    stamped = {(stamp.host, stamp.service) for stamp in BOOK.stamps(NAME, run=run.id)}
    expected = {(host, service) for host, services in hosts.items() for service in services}
    assert stamped == expected, stamped ^ expected


def waits(run: Run, expected: Mapping[str, str]) -> None:
    """Whose patch management ended the run held back, and why: in the outcome's reason and in each action's."""
    last = {stamp.host: stamp for stamp in BOOK.stamps(NAME, run=run.id, service="3.2")}
    held = {host: stamp for host, stamp in last.items() if stamp.outcome == "held"}
    assert {host: stamp.reason for host, stamp in held.items()} == expected, held
    for host, stamp in held.items():
        assert {(it.result, it.reason) for it in stamp.actions} == {("held", expected[str(host)])}, stamp


def the_second_run_did_nothing() -> None:
    acted = [it for stamp in BOOK.stamps(NAME, run=SECOND.id) for it in stamp.actions]
    assert {it.result for it in acted} <= {ActionResult.HELD}, acted


def the_visit_before_found_what_waits() -> None:
    expected = SCENARIO["before"]
    assert len(BEFORE) == bool(expected), BEFORE
    for run in BEFORE:
        assert run.began_at == datetime.fromisoformat(expected["now"]), run
        everything_owed_is_stamped(run, {host: PLAN[host] for host in expected["hosts"]})
        waits(run, expected["waits"])


def something_is_planted_for_each_service_that_the_tier_adds() -> None:
    mending = set(MENDED_BY.values())
    added = {number for number in mending if CATALOGUE.services[number].tiers[0] == CUSTOMER.contract.tier}
    shown = {MENDED_BY[one.defect] for one in PLANTED if is_mended(one)}
    assert added <= shown, added - shown


def what_was_planted_was_found_and_mended_where_the_contract_contains_it() -> None:
    planted: dict[tuple[str | None, str, str], Planted] = {
        (one.host, *found): one for one in PLANTED for found in one.finds
    }
    lives = {(life.host, life.service, life.cause): life for life in BOOK.findings(NAME)}
    assert lives.keys() == planted.keys(), lives.keys() ^ planted.keys()
    assert len(lives) == len(BOOK.findings(NAME)), "a finding was closed and opened again"
    tickets = {ticket.number: ticket for ticket in BOOK.tickets(NAME)}
    for key, life in lives.items():
        wanted = "closed" if is_mended(planted[key]) else "open"
        assert life.state == wanted, life
        assert life.ticket is None or tickets[life.ticket].state == wanted, tickets[str(life.ticket)]
        if wanted == "closed":
            was_measured_again(planted[key].host, life.service, life.cause)
            mended_by = MENDED_BY[planted[key].defect]
            assert life.mended_at or mended_by in services_that_acted(planted[key].host), life


def was_measured_again(host: str, service: str, cause: str) -> None:
    """Seen in some stamps in a row, and in none after: the last of the same run as the last that saw it."""
    stamps = [stamp for stamp in BOOK.stamps(NAME, service=service) if stamp.host == host]
    saw = [cause in {found.cause for found in stamp.findings} for stamp in stamps]
    count = sum(saw)
    assert saw == [True] * count + [False] * (len(saw) - count), (host, cause, saw)
    assert 0 < count < len(saw), (host, cause, saw)
    assert stamps[count].run == stamps[count - 1].run, (host, cause)


def services_that_acted(host: str) -> set[str]:
    stamps: list[Stamp] = BOOK.stamps(NAME, host=host)
    return {stamp.service for stamp in stamps if any(it.result == ActionResult.DONE for it in stamp.actions)}


def is_mended(one: Planted) -> bool:
    return MENDED_BY.get(one.defect) in PLAN[one.host]


def the_machines_are_rid_of_what_was_mended_and_of_nothing_else() -> None:
    # The scanner's console is only read; its defects are none of the machines.
    for one in PLANTED:
        if not defects.DEFECTS[one.defect].console:
            assert is_rid_of(CUSTOMER, one) == is_mended(one), one


try:
    main()
except AssertionError:
    # The runs' output never shows what a command said, since that may hold secrets; there are none in here.
    (Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "read_back.txt").write_text(traceback.format_exc())
    raise
