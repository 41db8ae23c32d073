"""Numbers and dates that stand for "never" or "not known" are never shown or judged as what they are not."""

import copy
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lab.gravityzone import endpoint
from lab.visit import run
from lab.windows import anydesk
from lab.windows.defaults import available_update, default_machine
from lab.windows.machine import Machine
from lab.windows.modules import Call
from serviceheft.assess import reading
from serviceheft.assess.judgement import Judgement
from serviceheft.assess.normalform import Kind, Shown
from serviceheft.services import SUBJECTS
from serviceheft.services.antivirus_check import judging as antivirus
from serviceheft.services.antivirus_check.judging import AntivirusPolicy
from serviceheft.services.documentation import judging as computer
from serviceheft.services.documentation.judging import ComputerPolicy
from serviceheft.services.remote_access import judging as remote_access
from serviceheft.services.remote_access.judging import RemoteAccessPolicy
from serviceheft.services.update_check import judging as updates
from serviceheft.services.update_check.policy import UpdatePolicy
from tests.visit_sections import JUDGED

NOW = datetime(2026, 11, 22, 20, 35, tzinfo=UTC)
NUMBERS = [-1, 65535, 2**31 - 1, 4294967295, 2**63 - 1, 2**64 - 1, -(2**31), "4294967295", 65535.0]
DATES = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00",
    "1601-01-01T00:00:00Z",
    "1601-01-01T01:00:00+01:00",
    "1899-12-30T00:00:00Z",
    "1970-01-01T00:00:00Z",
    "1980-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
]
SECTIONS = [*JUDGED]


def sections(scanner: Any = "defender") -> dict[str, Any]:
    state = default_machine(
        "client", name="pc-1", address="127.30.1.1", now=NOW, accounts=[], scanner=scanner
    )
    anydesk.install(state, "9.5.6")
    published = NOW - timedelta(days=3)
    state["updates"]["available"].append(available_update("2026-11 Update", "5070001", published=published))
    state["scanner"]["detections"] = [{"ThreatID": 1, "ThreatStatusID": 3, "ThreatName": "x"}]
    machine = Machine("pc-1", state, now=NOW)
    told = run(machine, {"sections": SECTIONS}, Call(check_mode=False, diff=False, now=NOW, user={}))
    moments = {"last_seen": NOW, "definitions_updated": NOW - timedelta(hours=3), "last_scan": NOW}
    entry = endpoint("PC-1", address="127.30.1.1", company_id="c", **moments)
    return {**told["sections"], "console": entry["details"]}


def judged(raw: Mapping[str, Any], part: str, product: str) -> Judgement | None:
    """The judgement that reads this part of the raw data."""
    match part:
        case "antivirus" | "console":
            policy = AntivirusPolicy(product, minimum_product_version="1.0")
            console = {"available": True, "endpoint": raw["console"]}
            return antivirus.judge(raw["antivirus"], console, policy, NOW)
        case "updates" | "search":
            return updates.judge(raw["search"], raw["updates"], UpdatePolicy(), NOW)
        case "computer" | "volumes" | "network":
            return computer.judge(raw, ComputerPolicy(), NOW)
        case "anydesk":
            wanted = RemoteAccessPolicy("anydesk.install", "8.0.8", ("AnyDesk Software GmbH",))
            return remote_access.judge(raw["anydesk"], wanted)
    return None  # programs and services hold no number that is judged


def leaves(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in steps:
        if isinstance(value, dict | list):
            yield from leaves(value, (*path, step))
        elif not isinstance(value, bool):
            yield (*path, step)


def with_value(data: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed: Any = copy.deepcopy(data)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    found: dict[str, Any] = changed
    return found


def shown(measured: Any, fields: tuple[Shown, ...]) -> Iterator[tuple[Shown, Any]]:
    for field in fields:
        value = measured.get(field.name)
        if field.columns:
            for row in value or ():
                yield from shown(row, field.columns)
        else:
            yield field, value


def hold(judgement: Judgement) -> None:
    """No number of a normal form is a sentinel, and every date is one that can be."""
    for field, value in shown(judgement.measured, SUBJECTS[judgement.subject].fields):
        if field.kind in (Kind.NUMBER, Kind.BYTES) and value is not None:
            assert value >= 0, field.name
            assert value not in reading.SENTINELS, field.name
        if field.kind is Kind.MOMENT and value is not None:
            assert datetime(1990, 1, 1, tzinfo=UTC) <= datetime.fromisoformat(value), field.name
            assert datetime.fromisoformat(value) <= NOW + reading.CLOCK_SKEW, field.name
        assert value != "0xFFFFFFFF", field.name
    for finding in judgement.findings:
        days = finding.values.get("age_days")
        assert days is None or 0 <= int(days) < 36_500, finding


@pytest.mark.parametrize("scanner", ["defender", "bitdefender"])
@pytest.mark.parametrize("sentinel", [*NUMBERS, *DATES], ids=repr)
def test_no_sentinel_reaches_a_normal_form_from_any_place(scanner: str, sentinel: Any) -> None:
    raw = sections(scanner)
    tried = [judged(with_value(raw, path, sentinel), path[0], scanner) for path in leaves(raw)]
    told = [judgement for judgement in tried if judgement]
    assert len(told) > 80
    for judgement in told:
        hold(judgement)


@pytest.mark.parametrize("sentinel", NUMBERS, ids=repr)
@pytest.mark.parametrize("date", [None, *DATES])
def test_never_is_said_by_every_sentinel(sentinel: Any, date: str | None) -> None:
    raw = sections()["antivirus"]
    raw["Defender"] |= {
        "AntivirusSignatureLastUpdated": date,
        "AntivirusSignatureAge": sentinel,
        "QuickScanEndTime": date,
        "QuickScanAge": sentinel,
        "FullScanEndTime": date,
        "FullScanAge": sentinel,
    }
    found = {it.cause for it in antivirus.judge(raw, None, AntivirusPolicy(), NOW).findings}
    assert {"antivirus.definitions_never_loaded", "antivirus.never_scanned"} <= found


@pytest.mark.parametrize("date", DATES)
def test_a_date_alone_says_never_too(date: str) -> None:
    raw = sections()["antivirus"]
    raw["Defender"] |= {"AntivirusSignatureLastUpdated": date, "AntivirusSignatureAge": None}
    found = {it.cause for it in antivirus.judge(raw, None, AntivirusPolicy(), NOW).findings}
    assert "antivirus.definitions_never_loaded" in found


@pytest.mark.parametrize("age", [None, 0, 3, 400, "x", True, {}])
def test_nothing_that_is_not_never_says_so(age: Any) -> None:
    raw = sections()["antivirus"]
    raw["Defender"] |= {"AntivirusSignatureLastUpdated": None, "AntivirusSignatureAge": age}
    judgement = antivirus.judge(raw, None, AntivirusPolicy(), NOW)
    assert "antivirus.definitions" in {c.key for c in judgement.checks if c.result == "not_measured"}


@pytest.mark.parametrize("told", ["0.0.0.0", "0", "65535.65535.65535.65535"])
def test_a_version_of_nothing_is_no_version(told: str) -> None:
    raw = sections()["antivirus"]
    raw["Defender"]["AMProductVersion"] = told
    judgement = antivirus.judge(raw, None, AntivirusPolicy(minimum_product_version="4.18"), NOW)
    assert (judgement.measured["product_version"], judgement.findings) == (None, ())
    assert judgement.outcome == "not measured"


def test_a_full_volume_is_no_sentinel_and_one_without_a_size_is_not_known() -> None:
    raw = sections()
    raw["volumes"]["Volumes"][0] |= {"FreeSpace": 0, "Size": 0}
    [volume, *_] = computer.read_state(raw, NOW).volumes or ()
    assert (volume.free_bytes, volume.size_bytes) == (0, None)
    assert reading.size({"x": "128849018880"}, "x") == 128849018880


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ({"NoAutoUpdate": 4294967295}, None),
        ({"NoAutoUpdate": -1}, None),
        ({"AUOptions": 65535}, None),
        ({"AUOptions": "4"}, "on"),
        ({"AUOptions": 5, "NoAutoUpdate": "0"}, "on"),
    ],
)
def test_a_switch_that_nobody_knows_is_not_on(policy: dict[str, Any], told: str | None) -> None:
    raw = sections()["updates"]
    raw["Policy"] = policy
    assert updates.judge(None, raw, UpdatePolicy(), NOW).measured["automatic_updates"] == told
