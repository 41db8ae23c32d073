"""What a visit collects, what its answer is worth, and what of it is kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from hypothesis import given
from hypothesis import strategies as some

from serviceheft import settings
from serviceheft.assess import reach
from serviceheft.assess.identity import Expected
from serviceheft.running import visit_building, visiting
from serviceheft.running.spool import Spool
from serviceheft.service import Seen
from serviceheft.services import SERVICES
from tests.unit.test_running_summary import CATALOGUE, CUSTOMER, WEEK, opened

RUN = "20261118T090000Z-7f3a"
HOST = "mb-pc-01"
TOLD = {
    "sections": {"computer": {}},
    "identity": {"DNSHostName": "PC-1", "Name": "PC-1"},
    "errors": {},
    "changed": False,
}
UNREADABLE = "Module result deserialization failed."


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spool:
    monkeypatch.setenv("HEFT_DATA", str(tmp_path))
    return Spool.begin(RUN)


# -- answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "junk",
    ["", "\n\n", "WARNING: a profile prints\n", "[not json\n", "progress 10 %\nprogress 20 %\n"],
)
@pytest.mark.parametrize("after", ["", "\n", "\nGoodbye.\n"])
def test_junk_around_the_json_is_passed_over(junk: str, after: str) -> None:
    assert visiting.answer(junk + json.dumps(TOLD) + after, "", 0) == TOLD


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "no JSON at all",
        json.dumps(TOLD)[:-5],
        json.dumps(TOLD)[:20],
        "[1, 2]",
        '"text"',
        "null",
        "7",
        '{"n": ' + "9" * 5000 + "}",
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        '{"half": "\\ud8',
        '{"sections": {}} {"sections": {}}',
        "\0\0\0",
    ],
    ids=lambda it: it[:20] or "nothing",
)
def test_what_is_no_whole_object_is_failed(printed: str) -> None:
    found = visiting.answer(printed, "on stderr", 1)
    assert found == {"failed": True, "msg": UNREADABLE, "module_stderr": "on stderr", "rc": 1}
    assert reach.classify(found).code == "reach.module_failed"


@pytest.mark.parametrize(("rc", "failed"), [(0, False), ("0", False), (1, True), ("1", True), (None, True)])
def test_a_code_besides_zero_is_a_failure(rc: Any, failed: bool) -> None:
    assert bool(visiting.answer(json.dumps({**TOLD, "rc": rc}), "", 0).get("failed")) is failed


def test_what_the_module_says_of_itself_stands() -> None:
    assert visiting.answer(json.dumps({"rc": 1, "failed": False}), "", 0) == {"rc": 1, "failed": False}


@pytest.mark.parametrize("rc", [{}, [], {"a": 1}])
def test_a_code_of_another_type_is_a_failure(rc: Any) -> None:
    assert visiting.answer(json.dumps({**TOLD, "rc": rc}), "", 0)["failed"] is True


@given(some.text())
def test_whatever_a_host_prints_there_is_a_result(printed: str) -> None:
    assert isinstance(visiting.answer(printed, "", 0), dict)


@pytest.mark.parametrize(
    ("error", "way"),
    [
        (AnsibleConnectionFailure("gone"), "unreachable"),
        (ValueError("gone"), "failed"),
        (OSError("gone"), "failed"),
    ],
)
def test_an_exception_is_a_result_as_ansible_has_it(error: Exception, way: str) -> None:
    assert visiting.gone_wrong(error) == {way: True, "msg": "gone"}


# -- whom it reached -----------------------------------------------------------------------------------------


def test_only_the_host_that_is_meant_is_believed() -> None:
    assert visiting.proven(TOLD, Expected("PC-1")) == TOLD
    other = visiting.proven(TOLD, Expected("PC-2"))
    assert other == {
        "unreachable": True,
        "msg": "reach.wrong_machine",
        reach.FOUND_BY_US: "reach.wrong_machine",
    }


def test_no_host_says_what_we_found() -> None:
    lies = {**TOLD, reach.FOUND_BY_US: "reach.refused", visiting.EVIDENCE_LOST: True}
    assert visiting.proven(lies, Expected("PC-1")) == TOLD
    failed = {"failed": True, "msg": "x", reach.FOUND_BY_US: "reach.refused", visiting.EVIDENCE_LOST: True}
    assert visiting.proven(failed, Expected("PC-1")) == {"failed": True, "msg": "x"}


@pytest.mark.parametrize("identity", [None, [], {}, "text", {"DNSHostName": None}, {"Name": 7}])
def test_who_does_not_say_who_it_is_is_not_proven(identity: Any) -> None:
    found = visiting.proven({**TOLD, "identity": identity}, Expected("PC-1"))
    assert found[reach.FOUND_BY_US] == "reach.identity_unproven"
    assert "sections" not in found


def test_an_answer_without_sections_is_no_visit_that_anybody_judges_by(spool: Spool) -> None:
    found = visiting.proven({"changed": False}, Expected("PC-1"))
    assert visiting.keep(spool, HOST, found) is None
    assert not Seen(HOST, {}, spool.visits(HOST), settings.now()).reached


# -- what is kept --------------------------------------------------------------------------------------------


def test_a_visit_is_kept_without_what_ansible_adds(spool: Spool) -> None:
    told = {**TOLD, "invocation": {"module_args": {"secret": 1}}, "_ansible_parsed": True}
    assert visiting.keep(spool, HOST, told) is None
    assert spool.visits(HOST) == ({**TOLD, "visited_for": None},)


def test_it_says_for_which_service_it_was_made_anew_whatever_the_host_says(spool: Spool) -> None:
    visiting.keep(spool, HOST, {**TOLD, "visited_for": "update_check"})
    visiting.keep(spool, HOST, {**TOLD, "visited_for": None}, "remote_access")
    assert [it["visited_for"] for it in spool.visits(HOST)] == [None, "remote_access"]


@pytest.mark.parametrize(
    ("result", "way", "code"),
    [
        (
            {"unreachable": True, "msg": "password Geheim-1: connection refused"},
            "unreachable",
            "reach.refused",
        ),
        ({"failed": True, "msg": "Geheim-1", "module_stderr": "Geheim-1"}, "failed", "reach.module_failed"),
        ({"failed": True, "msg": "access denied", "invocation": "Geheim-1"}, "failed", "reach.access_denied"),
    ],
)
def test_of_a_failure_the_code_alone(spool: Spool, result: dict[str, Any], way: str, code: str) -> None:
    why = visiting.keep(spool, HOST, result)
    assert why is not None
    assert why.code == code
    [kept] = spool.visits(HOST)
    assert kept == {"changed": False, way: True, "msg": code, reach.FOUND_BY_US: code, "visited_for": None}
    assert b"Geheim" not in b"".join(it.read_bytes() for it in spool.path.iterdir())


def test_what_cannot_be_written_is_a_failure_of_that_host(spool: Spool) -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    for told in ({**TOLD, "deep": deep}, {**TOLD, "what": object()}):
        why = visiting.keep(spool, HOST, told)
        assert why == reach.Reach("reach.module_failed", why.outcome) if why else False
    assert [it["failed"] for it in spool.visits(HOST)] == [True, True]


def test_what_is_found_lost_is_classified_as_that_again() -> None:
    for code in ("reach.refused", "reach.module_failed", "reach.wrong_machine", "reach.disk_full"):
        for outcome in (reach.Outcome.FAILED, reach.Outcome.NOT_REACHED):
            why = reach.Reach(code, outcome)
            assert reach.classify(visiting.found_lost(why)) == why


# -- what is collected ---------------------------------------------------------------------------------------


def number(role: str) -> str:
    return CATALOGUE.carried_out_by(role).number


@pytest.mark.parametrize("role", SERVICES)
def test_of_one_service_its_sections(role: str) -> None:
    session = opened({HOST: {number(role): WEEK}})
    assert visiting.first(session, HOST)["sections"] == list(SERVICES[role].sections)


def test_of_all_services_each_section_once() -> None:
    session = opened({HOST: {number(role): WEEK for role in SERVICES}})
    sections = visiting.first(session, HOST)["sections"]
    assert len(sections) == len(set(sections))
    assert set(sections) == {it for service in SERVICES.values() for it in service.sections}


def test_of_services_that_people_carry_out_nothing() -> None:
    people = next(it.number for it in CATALOGUE.services.values() if it.role is None)
    assert visiting.first(opened({HOST: {people: WEEK}}), HOST) == {"sections": []}
    assert visiting.first(opened({}), HOST) == {"sections": []}


def test_before_a_plan_what_is_owed_counts() -> None:
    session = opened(None)
    session.owed[HOST] = {number("remote_access"): WEEK}
    assert visiting.first(session, HOST)["sections"] == ["anydesk"]


def test_options_are_of_the_services_that_declare_them() -> None:
    variables = {"update_check_server_selection": "windows_update"}
    host = CUSTOMER.hosts[HOST]
    named = host.variables | variables
    for role, expected in (("remote_access", {}), ("update_check", {"server_selection": "windows_update"})):
        session = opened({HOST: {number(role): WEEK}})
        customer = CUSTOMER.model_copy(update={"hosts": {**CUSTOMER.hosts, HOST: _with(host, named)}})
        session.customer = customer
        found = visiting.first(session, HOST)
        assert {key: value for key, value in found.items() if key != "sections"} == expected


def _with(host: Any, variables: dict[str, Any]) -> Any:
    return host.model_copy(update={"variables": variables})


@pytest.mark.parametrize("role", [role for role, it in SERVICES.items() if it.again])
def test_made_again_it_collects_what_the_service_declares_or_the_task_names(role: str) -> None:
    service, session = SERVICES[role], opened({HOST: {number(role): WEEK}})
    assert visiting.again(session, HOST, service)["sections"] == list(service.again)
    assert visiting.again(session, HOST, service, ["updates"])["sections"] == ["updates"]


@pytest.mark.parametrize(
    ("connection", "become", "changes", "expected"),
    [
        ("winrm", False, False, None),
        ("psrp", False, False, None),
        ("ansible.builtin.winrm", False, False, None),
        ("ssh", False, False, "its connection is ssh"),
        ("ansible.builtin.ssh", False, False, "its connection is ansible.builtin.ssh"),
        ("community.general.winrmx", False, False, "its connection is community.general.winrmx"),
        ("winrm", True, False, "its tasks are to become another user"),
        ("winrm", False, True, "its Kerberos ticket would be that of all hosts"),
        ("ssh", True, True, "its connection is ssh"),
    ],
)
def test_who_cannot_be_visited_with_the_others(
    connection: str, become: bool, changes: bool, expected: str | None
) -> None:
    why = visiting.why_alone(connection, become=become, changes_process=changes)
    assert why is None if expected is None else (why or "").startswith(expected)


# -- the line is let go --------------------------------------------------------------------------------------


class Line:
    """A connection that notes what was done to it; `fails` and `holds_on` are raised at the command and the end."""

    def __init__(self, fails: Exception | None = None, holds_on: Exception | None = None) -> None:
        self.fails, self.holds_on, self.done = fails, holds_on, list[str]()

    def exec_command(self, *_: Any, **__: Any) -> tuple[int, bytes, bytes]:
        self.done.append("asked")
        if self.fails:
            raise self.fails
        return 0, json.dumps(TOLD).encode(), b""

    def close(self) -> None:
        self.done.append("closed")
        if self.holds_on:
            raise self.holds_on


def visit_over(line: Line) -> dict[str, Any]:
    script = visit_building.Script("powershell", b"", lambda *printed: printed)
    return visit_building.Visit(line, script)()


@pytest.mark.parametrize("holds_on", [None, OSError("the host does not let go")])
def test_no_shell_is_left_on_the_host(holds_on: Exception | None) -> None:
    """Shells that nobody closed make WinRM refuse the next ones (ansible/ansible#80532)."""
    line = Line(holds_on=holds_on)
    assert visit_over(line) == TOLD
    assert line.done == ["asked", "closed"]


def test_no_shell_is_left_where_the_visit_failed() -> None:
    line = Line(fails=AnsibleConnectionFailure("reset"), holds_on=OSError("gone"))
    with pytest.raises(AnsibleConnectionFailure, match="reset"):
        visit_over(line)
    assert line.done == ["asked", "closed"]
