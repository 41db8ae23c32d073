"""Killed and interrupted runs: what was shown as done is in the book, and the next run carries on."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from serviceheft.assess.judgement import Outcome
from tests.lab.rehearsal import Rehearsal, rehearse, until

pytestmark = pytest.mark.lab

HOSTS = ("pc-001", "pc-002", "pc-003")


@pytest.fixture(scope="module")
def site_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearse(tmp_path_factory.mktemp("interrupted"), 3, hosts=3) as raised:
        yield raised


def shown_until(process: "subprocess.Popen[str]", text: str) -> list[str]:
    """The lines of output up to the one that holds `text`."""
    lines: list[str] = []
    for line in process.stdout or []:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"{text!r} was never shown:\n{''.join(lines)}")


@pytest.mark.parametrize(
    "moment",
    [
        "Run 2026",
        "2.7 | Judge and stamp: 3",
        "2.6 | Judge and stamp: 3",
    ],
)
def test_kill_9_loses_nothing_that_was_shown(site_up: Rehearsal, moment: str) -> None:
    process = site_up.start("weekly", "lichtblick")
    shown = shown_until(process, moment)
    pid = site_up.book.runs("lichtblick")[0].process.pid
    os.kill(pid, signal.SIGKILL)
    rest = process.stdout.read() if process.stdout else ""
    assert process.wait(60) == 1
    run = site_up.book.runs("lichtblick")[0]
    assert run.state == "interrupted"
    judged = re.findall(r"(\d\.\d) \| Judge and stamp: 3 hosts", "".join(shown) + rest)
    outcomes = site_up.outcomes(run.id)
    for service in judged:
        assert {outcomes[host, service] for host in HOSTS} == {("done", None)}
    assert site_up.book.verify() == []
    until(lambda: not processes_of(site_up))
    machines = site_up.machines()

    after = site_up.heft("weekly", "lichtblick")
    assert after.returncode == 0, after.stdout + after.stderr
    runs = site_up.book.runs("lichtblick")
    assert (runs[1].state, runs[1].ended_at is not None) == ("interrupted", True)
    assert {stamp.outcome for stamp in site_up.stamps()} == {Outcome.DONE}
    assert site_up.machines() == machines


def processes_of(site_up: Rehearsal) -> list[str]:
    """Command lines of what still runs for this customer: its workers have the line of what forked them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it ended meanwhile
            continue
        if "ansible-playbook" in line and str(site_up.elsewhere.root) in line:
            found.append(line)
    return found


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_closed_and_says_so(site_up: Rehearsal, sent: signal.Signals) -> None:
    """Ctrl-C goes to the terminal's whole process group; SIGTERM, as from timeout or a service manager, too."""
    site_up.faults("pc-003", slow_seconds=1.0)
    try:
        process = site_up.start("weekly", "lichtblick")
        shown = shown_until(process, "Visit the Windows hosts")
        os.killpg(process.pid, sent)
        rest = process.stdout.read() if process.stdout else ""
        code = process.wait(60)
    finally:
        site_up.faults("pc-003")
    assert code not in (0, None)
    assert "Traceback" not in "".join(shown) + rest
    run = site_up.book.runs("lichtblick")[0]
    assert run.state == "interrupted"
    if sent is signal.SIGINT:
        assert run.ended_at is not None
        assert f"Run {run.id} was interrupted." in rest
        assert code == 1
    assert site_up.book.verify() == []
    again = site_up.heft("weekly", "lichtblick", "--limit", "pc-003")
    assert again.returncode == 0, again.stdout + again.stderr
    assert {host for host, _ in site_up.outcomes()} == {"pc-003"}


def test_sigterm_to_heft_alone_ends_the_run_as_well(site_up: Rehearsal) -> None:
    """A service manager's timeout signals heft alone; ansible-playbook must not go on unseen."""
    site_up.faults("pc-003", slow_seconds=1.0)
    try:
        process = site_up.start("weekly", "lichtblick")
        shown_until(process, "Visit the Windows hosts")
        pid = site_up.book.runs("lichtblick")[0].process.pid
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
    finally:
        site_up.faults("pc-003")
    assert code == 1
    until(lambda: not Path(f"/proc/{pid}").exists())
    assert site_up.book.runs("lichtblick")[0].state == "interrupted"
