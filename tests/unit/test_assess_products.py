"""4.3: the customer's own products, judged by the list of installed programs; the licence key goes nowhere."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft.assess import products
from serviceheft.assess.actions import ActionResult
from serviceheft.assess.judgement import Outcome
from serviceheft.assess.products import ProductsPolicy

KEY = "CANARY-licence"
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
    },
    {
        "name": "planer",
        "title": "Planer",
        "version": "14.2",
        "installed_name": "Planer",
        "installer": "https://planer.example/setup.exe",
        "checksum": "cd" * 32,
    },
]


def policy(*wishes: dict[str, Any]) -> ProductsPolicy:
    return ProductsPolicy.from_variables(
        {"business_software_packages": PACKAGES, "business_software_products": wishes}
    )


def section(*programs: tuple[str, str, str | None]) -> dict[str, Any]:
    return {
        "Errors": {},
        "Programs": [
            {"KeyName": key, "Hive": "machine", "DisplayName": name, "DisplayVersion": version}
            for key, name, version in programs
        ],
    }


EDGE = ("Edge", "Microsoft Edge", "142.0")


@pytest.mark.parametrize(
    ("programs", "wish", "cause", "named"),
    [
        ([EDGE], {"name": "kalkulon"}, "products.missing", "Kalkulon Bau 2026.1"),
        (
            [("{OLD}", "Kalkulon Bau 2025.2", "2025.2.0")],
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
    [found] = products.judge(section(*programs), policy(wish)).findings
    assert (found.cause, found.values) == (cause, {"count": 1, "products": named})


@pytest.mark.parametrize(
    "programs",
    [
        [("{NEW}", "Kalkulon Bau 2026.1", "2026.1.0.0")],
        [("{X}", "KALKULON BAU Server", "2026.1")],
        [("{OLD}", "Kalkulon Bau 2025.2", "2025.2"), ("{NEW}", "Kalkulon Bau 2026.1", "2026.1")],
    ],
)
def test_the_agreed_version_under_any_of_its_names_is_done(programs: list[tuple[str, str, str]]) -> None:
    assert products.judge(section(*programs), policy({"name": "kalkulon"})).outcome is Outcome.DONE


@pytest.mark.parametrize("version", [None, "Sommer 2026"])
def test_a_version_that_cannot_be_compared_is_not_measured_and_left_alone(version: str | None) -> None:
    told, wanted = section(("{X}", "Kalkulon Bau X", version)), policy({"name": "kalkulon"})
    judged = products.judge(told, wanted)
    assert (judged.outcome, judged.reason) == (Outcome.NOT_MEASURED, "products.version_unknown")
    assert products.plan(told, wanted) == ()


@pytest.mark.parametrize(
    ("told", "reason"),
    [(None, "visit.section_missing"), ({"Errors": {"Programs": "x"}}, "visit.section_failed")],
)
def test_what_tells_nothing_is_not_measured_and_not_acted_on(told: Any, reason: str) -> None:
    judged = products.judge(told, policy({"name": "kalkulon"}))
    assert (judged.outcome, judged.reason) == (Outcome.NOT_MEASURED, reason)
    assert products.plan(told, policy({"name": "kalkulon"})) == ()


def test_the_licence_key_is_in_nothing_that_judging_makes() -> None:
    wanted, before = policy({"name": "kalkulon"}), section(EDGE)
    failed = {"msg": f"unexpected rc from 'msiexec KEY={KEY}'", "rc": 1603}
    reason = products.failure({"results": []}, failed)
    taken = products.actions_taken(before, before, {}, {"kalkulon": reason}, wanted)
    made = [
        products.judge(before, wanted, taken).as_data(),
        products.plan_as_data(products.plan(before, wanted)),
    ]
    assert KEY not in json.dumps(made) + repr(wanted) + reason
    assert (taken[0].result, taken[0].reason) == (ActionResult.FAILED, "products.failed")


@pytest.mark.parametrize(
    ("before", "installed", "reason"),
    [
        ({"results": [{"msg": "Cannot stop service"}]}, {}, "products.service_step"),
        ({"unreachable": True}, {}, "products.service_step"),
        ({}, {"msg": "unexpected rc", "rc": 1618}, "products.busy"),
        ({}, {"msg": "unexpected rc", "rc": 112}, "reach.disk_full"),
        ({}, {"msg": "The checksum for x did not match", "rc": 0}, "products.checksum"),
        ({}, {"msg": "the file at the path 'x' cannot be reached"}, "products.installer_away"),
        ({}, {"msg": "something new"}, "products.failed"),
        ({}, {"rc": 0, "changed": True}, "products.failed"),
    ],
)
def test_a_failed_installation_says_why_in_a_code(before: object, installed: object, reason: str) -> None:
    assert products.failure(before, installed) == reason


def test_what_is_newer_than_agreed_is_left_as_it_is() -> None:
    assert products.plan(section(("{NEXT}", "Kalkulon Bau 2027", "2027")), policy({"name": "kalkulon"})) == ()


def test_success_by_word_alone_is_a_failure_and_a_lost_host_is_told() -> None:
    wanted, before = policy({"name": "kalkulon"}), section(EDGE)
    [same] = products.actions_taken(before, before, {}, {}, wanted)
    assert (same.result, same.reason) == (ActionResult.FAILED, "products.failed")
    gone = {"unreachable": True, "msg": "Connection refused"}
    [lost] = products.actions_taken(before, None, gone, {}, wanted)
    assert (lost.result, lost.reason) == (ActionResult.FAILED, "reach.refused")


PROGRAMS = st.lists(
    st.sampled_from(
        [
            EDGE,
            ("{OLD}", "Kalkulon Bau 2025.2", "2025.2"),
            ("{NEW}", "Kalkulon Bau 2026.1", "2026.1"),
            ("{NEXT}", "Kalkulon Bau 2027", "2027"),
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
    wanted, before = policy(*wishes), section(*programs)
    now = list(programs)
    for step in products.plan(before, wanted):
        package = next(one for one in PACKAGES if one["name"] == step.name)
        family = str(package["installed_name"]).rstrip("* ")
        now = [one for one in now if not one[1].startswith(family)]
        if step.state == "present":
            name = f"{family} {package['version']}" if "*" in str(package["installed_name"]) else family
            now.append(("{NEW}" if step.name == "kalkulon" else "Planer", name, str(package["version"])))
    after = section(*now)
    assert products.plan(after, wanted) == ()
    taken = products.actions_taken(before, after, {}, {}, wanted)
    assert {action.result for action in taken} <= {ActionResult.DONE}
    dry = products.actions_planned(before, wanted)
    assert [(one.kind, one.subject) for one in dry] == [(one.kind, one.subject) for one in taken]


@given(PROGRAMS, WISHES)
def test_nothing_is_done_to_a_product_that_nobody_named(
    programs: list[tuple[str, str, str | None]], wishes: list[dict[str, Any]]
) -> None:
    steps = products.plan(section(*programs), policy(*wishes))
    assert {(step.name, step.state) for step in steps} <= {(wish["name"], wish["state"]) for wish in wishes}
