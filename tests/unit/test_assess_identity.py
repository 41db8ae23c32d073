"""Whom a visit reached: names as Windows tells them, ids of boards, and what proves nothing."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.visit import run
from lab.windows.defaults import default_machine
from lab.windows.host import Host, HostAddress
from lab.windows.modules import Call
from lab.windows.state_file import write_json
from serviceheft.assess import reach
from serviceheft.assess.identity import UNPROVEN, WRONG_MACHINE, Expected, proof_lacking
from serviceheft.assess.judgement import Outcome
from serviceheft.assess.reasons import REASONS

UUID = "4C4C4544-0043-3010-8052-B4C04F4E3333"
GUID = "9b1e0c5e-2f4d-4a57-9a53-0f6f3c1d2e4b"


def said(full: Any = None, short: Any = None, **ids: Any) -> dict[str, Any]:
    identity = {"Errors": {}, "Name": short, "DNSHostName": full, **ids}
    return {"identity": {key: value for key, value in identity.items() if value is not None}}


@pytest.mark.parametrize(
    ("host", "visit", "lacking"),
    [
        ("mb-nb-01", said("MB-NB-01", "MB-NB-01"), None),
        ("mb-nb-01", said("mb-nb-02", "MB-NB-02"), WRONG_MACHINE),
        ("mb-nb-01.musterbau.example", said("mb-nb-01", "MB-NB-01"), None),
        ("mb-nb-01", said(None, "MB-NB-01"), None),
        ("mb-nb-01", said(None, "MB-NB-02"), WRONG_MACHINE),
        ("mb-nb-1", said("mb-nb-10", "MB-NB-10"), WRONG_MACHINE),
        ("besprechung-laptop-1", said("besprechung-laptop-1", "BESPRECHUNG-LAP"), None),
        ("besprechung-laptop-1", said("besprechung-laptop-2", "BESPRECHUNG-LAP"), WRONG_MACHINE),
        ("besprechung-laptop-1", said(None, "BESPRECHUNG-LAP"), UNPROVEN),
        ("besprechung-lap", said("besprechung-laptop-1", "BESPRECHUNG-LAP"), None),
        ("mb-nb-01", said(), UNPROVEN),
        ("mb-nb-01", {}, UNPROVEN),
        ("mb-nb-01", {"identity": "mb-nb-01"}, UNPROVEN),
        ("mb-nb-01", said(["mb-nb-01"], 5), UNPROVEN),
        ("mb-nb-01", None, UNPROVEN),
    ],
)
def test_by_name(host: str, visit: Any, lacking: str | None) -> None:
    expected = Expected.from_variables(host, {}, [host, "besprechung-laptop-2", "mb-nb-02"])
    assert proof_lacking(visit, expected) == lacking


def test_a_short_name_that_nobody_else_begins_with_is_enough() -> None:
    expected = Expected.from_variables("besprechung-laptop-1", {}, ["mb-nb-01"])
    assert proof_lacking(said(None, "BESPRECHUNG-LAP"), expected) is None


@pytest.mark.parametrize("name", ["BÜRO-PC", "büro-pc", "bu\N{COMBINING DIAERESIS}ro-pc"])
def test_a_declared_name_is_what_the_computer_must_say(name: str) -> None:
    expected = Expected.from_variables("mb-pc-07", {"documentation_computer_name": "Büro-PC"})
    assert proof_lacking(said(name, name), expected) is None
    assert proof_lacking(said("mb-pc-07", "MB-PC-07"), expected) == WRONG_MACHINE


@pytest.mark.parametrize(
    ("ids", "lacking"),
    [
        ({"UUID": UUID, "MachineGuid": GUID}, None),
        ({"MachineGuid": GUID, "UUID": UUID.lower()}, None),
        ({"UUID": "{" + UUID + "}"}, None),
        ({"UUID": GUID}, WRONG_MACHINE),
        ({}, UNPROVEN),
        ({"UUID": "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"}, UNPROVEN),
        ({"UUID": "03000200-0400-0500-0006-000700080009"}, UNPROVEN),
        ({"UUID": "Not Settable"}, UNPROVEN),
    ],
)
def test_a_declared_id_decides_whatever_the_name_is(ids: dict[str, str], lacking: str | None) -> None:
    expected = Expected.from_variables("mb-nb-01", {"documentation_machine_id": UUID})
    assert proof_lacking(said("DESKTOP-4711", "DESKTOP-4711", **ids), expected) == lacking
    if lacking == WRONG_MACHINE:
        assert proof_lacking(said("mb-nb-01", "MB-NB-01", **ids), expected) == lacking


leaves = st.none() | st.integers() | st.text(max_size=20) | st.sampled_from(["mb-nb-01", UUID, "MB-NB-01"])


@given(
    st.dictionaries(
        st.sampled_from(["Name", "DNSHostName", "UUID", "MachineGuid", "Errors"]), leaves | st.lists(leaves)
    )
)
def test_only_its_own_name_proves_a_host(identity: dict[str, Any]) -> None:
    lacking = proof_lacking({"identity": identity}, Expected("mb-nb-01"))
    assert lacking in (None, WRONG_MACHINE, UNPROVEN)
    if lacking is None:
        names = [str(identity.get(key)).strip().casefold() for key in ("Name", "DNSHostName")]
        assert "mb-nb-01" in names


@pytest.mark.parametrize("code", [WRONG_MACHINE, UNPROVEN])
def test_what_our_side_found_is_not_reached_and_has_advice(code: str) -> None:
    result = {"unreachable": True, "msg": "401 certificate verify failed", reach.FOUND_BY_US: code}
    assert reach.classify(result) == reach.Reach(code, Outcome.NOT_REACHED)
    assert code in REASONS
    assert reach.classify({"failed": True, reach.FOUND_BY_US: "anything"}).code == "reach.module_failed"


def test_the_advice_names_dns_and_dhcp() -> None:
    advice = REASONS[WRONG_MACHINE].advice
    assert "DNS" in advice
    assert "DHCP" in advice


def test_the_emulated_machine_that_answers_for_another_one_is_found_out(tmp_path: Path) -> None:
    """The lab's fault answers_as: DNS points at another laptop, whose certificate holds."""
    now = datetime(2026, 11, 22, 20, 35, tzinfo=UTC)
    for name in ("pc-1", "pc-2"):
        state = default_machine("laptop", name=name, address="127.30.1.1", now=now, accounts=[])
        write_json(tmp_path / "machines" / f"{name}.json", state)
    write_json(tmp_path / "faults" / "pc-1.json", {"answers_as": "pc-2"})
    host = Host(tmp_path, HostAddress("pc-1", "127.30.1.1"), lambda _: None)
    call = Call(check_mode=False, diff=False, now=now, user={})
    visit = run(host.load(), {"sections": []}, call)
    assert proof_lacking(visit, Expected.from_variables("pc-1", {})) == WRONG_MACHINE
    assert proof_lacking(visit, Expected.from_variables("pc-2", {})) is None
