"""3.3: judged by what Chocolatey tells; plans that lead to the wanted state, and remove no more than they may."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft.assess import software
from serviceheft.assess.actions import ActionResult
from serviceheft.assess.judgement import Outcome
from serviceheft.assess.softwarestate import SoftwarePolicy

URL = "https://packages.example/chocolatey/"
NEWEST = {"7zip": "25.1.0", "firefox": "145.0.1", "vlc": "3.0.21", "chocolatey": "2.5.1", "theirs": "1.0"}
PACKAGES = [{"name": name, "title": {"de": name.upper(), "en": name.title()}} for name in NEWEST]


def policy(*applications: Mapping[str, Any], language: str = "de") -> SoftwarePolicy:
    return SoftwarePolicy.from_variables(
        {
            "standard_software_applications": applications,
            "standard_software_packages": PACKAGES,
            "standard_software_source_name": "lechblick",
            "standard_software_source_url": URL,
            "language": language,
        }
    )


def facts(
    installed: Mapping[str, str],
    *,
    pinned: tuple[str, ...] = (),
    sources: list[dict[str, Any]] | None = None,
    away: bool = False,
) -> dict[str, Any]:
    """As win_chocolatey_facts registers it; `away`: no source answers, so each package is listed as it is."""
    every = {"chocolatey": "2.5.1", **installed}
    listed = [
        {
            "package": name,
            "current_version": version,
            "available_version": version if away else NEWEST[name],
            "pinned": name in pinned,
        }
        for name, version in every.items()
        if away or version != NEWEST[name]
    ]
    ready = [{"name": "lechblick", "source": URL, "disabled": False}]
    return {
        "ansible_facts": {
            "ansible_chocolatey": {
                "packages": [{"package": name, "version": version} for name, version in every.items()],
                "sources": ready if sources is None else sources,
                "outdated": listed,
            }
        }
    }


def causes(told: object, wanted: SoftwarePolicy, ours: tuple[str, ...] = ()) -> dict[str, Mapping[str, Any]]:
    return {found.cause: found.values for found in software.judge(told, wanted, ours).findings}


def test_a_host_with_all_it_should_have_is_done() -> None:
    judged = software.judge(facts({"7zip": "25.1.0"}), policy({"name": "7zip"}), ())
    assert judged.outcome is Outcome.DONE
    assert judged.measured["source"] == "ready"
    [row] = judged.measured["applications"]  # type: ignore[misc]
    assert (row["title"], row["wish"], row["installed"], row["state"]) == (
        "7ZIP",
        "newest",
        "25.1.0",
        "current",
    )


@pytest.mark.parametrize(
    ("installed", "wish", "cause", "named"),
    [
        ({}, {"name": "7zip"}, "software.missing", "7ZIP"),
        ({"7zip": "24.9.0"}, {"name": "7Zip"}, "software.outdated", "7ZIP 24.9.0 (25.1.0)"),
        (
            {"7zip": "25.1.0"},
            {"name": "7zip", "version": "24.9"},
            "software.wrong_version",
            "7ZIP 25.1.0 (24.9)",
        ),
        ({"7zip": "24.9.0"}, {"name": "7zip", "version": "24.9"}, "software.pin_differs", "7ZIP"),
        ({"7zip": "25.1.0"}, {"name": "7zip", "state": "absent"}, "software.unwanted", "7ZIP"),
    ],
)
def test_each_deviation_has_its_cause(
    installed: dict[str, str], wish: dict[str, Any], cause: str, named: str
) -> None:
    assert causes(facts(installed), policy(wish)) == {cause: {"count": 1, "applications": named}}


def test_titles_are_in_the_customers_language() -> None:
    found = causes(facts({}), policy({"name": "7zip"}, language="en"))
    assert found["software.missing"]["applications"] == "7Zip"


def test_an_exact_version_that_is_held_is_as_wanted() -> None:
    told = facts({"7zip": "24.9.0"}, pinned=("7zip",))
    assert software.judge(told, policy({"name": "7zip", "version": "24.9"}), ()).outcome is Outcome.DONE


def test_what_is_held_against_the_agreement_is_told_and_released_alone() -> None:
    told, wanted = facts({"7zip": "24.9.0"}, pinned=("7zip",)), policy({"name": "7zip"})
    assert set(causes(told, wanted)) == {"software.pin_differs"}
    planned = software.plan(told, wanted, ())
    assert planned.singly == (software.Exact("7zip", None, pinned=False, ignore_pinned=True),)
    assert planned.upgrade == ()


def test_a_source_that_does_not_answer_leaves_the_newest_version_unmeasured() -> None:
    judged = software.judge(facts({"7zip": "24.9.0"}, away=True), policy({"name": "7zip"}), ())
    assert judged.outcome is Outcome.NOT_MEASURED
    assert judged.reason == "software.newest_unknown"
    assert {check.key: check.result.value for check in judged.checks}["software.outdated"] == "not_measured"


@pytest.mark.parametrize(
    ("sources", "state"),
    [
        ([], "missing"),
        ([{"name": "lechblick", "source": URL, "disabled": True}], "disabled"),
        ([{"name": "lechblick", "source": "https://elsewhere.example/", "disabled": False}], "differs"),
    ],
)
def test_a_source_that_is_not_ours_as_agreed_is_set_up(sources: list[dict[str, Any]], state: str) -> None:
    told, wanted = facts({"7zip": "25.1.0"}, sources=sources), policy({"name": "7zip"})
    judged = software.judge(told, wanted, ())
    assert [found.cause for found in judged.findings] == ["software.source_missing"]
    assert judged.measured["source"] == state
    assert software.plan(told, wanted, ()).source


def test_another_source_is_switched_off_and_none_that_is_off_already() -> None:
    ready = {"name": "lechblick", "source": URL.rstrip("/"), "disabled": False}
    others = [{"name": "a", "source": "x", "disabled": False}, {"name": "b", "source": "y", "disabled": True}]
    told, wanted = facts({"7zip": "25.1.0"}, sources=[ready, *others]), policy({"name": "7zip"})
    assert causes(told, wanted) == {"software.foreign_source": {"count": 1, "sources": "a"}}
    assert software.plan(told, wanted, ()).disable == ("a",)


def test_nothing_is_asked_of_a_host_from_which_nothing_is_wanted() -> None:
    foreign = [{"name": "a", "source": "x", "disabled": False}]
    assert software.judge(facts({}, sources=foreign), policy(), ()).outcome is Outcome.DONE
    assert not software.plan(facts({}, sources=foreign), policy(), ()).acts
    missing = {"failed": False, "msg": "Failed to find Chocolatey installation, make sure choco.exe is ..."}
    assert software.judge(missing, policy(), ()).outcome is Outcome.DONE


def test_a_host_without_chocolatey_gets_it_from_the_source() -> None:
    told = {"msg": "Failed to find Chocolatey installation, make sure choco.exe is in the PATH env value"}
    wanted = policy({"name": "7zip"})
    assert set(causes(told, wanted)) == {
        "software.chocolatey_missing",
        "software.source_missing",
        "software.missing",
    }
    planned = software.plan(told, wanted, ())
    assert (planned.chocolatey, planned.source, planned.install) == (True, True, ("7zip",))
    assert planned.disable == ("chocolatey",)  # the community's source comes along


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"msg": "Error checking outdated status"}, "software.not_told"),
        ({"unreachable": True, "msg": "timed out"}, "reach.timeout"),
        (None, "software.not_told"),
        ("garbage", "software.not_told"),
    ],
)
def test_what_tells_nothing_is_not_measured_and_not_acted_on(told: object, reason: str) -> None:
    wanted = policy({"name": "7zip"})
    judged = software.judge(told, wanted, ("vlc",))
    assert (judged.outcome, judged.reason, judged.measured) == (Outcome.NOT_MEASURED, reason, {})
    assert not software.plan(told, wanted, ("vlc",)).acts


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("vlc not installed. An error occurred\n7zip not installed. The package was not found with the source(s)",
         "software.failed"),
        ("vlc not installed. The package was not found with the source(s) listed.", "software.not_in_source"),
        ("Unable to load the service index for source x.\nvlc not installed. The package was not found with the "
         "source(s) listed.", "software.source_away"),
        ("vlc: There is not enough space on the disk.", "reach.disk_full"),
        ("vlc: Es steht nicht genug Speicherplatz auf dem Datenträger zur Verfügung.", "reach.disk_full"),
        ("vlc: Der Remotename konnte nicht aufgelöst werden: 'packages.example'", "software.source_away"),
        ("vlc: Der Zugriff auf den Pfad wurde verweigert.", "reach.access_denied"),
        ("Checksum for vlc does not match.", "software.checksum"),
    ],
)  # fmt: skip
def test_a_failed_step_says_why_in_a_code(said: str, reason: str) -> None:
    wanted, before = policy({"name": "vlc"}), facts({})
    results = [{"msg": "Error installing package(s) 'vlc'", "rc": 1, "stdout": said}, {"skipped": True}]
    [taken] = software.actions_taken(software.plan(before, wanted, ()), before, before, results, wanted)
    assert (taken.result, taken.reason) == (ActionResult.FAILED, reason)


def test_success_by_word_alone_is_a_failure() -> None:
    """Chocolatey has told success where nothing was installed (chocolatey/choco#1609)."""
    wanted, before = policy({"name": "vlc"}), facts({})
    planned = software.plan(before, wanted, ())
    [taken] = software.actions_taken(planned, before, before, [{"rc": 0, "changed": True}], wanted)
    assert (taken.result, taken.reason) == (ActionResult.FAILED, "software.failed")
    assert software.ours_after(planned, [taken]) == ()


def test_a_second_measurement_that_failed_proves_nothing() -> None:
    wanted, before = policy({"name": "vlc"}), facts({})
    after = {"unreachable": True, "msg": "Connection refused"}
    [taken] = software.actions_taken(software.plan(before, wanted, ()), before, after, [], wanted)
    assert (taken.result, taken.reason) == (ActionResult.FAILED, "reach.refused")


def test_what_the_cap_keeps_back_is_held_and_the_rest_planned() -> None:
    wanted, before = policy({"name": "vlc"}), facts({"7zip": "25.1.0"})
    planned = software.capped({"pc": software.plan(before, wanted, ("7zip",))}, 0)["pc"]
    assert [
        (each.kind, each.result.value, each.reason)
        for each in software.actions_planned(planned, before, wanted)
    ] == [
        ("package.remove", "held", "software.removal_cap"),
        ("package.install", "planned", None),
    ]


# -- laws ------------------------------------------------------------------------------------------------------

NAMES = sorted(set(NEWEST) - {"chocolatey"})
INSTALLED = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["0.9", "1.0"]))
WISHES = st.lists(
    st.builds(
        lambda name, state, version: (
            {"name": name, "state": state} | ({"version": version} if version and state == "present" else {})
        ),
        st.sampled_from(NAMES),
        st.sampled_from(["present", "absent"]),
        st.sampled_from([None, "0.9"]),
    ),
    unique_by=lambda wish: wish["name"],
)
OURS = st.lists(st.sampled_from(NAMES), unique=True).map(tuple)


def apply(planned: software.Plan, installed: dict[str, str], pinned: set[str]) -> None:
    """What the tasks of the role do to a host where everything succeeds."""
    for name in planned.remove:
        del installed[name]
    for name in (*planned.install, *planned.upgrade):
        installed[name] = NEWEST[name]
    for one in planned.singly:
        installed[one.package] = one.version or NEWEST[one.package]
        (pinned.add if one.pinned else pinned.discard)(one.package)


@given(INSTALLED, WISHES, OURS, st.lists(st.sampled_from(NAMES), unique=True))
def test_plan_apply_judge_is_done(
    installed: dict[str, str], wishes: list[dict[str, Any]], ours: tuple[str, ...], held: list[str]
) -> None:
    wanted, pinned, now = policy(*wishes), set(held), dict(installed)
    before = facts(now, pinned=tuple(pinned))
    planned = software.plan(before, wanted, ours)
    apply(planned, now, pinned)
    after = facts(now, pinned=tuple(pinned))
    taken = software.actions_taken(planned, before, after, [], wanted)
    ours_now = software.ours_after(planned, taken)
    assert software.judge(after, wanted, ours_now).outcome is Outcome.DONE
    assert not software.plan(after, wanted, ours_now).acts
    assert {action.result for action in taken} <= {ActionResult.DONE}


@given(INSTALLED, WISHES, OURS)
def test_only_ours_and_what_is_named_absent_is_ever_removed(
    installed: dict[str, str], wishes: list[dict[str, Any]], ours: tuple[str, ...]
) -> None:
    planned = software.plan(facts(installed), policy(*wishes), ours)
    absent = {wish["name"] for wish in wishes if wish["state"] == "absent"}
    present = {wish["name"] for wish in wishes} - absent
    assert set(planned.remove) <= (set(ours) | absent) & set(installed)
    assert present.isdisjoint(planned.remove)
    touched = {*planned.install, *planned.upgrade, *(one.package for one in planned.singly)}
    assert touched <= present


@given(st.dictionaries(st.sampled_from("abcd"), OURS), st.integers(0, 8))
def test_the_cap_holds_for_all_hosts_together_and_loses_nothing(
    removals: dict[str, tuple[str, ...]], maximum: int
) -> None:
    plans = {host: software.Plan(remove=names) for host, names in removals.items()}
    capped = software.capped(plans, maximum)
    total = sum(len(names) for names in removals.values())
    assert sum(len(plan.remove) for plan in capped.values()) == min(maximum, total)
    for host, plan in capped.items():
        assert plan.remove + plan.held == removals[host]


@given(INSTALLED, WISHES, OURS)
def test_plans_survive_their_way_through_ansible(
    installed: dict[str, str], wishes: list[dict[str, Any]], ours: tuple[str, ...]
) -> None:
    planned = software.plan(facts(installed), policy(*wishes), ours)
    assert software.Plan.from_data(planned.as_data()) == planned


@given(INSTALLED, WISHES, OURS)
def test_a_dry_run_plans_just_what_a_run_would_take(
    installed: dict[str, str], wishes: list[dict[str, Any]], ours: tuple[str, ...]
) -> None:
    wanted, before = policy(*wishes), facts(installed)
    planned = software.plan(before, wanted, ours)
    dry = software.actions_planned(planned, before, wanted)
    failed = software.actions_taken(planned, before, {"msg": "away"}, [], wanted)
    assert [(each.kind, each.subject) for each in dry] == [(each.kind, each.subject) for each in failed]
    assert {each.result for each in dry} <= {ActionResult.PLANNED}
    assert bool(dry) is planned.acts
