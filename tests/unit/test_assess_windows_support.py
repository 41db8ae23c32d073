"""Until when Microsoft maintains a host's Windows: the table's form, its use, and what comes of an unknown build."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from lab.visit import run
from lab.windows.defaults import default_machine
from lab.windows.machine import Machine
from lab.windows.modules import Call
from serviceheft.assess.judgement import Judgement
from serviceheft.assess.windowssupport import find_support, table
from serviceheft.services.documentation import judging as computer
from serviceheft.services.documentation.judging import ComputerPolicy
from serviceheft.services.update_check.judging import judge
from serviceheft.services.update_check.policy import UpdatePolicy
from tests.services.update_check.test_updates import NOW, found, search, section, unmeasured

#: Support of this release of the annual channel ended on a day of its own.
NOT_A_TUESDAY = date(2025, 10, 24)


def windows(build: str | None, edition: str | None = "Professional", kind: str = "Client") -> dict[str, Any]:
    return {"CurrentBuildNumber": build, "EditionID": edition, "InstallationType": kind}


def judged(version: dict[str, Any], now: datetime = NOW, **policy: Any) -> Judgement:
    moved = section(Windows=version, cumulative={"Date": (now - timedelta(days=3)).isoformat()})
    moved["AutoUpdate"]["LastSearchSuccessDate"] = now.isoformat()
    return judge(search(), moved, UpdatePolicy(**policy), now)


def test_the_table_is_dated_sourced_and_holds_plausible_days() -> None:
    assert date(2026, 11, 27) <= table()["checked"]
    assert all(source.startswith("https://learn.microsoft.com/") for source in table()["sources"])
    for kind, columns in (("client", {"pro", "enterprise", "ltsc", "iot"}), ("server", {"all"})):
        for build, row in table()[kind].items():
            days = {name: value for name, value in row.items() if name != "release"}
            assert build.isdecimal()
            assert row["release"].startswith("Windows ")
            assert set(days) <= columns
            # Support ends with a patch day, which is a Tuesday.
            assert all(day.weekday() == 1 or day == NOT_A_TUESDAY for day in days.values()), build


@pytest.mark.parametrize(
    ("version", "release", "until"),
    [
        (windows("26200"), "Windows 11 25H2", "2027-10-12"),
        (windows("26200", "ProfessionalN"), "Windows 11 25H2", "2027-10-12"),
        (windows("26100", "Core"), "Windows 11 24H2", "2026-10-13"),
        (windows("26100", "Enterprise"), "Windows 11 24H2", "2027-10-12"),
        (windows("26100", "EnterpriseS"), "Windows 11 24H2", "2029-10-09"),
        (windows("26100", "IoTEnterpriseS"), "Windows 11 24H2", "2034-10-10"),
        (windows("26100", "ServerStandard", "Server Core"), "Windows Server 2025", "2034-10-10"),
        (windows("26100", "ServerRdsh"), "Windows 11 24H2", "2027-10-12"),
        (windows("19045"), "Windows 10 22H2", "2025-10-14"),
        (windows("17763", "ServerDatacenter", "Server"), "Windows Server 2019", "2029-01-09"),
    ],
)
def test_build_and_edition_tell_the_day(version: dict[str, Any], release: str, until: str) -> None:
    support = find_support(version)
    assert support is not None
    assert (support.release, support.until.isoformat()) == (release, until)


@pytest.mark.parametrize(
    "version",
    [
        windows("99999"),
        windows("26200", "Mystery"),
        windows(None),
        windows("26200", None),
        windows("26200", "EnterpriseS"),
        windows("26200", "ServerStandard", "Server"),
        {"CurrentBuildNumber": 26200, "EditionID": "Professional"},
    ],
)
def test_an_unknown_build_or_edition_is_not_measured_and_never_green(version: dict[str, Any]) -> None:
    judgement = judged(version)
    assert (judgement.outcome, judgement.reason) == ("not measured", "windows.release_unknown")
    assert unmeasured(judgement) == {"updates.support"}


@pytest.mark.parametrize("raw", [{}, None])
def test_a_version_that_could_not_be_read_is_not_measured(raw: Any) -> None:
    judgement = judge(search(), section(Windows=raw), UpdatePolicy(), NOW)
    assert (judgement.outcome, judgement.reason) == ("not measured", "visit.section_failed")


@pytest.mark.parametrize(
    ("today", "cause", "days"),
    [
        ("2026-06-14", None, None),
        ("2026-06-15", "updates.support_ends_soon", 120),
        ("2026-10-13", "updates.support_ends_soon", 0),
        ("2026-10-14", "updates.support_ended", 1),
    ],
)
def test_the_end_is_announced_and_then_found(today: str, cause: str | None, days: int | None) -> None:
    judgement = judged(windows("26100"), datetime.fromisoformat(f"{today}T12:00:00+00:00"))
    values = {"release": "Windows 11 24H2", "until": "2026-10-13", "days": days}
    assert found(judgement) == ([] if cause is None else [(cause, values)])


def test_extended_support_that_was_bought_moves_the_day() -> None:
    assert [cause for cause, _ in found(judged(windows("19045")))] == ["updates.support_ended"]
    until = date(2027, 10, 12)
    assert found(judged(windows("19045"), extended_support_until=until)) == []
    assert found(judged(windows("26200"), extended_support_until=date(2020, 1, 1))) == []
    policy = UpdatePolicy.from_variables({"update_check_extended_support_until": "2027-10-12"})
    assert policy.extended_support_until == until


def test_every_windows_of_a_customer_shows_it_in_the_documentation_too() -> None:
    """Servers have no check of updates in every tier."""
    state = default_machine("server", name="srv", address="127.30.1.1", now=NOW, accounts=[])
    state["operating_system"].update(caption="Microsoft Windows Server 2012 R2 Standard", build="9600.1")
    sections = run(
        Machine("srv", state, now=NOW),
        {"sections": ["computer", "volumes", "network"]},
        Call(check_mode=False, diff=False, now=NOW, user={}),
    )["sections"]
    judgement = computer.judge(sections, ComputerPolicy(), NOW)
    assert [(cause, values["release"]) for cause, values in found(judgement)] == [
        ("computer.support_ended", "Windows Server 2012 R2")
    ]
    assert judgement.measured["supported_until"] == "2023-10-10"
