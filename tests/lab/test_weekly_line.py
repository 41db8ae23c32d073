"""The plain ansible-playbook line, limits, and customers billed by the hour."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import defects
from serviceheft import settings
from serviceheft.book import Book
from tests.lab.rehearsal import Rehearsal, rehearse

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def site_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearse(tmp_path_factory.mktemp("line"), 6, hosts=2) as raised:
        yield raised


def test_heft_prints_the_line_that_it_runs_and_the_line_alone_stamps_the_same(site_up: Rehearsal) -> None:
    done = site_up.heft("weekly", "lichtblick")
    assert done.returncode == 0, done.stdout + done.stderr
    first, second = done.stdout.splitlines()[:2]
    assert first.startswith("$ .venv/bin/ansible-playbook -i inventories/_shared -i ")
    assert first.endswith(" playbooks/weekly.yml")
    assert second == "Lichtblick GmbH (lichtblick), tier basic"
    plain = site_up.line()
    assert plain.returncode == 0, plain.stdout + plain.stderr
    one, other = site_up.run_ids()[-2:]
    assert one != other
    assert site_up.outcomes(one) == site_up.outcomes(other)
    assert len(site_up.outcomes(one)) == sum(map(len, site_up.owed().values()))
    checks = [{(it.host, it.service): it.checks for it in site_up.stamps(run)} for run in (one, other)]
    assert checks[0] == checks[1]


def test_a_limit_is_kept_and_recorded(site_up: Rehearsal) -> None:
    done = site_up.heft("weekly", "lichtblick", "--limit", "pc-002")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {host for host, _ in site_up.outcomes()} == {"pc-002"}
    assert site_up.book.runs("lichtblick")[0].limit == "pc-002"
    plain = site_up.line("--limit", "windows_clients:!pc-002")
    assert plain.returncode == 0
    assert {host for host, _ in site_up.outcomes()} == {"pc-001"}


@pytest.fixture(scope="module")
def hourly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearse(tmp_path_factory.mktemp("hourly"), 7, hosts=1, tier=None) as raised:
        yield raised


def test_what_a_ticket_ordered_is_billable_with_its_minutes(hourly: Rehearsal) -> None:
    done = hourly.heft("weekly", "lichtblick", "--ticket", "2026-118")
    assert done.returncode == 0, done.stdout + done.stderr
    run = hourly.book.runs("lichtblick")[0]
    assert (run.ticket, run.tier, run.billable_minutes) == (
        "2026-118",
        None,
        (0, 0),
    )  # the clock stands still
    assert "Billable on ticket 2026-118: 0 min inside, 0 min outside of service hours." in done.stdout
    assert set(hourly.outcomes().values()) == {("done", None)}
    assert hourly.book.tickets("lichtblick") == []


def test_a_visit_by_ticket_looks_and_changes_nothing_that_was_not_ordered(hourly: Rehearsal) -> None:
    healthy = hourly.state("pc-001")
    hourly.change("pc-001", lambda state: defects.plant(state, "anydesk_missing", settings.now()))
    before = hourly.machines()
    done = hourly.heft("weekly", "lichtblick", "--ticket", "2026-119")
    assert done.returncode == 0, done.stdout + done.stderr
    assert hourly.machines() == before
    (stamp,) = [it for it in hourly.stamps() if it.service == "2.4"]
    assert [it.cause for it in stamp.findings] == ["remote_access.missing"]
    assert {(it.result.value, it.reason) for it in stamp.actions} == {("held", "change.not_ordered")}
    hourly.change("pc-001", lambda state: state.update(healthy))


def test_minutes_count_by_the_real_clock(hourly: Rehearsal) -> None:
    own = hourly.elsewhere.base / "real"  # a book of real runs: they do not mix with rehearsals
    done = hourly.heft("weekly", "lichtblick", "--ticket", "7", HEFT_NOW="", HEFT_DATA=str(own))
    assert done.returncode == 0, done.stdout + done.stderr
    with Book.open(f"sqlite:///{own}/heft.sqlite", create=False) as book:
        run = book.runs("lichtblick")[0]
    assert not run.rehearsed
    assert run.ticket == "7"
    assert run.billable_minutes is not None
    assert sum(run.billable_minutes) >= 1


def test_a_check_by_ticket_is_not_billed(hourly: Rehearsal) -> None:
    done = hourly.heft("weekly", "lichtblick", "--ticket", "8", "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert hourly.book.runs("lichtblick")[0].billable_minutes is None


def test_a_ticket_is_a_text_whatever_it_says(hourly: Rehearsal, tmp_path: Path) -> None:
    ticket = (
        "9 heft_emergency=KB5068861 heft_reason=x ansible_connection=local "
        f"{{{{ lookup('pipe', 'touch {tmp_path}/ran') }}}} @/etc/passwd --connection=local \"'"
    )
    done = hourly.heft("weekly", "lichtblick", "--ticket", ticket, "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    run = hourly.book.runs("lichtblick")[0]
    assert (run.kind, run.ticket, run.reason) == ("weekly", ticket, None)
    assert list(tmp_path.iterdir()) == []
