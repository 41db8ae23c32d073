"""What holds for every judging function, whatever a host sends."""

import json
import string
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft.assess.judgement import CAUSES, Judgement, Outcome
from serviceheft.assess.normalform import Shown
from serviceheft.assess.reading import LONGEST_TEXT
from serviceheft.assess.reasons import REASONS
from serviceheft.services import SUBJECTS, VALUE_WORDS
from serviceheft.services.antivirus_check import judging as antivirus
from serviceheft.services.antivirus_check.judging import AntivirusPolicy
from serviceheft.services.documentation import judging as computer
from serviceheft.services.documentation.judging import ComputerPolicy
from serviceheft.services.update_check import judging as updates
from serviceheft.services.update_check.policy import UpdatePolicy

NOW = datetime(2026, 11, 22, 20, 35, tzinfo=UTC)
CANARY = "canary-77c2"

PRODUCTS = ("defender", "bitdefender", "kaspersky", "none")

NAMES = {
    "antivirus": """
        Errors Defender Detections SecurityCenter Bitdefender Services Name State ThreatStatusID
        ThreatName displayName productState AMServiceEnabled AntivirusEnabled AMRunningMode
        AMProductVersion RealTimeProtectionEnabled AntivirusSignatureLastUpdated
        AntivirusSignatureAge QuickScanEndTime FullScanAge DisplayName DisplayVersion
    """,
    "console": """
        available reason endpoint agent malwareStatus modules lastSuccessfulScan date lastSeen
        lastUpdate licensed productOutdated signatureOutdated signatureUpdateDisabled
        productVersion infected antimalware
    """,
    "updates": """
        Errors Policy Service AutoUpdate PendingReboot History Available LastBootUpTime
        NoAutoUpdate AUOptions UseWUServer WUServer StartMode LastSearchSuccessDate
        LastInstallationSuccessDate WindowsUpdate UpdateID Title Date ComponentBasedServicing
        Operation ResultCode HResult MsrcSeverity LastDeploymentChangeTime
    """,
    "search": """
        failed unreachable skipped msg updates reboot_required a title kb installed
    """,
    "computer": """
        computer volumes network ComputerSystem OperatingSystem CurrentVersion Bios Processors
        Volumes Adapters Name DNSHostName SerialNumber Caption BuildNumber UBR NumberOfCores
        IPAddress Size DeviceID
    """,
}

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from(
        [
            "2026-11-20T00:00:00Z",
            "2026-11-20",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00",
            "Running",
            "Normal",
            "2026-11 Cumulative Update (KB5031234)",
            "console.timeout",
            "1.2.3",
            "\ud800",
            4294967295,
            2**64,
        ]
    ),
)


def nested(names: str) -> st.SearchStrategy[Any]:
    """JSON-like data whose keys are mostly those that the judging function asks for."""
    keys = st.sampled_from(names.split()) | st.text(string.ascii_letters, max_size=5)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
        max_leaves=30,
    )


def shaped(names: str) -> st.SearchStrategy[Any]:
    keys = st.sampled_from(names.split())
    return st.one_of(nested(names), st.dictionaries(keys, nested(names), max_size=12))


def hold(judgement: Judgement) -> None:
    """The laws of a single judgement."""
    data = judgement.as_data()
    assert Judgement.from_data(json.loads(json.dumps(data, allow_nan=False))) == judgement
    assert judgement.checks
    if judgement.outcome is Outcome.DONE:
        assert all(check.result == "ok" for check in judgement.checks)
    assert judgement.reason is None or judgement.reason in REASONS
    assert set(judgement.measured) <= {shown.name for shown in SUBJECTS[judgement.subject].fields}
    for text in texts(data):
        assert len(text) <= max(LONGEST_TEXT, 2000)
        assert text.isprintable()


def texts(data: Any) -> list[str]:
    if isinstance(data, Mapping):
        return [text for value in data.values() for text in texts(value)]
    if isinstance(data, list | tuple):
        return [text for value in data for text in texts(value)]
    return [data] if isinstance(data, str) else []


@given(shaped(NAMES["antivirus"]), shaped(NAMES["console"]), st.sampled_from(PRODUCTS))
def test_antivirus_never_raises(section: Any, console: Any, product: str) -> None:
    hold(antivirus.judge(section, console, AntivirusPolicy(product, minimum_product_version="4.18"), NOW))


@given(shaped(NAMES["search"]), shaped(NAMES["updates"]), st.sampled_from(["default", "managed_server"]))
def test_updates_never_raises(search: Any, section: Any, source: str) -> None:
    hold(updates.judge(search, section, UpdatePolicy(server_selection=source), NOW))


@given(shaped(NAMES["computer"]))
def test_computer_never_raises(sections: Any) -> None:
    hold(computer.judge(sections, ComputerPolicy("S", "Windows", "127.30.1.1"), NOW))


DEFECTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "old definitions": lambda raw: raw["Defender"].update(
        AntivirusSignatureLastUpdated="2026-01-01T00:00:00Z"
    ),
    "called outdated": lambda raw: raw["Defender"].update(DefenderSignaturesOutOfDate=True),
    "real time off": lambda raw: raw["Defender"].update(RealTimeProtectionEnabled=False),
    "old scan": lambda raw: raw["Defender"].update(QuickScanEndTime="2026-01-01T00:00:00Z"),
    "old product": lambda raw: raw["Defender"].update(AMProductVersion="1.0"),
    "detection": lambda raw: raw["Detections"].append({"ThreatStatusID": 1}),
    "failed detection": lambda raw: raw["Detections"].append({"ThreatStatusID": 102}),
}
NO_SCANNER = "no scanner"


def with_defects(defects: set[str]) -> Judgement:
    raw: dict[str, Any] = {
        "Errors": {},
        "Defender": {
            "AMServiceEnabled": NO_SCANNER not in defects,
            "AntivirusEnabled": True,
            "AMProductVersion": "4.18.1",
            "AntivirusSignatureLastUpdated": "2026-11-22T00:00:00Z",
            "DefenderSignaturesOutOfDate": False,
            "RealTimeProtectionEnabled": True,
            "QuickScanEndTime": "2026-11-22T00:00:00Z",
        },
        "Detections": [],
        "SecurityCenter": [],
        "Bitdefender": None,
    }
    for defect in sorted(defects - {NO_SCANNER}):
        DEFECTS[defect](raw)
    return antivirus.judge(raw, None, AntivirusPolicy(minimum_product_version="4.18"), NOW)


def worst(judgement: Judgement) -> int:
    return max((finding.definition.severity.rank for finding in judgement.findings), default=-1)


defect_sets = st.sets(st.sampled_from(sorted([*DEFECTS, NO_SCANNER])))


@given(defect_sets, defect_sets)
def test_more_defects_never_look_better(some: set[str], more: set[str]) -> None:
    few, many = with_defects(some), with_defects(some | more)
    assert worst(many) >= worst(few)
    assert (few.outcome == "done") or (many.outcome == "finding")
    if NO_SCANNER not in more:
        failed = {check.key for check in few.checks if check.result == "finding"}
        assert failed <= {check.key for check in many.checks if check.result == "finding"}


missing_updates = st.lists(
    st.tuples(
        st.sampled_from(["Critical", "Important", "Moderate", "Low", None]),
        st.integers(min_value=0, max_value=400),
    ),
    max_size=6,
)


@given(missing_updates, missing_updates)
def test_more_missing_updates_never_look_better(some: list[Any], more: list[Any]) -> None:
    def judged(missing: list[Any]) -> Judgement:
        rows = [
            {
                "UpdateID": f"id{number}",
                "Title": f"id{number}",
                "MsrcSeverity": severity,
                "LastDeploymentChangeTime": datetime.fromtimestamp(
                    NOW.timestamp() - 86400 * days, UTC
                ).isoformat(),
            }
            for number, (severity, days) in enumerate(missing)
        ]
        return updates.judge({"Updates": rows}, {}, UpdatePolicy(), NOW)

    few, many = judged(some), judged(some + more)
    assert {each.cause for each in few.findings} <= {each.cause for each in many.findings}
    assert len(many.measured["missing"]) == len(some) + len(more)  # type: ignore[arg-type]


READ_AS_TEXT = """
    AMProductVersion AMEngineVersion AntivirusSignatureVersion AMRunningMode DisplayName DisplayVersion
    ThreatName displayName productVersion engineVersion Title title kb Name DNSHostName Domain Manufacturer
    Model SerialNumber Caption BuildNumber OSArchitecture SMBIOSBIOSVersion DeviceID VolumeName FileSystem
    Description MACAddress IPAddress
"""


def planted(data: Any) -> Any:
    """The data with a canary in every field that is no text to be shown, and in fields that nobody knows."""
    if isinstance(data, Mapping):
        altered = {
            key: value if key in READ_AS_TEXT.split() else planted(value) if value else f"{CANARY} {key}"
            for key, value in data.items()
        }
        return {**altered, "Resources": CANARY, CANARY: CANARY, "password": [CANARY, {"x": CANARY}]}
    if isinstance(data, list):
        return [*(planted(item) for item in data), CANARY, {CANARY: CANARY}]
    return data


def test_nothing_but_allow_listed_fields_travels() -> None:
    section = {
        "Errors": {"SecurityCenter": CANARY},
        "Defender": {"AMServiceEnabled": True, "AntivirusEnabled": True, "QuickScanEndTime": None},
        "Detections": [{"ThreatStatusID": 1, "ThreatName": "Virus"}],
        "SecurityCenter": [],
        "Bitdefender": {"Services": [{"Name": "EPSecurityService", "State": None}]},
    }
    console = {"available": True, "reason": CANARY, "endpoint": {"agent": {"licensed": None}, "modules": {}}}
    history = [
        {"Title": "x", "Operation": 1, "ResultCode": 4, "Date": "2026-11-20T00:00:00Z", "HResult": None}
    ]
    update_section = {
        "Errors": {"Policy": CANARY},
        "Policy": {"WUServer": CANARY, "UseWUServer": 1},
        "Service": {"StartMode": None},
        "History": history,
    }
    search = {"RebootRequired": False, "Updates": [{"UpdateID": "a", "Title": "x", "MsrcSeverity": None}]}
    failed_search = {"Errors": {"Updates": f"{CANARY} 0x80240022"}}
    computer_sections = {"computer": {"ComputerSystem": {"Name": "pc"}}, "volumes": {"Volumes": []}}
    judged = [
        antivirus.judge(planted(section), planted(console), AntivirusPolicy(product), NOW)
        for product in PRODUCTS
    ]
    judged += [
        updates.judge(planted(search), planted(update_section), UpdatePolicy(), NOW),
        updates.judge(planted(failed_search), planted(update_section), UpdatePolicy(), NOW),
        computer.judge(planted(computer_sections), ComputerPolicy(), NOW),
    ]
    for judgement in judged:
        assert CANARY not in json.dumps(judgement.as_data())
        assert CANARY not in repr(judgement)


def test_every_sentence_names_only_values_that_its_cause_lists() -> None:
    for cause in CAUSES.values():
        named = {name for _, name, _, _ in string.Formatter().parse(cause.sentence + cause.advice) if name}
        assert named <= set(cause.values), cause.key
        assert "{" not in cause.title


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_field_of_a_normal_form_has_a_label(subject: str) -> None:
    def walk(shown: Shown) -> None:
        assert shown.label
        assert (shown.kind == "table") is bool(shown.columns)
        for column in shown.columns:
            walk(column)

    for shown in SUBJECTS[subject].fields:
        walk(shown)


def test_codes_in_findings_have_words() -> None:
    assert set(VALUE_WORDS["found"]) == {"defender", "bitdefender", "kaspersky", "other", "none"}
    assert set(VALUE_WORDS["state"]) == {"pending", "active", "expired", "missing"}
