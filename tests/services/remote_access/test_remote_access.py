"""2.4: AnyDesk judged, what is done about it, and what must never be done."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.visit import run
from lab.windows import anydesk
from lab.windows.defaults import default_machine
from lab.windows.machine import Machine
from lab.windows.modules import Call
from serviceheft import settings
from serviceheft.assess.judgement import CAUSES, Judgement
from serviceheft.assess.reasons import REASONS
from serviceheft.services.remote_access.judging import RemoteAccessPolicy, actions, judge
from serviceheft.services.remote_access.mending import final_judgement, first_judgement, steps

NOW = settings.now()
PASSWORD = "CANARY-password-1"
KEY = "CANARY-key-1"
POLICY = RemoteAccessPolicy("8.0.8", ("AnyDesk Software GmbH",), "anydesk.install", PASSWORD, KEY)
ID = "1234567890"

type Raw = dict[str, Any]


def healthy(**parts: Any) -> Raw:
    """The raw section of a host where all is as agreed; `parts` replace some of it (File, Signature, Answers: of the
    program's file).
    """
    file: Raw = {
        "Path": anydesk.PATH,
        "Errors": {},
        "FileVersion": "9.5.6",
        "ProductVersion": "9.5.6",
        "Service": "AnyDesk",
        "Signature": {"Status": "Valid", "SimpleName": "AnyDesk Software GmbH", "Thumbprint": "AB"},
        "Answers": {"Id": ID, "Alias": "empfang@ad", "Status": "online"},
    }
    file |= parts.pop("File", {}) | {
        name: parts.pop(name) for name in ("Signature", "Answers") if name in parts
    }
    if "Service" in parts:
        service = parts.pop("Service")
        parts["Services"] = [service]
        file["Service"] = service["Name"]
    section: Raw = {
        "Errors": {},
        "Programs": [{"DisplayName": "AnyDesk", "DisplayVersion": "ad 9.5.6"}],
        "Services": [{"Name": "AnyDesk", "State": "Running", "StartMode": "Auto"}],
        "Installations": [file],
        "Mark": {"PasswordFingerprint": POLICY.fingerprint(ID)},
    }
    return section | parts


ABSENT: Raw = {"Errors": {}, "Programs": [], "Services": [], "Installations": [], "Mark": {}}
STOPPED = {"Name": "AnyDesk", "State": "Stopped", "StartMode": "Auto"}
FOREIGN = {"Status": "Valid", "SimpleName": "Fernhilfe Freeware Ltd"}
BROKEN = {"Status": "HashMismatch", "SimpleName": "AnyDesk Software GmbH"}
OLD = {"FileVersion": "7.1.13"}
CUSTOM = "AnyDesk-ad_1234abcd_msi"
OTHER_ID = "1987654321"


def beside(section: Raw, name: str = CUSTOM, **file: Any) -> Raw:
    """The same host with a second client."""
    other = {
        "Path": anydesk.path_of(name),
        "Errors": {},
        "FileVersion": "9.0.1",
        "Service": name,
        "Signature": {"Status": "Valid", "SimpleName": "AnyDesk Software GmbH"},
        "Answers": {"Id": OTHER_ID, "Alias": "fremd@ad"},
    }
    return section | {
        "Programs": [{"DisplayName": name}, *section["Programs"]],
        "Services": [{"Name": name, "State": "Running", "StartMode": "Auto"}, *section["Services"]],
        "Installations": [other | file, *section["Installations"]],
    }


def causes(judgement: Judgement) -> list[str]:
    return [finding.cause for finding in judgement.findings]


def plan(section: Raw | None, policy: RemoteAccessPolicy = POLICY) -> list[tuple[str, str, str | None]]:
    return [(it.kind, it.result.value, it.reason) for it in actions(section, policy)]


def test_as_agreed_is_done_and_needs_nothing() -> None:
    judgement = judge(healthy(), POLICY)
    assert (judgement.outcome, judgement.reason, plan(healthy())) == ("done", None, [])
    assert judgement.measured == {
        "installed": True,
        "client": "AnyDesk",
        "id": ID,
        "alias": "empfang@ad",
        "version": "9.5.6",
        "signer": "AnyDesk Software GmbH",
        "signature": "valid",
        "service": "running",
        "others": [],
    }


@pytest.mark.parametrize(
    ("section", "found", "planned"),
    [
        (
            ABSENT,
            ["remote_access.missing"],
            [("anydesk.install", "planned", None), ("anydesk.set_password", "planned", None)],
        ),
        (healthy(File=OLD), ["remote_access.outdated"], [("anydesk.upgrade", "planned", None)]),
        (
            healthy(File=OLD, Signature=FOREIGN | {"SimpleName": "philandro Software GmbH"}),
            ["remote_access.outdated", "remote_access.foreign_signer"],
            [("anydesk.upgrade", "planned", None)],
        ),
        (healthy(Signature=FOREIGN), ["remote_access.foreign_signer"], []),
        (healthy(Signature=BROKEN), ["remote_access.signature_invalid"], []),
        (healthy(Signature={"Status": "NotSigned"}), ["remote_access.signature_invalid"], []),
        (
            healthy(Service=STOPPED),
            ["remote_access.service_stopped"],
            [("anydesk.start", "planned", None)],
        ),
        (
            healthy(Mark={}),
            ["remote_access.password_not_set"],
            [("anydesk.set_password", "planned", None)],
        ),
        (
            healthy(Mark={}, Signature=FOREIGN),
            ["remote_access.foreign_signer", "remote_access.password_not_set"],
            [("anydesk.set_password", "held", "remote_access.not_trusted")],
        ),
        (
            healthy(Service=STOPPED, Signature=BROKEN),
            ["remote_access.signature_invalid", "remote_access.service_stopped"],
            [("anydesk.start", "held", "remote_access.not_trusted")],
        ),
    ],
)
def test_each_deviation_and_what_is_done_about_it(section: Raw, found: list[str], planned: list[Any]) -> None:
    judgement = judge(section, POLICY)
    assert (judgement.outcome, causes(judgement)) == ("finding", found)
    assert plan(section) == planned


def test_without_an_id_nothing_proves_the_password() -> None:
    section = healthy(Answers={"Id": "0"})
    judgement = judge(section, POLICY)
    assert (judgement.outcome, judgement.reason, causes(judgement)) == (
        "not measured",
        "remote_access.no_id",
        [],
    )
    assert plan(section) == [("anydesk.set_password", "held", "remote_access.no_id")]


@pytest.mark.parametrize("answer", ["0", "", "SERVICE_NOT_RUNNING", "12", "1234567890 ; calc", None, 5])
def test_an_id_is_digits_or_it_is_none(answer: Any) -> None:
    assert judge(healthy(Answers={"Id": answer}), POLICY).measured["id"] is None


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        (None, "visit.section_missing"),
        (ABSENT | {"Errors": {"Programs": "x"}}, "visit.section_failed"),
        (ABSENT | {"Services": None}, "visit.section_failed"),
        (ABSENT | {"Installations": ["System.Collections.Hashtable"]}, "visit.section_failed"),
    ],
)
def test_what_was_not_measured_is_never_missing(section: Raw | None, reason: str) -> None:
    judgement = judge(section, POLICY)
    assert (judgement.outcome, judgement.reason) == ("not measured", reason)
    assert plan(section) == []


@pytest.mark.parametrize("part", ["Programs", "Services", "Installations", "Mark"])
def test_a_part_that_could_not_be_read_is_not_measured(part: str) -> None:
    for section in (
        healthy() | {"Errors": {part: "Access is denied"}},
        {name: value for name, value in healthy().items() if name != part},
    ):
        assert judge(section, POLICY).outcome == "not measured"
        assert plan(section) == []


def test_without_a_password_in_the_inventory_it_is_not_our_affair() -> None:
    policy = replace(POLICY, password=None, fingerprint_key=None)
    assert judge(healthy(Mark={}), policy).outcome == "done"
    assert plan(healthy(Mark={}), policy) == []


@pytest.mark.parametrize("password", ["kurz", "mit Leerzeichen", "Größenwahn-1", "zwei\nZeilen-1"])
def test_a_password_that_would_not_arrive_whole_is_not_sent(password: str) -> None:
    policy = replace(POLICY, password=password)
    assert plan(healthy(), policy) == [("anydesk.set_password", "held", "remote_access.password_unusable")]
    assert steps({"sections": {"anydesk": healthy()}}, policy)["password"] is None


def test_the_fingerprint_belongs_to_key_id_and_password() -> None:
    prints = {
        POLICY.fingerprint(ID),
        POLICY.fingerprint("9876543210"),
        replace(POLICY, password="Another-password").fingerprint(ID),
        replace(POLICY, fingerprint_key="another key").fingerprint(ID),
    }
    assert len(prints) == 4
    assert all(value and len(value) == 64 for value in prints)


# -- carrying out ---------------------------------------------------------------------------------------------


def visited(section: Raw | None) -> Raw:
    return {"identity": {"Name": "PC-1"}, "sections": {"anydesk": section}}


SKIPPED: Raw = {"skipped": True, "changed": False}
DONE: Raw = {"changed": True}


def outcome(visits: list[Raw], **results: Raw) -> Judgement:
    tasks = {"package": SKIPPED, "start": SKIPPED, "password": SKIPPED}
    return final_judgement(visits, tasks | results, POLICY)


def became(judgement: Judgement) -> list[tuple[str, str, str | None]]:
    return [(it.kind, it.result.value, it.reason) for it in judgement.actions]


def test_steps_in_their_order() -> None:
    assert steps(visited(healthy()), POLICY) == {
        "package": False,
        "start": None,
        "password": None,
    }
    assert steps(visited(ABSENT), POLICY)["package"]
    branded = STOPPED | {"Name": "AnyDesk-ad_1a2b"}
    section = healthy(Service=branded, Programs=[{"DisplayName": "AnyDesk-ad_1a2b"}])
    assert steps(visited(section), POLICY)["start"] == "AnyDesk-ad_1a2b"
    wanted = {"Path": anydesk.PATH, "Fingerprint": POLICY.fingerprint(ID), "Computer": "PC-1"}
    assert steps(visited(healthy(Mark={})), POLICY)["password"] == wanted
    assert steps(visited(healthy(Mark={})), POLICY)["password"] == wanted


def test_a_file_that_is_to_be_replaced_gets_no_password() -> None:
    """Also when replacing it has failed, and the visit after that shows it again."""
    old = visited(healthy(File=OLD, Signature=FOREIGN, Mark={}))
    assert steps(old, POLICY) == {"package": True, "start": None, "password": None}


def test_after_an_installation_the_new_file_must_be_trusted_to_get_the_password() -> None:
    replaced = visited(healthy(Mark={}, Signature=FOREIGN))
    assert steps(replaced, POLICY)["password"] is None
    assert became(outcome([visited(ABSENT), replaced], package=DONE)) == [
        ("anydesk.install", "done", None),
        ("anydesk.set_password", "held", "remote_access.not_trusted"),
    ]


def test_what_was_done_is_told_with_the_newest_measurement() -> None:
    done = outcome(
        [visited(ABSENT), visited(healthy(Mark={})), visited(healthy())], package=DONE, password=DONE
    )
    assert done.outcome == "done"
    assert became(done) == [("anydesk.install", "done", None), ("anydesk.set_password", "done", None)]


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"failed": True, "msg": "Error installing package(s)", "rc": 1}, "remote_access.package_failed"),
        (
            {"failed": True, "msg": "Error installing", "stdout": "There is not enough space on the disk."},
            "reach.disk_full",
        ),
        ({"unreachable": True, "msg": "winrm connection error: timed out"}, "reach.timeout"),
    ],
)
def test_a_failed_step_tells_why_and_what_comes_behind_is_held(result: Raw, reason: str) -> None:
    judgement = outcome([visited(ABSENT), visited(ABSENT)], package=result)
    assert causes(judgement) == ["remote_access.missing"]
    assert became(judgement) == [
        ("anydesk.install", "failed", reason),
        ("anydesk.set_password", "held", "remote_access.step_before_failed"),
    ]


def test_a_host_that_is_lost_on_the_way_is_not_reached() -> None:
    gone = {"unreachable": True, "msg": f"Connection refused {PASSWORD}"}
    judgement = outcome([visited(ABSENT), gone], package=DONE)
    assert (judgement.outcome, judgement.reason) == ("not reached", "reach.refused")
    assert became(judgement) == [
        ("anydesk.install", "done", None),
        ("anydesk.set_password", "held", "reach.refused"),
    ]
    assert PASSWORD not in repr(judgement)


def test_a_step_that_proved_needless_is_not_told() -> None:
    """With the service stopped nothing could say whether the password is set; after the start it is."""
    stopped = visited(healthy(Service=STOPPED, Answers={}))
    assert became(outcome([stopped, visited(healthy())], start=DONE)) == [("anydesk.start", "done", None)]


def test_the_first_judgement_tells_the_plan_and_what_is_held() -> None:
    def told(section: Raw) -> list[str]:
        return [it.result.value for it in first_judgement(visited(section), POLICY).actions]

    assert told(ABSENT) == ["planned", "planned"]
    assert told(healthy(Mark={}, Signature=FOREIGN)) == ["held"]


# -- laws -----------------------------------------------------------------------------------------------------

NAMES = [
    "Errors",
    "Programs",
    "Services",
    "Installations",
    "Signature",
    "Answers",
    "Mark",
    "Name",
    "State",
    "Status",
    "SimpleName",
    "Id",
    "Alias",
    "Path",
    "FileVersion",
    "DisplayName",
    "PasswordFingerprint",
    "Service",
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["Running", "Valid", "AnyDesk Software GmbH", "9.5.6", "7.0", ID, "\ud800", "ä"]),
)
ROWS = st.lists(
    st.dictionaries(st.sampled_from(NAMES), LEAVES | st.dictionaries(st.sampled_from(NAMES), LEAVES)),
    max_size=3,
)
SECTIONS = st.one_of(
    LEAVES,
    st.dictionaries(st.sampled_from(NAMES), LEAVES | ROWS | st.dictionaries(st.sampled_from(NAMES), LEAVES)),
    st.builds(
        lambda first, second: beside(healthy(Mark={}, Signature=first), Signature=second),
        *[st.sampled_from([FOREIGN, BROKEN, healthy()["Installations"][0]["Signature"]])] * 2,
    ),
)


@given(SECTIONS)
def test_whatever_a_host_sends_is_judged_and_gives_no_secret_away(section: Any) -> None:
    judgement = first_judgement(visited(section), POLICY)
    data = json.dumps(judgement.as_data(), allow_nan=False)
    assert Judgement.from_data(json.loads(data)) == judgement
    assert "CANARY" not in data + repr(judgement) + repr(POLICY)
    assert all(cause in CAUSES for cause in causes(judgement))
    assert {it.reason for it in judgement.actions} - {None} <= set(REASONS)


@given(SECTIONS, st.sampled_from([POLICY, replace(POLICY, client="AnyDesk"), replace(POLICY, client=CUSTOM)]))
def test_the_password_goes_only_to_a_file_that_is_vouched_for(
    section: Any, policy: RemoteAccessPolicy
) -> None:
    if password := steps(visited(section), policy)["password"]:
        (file,) = [one for one in section["Installations"] if one["Path"] == password["Path"]]
        assert file["Signature"]["Status"] == "Valid"
        assert file["Signature"]["SimpleName"] in policy.signers
        assert policy.client in (None, file["Service"])


# -- several clients -----------------------------------------------------------------------------------------------

DECLARED = replace(POLICY, client="AnyDesk")


def test_the_provider_s_client_is_judged_and_another_one_is_a_finding() -> None:
    judgement = judge(beside(healthy()), DECLARED)
    assert [(it.cause, dict(it.values)) for it in judgement.findings] == [
        ("remote_access.other_client", {"clients": CUSTOM, "count": 1})
    ]
    told = ("installed", "client", "id", "version", "others")
    assert [judgement.measured[name] for name in told] == [True, "AnyDesk", ID, "9.5.6", [CUSTOM]]
    assert plan(beside(healthy()), DECLARED) == []


def test_the_password_goes_to_the_provider_s_client_only() -> None:
    section = beside(healthy(Mark={}))
    assert steps(visited(section), DECLARED)["password"]["Path"] == anydesk.PATH
    branded = replace(POLICY, client="AnyDesk-ad_1234abcd")  # its MSI counts
    given_to = steps(visited(section), branded)["password"]
    assert (given_to["Path"], given_to["Fingerprint"]) == (
        anydesk.path_of(CUSTOM),
        POLICY.fingerprint(OTHER_ID),
    )


def test_an_old_foreign_client_does_not_make_the_provider_s_outdated() -> None:
    section = beside(healthy(), FileVersion="6.0.0", Signature=FOREIGN)
    assert causes(judge(section, DECLARED)) == ["remote_access.other_client"]
    assert plan(section, DECLARED) == []


def test_only_a_foreign_client_there_means_that_the_provider_s_is_missing() -> None:
    judgement = judge(beside(ABSENT), DECLARED)
    assert causes(judgement) == ["remote_access.other_client", "remote_access.missing"]
    assert plan(beside(ABSENT), DECLARED)[0] == ("anydesk.install", "planned", None)


def test_undeclared_the_mark_of_the_password_tells_which_is_the_provider_s() -> None:
    judgement = judge(beside(healthy()), POLICY)
    assert (judgement.measured["client"], causes(judgement)) == ("AnyDesk", ["remote_access.other_client"])


def test_undeclared_and_without_a_mark_nobody_knows() -> None:
    section = beside(healthy(Mark={}))
    judgement = judge(section, POLICY)
    assert (judgement.outcome, judgement.reason) == ("not measured", "remote_access.several_clients")
    assert plan(section) == []
    assert steps(visited(section), POLICY) == {"package": False, "start": None, "password": None}


def test_two_msi_of_one_client_are_ambiguous() -> None:
    section = beside(beside(ABSENT, "AnyDesk-ad_1_msi"), "AnyDesk-ad_1msi")
    judgement = judge(section, replace(POLICY, client="AnyDesk-ad_1"))
    assert (judgement.outcome, judgement.reason) == ("not measured", "remote_access.several_clients")


def test_a_copy_that_no_service_starts_is_not_the_client() -> None:
    section = healthy()
    stray = {
        "Path": r"C:\Program Files\AnyDesk\AnyDesk.exe",
        "FileVersion": "6.0.0",
        "Errors": {},
        "Answers": {},
    }
    section["Installations"] = [stray, *section["Installations"]]
    assert judge(section, DECLARED).outcome == "done"


def test_programs_write_the_name_with_blanks() -> None:
    section = beside(ABSENT, "AnyDeskMSI")
    section["Programs"] = [{"DisplayName": "AnyDesk MSI"}]
    judgement = judge(section, replace(DECLARED, password=None))
    assert (judgement.outcome, judgement.measured["client"]) == ("done", "AnyDeskMSI")


@pytest.mark.parametrize("alias", ["SERVICE_NOT_RUNNING", "", "0", None])
def test_an_answer_without_an_at_is_no_alias(alias: Any) -> None:
    assert judge(healthy(Answers={"Id": ID, "Alias": alias}), POLICY).measured["alias"] is None


# -- the emulated host ----------------------------------------------------------------------------------------


def emulated(change: Callable[[Raw], None]) -> Judgement:
    state = default_machine("client", name="pc-1", address="127.30.1.1", now=NOW, accounts=[])
    change(state)
    call = Call(check_mode=False, diff=False, now=NOW, user={})
    result = run(Machine("pc-1", state, now=NOW), {"sections": ["anydesk"]}, call)
    return judge(result["sections"]["anydesk"], replace(POLICY, password=None))


def test_the_emulated_host_shows_what_the_judging_asks() -> None:
    assert causes(emulated(lambda state: None)) == ["remote_access.missing"]
    assert emulated(lambda state: anydesk.install(state, "9.5.6")).outcome == "done"
    assert causes(emulated(lambda state: anydesk.install(state, "7.1.13"))) == [
        "remote_access.outdated",
        "remote_access.foreign_signer",
    ]
