"""Findings and tickets through visits: what opens, what goes on, and what alone may close."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serviceheft.assess.judgement import Judgement, Outcome, Severity
from serviceheft.book import Book
from tests.book_cases import NOT_REACHED, NOW, OFF, OUTDATED, UNKNOWN, begun, judged, stamped


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with Book.open(f"sqlite:///{tmp_path}/heft.sqlite") as book:
        yield book
    assert book.verify() == []


def test_a_cause_has_one_ticket_however_often_it_is_seen(book: Book) -> None:
    run = begun(book)
    first = stamped(book, run, judged(OUTDATED, days=4))
    later = NOW + timedelta(days=7)
    second = stamped(book, run, judged(OUTDATED, days=11), now=later)
    assert (first.opened, first.tickets_opened) == ((OUTDATED,), ("musterbau-000001",))
    assert (second.seen, second.opened, second.tickets_opened) == ((OUTDATED,), (), ())
    [life] = book.findings("musterbau")
    assert (life.state, life.opened_at, life.last_seen_at, life.values) == ("open", NOW, later, {"days": 11})
    [ticket] = book.tickets("musterbau")
    assert (ticket.number, ticket.deadline, ticket.state) == (life.ticket, NOW + timedelta(hours=6), "open")
    assert (ticket.reporter, ticket.contact_name, ticket.contact_email) == (
        "Serviceheft",
        "Erika Beispiel",
        "erika@musterbau.example",
    )
    assert ticket.finding == life


def test_the_same_cause_elsewhere_is_another_ticket(book: Book) -> None:
    run = begun(book)
    stamped(book, run, judged(OUTDATED), "mb-pc-01")
    stamped(book, run, judged(OUTDATED), "mb-pc-02")
    stamped(book, run, judged(OUTDATED), "mb-pc-01", service="3.1")
    other = begun(book, "praxis_sued")
    stamped(book, other, judged(OUTDATED))
    assert [it.number for it in book.tickets("musterbau")] == [f"musterbau-00000{n}" for n in (1, 2, 3)]
    assert [it.number for it in book.tickets("praxis_sued")] == ["praxis_sued-000001"]


def test_measured_well_closes_and_a_new_occurrence_is_a_new_life(book: Book) -> None:
    run = begun(book)
    stamped(book, run, judged(OUTDATED, OFF))
    closing = stamped(book, run, judged(OFF), now=NOW + timedelta(hours=1))
    assert (closing.closed, closing.tickets_closed, closing.seen) == (
        (OUTDATED,),
        ("musterbau-000001",),
        (OFF,),
    )
    again = stamped(book, run, judged(OUTDATED), now=NOW + timedelta(hours=2))
    assert (again.opened, again.tickets_opened) == ((OUTDATED,), ("musterbau-000003",))
    states = [(it.cause, it.state, it.ticket) for it in book.findings("musterbau")]
    assert states == [
        (OUTDATED, "closed", "musterbau-000001"),
        (OFF, "closed", "musterbau-000002"),
        (OUTDATED, "open", "musterbau-000003"),
    ]
    assert [it.state for it in book.tickets("musterbau")] == ["closed", "closed", "open"]
    assert (
        len(book.findings("musterbau", open_only=True)) == len(book.tickets("musterbau", open_only=True)) == 1
    )


@pytest.mark.parametrize(
    "judgement",
    [
        NOT_REACHED,
        Judgement(Outcome.FAILED, reason="reach.module_failed"),
        Judgement(Outcome.OUT_OF_CONTRACT),
        judged(not_measured=(UNKNOWN,)),
        judged(UNKNOWN, not_measured=(OUTDATED,)),
        Judgement(Outcome.DONE),
    ],
    ids=[
        "not reached",
        "failed",
        "out of contract",
        "another check not measured",
        "not measured",
        "no check",
    ],
)
def test_what_was_not_measured_closes_nothing(book: Book, judgement: Judgement) -> None:
    run = begun(book)
    stamped(book, run, judged(OUTDATED))
    assert stamped(book, run, judgement).closed == ()
    assert [it.state for it in book.findings("musterbau") if it.cause == OUTDATED] == ["open"]
    assert [it.state for it in book.tickets("musterbau")] == ["open"]


def test_information_opens_no_ticket_unless_the_policy_says_so(book: Book) -> None:
    run = begun(book)
    assert stamped(book, run, judged(UNKNOWN)).tickets_opened == ()
    assert stamped(book, run, judged(UNKNOWN), tickets_from=Severity.INFO).tickets_opened == (
        "musterbau-000001",
    )
    assert stamped(book, run, judged(UNKNOWN), tickets_from=Severity.INFO).tickets_opened == ()
    assert stamped(book, run, judged(OUTDATED), tickets_from=Severity.CRITICAL).tickets_opened == ()


def test_without_a_deadline_there_is_a_finding_but_no_ticket(book: Book) -> None:
    run = begun(book)
    assert stamped(book, run, judged(OUTDATED), deadline=lambda _: None).tickets_opened == ()
    assert [(it.state, it.ticket) for it in book.findings("musterbau")] == [("open", None)]
    assert stamped(book, run, judged(), deadline=lambda _: None).closed == (OUTDATED,)


def test_a_dry_run_leaves_findings_tickets_and_snapshots_alone(book: Book) -> None:
    run = begun(book)
    stamped(book, run, judged(OUTDATED, measured={"days": 4}))
    before = (book.findings("musterbau"), book.tickets("musterbau"), book.snapshots("musterbau"))
    rehearsal = begun(book, dry_run=True)
    for judgement in (judged(OFF, measured={"days": 9}), judged(measured={"days": 0})):
        result = stamped(book, rehearsal, judgement)
        assert (result.opened, result.seen, result.closed, result.tickets_opened) == ((), (), (), ())
    assert (book.findings("musterbau"), book.tickets("musterbau"), book.snapshots("musterbau")) == before
    assert [(it.dry_run, it.outcome) for it in book.stamps("musterbau", run=rehearsal)] == [
        (True, Outcome.FINDING),
        (True, Outcome.DONE),
    ]
    with pytest.raises(ValueError, match="A dry run mends nothing"):
        book.mend(rehearsal, "2.7", "mb-pc-01", OUTDATED, now=NOW, note="-")


def test_mending_is_not_closing(book: Book) -> None:
    run = begun(book)
    stamped(book, run, judged(OUTDATED))
    at = NOW + timedelta(minutes=5)
    book.mend(run, "2.7", "mb-pc-01", OUTDATED, now=at, note="Definitionen neu geladen.")
    [life], [ticket] = book.findings("musterbau"), book.tickets("musterbau")
    assert (life.state, life.mended_at, life.closed_at) == ("mended", at, None)
    assert (ticket.state, ticket.comments) == ("open", ((at, "Definitionen neu geladen."),))
    stamped(book, run, judged(OUTDATED))
    assert [(it.state, it.mended_at) for it in book.findings("musterbau")] == [("open", at)]
    assert stamped(book, run, judged()).tickets_closed == ("musterbau-000001",)
    with pytest.raises(ValueError, match=f"musterbau: {OUTDATED} is not open for 2.7 on mb-pc-01"):
        book.mend(run, "2.7", "mb-pc-01", OUTDATED, now=at, note="-")


def test_what_nobody_will_measure_again_comes_to_an_end_with_its_ticket(book: Book) -> None:
    run = begun(book)
    stamped(book, run, judged(OUTDATED), host="mb-pc-01")
    stamped(book, run, judged(OUTDATED, UNKNOWN), host="mb-pc-02")
    stamped(book, run, judged(OUTDATED), None, service="3.1")
    dropped = book.drop(run, lambda service, host: host != "mb-pc-02", now=NOW)
    assert [(it.host, it.cause) for it in dropped] == [("mb-pc-02", OUTDATED), ("mb-pc-02", UNKNOWN)]
    lives = {(it.host, it.cause): (it.state, it.closed_at) for it in book.findings("musterbau")}
    assert lives == {
        ("mb-pc-01", OUTDATED): ("open", None),
        ("mb-pc-02", OUTDATED): ("dropped", NOW),
        ("mb-pc-02", UNKNOWN): ("dropped", NOW),
        (None, OUTDATED): ("open", None),
    }
    assert [it.state for it in book.tickets("musterbau")] == ["open", "closed", "open"]
    assert book.drop(run, lambda service, host: host != "mb-pc-02", now=NOW) == ()
    assert stamped(book, run, judged(OUTDATED), host="mb-pc-02").tickets_opened  # it came back
    assert book.drop(begun(book, dry_run=True), lambda service, host: False, now=NOW) == ()
    assert book.verify("musterbau") == []


def test_a_service_done_by_people_is_stamped_with_their_note(book: Book) -> None:
    run = begun(book, kind="manual")
    stamped(
        book,
        run,
        Judgement(Outcome.DONE),
        None,
        service="1.2",
        note="Quartalsmeeting am Telefon, 40 Minuten.",
    )
    [stamp] = book.stamps("musterbau", service="1.2")
    assert (stamp.host, stamp.note, stamp.outcome) == (
        None,
        "Quartalsmeeting am Telefon, 40 Minuten.",
        Outcome.DONE,
    )
    assert (stamp.who, stamp.commit, stamp.kind) == ("anna", "4f2a91c", "manual")


def test_findings_of_the_customer_as_a_whole_do_not_mix_with_a_hosts(book: Book) -> None:
    run = begun(book)
    stamped(book, run, judged(OFF), None)
    stamped(book, run, judged(), "mb-pc-01")
    assert [(it.host, it.state) for it in book.findings("musterbau")] == [(None, "open")]


def test_snapshots_are_the_latest_of_each_host_and_subject(book: Book) -> None:
    run = begun(book)
    stamped(book, run, judged(measured={"days": 4, "name": "Bu\u0308ro"}))
    stamped(book, run, judged(measured={"days": 1, "seen": NOW}), now=NOW + timedelta(hours=1))
    stamped(book, run, NOT_REACHED, now=NOW + timedelta(hours=2))
    last = NOW + timedelta(hours=2)
    stamped(book, run, judged(measured={"days": 2, "name": "Bu\u0308ro"}), "mb-pc-02", now=last)
    found = {it.host: (it.subject, dict(it.measured), it.at) for it in book.snapshots("musterbau")}
    assert found == {
        "mb-pc-01": (
            "antivirus",
            {"days": 1, "seen": "2026-11-22T20:35:00.000000Z"},
            NOW + timedelta(hours=1),
        ),
        "mb-pc-02": ("antivirus", {"days": 2, "name": "B\u00fcro"}, last),
    }


def test_stamps_are_found_by_time_service_host_and_run(book: Book) -> None:
    first = begun(book)
    stamped(book, first, judged(), "a")
    stamped(book, first, judged(), "b", now=NOW + timedelta(hours=1))
    book.end_run(first, "carried out", now=NOW + timedelta(hours=1))
    second = begun(book, now=NOW + timedelta(hours=1))
    stamped(book, second, judged(), "a", service="3.1", now=NOW + timedelta(hours=2))
    assert [it.host for it in book.stamps("musterbau")] == ["a", "b", "a"]
    assert [it.host for it in book.stamps("musterbau", since=NOW + timedelta(hours=1))] == ["b", "a"]
    assert [it.service for it in book.stamps("musterbau", host="a")] == ["2.7", "3.1"]
    assert [it.run for it in book.stamps("musterbau", service="3.1")] == [second]
    assert len(book.stamps("musterbau", run=first)) == 2
    assert book.stamps("kanzlei_nord") == []


steps = st.lists(
    st.sampled_from(
        [
            NOT_REACHED,
            Judgement(Outcome.FAILED),
            judged(),
            judged(OUTDATED),
            judged(OFF),
            judged(OUTDATED, OFF),
            judged(OFF, not_measured=(OUTDATED,)),
            judged(not_measured=(OFF,)),
            "mend",
        ]
    ),
    max_size=14,
)


@settings(max_examples=40)
@given(steps)
def test_whatever_happens_lives_and_tickets_agree(
    tmp_path_factory: pytest.TempPathFactory, visits: list[object]
) -> None:
    """A model of three lines beside the book: open is what was found last and not measured well since."""
    expected: set[str] = set()
    with Book.open(f"sqlite:///{tmp_path_factory.mktemp('book')}/heft.sqlite") as book:
        run = begun(book)
        for visit in visits:
            if isinstance(visit, Judgement):
                stamped(book, run, visit)
                if visit.outcome.measured:
                    expected -= {it.key for it in visit.checks if it.result == "ok"}
                expected |= {it.cause for it in visit.findings}
            else:
                for life in book.findings("musterbau", open_only=True):
                    book.mend(run, "2.7", "mb-pc-01", life.cause, now=NOW, note="-")
        lives, tickets = book.findings("musterbau"), book.tickets("musterbau")
        assert {it.cause for it in lives if it.state != "closed"} == expected
        assert len([it for it in lives if it.state != "closed"]) == len(expected)
        assert [it.number for it in tickets] == [f"musterbau-{n:06d}" for n in range(1, len(lives) + 1)]
        assert [it.state == "closed" for it in tickets] == [it.finding.state == "closed" for it in tickets]
        assert sorted(it.finding.number for it in tickets) == [it.number for it in lives]
        assert book.verify() == []
