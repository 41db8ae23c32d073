"""Who waits to be caught up with, since when and until when; who answers; and nobody twice."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from serviceheft import settings
from serviceheft.assess.judgement import Outcome
from serviceheft.book import BookUnavailable, Stamp
from serviceheft.cli import app
from serviceheft.clock import parse_instant, period_of
from serviceheft.ledger import owed, owed_hosts
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.load import load_customer
from serviceheft.running import catching_up, probing
from serviceheft.running.catching_up import UnderWay
from serviceheft.running.session import open_book
from serviceheft.waiting import KIND, Turn, Waiting, waiting

CATALOGUE = load_catalogue()
KANZLEI = load_customer(settings.REPOSITORY / "inventories" / "kanzlei_nord", CATALOGUE)
THURSDAY = parse_instant("2026-11-19 12:00")  # 2026-W47
FRIDAY_EVENING = parse_instant("2026-11-20 17:00")


def stamp(
    host: str,
    service: str,
    at: datetime,
    outcome: Outcome = Outcome.NOT_REACHED,
    *,
    reason: str | None = "reach.no_route",
    dry_run: bool = False,
    kind: str = "weekly",
    number: int = 1,
) -> Stamp:
    return Stamp(
        number=number,
        at=at,
        run="r",
        service=service,
        host=host,
        period=period_of("weekly", at),
        outcome=outcome,
        clause="",
        subject="",
        reason=reason,
        note=None,
        findings=(),
        checks={},
        actions=(),
        kind=kind,
        who="anna",
        commit="c",
        inventory_hash="h",
        dry_run=dry_run,
    )


def queue(*stamps: Stamp, now: datetime = THURSDAY) -> list[Waiting]:
    return waiting(owed(KANZLEI, CATALOGUE, stamps, now), stamps, now)


MONDAY = parse_instant("2026-11-16 20:00")
TUESDAY = parse_instant("2026-11-17 20:00")
WEDNESDAY = parse_instant("2026-11-18 20:00")


def test_who_was_not_reached_waits() -> None:
    (one,) = queue(stamp("kn-nb-01", "2.7", TUESDAY), stamp("kn-nb-01", "3.1", TUESDAY))
    assert one == Waiting(
        host="kn-nb-01",
        services=("2.7", "3.1"),
        since=TUESDAY,
        deadline=FRIDAY_EVENING,
        tried=TUESDAY,
        reason="reach.no_route",
        turn=Turn.NOW,
    )
    assert one.age(THURSDAY) == timedelta(days=1, hours=16)


def test_the_age_counts_from_the_first_visit_in_a_row_that_did_not_reach_it() -> None:
    reached = stamp("kn-nb-01", "2.7", parse_instant("2026-11-09 20:00"), Outcome.DONE, reason=None)
    rows = [stamp("kn-nb-01", "2.7", at) for at in (parse_instant("2026-11-12 20:00"), MONDAY, WEDNESDAY)]
    (one,) = queue(reached, *rows)
    assert (one.since, one.tried) == (rows[0].at, WEDNESDAY)


def test_away_last_week_it_waits_this_week_before_the_weeks_run() -> None:
    (one,) = queue(stamp("kn-nb-01", "2.7", parse_instant("2026-11-12 20:00")))
    assert (one.services, one.deadline) == (("2.7",), FRIDAY_EVENING)


@pytest.mark.parametrize(
    "later",
    [
        stamp("kn-nb-01", "2.7", WEDNESDAY, Outcome.DONE, reason=None),
        stamp("kn-nb-01", "2.7", WEDNESDAY, Outcome.FAILED, reason="reach.disk_full"),
        stamp("kn-nb-01", "2.7", WEDNESDAY, Outcome.NOT_MEASURED, reason="visit.section_failed"),
    ],
    ids=lambda it: it.outcome.value,
)
def test_who_was_reached_does_not_wait(later: Stamp) -> None:
    assert queue(stamp("kn-nb-01", "2.7", TUESDAY), later) == []


def test_a_dry_run_neither_queues_nor_takes_out() -> None:
    missed = stamp("kn-nb-01", "2.7", TUESDAY)
    assert queue(stamp("kn-nb-01", "2.7", WEDNESDAY, dry_run=True)) == []
    assert (
        len(queue(missed, stamp("kn-nb-01", "2.7", WEDNESDAY, Outcome.DONE, reason=None, dry_run=True))) == 1
    )


def test_who_left_the_inventory_does_not_wait() -> None:
    assert queue(stamp("kn-nb-gone", "2.7", TUESDAY)) == []


@pytest.mark.parametrize(
    ("reason", "kind", "minutes", "turn"),
    [
        ("reach.no_route", "weekly", 1, Turn.NOW),
        ("reach.timeout", KIND, 59, Turn.LATER),
        ("reach.timeout", KIND, 60, Turn.NOW),
        ("reach.credentials", "weekly", 600, Turn.BY_HAND),
        ("reach.certificate", KIND, 600, Turn.BY_HAND),
    ],
)
def test_whose_turn_it_is(reason: str, kind: str, minutes: int, turn: Turn) -> None:
    at = THURSDAY - timedelta(minutes=minutes)
    (one,) = queue(stamp("kn-nb-01", "2.7", at, reason=reason, kind=kind))
    assert one.turn is turn


HOSTS = ("kn-nb-01", "kn-pc-01", "kn-srv-01", "kn-nb-gone")
histories = st.lists(
    st.builds(
        lambda host, service, hours, outcome, dry_run: stamp(
            host,
            service,
            THURSDAY - timedelta(hours=hours),
            outcome,
            reason="reach.timeout" if outcome is Outcome.NOT_REACHED else None,
            dry_run=dry_run,
        ),
        st.sampled_from(HOSTS),
        st.sampled_from(("2.4", "2.6", "2.7", "3.1")),
        st.integers(0, 400),
        st.sampled_from((Outcome.DONE, Outcome.FINDING, Outcome.FAILED, Outcome.NOT_REACHED)),
        st.booleans(),
    ),
    max_size=30,
    unique_by=lambda it: (it.host, it.service, it.at),
)


@given(histories)
def test_the_queue_is_what_is_owed_and_was_not_reached(history: list[Stamp]) -> None:
    found = queue(*history)
    real = [it for it in history if not it.dry_run]

    def of(host: str, service: str) -> list[Stamp]:
        return sorted((it for it in real if (it.host, it.service) == (host, service)), key=lambda it: it.at)

    expected = {
        (host, service)
        for host, services in owed_hosts(owed(KANZLEI, CATALOGUE, history, THURSDAY)).items()
        for service in services
        if of(host, service) and of(host, service)[-1].outcome == "not reached"
    }
    assert {(one.host, service) for one in found for service in one.services} == expected
    assert len({one.host for one in found}) == len(found)
    for one in found:
        assert one.since <= one.tried <= THURSDAY
        assert one.deadline == FRIDAY_EVENING
        rows = [of(one.host, service) for service in one.services]
        assert one.tried == max(row[-1].at for row in rows)
        for row in rows:
            since_then = [it for it in row if it.at >= one.since]
            assert since_then
        assert any(
            {it.outcome for it in row if it.at >= one.since} == {Outcome.NOT_REACHED}
            and all(it.outcome is not Outcome.NOT_REACHED for it in [x for x in row if x.at < one.since][-1:])
            for row in rows
        )
    assert found == sorted(found, key=lambda one: (one.deadline, one.since, one.host))


# -- probing ----------------------------------------------------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def test_who_accepts_a_connection_answers(listener: tuple[str, int]) -> None:
    targets = {
        "up": listener,
        "closed": ("127.0.0.1", 1),
        "unknown": ("no-such-host.invalid", 5986),
    }
    assert probing.answering(targets) == {"up"}
    assert probing.answering({}) == set()


def test_who_keeps_silent_does_not_hold_up_the_others(
    listener: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full backlog: connections are neither accepted nor refused."""
    monkeypatch.setattr(probing, "SECONDS", 0.3)
    with ExitStack() as held, socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
        for _ in range(4):
            client = held.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(silent.getsockname())
        targets = {f"silent-{number}": silent.getsockname() for number in range(150)}
        assert "up" in (found := probing.answering(targets | {"up": listener}))
        assert len(found) < 150


# -- alone ------------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEFT_VAR", str(tmp_path))
    monkeypatch.setenv("HEFT_DATA", str(tmp_path / "data"))
    return tmp_path


@pytest.mark.usefixtures("elsewhere")
def test_one_at_a_time_per_customer() -> None:
    with catching_up.alone("musterbau"):
        with (
            pytest.raises(UnderWay, match=r"^musterbau: another catch-up is under way; left to it\.$"),
            catching_up.alone("musterbau"),
        ):
            pass
        with catching_up.alone("praxis_sued"):
            pass
    with catching_up.alone("musterbau"):
        pass


def command(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["catch-up", *arguments])


@pytest.mark.usefixtures("elsewhere")
def test_without_a_book_it_is_told_and_with_an_empty_one_nothing_is_said() -> None:
    without = command()
    assert isinstance(without.exception, BookUnavailable)
    assert without.output == ""
    open_book(create=True).close()
    empty = command()
    assert (empty.exit_code, empty.output) == (0, "")


@pytest.mark.usefixtures("elsewhere")
def test_nobody_of_an_hourly_customer_waits() -> None:
    assert command("werkstatt", "--list").output == "werkstatt: nobody waits.\n"


def test_a_lock_that_cannot_be_made_is_told(elsewhere: Path) -> None:
    open_book(create=True).close()
    (elsewhere / "locks").write_text("a file in its place")
    done = command("musterbau")
    assert "The lock " in str(done.exception)
    assert "Make its folder writable." in str(done.exception)
