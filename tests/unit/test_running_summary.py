"""The summary's words, and what counts as carried out."""

import io
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from serviceheft import settings
from serviceheft.accounts import Attempt, State, add_up, in_words
from serviceheft.assess.judgement import Outcome
from serviceheft.ledger import owed
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.running import recording, summary
from serviceheft.running.recording import Record
from serviceheft.running.session import Order, Plan, Session
from serviceheft.screen import Screen

CATALOGUE = load_catalogue()
CUSTOMER = load_customer(settings.REPOSITORY / "inventories" / "musterbau", CATALOGUE)
WEEK = "2026-W47"
HOSTS = [f"mb-pc-{number:02}" for number in range(1, 41)]


def opened(planned: Plan | None, **order: Any) -> Session:
    return Session(
        customer=CUSTOMER,
        catalogue=CATALOGUE,
        run="20261118T090000Z-7f3a",
        order=Order(**({"cadence": "weekly", "dry_run": False} | order)),
        owed={},
        began=datetime(2026, 11, 18, 10, tzinfo=settings.BERLIN),
        commit="4f2a91c",
        who="anna",
        planned=planned,
    )


def rendered(session: Session, records: list[Record], changed: list[str] | None = None) -> str:
    screen = io.StringIO()
    summary.render(Screen(file=screen, width=80), session, records, changed or [])
    return screen.getvalue()


def done(host: str = "mb-pc-01", service: str = "2.7") -> Record:
    return Record(service, host, Outcome.DONE, None)


def not_reached(host: str = "mb-pc-01", service: str = "2.7") -> Record:
    return Record(service, host, Outcome.NOT_REACHED, "reach.refused")


@pytest.mark.parametrize(
    ("record", "carried_out"),
    [
        (Record("2.7", "h", Outcome.DONE, None), True),
        (Record("2.7", "h", Outcome.FINDING, None), True),
        (Record("2.6", "h", Outcome.NOT_MEASURED, "visit.no_collector"), True),
        (Record("2.7", "h", Outcome.NOT_MEASURED, "console.unauthorised"), False),
        (Record("2.7", "h", Outcome.NOT_MEASURED, None), False),
        (Record("2.7", "h", Outcome.NOT_REACHED, "reach.refused"), False),
        (Record("2.7", "h", Outcome.FAILED, "reach.disk_full"), False),
    ],
)
def test_what_counts_as_carried_out(record: Record, carried_out: bool) -> None:
    assert record.carried_out is carried_out
    assert summary.complete(opened({"h": {record.service: WEEK}}), [record]) is carried_out


def test_a_service_without_a_stamp_makes_the_run_incomplete() -> None:
    session = opened({"mb-pc-01": {"2.7": WEEK, "3.1": WEEK}})
    assert not summary.complete(session, [done()])
    assert summary.complete(session, [done(), done(service="3.1")])


def test_what_was_measured_again_counts_as_measured_last() -> None:
    session = opened({"mb-pc-01": {"2.7": WEEK}})
    assert summary.complete(session, [not_reached(), done()])
    assert not summary.complete(session, [done(), not_reached()])


def test_a_run_without_a_plan_is_never_complete() -> None:
    assert not summary.complete(opened(None), [])
    assert rendered(opened(None), []) == "The task open_run was left out, so nothing was done.\n"


def test_nothing_owed() -> None:
    assert rendered(opened({}), []) == "Nothing was owed to these hosts, and nothing was done.\n"


def test_a_site_that_is_off_does_not_fill_the_screen() -> None:
    plan: Plan = {host: {"2.6": WEEK, "2.7": WEEK} for host in HOSTS}
    shown = rendered(opened(plan), [not_reached(host, service) for host in HOSTS for service in plan[host]])
    lines = shown.splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 80
    assert "and 32 more" in " ".join(shown.replace("│", " ").split())


def test_many_changes_are_counted() -> None:
    shown = rendered(opened({"mb-pc-01": {"2.7": WEEK}}), [done()], [f"host-{n}" for n in range(20)])
    assert "Changed on hosts: host-0, host-1, " in shown
    assert "host-7 and 12 more." in shown


def test_check_mode_speaks_of_what_would_be() -> None:
    shown = rendered(opened({"mb-pc-01": {"2.7": WEEK}}, dry_run=True), [done()], ["mb-pc-01 (x)"])
    assert "Check mode: hosts, findings and tickets stay as they were." in shown
    assert "Would be changed on hosts: mb-pc-01 (x)." in shown
    assert "Tickets:" not in shown


def test_check_mode_counts_what_the_services_plan_themselves() -> None:
    planned = replace(done(), planned=("Install 7-Zip", "Remove VLC"))
    shown = rendered(opened({"mb-pc-01": {"2.7": WEEK}}, dry_run=True), [planned], [])
    assert "Would be changed: 2 thing(s) on 1 host(s). For approval: heft publish " in shown
    assert "nothing" not in shown
    assert summary.finding_line(planned) == "would: Install 7-Zip, would: Remove VLC"


def test_names_are_never_taken_for_markup() -> None:
    shown = rendered(opened({"mb-pc-01": {"2.7": WEEK}}), [done()], ["pc [red]1[/red]"])
    assert "pc [red]1[/red]" in shown


def test_the_line_below_a_task() -> None:
    cause = "antivirus.definitions_outdated"
    new = Record("2.7", "h", Outcome.FINDING, None, (cause,), opened=(cause,), tickets_opened=("x-000001",))
    assert summary.finding_line(new) == "new: Virus definitions outdated, ticket x-000001"
    assert summary.finding_line(Record("2.7", "h", Outcome.FINDING, None, (cause,), seen=(cause,))) == (
        "still: Virus definitions outdated"
    )
    assert summary.finding_line(Record("2.7", "h", Outcome.FINDING, None, (cause,))) == (
        "found: Virus definitions outdated"
    )
    assert summary.finding_line(not_reached()) == "not reached: The host refuses the connection"
    assert summary.finding_line(done()) == ""


def test_more_verbose_output_shows_declared_fields_only() -> None:
    result = {"changed": True, "rc": 3, "msg": "CANARY", "stdout": "CANARY", "sections": {"x": "CANARY"}}
    assert summary.declared(result) == "changed: True, rc: 3"
    assert summary.declared({"msg": "CANARY"}) == "ok"


def test_records_travel_as_plain_data() -> None:
    record = Record("2.7", "h", Outcome.FINDING, None, ("a",), opened=("a",), tickets_opened=("t",))
    assert Record.from_data(record.as_data()) == record


def test_what_no_task_judged_is_only_in_order_for_devices_that_nothing_collects_from() -> None:
    session = opened({})
    assert recording.left_over(session, "mb-sw-01").reason == "visit.no_collector"
    assert recording.left_over(session, "mb-pc-01").reason == "visit.section_missing"


def test_the_account_after_a_run_is_that_of_its_beginning_and_what_it_stamped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began = datetime(2026, 11, 18, 10, tzinfo=settings.BERLIN)
    monkeypatch.setattr(settings, "now", lambda: began)
    account = owed(CUSTOMER, CATALOGUE, [], began)
    session = opened({"mb-pc-01": {"2.7": WEEK}, "mb-pc-02": {"2.7": WEEK}})
    session.account = account
    shown = rendered(session, [done(), not_reached("mb-pc-02")])
    after = [
        Attempt("2.7", "mb-pc-01", WEEK, "done", settings.now()),
        Attempt("2.7", "mb-pc-02", WEEK, "not reached", settings.now()),
    ]
    sums = add_up(owed(CUSTOMER, CATALOGUE, after, began))
    assert (sums.owed, sums.of(State.DONE), sums.of(State.NOT_REACHED)) == (len(account), 1, 1)
    assert f"In the periods that run now: {in_words(sums)}." in shown
    session.order = replace(session.order, dry_run=True)
    assert "In the periods" not in rendered(session, [done()])


def test_a_host_without_a_stamp_stands_in_a_column_of_its_own() -> None:
    shown = rendered(opened({"mb-pc-01": {"2.7": WEEK}, "mb-pc-02": {"2.7": WEEK}}), [done()])
    row = next(line for line in shown.splitlines() if "2.7" in line)
    assert [cell.strip() for cell in row.split("│")[2:-1]] == ["2", "1", "1"]
