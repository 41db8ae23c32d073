"""Laptops that come and go, through real Ansible against the lab's emulated hosts: who was away waits, and is visited
once as soon as it answers.
"""

import fcntl
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.lab.rehearsal import REHEARSED, Rehearsal, rehearse, until

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("catch-up")]

NAME = "lichtblick"
SERVICES = {"2.4", "2.6", "2.7", "3.1"}
LATER = "2026-11-18T15:30:00+01:00"
THURSDAY = "2026-11-19T09:00:00+01:00"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Four hosts, two of which were away when the week was carried out."""
    with rehearse(tmp_path_factory.mktemp("catch-up"), 8, hosts=4) as raised:
        for host in ("pc-003", "pc-004"):
            raised.faults(host, off=True)
        assert raised.heft("weekly", NAME).returncode == 1
        yield raised


def test_who_was_away_waits_with_age_deadline_and_reason(site: Rehearsal) -> None:
    before = site.book.head(NAME)
    shown = site.heft("catch-up", NAME, "--list", HEFT_NOW=THURSDAY, COLUMNS="200")
    assert shown.returncode == 0, shown.stderr
    lines = [line for line in shown.stdout.splitlines() if "pc-" in line]
    assert [line.split()[0] for line in lines] == ["pc-003", "pc-004"]
    for line in lines:
        assert "2.4, 2.6, 2.7, 3.1" in line
        assert "18.11.2026 10:00" in line
        assert "0 d 23 h" in line
        assert "20.11.2026 17:00" in line
        assert "The host refuses the connection" in line
    assert site.book.head(NAME) == before


def test_as_long_as_nobody_answers_nothing_is_said_and_nothing_written(site: Rehearsal) -> None:
    before, machines = site.book.head(NAME), site.machines()
    done = site.heft("catch-up", HEFT_NOW=LATER)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", REHEARSED)
    assert (site.book.head(NAME), site.machines()) == (before, machines)


def test_while_another_one_is_at_it_this_one_leaves_it_alone(site: Rehearsal) -> None:
    lock = site.elsewhere.base / "var" / "locks" / f"catch-up-{NAME}.lock"
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = site.heft("catch-up", NAME, HEFT_NOW=LATER)
    assert (done.returncode, done.stderr) == (0, REHEARSED)
    assert done.stdout == f"{NAME}: another catch-up is under way; left to it.\n"


def test_two_at_once_visit_who_came_back_once_and_only_him(site: Rehearsal) -> None:
    site.faults("pc-003")
    runs = set(site.run_ids())
    first = site.start("catch-up", NAME, HEFT_NOW=LATER)
    second = site.start("catch-up", NAME, HEFT_NOW=LATER)
    said = [process.communicate(timeout=240)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), said
    assert "Traceback" not in "".join(said)
    (run,) = set(site.run_ids()) - runs
    stamps = site.stamps(run)
    assert Counter((stamp.host, stamp.service) for stamp in stamps) == dict.fromkeys(
        (("pc-003", service) for service in SERVICES), 1
    )
    assert {stamp.outcome.value for stamp in stamps} == {"done"}
    (begun,) = [it for it in site.book.runs(NAME) if it.id == run]
    assert (begun.kind, begun.limit, begun.state) == ("catch-up", "pc-003", "carried out")
    assert sum("playbooks/site.yml" in text for text in said) == 1


def test_a_second_one_behind_it_has_nothing_left_to_do(site: Rehearsal) -> None:
    before = site.book.head(NAME)
    done = site.heft("catch-up", NAME, HEFT_NOW=LATER)
    assert (done.returncode, done.stdout) == (0, "")
    assert site.book.head(NAME) == before
    assert "pc-003" not in site.heft("catch-up", NAME, "--list").stdout


def test_a_host_that_answers_but_rejects_the_account_is_not_tried_again_and_again(site: Rehearsal) -> None:
    site.faults("pc-004", wrong_password=True)
    first = site.heft("catch-up", NAME, HEFT_NOW=LATER)
    assert first.returncode == 1
    assert {it.reason for it in site.stamps()} == {"reach.credentials"}
    before = site.book.head(NAME)
    again = site.heft("catch-up", NAME, HEFT_NOW=THURSDAY)
    assert (again.returncode, again.stdout) == (0, "")
    assert site.book.head(NAME) == before
    assert "by a technician" in site.heft("catch-up", NAME, "--list", COLUMNS="200").stdout
    site.faults("pc-004")
    assert site.heft("run", NAME, HEFT_NOW=THURSDAY).returncode == 0
    assert site.heft("catch-up", NAME, "--list", HEFT_NOW=THURSDAY).stdout == f"{NAME}: nobody waits.\n"


def test_a_run_that_is_under_way_is_left_alone(site: Rehearsal) -> None:
    """The book refuses the second run on a customer as well, whoever began the first."""
    site.faults("pc-002", off=True)
    assert (
        site.heft("weekly", NAME, "--limit", "pc-002", HEFT_NOW="2026-11-24T10:00:00+01:00").returncode == 1
    )
    site.faults("pc-002")
    site.faults("pc-001", slow_seconds=1.0)
    weekly = site.start("weekly", NAME, "--limit", "pc-001", HEFT_NOW="2026-11-24T10:00:00+01:00")
    until(lambda: any(run.state == "running" for run in site.book.runs(NAME)))
    met = site.heft("catch-up", NAME, HEFT_NOW="2026-11-24T11:00:00+01:00")
    weekly.communicate(timeout=240)
    site.faults("pc-001")
    assert met.returncode == 0
    assert met.stdout.startswith(f"{NAME}: the weekly run ")
    assert met.stdout.endswith(" by anna is under way; left to it.\n")
    after = site.heft("catch-up", NAME, HEFT_NOW="2026-11-24T11:00:00+01:00")
    assert after.returncode == 0, after.stdout
    assert {it.host for it in site.stamps()} == {"pc-002"}


def test_a_laptop_whose_address_another_one_has_is_neither_judged_nor_changed_and_waits(
    site: Rehearsal,
) -> None:
    """DNS points at another machine: one with a certificate that holds for the name, one with its own."""
    week, later = "2026-12-01T10:00:00+01:00", "2026-12-01T13:00:00+01:00"
    site.faults("pc-003", answers_as="pc-004")
    site.faults("pc-004", shows_certificate_of_another=True)
    machines = site.machines()
    assert site.heft("weekly", NAME, "--limit", "pc-003,pc-004", HEFT_NOW=week).returncode == 1
    assert site.machines() == machines
    assert set(site.outcomes().values()) == {("not reached", "reach.wrong_machine")}
    assert {host for host, _ in site.outcomes()} == {"pc-003", "pc-004"}
    listed = site.heft("catch-up", NAME, "--list", HEFT_NOW=later, COLUMNS="200").stdout
    assert listed.count("Another machine answered") == 2
    assert "by a technician" not in listed
    site.faults("pc-003")
    site.faults("pc-004")
    assert site.heft("catch-up", NAME, HEFT_NOW=later).returncode == 0
    assert {host for host, _ in site.outcomes()} == {"pc-003", "pc-004"}
    assert all(stamp.outcome.measured for stamp in site.stamps())


def test_bad_input_is_refused_and_nothing_is_touched(site: Rehearsal) -> None:
    refused = site.heft("catch-up", "lichtblik")
    assert refused.returncode == 2
    assert "There is no customer 'lichtblik'. Did you mean 'lichtblick'?" in refused.stderr
