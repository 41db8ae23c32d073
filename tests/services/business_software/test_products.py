"""4.3: the customer's own products, judged by the list of installed programs; the licence key goes nowhere."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import CheckResult, Judgement, Outcome
from serviceheft.services.business_software import judging as products
from serviceheft.services.business_software.judging import ProductsPolicy
from serviceheft.services.business_software.results import Result, read_result

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
KEY = "CANARY-licence"
OLD_CODE = "{0A7B1C55-9E10-4C36-8B77-51D2C0AF2502}"
SAME_CODE = "{6C1E4F0A-52B7-4D1C-9C83-2F6A8E0B2601}"
PACKAGES = [
    {
        "name": "kalkulon",
        "title": "Kalkulon Bau",
        "version": "2026.1",
        "installed_name": "Kalkulon Bau *",
        "installer": r"\\srv\software$\kalkulon.msi",
        "checksum": "ab" * 32,
        "licence_key": KEY,
        "licence_argument": "KEY=",
        "product_id": "{NEW}",
        "after": [
            {"service": "KalkulonSync", "state": "stopped"},
            {"service": "KalkulonSync", "state": "restarted"},
        ],
    },
    {
        "name": "planer",
        "title": "Planer",
        "version": "14.2",
        "installed_name": "Planer",
        "installer": "https://planer.example/setup.exe",
        "checksum": "cd" * 32,
        "uninstall_arguments": ["/S"],
    },
]


def policy(*wishes: dict[str, Any]) -> ProductsPolicy:
    return ProductsPolicy.from_variables(
        {"business_software_packages": PACKAGES, "business_software_products": wishes}
    )


def visited(
    *programs: tuple[str, str, str | None], sync: str | None = "Running", booted: str | None = None
) -> dict[str, Any]:
    """A visit; `sync` is the state of the product's service."""
    services = [{"Name": "Spooler", "State": "Running"}]
    services += [{"Name": "kalkulonsync", "State": sync}] if sync else []
    return {
        "sections": {
            "programs": {
                "Errors": {},
                "Programs": [
                    {"KeyName": key, "Hive": "machine", "DisplayName": name, "DisplayVersion": version}
                    for key, name, version in programs
                ],
            },
            "services": {"Errors": {}, "Services": services},
            "computer": {"Errors": {}, "OperatingSystem": {"LastBootUpTime": booted}},
        },
        "errors": {},
    }


def judge(visit: object, policy: ProductsPolicy, told: str | None = None) -> Judgement:
    return products.judge(visit, policy, NOW, told)


def taken(
    before: object, after: object, results: dict[str, Result], policy: ProductsPolicy
) -> tuple[Action, ...]:
    return products.actions_taken(before, after, results, policy, NOW)


EDGE = ("Edge", "Microsoft Edge", "142.0")


@pytest.mark.parametrize(
    ("programs", "wish", "cause", "named"),
    [
        ([EDGE], {"name": "kalkulon"}, "products.missing", "Kalkulon Bau 2026.1"),
        (
            [(OLD_CODE, "Kalkulon Bau 2025.2", "2025.2.0")],
            {"name": "kalkulon"},
            "products.outdated",
            "Kalkulon Bau 2025.2.0 (2026.1)",
        ),
        (
            [("{NEXT}", "Kalkulon Bau 2026.10", "2026.10")],
            {"name": "kalkulon"},
            "products.newer",
            "Kalkulon Bau 2026.10 (2026.1)",
        ),
        (
            [("{NEW}", "Renamed", "2026.1")],
            {"name": "kalkulon", "state": "absent"},
            "products.unwanted",
            "Kalkulon Bau 2026.1",
        ),
        ([("P", "Planer Viewer", "14.2")], {"name": "planer"}, "products.missing", "Planer 14.2"),
    ],
)
def test_each_deviation_has_its_cause(
    programs: list[tuple[str, str, str]], wish: dict[str, Any], cause: str, named: str
) -> None:
    [found] = judge(visited(*programs), policy(wish)).findings
    assert (found.cause, found.values) == (cause, {"count": 1, "products": named})


@pytest.mark.parametrize(
    "programs",
    [
        [("{NEW}", "Kalkulon Bau 2026.1", "2026.1.0.0")],
        [("{NEW}", "Kalkulon Bau 2026.1 (x64)", "2026.1.0.512")],
        [("{X}", "KALKULON BAU Server", "2026.1")],
        [("{NEW}", "Renamed", "2026.1"), ("{NEW2}", "Kalkulon Bau 2026", "2026.1.3")],
    ],
)
def test_the_agreed_version_under_any_of_its_names_is_done(programs: list[tuple[str, str, str]]) -> None:
    assert judge(visited(*programs), policy({"name": "kalkulon"})).outcome is Outcome.DONE


@pytest.mark.parametrize("version", [None, "Sommer 2026"])
def test_a_version_that_cannot_be_compared_is_not_measured_and_left_alone(version: str | None) -> None:
    told, wanted = visited(("{X}", "Kalkulon Bau X", version)), policy({"name": "kalkulon"})
    judged = judge(told, wanted)
    assert (judged.outcome, judged.reason) == (Outcome.NOT_MEASURED, "products.version_unknown")
    assert products.plan(told, wanted) == ()


@pytest.mark.parametrize(
    ("told", "reason"),
    [(None, "visit.section_missing"), ({"Errors": {"Programs": "x"}}, "visit.section_failed")],
)
def test_what_tells_nothing_is_not_measured_and_not_acted_on(told: Any, reason: str) -> None:
    visit = {"sections": {"programs": told} if told else {}}
    judged = judge(visit, policy({"name": "kalkulon"}))
    assert (judged.outcome, judged.reason) == (Outcome.NOT_MEASURED, reason)
    assert products.plan(visit, policy({"name": "kalkulon"})) == ()


def test_the_licence_key_is_in_nothing_that_judging_makes() -> None:
    wanted, before = policy({"name": "kalkulon"}), visited(EDGE)
    failed = {"msg": f"unexpected rc from 'msiexec KEY={KEY}'", "rc": 1603}
    result = read_result({"results": []}, {"results": [failed]}, {"results": []}, NOW)
    [action] = actions = taken(before, before, {"kalkulon": Result.from_data(result)}, wanted)
    made = [
        products.judge(before, wanted, NOW, None, actions).as_data(),
        products.plan_as_data(products.plan(before, wanted)),
        result,
    ]
    assert KEY not in json.dumps(made) + repr(wanted)
    assert (action.result, action.reason) == (ActionResult.FAILED, "products.broke_off")


@pytest.mark.parametrize(
    ("before", "installed", "reason"),
    [
        ({"results": [{"msg": "Cannot stop service"}]}, {}, "products.service_step"),
        ({"unreachable": True}, {}, "products.service_step"),
        ({}, {"msg": "unexpected rc", "rc": 1602}, "products.cancelled"),
        ({}, {"msg": "unexpected rc", "rc": 1603}, "products.broke_off"),
        ({}, {"msg": "unexpected rc", "rc": 1618}, "products.busy"),
        ({}, {"msg": "unexpected rc", "rc": 1619}, "products.installer_unreadable"),
        ({}, {"msg": "unexpected rc", "rc": 1620}, "products.installer_unreadable"),
        ({}, {"msg": "unexpected rc", "rc": 1638}, "products.other_version"),
        ({}, {"msg": "unexpected rc", "rc": 1639}, "products.arguments"),
        ({}, {"msg": "unexpected rc", "rc": 1641}, "products.needs_restart"),
        ({}, {"rc": 3010, "changed": True}, "products.needs_restart"),
        ({}, {"msg": "unexpected rc", "rc": 112}, "reach.disk_full"),
        ({}, {"msg": "unexpected rc", "rc": 77}, "products.failed"),
        ({}, {"msg": "The checksum for x did not match", "rc": 0}, "products.checksum"),
        ({}, {"msg": "the file at the path 'x' cannot be reached"}, "products.installer_away"),
        ({}, {"msg": "something new"}, "products.failed"),
        ({}, {"rc": 0, "changed": True}, "products.not_listed"),
        ({}, {"rc": 0, "changed": False}, "products.already_there"),
        ({}, {"results": []}, "products.failed"),
        ({}, {"results": [{"rc": 0, "changed": True}, {"msg": "x", "rc": 1618}]}, "products.busy"),
    ],
)
def test_a_failed_installation_says_why_in_a_code(before: object, installed: object, reason: str) -> None:
    assert read_result(before, installed, {}, NOW)["reason"] == reason


@pytest.mark.parametrize(
    ("code", "told"), [(0, None), (3010, "2026-11-18T09:00:00Z"), (1641, "2026-11-18T09:00:00Z")]
)
def test_who_wants_a_restart_is_told_with_the_time(code: int, told: str | None) -> None:
    installed = {"results": [{"rc": 0}, {"rc": code, "msg": "unexpected rc"}]}
    assert read_result({}, installed, {}, NOW)["restart_told_at"] == told


@pytest.mark.parametrize(
    ("booted", "kept"),
    [("2026-11-10T06:00:00Z", True), ("2026-11-17T06:00:00Z", False), (None, True), ("nonsense", True)],
)
def test_a_restart_is_wanted_until_the_host_has_started_since(booted: str | None, kept: bool) -> None:
    told = "2026-11-16T09:00:00Z"
    judged = judge(visited(EDGE, booted=booted), policy(), told)
    assert judged.measured["restart_wanted_at"] == (told if kept else None)


def test_the_start_that_the_updates_tell_counts_as_well() -> None:
    visit = visited(EDGE)
    visit["sections"]["updates"] = {"Errors": {}, "LastBootUpTime": "2026-11-17T06:00:00Z"}
    assert judge(visit, policy(), "2026-11-16T09:00:00Z").measured["restart_wanted_at"] is None


def test_what_is_newer_than_agreed_is_left_as_it_is() -> None:
    assert products.plan(visited(("{NEXT}", "Kalkulon Bau 2027", "2027")), policy({"name": "kalkulon"})) == ()


def test_success_by_word_alone_is_a_failure_and_a_lost_host_is_told() -> None:
    wanted, before = policy({"name": "kalkulon"}), visited(EDGE)
    [same] = taken(before, before, {}, wanted)
    assert (same.result, same.reason) == (ActionResult.FAILED, "products.failed")
    gone = {"unreachable": True, "msg": "Connection refused"}
    [lost] = taken(before, gone, {}, wanted)
    assert (lost.result, lost.reason) == (ActionResult.FAILED, "reach.refused")


NEW = ("{NEW}", "Kalkulon Bau 2026.1", "2026.1")
OLD = (OLD_CODE, "Kalkulon Bau 2025.2", "2025.2")


@pytest.mark.parametrize("sync", ["Stopped", "Start Pending", None])
def test_a_service_that_does_not_run_after_the_installation_is_a_failure_and_a_finding(
    sync: str | None,
) -> None:
    wanted = policy({"name": "kalkulon"})
    [action] = taken(visited(OLD), visited(NEW, sync=sync), {}, wanted)
    assert (action.result, action.reason) == (ActionResult.FAILED, "products.service_after")
    [found] = judge(visited(NEW, sync=sync), wanted).findings
    assert (found.cause, found.values) == (
        "products.service_after",
        {"count": 1, "services": "KalkulonSync (Kalkulon Bau)"},
    )


def test_a_step_that_says_that_it_failed_has_failed_though_the_service_runs() -> None:
    results = {"kalkulon": Result.from_data(read_result({}, {"rc": 0}, {"results": [{"msg": "x"}]}, NOW))}
    [action] = taken(visited(OLD), visited(NEW), results, policy({"name": "kalkulon"}))
    assert (action.result, action.reason) == (ActionResult.FAILED, "products.service_after")


def test_services_that_nobody_read_are_no_success() -> None:
    wanted, after = policy({"name": "kalkulon"}), visited(NEW)
    del after["sections"]["services"]
    [action] = taken(visited(OLD), after, {}, wanted)
    assert (action.result, action.reason) == (ActionResult.FAILED, "visit.section_missing")
    judged = judge(after, wanted)
    assert (judged.outcome, judged.reason) == (Outcome.NOT_MEASURED, "visit.section_missing")


def test_a_removed_product_takes_its_service_with_it_and_no_other_service_may_stay_stopped() -> None:
    wanted = policy({"name": "kalkulon", "state": "absent"})
    failed = {"kalkulon": Result(service_after_failed=True)}
    [gone] = taken(visited(NEW), visited(EDGE, sync=None), failed, wanted)
    assert gone.result is ActionResult.DONE
    [stopped] = taken(visited(NEW), visited(EDGE, sync="Stopped"), {}, wanted)
    assert (stopped.result, stopped.reason) == (ActionResult.FAILED, "products.service_after")


def test_a_missing_product_is_not_told_twice_by_its_missing_service() -> None:
    judged = judge(visited(EDGE, sync=None), policy({"name": "kalkulon"}))
    assert [found.cause for found in judged.findings] == ["products.missing"]


def test_an_older_entry_beside_the_new_one_is_a_finding_and_no_failure() -> None:
    wanted = policy({"name": "kalkulon"})
    [action] = taken(visited(OLD), visited(OLD, NEW), {}, wanted)
    assert action.result is ActionResult.DONE
    judged = judge(visited(OLD, NEW), wanted)
    [found] = judged.findings
    assert (found.cause, found.values) == (
        "products.left_over",
        {"count": 1, "products": "Kalkulon Bau 2025.2"},
    )
    assert products.plan(visited(OLD, NEW), wanted) == ()


def test_what_is_to_go_goes_by_the_keys_that_were_measured() -> None:
    programs = [
        OLD,
        (SAME_CODE, "Kalkulon Bau 2026.1", "2026.1"),
        (SAME_CODE, "Kalkulon Bau 2026.1", "2026.1"),
        EDGE,
    ]
    [step] = products.plan(visited(*programs), policy({"name": "kalkulon", "state": "absent"}))
    assert step.product_ids == (OLD_CODE, SAME_CODE, SAME_CODE)


@pytest.mark.parametrize(
    "key", ["Windows Server AppFabric v1.1 CU1[KB 2671763]LDR", "{{ 7 * 7 }}", "a*b", "ä" * 255]
)
def test_a_key_is_handed_back_just_as_it_was_measured(key: str) -> None:
    """The first is that of ansible/ansible#61434."""
    told = visited((key, "Planer", "13"))
    [step] = products.plan(told, policy({"name": "planer", "state": "absent"}))
    assert step.product_ids == (key,)


@pytest.mark.parametrize("key", ["a\nb", "x" * 256, 7, None])
def test_what_is_no_key_is_not_handed_back_and_the_product_not_overlooked(key: Any) -> None:
    told, wanted = (
        visited((key, "Planer", "13")),
        policy({"name": "planer", "state": "absent"}),
    )
    [step] = products.plan(told, wanted)
    assert step.product_ids == ()
    assert [found.cause for found in judge(told, wanted).findings] == ["products.unwanted"]


def test_no_uninstaller_is_started_that_would_ask() -> None:
    """An MSI's description says nothing to another program's uninstaller."""
    wanted = policy({"name": "kalkulon", "state": "absent"})
    before, after = (
        visited(OLD, ("Kalkulon", "Kalkulon Bau 13", "13")),
        visited(("Kalkulon", "Kalkulon Bau 13", "13")),
    )
    [step] = products.plan(before, wanted)
    assert step.product_ids == (OLD_CODE,)
    [action] = taken(before, after, {"kalkulon": Result("products.not_listed")}, wanted)
    assert (action.result, action.reason) == (ActionResult.FAILED, "products.asks")
    assert products.plan(after, wanted)[0].product_ids == ()


@pytest.mark.parametrize(("key", "same"), [("{new}", True), (OLD_CODE, False)])
def test_windows_installer_is_told_when_the_version_before_has_the_same_code(key: str, same: bool) -> None:
    [step] = products.plan(visited((key, "Kalkulon Bau 2025.2", "2025.2")), policy({"name": "kalkulon"}))
    assert (step.product_ids, step.over_the_same_code) == (("",), same)


VIEWER = ("{VIEW}", "Kalkulon Bau Viewer 3.0", "3.0")


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_name_that_fits_two_products_is_not_measured_and_nothing_is_done(state: str) -> None:
    wanted = policy({"name": "kalkulon", "state": state})
    for programs in ([OLD, VIEWER], [NEW, VIEWER], [VIEWER, NEW]):
        told = visited(*programs, EDGE)
        assert products.plan(told, wanted) == ()
        judged = judge(told, wanted)
        assert (judged.outcome, judged.reason) == (Outcome.NOT_MEASURED, "products.ambiguous")
        [product] = judged.measured["products"]  # type: ignore[misc, union-attr]
        assert product["state"] == "ambiguous"  # type: ignore[index, call-overload]
        assert product["installed"] == ", ".join(name for _, name, _ in programs)  # type: ignore[index, call-overload]
        results = {check.result for check in judged.checks if check.key != "products.service_after"}
        assert results == {CheckResult.NOT_MEASURED}


@pytest.mark.parametrize(
    "names",
    [
        ("Kalkulon Bau 2025.2", "Kalkulon Bau 2026.1"),
        ("Kalkulon Bau 2026.1", "Kalkulon Bau (x64)"),
        ("Kalkulon Bau 2026.1 (64-bit)", "KALKULON BAU v2025"),
    ],
)
def test_versions_and_processors_make_no_other_product(names: tuple[str, str]) -> None:
    programs = [(str(index), name, "2026.1") for index, name in enumerate(names)]
    assert judge(visited(*programs), policy({"name": "kalkulon"})).outcome is Outcome.DONE


def test_a_digit_in_a_products_name_is_no_version() -> None:
    told = visited(("a", "Kalkulon Bau 2D", "2026.1"), ("b", "Kalkulon Bau 3D", "2026.1"))
    assert judge(told, policy({"name": "kalkulon"})).reason == "products.ambiguous"


def test_an_ambiguous_name_keeps_no_other_product_from_its_due() -> None:
    told = visited(NEW, VIEWER, ("Planer", "Planer", "13"))
    steps = products.plan(told, policy({"name": "kalkulon"}, {"name": "planer"}))
    assert [step.name for step in steps] == ["planer"]


PROGRAMS = st.lists(
    st.sampled_from(
        [
            EDGE,
            (OLD_CODE, "Kalkulon Bau 2025.2", "2025.2"),
            ("{NEW}", "Kalkulon Bau 2026.1", "2026.1"),
            ("{NEXT}", "Kalkulon Bau 2027", "2027"),
            VIEWER,
            ("{ODD}", "Kalkulon Bau", "Sommer"),
            ("Planer", "Planer", "13"),
        ]
    ),
    unique=True,
)
WISHES = st.lists(
    st.builds(
        lambda name, state: {"name": name, "state": state},
        st.sampled_from(["kalkulon", "planer"]),
        st.sampled_from(["present", "absent"]),
    ),
    unique_by=lambda wish: wish["name"],
)


@given(PROGRAMS, WISHES)
def test_plan_apply_judge_leaves_nothing_to_do(
    programs: list[tuple[str, str, str | None]], wishes: list[dict[str, Any]]
) -> None:
    wanted, before = policy(*wishes), visited(*programs)
    now = list(programs)
    for step in products.plan(before, wanted):
        package = next(one for one in PACKAGES if one["name"] == step.name)
        family = str(package["installed_name"]).rstrip("* ")
        now = [one for one in now if not one[1].startswith(family)]
        if step.state == "present":
            name = f"{family} {package['version']}" if "*" in str(package["installed_name"]) else family
            now.append(("{NEW}" if step.name == "kalkulon" else "Planer", name, str(package["version"])))
    after = visited(*now)
    assert products.plan(after, wanted) == ()
    done = taken(before, after, {}, wanted)
    assert {action.result for action in done} <= {ActionResult.DONE}
    dry = products.actions_planned(before, wanted, NOW)
    assert [(one.kind, one.subject) for one in dry] == [(one.kind, one.subject) for one in done]


@given(PROGRAMS, WISHES)
def test_nothing_is_done_to_a_product_that_nobody_named(
    programs: list[tuple[str, str, str | None]], wishes: list[dict[str, Any]]
) -> None:
    steps = products.plan(visited(*programs), policy(*wishes))
    assert {(step.name, step.state) for step in steps} <= {(wish["name"], wish["state"]) for wish in wishes}
