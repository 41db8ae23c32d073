"""Hosts and the scanner's console on a bad day: the rest is carried out, these are taken up by the next run."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lab.gravityzone.control import set_console_faults
from serviceheft.assess.reasons import REASONS
from tests.lab.rehearsal import Rehearsal, rehearse

pytestmark = pytest.mark.lab

#: host -> its fault, and the reason that the book must hold
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "pc-002": ({"off": True}, "reach.refused"),
    "pc-003": ({"cut_after_bytes": 3000}, "reach.cut_off"),
    "pc-004": ({"slow_seconds": 6.0}, "reach.timeout"),
    "pc-005": ({"wrong_password": True}, "reach.credentials"),
    "pc-006": ({"expired_certificate": True}, "reach.certificate"),
}
IMPATIENT = "ansible_winrm_operation_timeout_sec: 1\nansible_winrm_read_timeout_sec: 2\n"


@dataclass
class BadDay:
    rehearsal: Rehearsal
    bad: Any
    after: Any


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BadDay]:
    with rehearse(tmp_path_factory.mktemp("faults"), 1, hosts=6) as site_up:
        (site_up.elsewhere.root / "host_vars").mkdir()
        (site_up.elsewhere.root / "host_vars" / "pc-004.yml").write_text(f"---\n{IMPATIENT}")
        for host, (fault, _) in FAULTS.items():
            site_up.faults(host, **fault)
        bad = site_up.heft("weekly", "lichtblick", COLUMNS="200")
        for host in FAULTS:
            site_up.faults(host)
        yield BadDay(site_up, bad, site_up.heft("run", "lichtblick"))


def test_the_rest_is_carried_out_and_the_exit_code_is_1(day: BadDay) -> None:
    assert day.bad.returncode == 1
    outcomes = day.rehearsal.outcomes(day.rehearsal.run_ids()[0])
    assert {how for (host, _), how in outcomes.items() if host == "pc-001"} == {("done", None)}
    assert {service for host, service in outcomes if host == "pc-001"} == day.rehearsal.owed()["pc-001"]
    assert day.rehearsal.book.runs("lichtblick")[1].state == "incomplete"
    assert "Traceback" not in day.bad.stdout + day.bad.stderr


@pytest.mark.parametrize("host", FAULTS)
def test_each_faulty_host_is_not_reached_with_the_right_reason(day: BadDay, host: str) -> None:
    outcomes = day.rehearsal.outcomes(day.rehearsal.run_ids()[0])
    stamped = {service: how for (name, service), how in outcomes.items() if name == host}
    assert stamped == dict.fromkeys(day.rehearsal.owed()[host], ("not reached", FAULTS[host][1]))


def test_a_table_says_what_was_not_carried_out_and_why(day: BadDay) -> None:
    table = day.bad.stdout.partition("Not carried out")[2]
    for host in FAULTS:
        assert host in table
    assert "pc-001" not in table
    for reason in {reason for _, reason in FAULTS.values()}:
        assert REASONS[reason].title in table


def test_the_next_run_takes_up_just_these(day: BadDay) -> None:
    assert day.after.returncode == 0, day.after.stdout
    outcomes = day.rehearsal.outcomes(day.rehearsal.run_ids()[1])
    expected = {(host, service) for host in FAULTS for service in day.rehearsal.owed()[host]}
    assert outcomes == dict.fromkeys(expected, ("done", None))
    assert day.rehearsal.book.runs("lichtblick")[0].kind == "owed"


def test_when_nothing_is_open_nothing_is_done(day: BadDay) -> None:
    before = day.rehearsal.machines()
    again = day.rehearsal.heft("run", "lichtblick")
    assert again.returncode == 0
    assert "Nothing was owed to these hosts, and nothing was done." in again.stdout
    assert day.rehearsal.stamps() == []
    assert day.rehearsal.machines() == before


# -- the scanner's console ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def protected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    base = tmp_path_factory.mktemp("console")
    with rehearse(base, 2, name=None, hosts=2, scanner="bitdefender") as site_up:
        yield site_up


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"off": True}, "console.unreachable"),
        ({"unauthorised": True}, "console.unauthorised"),
        ({"slow_seconds": 40.0}, "console.timeout"),
        ({"server_error": True}, "console.server_error"),
        ({"cut": True}, "console.cut_off"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_console_that_cannot_be_asked_is_not_measured_and_never_done(
    protected: Rehearsal, fault: dict[str, Any], reason: str
) -> None:
    variables = protected.elsewhere.load().hosts["pc-001"].variables
    address = variables["antivirus_check_gravityzone_url"].split("/")[2].split(":")[0]
    set_console_faults(protected.lab, address, 8443, **fault)
    try:
        done = protected.heft("weekly", "lichtblick")
    finally:
        set_console_faults(protected.lab, address, 8443)
    assert done.returncode == 1
    outcomes = protected.outcomes()
    assert {outcomes[host, "2.7"] for host in ("pc-001", "pc-002")} == {("not measured", reason)}
    assert {outcomes[host, service] for host in ("pc-001", "pc-002") for service in ("2.6", "3.1")} == {
        ("done", None)
    }
    assert "Traceback" not in done.stdout + done.stderr
    owed = protected.heft("owed", "lichtblick").stdout
    assert "2.7" in owed


def test_a_ca_file_that_is_missing_loses_no_host(protected: Rehearsal) -> None:
    path = protected.elsewhere.root / "group_vars" / "all" / "wanted.yml"
    sound = path.read_text(encoding="utf-8")
    where = "antivirus_check_gravityzone_ca: '{{ inventory_dir }}/../../var/lab/lichtblick/"
    path.write_text(sound.replace(f"{where}ca.pem", f"{where}gone.pem"), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != sound
    try:
        done = protected.heft("weekly", "lichtblick")
    finally:
        path.write_text(sound, encoding="utf-8")
    assert done.returncode == 1
    outcomes = protected.outcomes()
    assert {outcomes[host, "2.7"] for host in ("pc-001", "pc-002")} == {
        ("not measured", "console.certificate")
    }
    assert outcomes["pc-002", "2.6"] == ("done", None)


def test_when_the_console_answers_again_it_is_done(protected: Rehearsal) -> None:
    done = protected.heft("run", "lichtblick")
    assert done.returncode == 0, done.stdout
    assert protected.outcomes() == {(host, "2.7"): ("done", None) for host in ("pc-001", "pc-002")}
