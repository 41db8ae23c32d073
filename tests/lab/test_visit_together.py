"""All hosts visited in one task: what one of them does costs that one, and what they told goes with the run."""

import hashlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from serviceheft.services import SUBJECTS
from tests.lab.rehearsal import Rehearsal, rehearse, until
from tests.lab.test_weekly_secrets import VAULT, plant, shapes

pytestmark = pytest.mark.lab

#: host -> its fault, and the reason that the book must hold
LOST: dict[str, tuple[dict[str, Any], str]] = {
    "pc-003": ({"off": True}, "reach.refused"),
    "pc-004": ({"wrong_password": True}, "reach.credentials"),
    "pc-005": ({"cut_after_bytes": 3000}, "reach.cut_off"),
    # In the middle of what the visit prints.
    "pc-006": ({"cut_after_bytes": 12000}, "reach.cut_off"),
    "pc-007": ({"slow_seconds": 6.0}, "reach.timeout"),
    "pc-008": ({"cut_after_bytes": 12000}, "reach.cut_off"),
    "pc-009": ({"endless": True}, "reach.too_large"),
}
SOUND = ("pc-001", "pc-002")
IMPATIENT = {"ansible_winrm_operation_timeout_sec": 1, "ansible_winrm_read_timeout_sec": 2}
VARIABLES: dict[str, dict[str, Any]] = {
    "pc-002": {"ansible_connection": "psrp"},
    "pc-007": IMPATIENT,
    "pc-008": {"ansible_connection": "psrp"},
    "pc-009": {"reach_answer_megabytes": 1},
}
HOSTS = [f"pc-{number:03}" for number in range(1, 10)]


def host_vars(variables: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {f"host_vars/{host}.yml": theirs for host, theirs in variables.items()}


@pytest.fixture(scope="module")
def site_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    base = tmp_path_factory.mktemp("together")
    with rehearse(base, 6, hosts=len(HOSTS), secret=VAULT, more=host_vars(VARIABLES)) as raised:
        for host in SOUND:
            raised.change(host, plant)
        yield raised


@dataclass
class BadDay:
    done: Any
    run: str


@pytest.fixture(scope="module")
def bad_day(site_up: Rehearsal) -> BadDay:
    for host, (fault, _) in LOST.items():
        site_up.faults(host, **fault)
    done = site_up.heft("weekly", "lichtblick", COLUMNS="200")
    for host in LOST:
        site_up.faults(host)
    return BadDay(done, site_up.run_ids()[-1])


def spools(rehearsal: Rehearsal) -> Path:
    return rehearsal.book_file.parent / f"spool-{os.getuid()}"


def left(rehearsal: Rehearsal) -> list[str]:
    return [path.name for path in spools(rehearsal).iterdir() if path.name != "lock"]


def snapshots(rehearsal: Rehearsal) -> dict[tuple[str | None, str], Any]:
    return {
        (shot.host, subject): shot.measured
        for subject in SUBJECTS
        for shot in rehearsal.book.snapshots("lichtblick", subject)
    }


def visit_file(host: str) -> str:
    return f"visit-{hashlib.sha256(json.dumps([host]).encode()).hexdigest()}-1"


# -- one host's fault ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", LOST)
def test_a_host_that_fails_is_lost_with_the_right_reason(
    site_up: Rehearsal, bad_day: BadDay, host: str
) -> None:
    outcomes = site_up.outcomes(bad_day.run)
    stamped = {service: how for (name, service), how in outcomes.items() if name == host}
    assert stamped == dict.fromkeys(site_up.owed()[host], ("not reached", LOST[host][1]))


@pytest.mark.parametrize("host", SOUND)
def test_the_others_are_stamped(site_up: Rehearsal, bad_day: BadDay, host: str) -> None:
    outcomes = site_up.outcomes(bad_day.run)
    stamped = {service: how for (name, service), how in outcomes.items() if name == host}
    assert stamped == dict.fromkeys(site_up.owed()[host], ("done", None))


def test_the_run_is_incomplete_and_each_host_is_stamped_once(site_up: Rehearsal, bad_day: BadDay) -> None:
    assert bad_day.done.returncode == 1
    assert "Traceback" not in bad_day.done.stdout + bad_day.done.stderr
    stamps = [(it.host, it.service) for it in site_up.stamps(bad_day.run)]
    assert len(stamps) == len(set(stamps))
    assert left(site_up) == []


# -- what was asked for --------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["pc-002", "pc-001:pc-002", "all:!pc-001"])
def test_the_limit_is_kept(site_up: Rehearsal, bad_day: BadDay, limit: str) -> None:
    done = site_up.heft("weekly", "lichtblick", "--limit", limit)
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = {*HOSTS} - {"pc-001"} if "!" in limit else set(limit.split(":"))
    assert {host for host, _ in site_up.outcomes()} == wanted


def test_a_dry_run_visits_and_changes_nothing(site_up: Rehearsal, bad_day: BadDay) -> None:
    before = site_up.machines()
    done = site_up.heft("weekly", "lichtblick", "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {how for how, _ in site_up.outcomes().values()} == {"done"}
    assert site_up.machines() == before


# -- a task of their own -------------------------------------------------------------------------------------


def test_alone_they_are_visited_by_the_other_way_with_the_same_stamps(
    site_up: Rehearsal, bad_day: BadDay
) -> None:
    together = site_up.heft("weekly", "lichtblick")
    assert together.returncode == 0, together.stdout
    expected, measured = site_up.outcomes(), snapshots(site_up)
    alone = site_up.line(playbook="tests/lab/playbooks/visit_alone.yml")
    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert alone.stdout.count("visited alone: its tasks are to become another user") == len(HOSTS)
    assert site_up.outcomes() == expected
    assert snapshots(site_up) == measured


def test_a_host_with_ssh_goes_alone_and_holds_up_nobody(site_up: Rehearsal, bad_day: BadDay) -> None:
    path = site_up.elsewhere.root / "host_vars" / "pc-001.yml"
    path.write_text("---\nansible_connection: ssh\nansible_port: 22\n", encoding="utf-8")
    try:
        done = site_up.heft("weekly", "lichtblick")
    finally:
        path.unlink()
    assert done.returncode == 1
    assert "visited alone: its connection is ssh" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    how = {host: {it.outcome.value for it in site_up.stamps() if it.host == host} for host in site_up.owed()}
    assert how.pop("pc-001") == {"not reached"}
    assert set.union(*how.values()) == {"done"}


def test_a_ticket_of_the_whole_process_goes_alone(site_up: Rehearsal, bad_day: BadDay) -> None:
    """Ansible's winrm fetches a ticket into KRB5CCNAME of its process; there is no realm here to give one."""
    path = site_up.elsewhere.root / "host_vars" / "pc-001.yml"
    path.write_text(
        "---\nansible_winrm_transport: kerberos\nansible_user: svc@EXAMPLE.TEST\n", encoding="utf-8"
    )
    try:
        done = site_up.heft("weekly", "lichtblick")
    finally:
        path.unlink()
    assert done.returncode == 1
    assert "visited alone: its Kerberos ticket would be that of all hosts" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    how = {host: {it.outcome.value for it in site_up.stamps() if it.host == host} for host in site_up.owed()}
    assert how.pop("pc-001") == {"not reached"}
    assert set.union(*how.values()) == {"done"}


def test_in_batches_each_host_is_visited_once_and_all_are_stamped(
    site_up: Rehearsal, bad_day: BadDay
) -> None:
    """What a play has in hand is the batch, not all hosts of the play."""
    done = site_up.line(playbook="tests/lab/playbooks/visit_in_batches.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"Visit: (\d+) hosts?", done.stdout) == ["4", "4", "1"]
    assert {host for host, _ in site_up.outcomes()} == {*HOSTS}
    assert set(site_up.outcomes().values()) == {("done", None)}


def test_a_strategy_without_a_task_for_all_is_refused(site_up: Rehearsal, bad_day: BadDay) -> None:
    done = site_up.line(playbook="tests/lab/playbooks/visit_free.yml")
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    assert "free" in done.stderr
    assert left(site_up) == []
    assert site_up.book.runs("lichtblick")[0].state != "complete"


# -- while it lasts ------------------------------------------------------------------------------------------


def in_order_of_arrival(
    site_up: Rehearsal, process: "subprocess.Popen[bytes]", hosts: list[str]
) -> list[set[str]]:
    """Which hosts' visits stood in the spool, each time that there were more."""
    names = {visit_file(host): host for host in hosts}
    seen: list[set[str]] = [set()]

    def look() -> bool:
        found = {names[path.name] for path in spools(site_up).glob("2*/visit-*-1") if path.name in names}
        if found - seen[-1]:
            seen.append(found)
        return process.poll() is not None or len(seen[-1]) == len(hosts)

    until(look)
    return seen[1:]


def test_forks_bound_how_many_visits_are_under_way(site_up: Rehearsal, bad_day: BadDay) -> None:
    """The first two are slow: with two at a time nobody is visited before one of them."""
    hosts = ["pc-001", "pc-002", "pc-003", "pc-004"]
    for host in hosts[:2]:
        site_up.faults(host, slow_seconds=0.4)
    command = [Path(sys.executable).parent / "ansible-playbook", *site_up.sources(), "playbooks/weekly.yml"]
    try:
        process = subprocess.Popen(
            [*command, "--forks", "2", "--limit", ",".join(hosts)],
            env=os.environ | site_up.environment,
            stdout=subprocess.DEVNULL,
        )
        seen = in_order_of_arrival(site_up, process, hosts)
        assert process.wait(120) == 0
    finally:
        for host in hosts[:2]:
            site_up.faults(host)
    assert seen[-1] == set(hosts)
    assert seen[0] & set(hosts[:2])


def test_where_lines_stay_a_few_tell_how_far_it_is(site_up: Rehearsal, bad_day: BadDay) -> None:
    for host in HOSTS:
        site_up.faults(host, slow_seconds=0.5)
    try:
        done = site_up.heft("weekly", "lichtblick")
    finally:
        for host in HOSTS:
            site_up.faults(host)
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if "Visit: visited" in line]
    assert 1 <= len(lines) <= 12
    assert all(line.endswith(f" of {len(HOSTS)}, 0 not reached") for line in lines)
    assert "\r" not in done.stdout


def under_way(site_up: Rehearsal, *arguments: str) -> "subprocess.Popen[str]":
    """A run that has visited pc-001 and waits for pc-002."""
    process = site_up.start("weekly", "lichtblick", *arguments)
    name = visit_file("pc-001")
    until(lambda: list(spools(site_up).glob(f"2*/{name}")))
    return process


@pytest.fixture
def slow(site_up: Rehearsal) -> Iterator[None]:
    site_up.faults("pc-002", slow_seconds=20.0)
    yield
    site_up.faults("pc-002")


@pytest.mark.usefixtures("slow", "bad_day")
def test_the_spool_is_its_owners_alone_and_holds_no_secret(site_up: Rehearsal) -> None:
    process = under_way(site_up)
    try:
        [folder] = spools(site_up).glob("2*")
        found = {path: path.read_bytes() for path in folder.iterdir()}
        modes = {stat.S_IMODE(path.stat().st_mode) for path in found}
        assert (stat.S_IMODE(folder.stat().st_mode), modes) == (0o700, {0o600})
        assert any(b"sections" in text for text in found.values())
        secrets = shapes(VAULT)
        assert [
            path.name for path, text in found.items() if any(it in text for it in secrets - {b"CANARY"})
        ] == []
        assert [path.name for path, text in found.items() if b"CANARY-vault" in text] == []
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
    assert left(site_up) == []


@pytest.mark.usefixtures("slow", "bad_day")
def test_ctrl_c_in_the_middle_of_the_visit_closes_the_run(site_up: Rehearsal) -> None:
    process = under_way(site_up)
    os.killpg(process.pid, signal.SIGINT)
    output = process.communicate(timeout=60)[0]
    run = site_up.book.runs("lichtblick")[0]
    assert (process.returncode, run.state, run.ended_at is not None) == (1, "interrupted", True)
    assert f"Run {run.id} was interrupted." in output
    assert "Traceback" not in output
    assert left(site_up) == []


@pytest.mark.usefixtures("slow", "bad_day")
def test_after_kill_9_in_the_middle_of_the_visit_nothing_goes_on_and_the_next_run_tidies_up(
    site_up: Rehearsal,
) -> None:
    process = under_way(site_up)
    pid = site_up.book.runs("lichtblick")[0].process.pid
    workers = [int(it) for it in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert site_up.book.runs("lichtblick")[0].state == "interrupted"
    until(lambda: not any(_runs(worker) for worker in workers))
    [before] = left(site_up)
    site_up.faults("pc-002")
    again = site_up.heft("weekly", "lichtblick", "--limit", "pc-001")
    assert again.returncode == 0, again.stdout
    assert before not in left(site_up)
    assert left(site_up) == []


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_folder_that_cannot_be_written_is_one_message(site_up: Rehearsal, bad_day: BadDay) -> None:
    """The folder of spools is another's: a link in its place."""
    here, away = spools(site_up), site_up.elsewhere.base / "away"
    here.rename(away)
    here.symlink_to(away)
    before = site_up.machines()
    try:
        done = site_up.heft("weekly", "lichtblick")
    finally:
        here.unlink()
        away.rename(here)
    assert done.returncode == 1
    assert "The run's spool" in done.stderr + done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert site_up.machines() == before


def test_a_spool_that_is_gone_in_the_middle_ends_the_run(site_up: Rehearsal, bad_day: BadDay) -> None:
    site_up.faults("pc-002", slow_seconds=2.0)
    before = site_up.machines()
    try:
        process = under_way(site_up)
        [folder] = spools(site_up).glob("2*")
        folder.rename(site_up.elsewhere.base / "taken")
        output = process.communicate(timeout=120)[0]
    finally:
        site_up.faults("pc-002")
    assert process.returncode == 1
    assert "somebody removed it" in output, output
    assert "The run ends here" in output
    assert "Traceback" not in output
    assert site_up.machines() == before
