"""3.3: judged by what Chocolatey tells; plans that lead to the wanted state, and remove no more than they may."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serviceheft.assess.actions import ActionResult
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.services.standard_software import judging as software
from serviceheft.services.standard_software.state import Known, Look, SoftwarePolicy

URL = "https://packages.example/chocolatey/"
CHOCO = r"C:\ProgramData\chocolatey\bin\choco.exe"
NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)
NEWEST = {"7zip": "25.1.0", "firefox": "145.0.1", "vlc": "3.0.21", "chocolatey": "2.5.1", "theirs": "1.0"}
PACKAGES: list[dict[str, Any]] = [
    {"name": name, "title": {"de": name.upper(), "en": name.title()}} for name in NEWEST
]


def policy(
    *applications: Mapping[str, Any],
    language: Literal["de", "en"] = "de",
    programs: Mapping[str, str] | None = None,
    username: str | None = None,
    here: Sequence[Mapping[str, Any]] = (),
) -> SoftwarePolicy:
    packages = [
        each | ({"program": programs[each["name"]]} if each["name"] in (programs or {}) else {})  # type: ignore[index]
        for each in PACKAGES
    ]
    return SoftwarePolicy.from_variables(
        {
            "standard_software_applications": applications,
            "standard_software_applications_here": here,
            "standard_software_packages": packages,
            "standard_software_source_username": username,
            "standard_software_source_name": "lechblick",
            "standard_software_source_url": URL,
        },
        language,
    )


def facts(
    installed: Mapping[str, str],
    *,
    pinned: tuple[str, ...] = (),
    sources: list[dict[str, Any]] | None = None,
    away: bool = False,
) -> dict[str, Any]:
    """The visit's section; `away`: no source answers, so each package is listed as it is."""
    every = {"chocolatey": "2.5.1", **installed}
    listed = [
        {
            "Id": name,
            "Version": version,
            "Available": version if away else NEWEST.get(name, version),
            "Pinned": name in pinned,
        }
        for name, version in every.items()
        if away or version != NEWEST.get(name, version)
    ]
    ready = [{"Name": "lechblick", "Source": URL, "Disabled": False}]
    return {
        "Errors": {},
        "Path": CHOCO,
        "Packages": [{"Id": name, "Version": version} for name, version in every.items()],
        "Sources": ready if sources is None else sources,
        "Outdated": listed,
    }


def look_at(told: Any, visit: Any, asked: object = None) -> Look:
    """A look at a host that tells this of Chocolatey; a host that is lost tells nothing."""
    for one in (told, visit):
        if isinstance(one, Mapping) and one.get("unreachable"):
            return Look(one, asked)
    rest = visit["sections"] if isinstance(visit, Mapping) else {}
    return Look({"sections": rest | {"chocolatey": told}}, asked)


def causes(told: object, wanted: SoftwarePolicy, ours: tuple[str, ...] = ()) -> dict[str, Mapping[str, Any]]:
    return {found.cause: found.values for found in judge(told, wanted, ours).findings}


def judge(told: object, wanted: SoftwarePolicy, ours: tuple[str, ...] = ()) -> Judgement:
    return software.judge(look_at(told, visit()), wanted, Known(ours))


def plan(told: object, wanted: SoftwarePolicy, ours: tuple[str, ...] = ()) -> software.Plan:
    return software.plan(look_at(told, visit()), wanted, Known(ours))


def removed(planned: software.Plan) -> list[str]:
    return [name for one in planned.remove for name in one.packages]


def taken(planned: software.Plan, before: object, after: object, results: Any, wanted: SoftwarePolicy) -> Any:
    return software.actions_taken(planned, look_at(before, visit()), look_at(after, visit()), results, wanted)


def test_a_host_with_all_it_should_have_is_done() -> None:
    judged = judge(facts({"7zip": "25.1.0"}), policy({"name": "7zip"}), ())
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
    assert judge(told, policy({"name": "7zip", "version": "24.9"}), ()).outcome is Outcome.DONE


def test_what_is_held_against_the_agreement_is_told_and_released_alone() -> None:
    told, wanted = facts({"7zip": "24.9.0"}, pinned=("7zip",)), policy({"name": "7zip"})
    assert set(causes(told, wanted)) == {"software.pin_differs"}
    planned = plan(told, wanted, ())
    assert planned.singly == (software.Exact("7zip", None, pinned=False, ignore_pinned=True),)
    assert planned.upgrade == ()


def test_a_source_that_does_not_answer_leaves_the_newest_version_unmeasured() -> None:
    judged = judge(facts({"7zip": "24.9.0"}, away=True), policy({"name": "7zip"}), ())
    assert judged.outcome is Outcome.NOT_MEASURED
    assert judged.reason == "software.newest_unknown"
    assert {check.key: check.result.value for check in judged.checks}["software.outdated"] == "not_measured"


@pytest.mark.parametrize(
    ("sources", "state"),
    [
        ([], "missing"),
        ([{"Name": "lechblick", "Source": URL, "Disabled": True}], "disabled"),
        ([{"Name": "lechblick", "Source": "https://elsewhere.example/", "Disabled": False}], "differs"),
    ],
)
def test_a_source_that_is_not_ours_as_agreed_is_set_up(sources: list[dict[str, Any]], state: str) -> None:
    told, wanted = facts({"7zip": "25.1.0"}, sources=sources), policy({"name": "7zip"})
    judged = judge(told, wanted, ())
    assert [found.cause for found in judged.findings] == ["software.source_missing"]
    assert judged.measured["source"] == state
    assert plan(told, wanted, ()).source


def test_another_source_is_switched_off_and_none_that_is_off_already() -> None:
    ready = {"Name": "lechblick", "Source": URL.rstrip("/"), "Disabled": False}
    others = [{"Name": "a", "Source": "x", "Disabled": False}, {"Name": "b", "Source": "y", "Disabled": True}]
    told, wanted = facts({"7zip": "25.1.0"}, sources=[ready, *others]), policy({"name": "7zip"})
    assert causes(told, wanted) == {"software.foreign_source": {"count": 1, "sources": "a"}}
    assert plan(told, wanted, ()).disable == ("a",)


def test_nothing_is_asked_of_a_host_from_which_nothing_is_wanted() -> None:
    foreign = [{"Name": "a", "Source": "x", "Disabled": False}]
    assert judge(facts({}, sources=foreign), policy(), ()).outcome is Outcome.DONE
    assert not plan(facts({}, sources=foreign), policy(), ()).acts
    missing = {"Errors": {}, "Path": None}
    assert judge(missing, policy(), ()).outcome is Outcome.DONE


def test_a_host_without_chocolatey_gets_it_from_the_source() -> None:
    told = {"Errors": {}, "Path": None}
    wanted = policy({"name": "7zip"})
    assert set(causes(told, wanted)) == {
        "software.chocolatey_missing",
        "software.source_missing",
        "software.missing",
    }
    planned = plan(told, wanted, ())
    assert (planned.chocolatey, planned.source, planned.install) == (True, True, ("7zip",))
    assert planned.disable == ("chocolatey",)  # the community's source comes along


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (
            {"Errors": {"Outdated": "Exit code 1. "}, "Path": CHOCO, "Packages": [], "Sources": []},
            "software.not_told",
        ),
        ({"unreachable": True, "msg": "timed out"}, "reach.timeout"),
        (None, "software.not_told"),
        ("garbage", "software.not_told"),
    ],
)
def test_what_tells_nothing_is_not_measured_and_not_acted_on(told: object, reason: str) -> None:
    wanted = policy({"name": "7zip"})
    judged = judge(told, wanted, ("vlc",))
    assert (judged.outcome, judged.reason, judged.measured) == (Outcome.NOT_MEASURED, reason, {})
    assert not plan(told, wanted, ("vlc",)).acts


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
        # chocolatey/choco#2937, Chocolatey 1 on a German Windows
        ("Error retrieving packages from source 'https://packages.example/':\n Der Remotename konnte nicht aufgelöst "
         "werden: 'packages.example'\n\nvlc was not found with the source(s) listed.", "software.source_away"),
        # Devolutions/UniGetUI#2089, Chocolatey 2
        ("Unable to connect to source 'https://packages.example/':\n Failed to fetch results from V2 feed at "
         "'https://packages.example/Packages()?$filter=(tolower(Id)%20eq%20'vlc')' with following message : Response "
         "status code does not indicate success: 499 ().\nvlc was not found with the source(s) listed.",
         "software.source_away"),
        # chocolatey/chocolatey-ansible#184
        ("Failed to download Chocolatey script from 'https://packages.example/vlc/install.ps1'; The remote server "
         "returned an error: (401) Unauthorized.", "software.account_refused"),
        # chocolatey/choco#779
        ("vlc v3.0.21\nAttempt to get headers for http://vlc.example/vlc.exe failed.\n The remote server returned an "
         "error: (404) Not Found.\nThe install of vlc was NOT successful.", "software.download"),
        # rcmaehl/MSEdgeRedirect#155
        ("vlc v3.0.21\nFailures\n - vlc (exited 1603) - Error while running 'C:\\x.ps1'.", "software.installer_failed"),
    ],
)  # fmt: skip
def test_a_failed_step_says_why_in_a_code(said: str, reason: str) -> None:
    wanted, before = policy({"name": "vlc"}), facts({})
    results = [{"msg": "Error installing package(s) 'vlc'", "rc": 1, "stdout": said}, {"skipped": True}]
    [action] = taken(plan(before, wanted, ()), before, before, results, wanted)
    assert (action.result, action.reason) == (ActionResult.FAILED, reason)


def test_success_by_word_alone_is_a_failure() -> None:
    """Chocolatey has told success where nothing was installed (chocolatey/choco#1609)."""
    wanted, before = policy({"name": "vlc"}), facts({})
    planned = plan(before, wanted, ())
    [action] = taken(planned, before, before, [{"rc": 0, "changed": True}], wanted)
    assert (action.result, action.reason) == (ActionResult.FAILED, "software.failed")
    assert (
        software.known_after(planned, [action], look_at(before, visit()), look_at(before, visit()), [], NOW)
        == Known()
    )


def test_a_second_measurement_that_failed_proves_nothing() -> None:
    wanted, before = policy({"name": "vlc"}), facts({})
    after = {"unreachable": True, "msg": "Connection refused"}
    [action] = taken(plan(before, wanted, ()), before, after, [], wanted)
    assert (action.result, action.reason) == (ActionResult.FAILED, "reach.refused")


def test_what_the_cap_keeps_back_is_held_and_the_rest_planned() -> None:
    wanted, before = policy({"name": "vlc"}, {"name": "7zip", "state": "absent"}), facts({"7zip": "25.1.0"})
    planned = software.capped({"pc": plan(before, wanted)}, 0)["pc"]
    assert [
        (each.kind, each.result.value, each.reason)
        for each in software.actions_planned(planned, look_at(before, visit()), wanted)
    ] == [
        ("package.remove", "held", "software.removal_cap"),
        ("package.install", "planned", None),
    ]


def test_what_is_no_longer_listed_is_told_and_stays() -> None:
    wanted, told = policy({"name": "vlc"}), facts({"7zip": "25.1.0", "vlc": "3.0.21"})
    assert causes(told, wanted, ("7zip",)) == {
        "software.no_longer_listed": {"count": 1, "applications": "7ZIP"}
    }
    assert not plan(told, wanted, ("7zip",)).acts
    assert causes(told, wanted) == {}  # what somebody else installed


# -- what is on the machine ------------------------------------------------------------------------------------


def visit(*programs: str, needs: Mapping[str, list[str]] | None = None, booted: str | None = None) -> Any:
    """As windows_visit registers it: the sections programs, packages and updates."""
    rows = [{"DisplayName": name, "DisplayVersion": "1.0"} for name in programs]
    packages = [{"Id": name, "Dependencies": others} for name, others in (needs or {}).items()]
    return {
        "sections": {
            "programs": {"Errors": {}, "Programs": rows},
            "packages": {"Errors": {}, "Packages": packages, "IgnoresUnfound": False},
            "updates": {"Errors": {}, "LastBootUpTime": booted},
        },
        "errors": {},
    }


def without(section: str) -> Any:
    """A visit that does not tell of one section."""
    looked = visit()
    del looked["sections"][section]
    return looked


def state_of(look: Look, wanted: SoftwarePolicy, known: Known | None = None) -> str:
    [row] = software.judge(look, wanted, known or Known()).measured["applications"]  # type: ignore[misc]
    return str(row["state"])


@pytest.mark.parametrize(
    ("installed", "programs", "wish", "state"),
    [
        ({"7zip": "25.1.0"}, ["7-Zip 25.01 (x64)"], {}, "current"),
        ({"7zip": "25.1.0"}, ["7-ZIP 25.01"], {}, "current"),
        ({"7zip": "25.1.0"}, ["7-Zipper"], {}, "program_gone"),
        ({"7zip": "24.9.0"}, [], {}, "outdated"),  # the update brings the program
        ({}, ["7-Zip 25.01 (x64)"], {}, "missing"),
        ({}, ["7-Zip 25.01 (x64)"], {"state": "absent"}, "program_left"),
        ({}, ["Mozilla Firefox"], {"state": "absent"}, "current"),
        ({"7zip": "25.1.0"}, ["7-Zip 25.01 (x64)"], {"state": "absent"}, "unwanted"),
        ({"7zip.install": "25.1.0"}, ["7-Zip 25.01 (x64)"], {"state": "absent"}, "unwanted"),
        ({"7zip.install": "25.1.0"}, None, {"state": "absent"}, "unwanted"),
        ({}, None, {"state": "absent"}, "not_measured"),
        ({"7zip": "25.1.0"}, None, {}, "not_measured"),
    ],
)
def test_wanted_is_judged_by_the_package_manager_and_by_the_programs(
    installed: dict[str, str], programs: list[str] | None, wish: dict[str, str], state: str
) -> None:
    look = look_at(facts(installed), without("programs") if programs is None else visit(*programs))
    wanted = policy({"name": "7zip", **wish}, programs={"7zip": "7-Zip *"})
    assert state_of(look, wanted) == state
    judged = software.judge(look, wanted, Known())
    if state == "not_measured":
        assert (judged.outcome, judged.reason) == (Outcome.NOT_MEASURED, "visit.section_missing")
    elif state.startswith("program_"):
        assert [found.cause for found in judged.findings] == [f"software.{state}"]


def test_a_list_of_programs_that_was_read_in_part_proves_no_absence() -> None:
    torn = visit()
    torn["sections"]["programs"]["Errors"] = {"Programs": "Access is denied."}
    wanted = policy({"name": "7zip", "state": "absent"}, programs={"7zip": "7-Zip *"})
    judged = software.judge(look_at(facts({}), torn), wanted, Known())
    assert (judged.outcome, judged.reason) == (Outcome.NOT_MEASURED, "visit.section_failed")


META = {"7zip": ["7zip.install"], "7zip.install": ["chocolatey-core.extension"]}
ALL = {"7zip": "25.1.0", "7zip.install": "25.1.0", "chocolatey-core.extension": "1.4.0"}
ABSENT = ({"name": "7zip", "state": "absent"},)


@pytest.mark.parametrize(
    ("needs", "brought", "wishes", "gone"),
    [
        (META, (), ABSENT, ["7zip", "7zip.install"]),
        (META, ("chocolatey-core.extension",), ABSENT, ["7zip", "7zip.install", "chocolatey-core.extension"]),
        # what something else needs stays
        (META | {"vlc": ["chocolatey-core.extension"]}, ("chocolatey-core.extension",), ABSENT,
         ["7zip", "7zip.install"]),
        (META | {"vlc": ["7zip.install"]}, ("chocolatey-core.extension",), ABSENT, ["7zip"]),
        # what is wanted for its own sake stays
        (META, (), (*ABSENT, {"name": "7zip.install"}), ["7zip"]),
        # what several unwanted ones need goes with the last
        (META | {"vlc": ["7zip.install"]}, (), (*ABSENT, {"name": "vlc", "state": "absent"}), ["7zip", "vlc"]),
        # what depends on what was not read: Chocolatey itself refuses to remove what is needed
        (None, ("chocolatey-core.extension",), ABSENT, ["7zip", "7zip.install"]),
    ],
)  # fmt: skip
def test_what_came_along_goes_with_what_brought_it(
    needs: Mapping[str, list[str]] | None, brought: tuple[str, ...], wishes: Any, gone: list[str]
) -> None:
    looked = without("packages") if needs is None else visit(needs=needs)
    look = look_at(facts(ALL | {"vlc": "3.0.21"}), looked)
    planned = software.plan(look, policy(*wishes), Known(brought=brought))
    assert removed(planned) == gone


def test_the_last_of_two_takes_what_both_brought() -> None:
    needs = {"7zip": ["x"], "vlc": ["x"]}
    look = look_at(facts({"7zip": "25.1.0", "vlc": "3.0.21", "x": "1.0"}), visit(needs=needs))
    wanted = policy({"name": "7zip", "state": "absent"}, {"name": "vlc", "state": "absent"})
    planned = software.plan(look, wanted, Known(brought=("x",)))
    assert planned.remove == (software.Removal("7zip", ("7zip",)), software.Removal("vlc", ("vlc", "x")))
    alone = software.capped({"pc": planned}, 1)["pc"]
    assert removed(alone) == ["7zip"]


@pytest.mark.parametrize(
    ("installed", "looked", "result", "reason"),
    [
        ({}, visit(), ActionResult.DONE, None),
        ({}, visit("7-Zip 25.01"), ActionResult.FAILED, "software.program_left"),
        ({}, None, ActionResult.FAILED, "visit.section_missing"),
        ({}, {"unreachable": True, "msg": "timed out"}, ActionResult.FAILED, "reach.timeout"),
        ({"7zip.install": "25.1.0"}, visit("7-Zip 25.01"), ActionResult.FAILED, "software.failed"),
    ],
)
def test_a_removal_is_done_when_the_program_is_gone(
    installed: dict[str, str], looked: Any, result: ActionResult, reason: str | None
) -> None:
    wanted = policy(*ABSENT, programs={"7zip": "7-Zip *"})
    before = look_at(facts(ALL), visit("7-Zip 25.01", needs=META))
    planned = software.plan(before, wanted, Known())
    [action] = software.actions_taken(planned, before, look_at(facts(installed), looked), [], wanted)
    assert (action.result, action.reason) == (result, reason)
    assert action.values["along"] == "7zip.install"


def test_what_came_along_with_an_installation_is_known_afterwards() -> None:
    wanted = policy({"name": "7zip"}, programs={"7zip": "7-Zip *"})
    before, after = (
        look_at(facts({"vlc": "3.0.21"}), visit()),
        look_at(facts(ALL), visit("7-Zip 25.01", needs=META)),
    )
    planned = software.plan(before, wanted, Known())
    done = software.actions_taken(planned, before, after, [], wanted)
    known = software.known_after(planned, done, before, after, [], NOW)
    assert known == Known(("7zip",), ("7zip.install", "chocolatey-core.extension"))
    judged = software.judge(after, wanted, known)
    assert Known.from_measured(judged.measured) == known


def test_an_installation_without_its_program_failed() -> None:
    wanted = policy({"name": "7zip"}, programs={"7zip": "7-Zip *"})
    before = look_at(facts({}), visit())
    planned = software.plan(before, wanted, Known())
    [action] = software.actions_taken(planned, before, look_at(facts(ALL), visit()), [], wanted)
    assert (action.result, action.reason) == (ActionResult.FAILED, "software.program_gone")


# -- the source's account --------------------------------------------------------------------------------------

REFUSED = {
    "msg": "Error updating package(s) '7zip'",
    "rc": 1,
    "stdout": "Unable to connect to source 'https://packages.example/':\r\n Failed to fetch results from V2 feed at "
    "'https://packages.example/Packages()' with following message : Der Antwortstatuscode gibt keinen Erfolg an: "
    "401 (Unauthorized).\r\n7zip not installed. The package was not found with the source(s) listed.",
}
FORBIDDEN = REFUSED | {"stdout": REFUSED["stdout"].replace("401 (Unauthorized)", "403 (Forbidden)")}  # type: ignore[attr-defined]
GONE = {"msg": "Error updating package(s) '7zip'", "stdout": "7zip: was not found with the source(s) listed."}


def with_account(name: str = "reader") -> list[dict[str, Any]]:
    return [{"Name": "lechblick", "Source": URL, "Disabled": False, "UserName": name}]


def test_another_account_of_the_source_is_set_anew() -> None:
    wanted = policy({"name": "7zip"}, username="reader")
    told = facts({"7zip": "25.1.0"}, sources=with_account("somebody"))
    assert set(causes(told, wanted)) == {"software.source_missing"}
    assert plan(told, wanted).source
    assert not plan(facts({"7zip": "25.1.0"}, sources=with_account()), wanted).acts


def test_only_a_source_that_does_not_tell_is_asked_why() -> None:
    wanted = policy({"name": "firefox"}, {"name": "7zip"})
    known = facts({"7zip": "25.1.0", "firefox": "145.0.1"})
    assert software.question(look_at(known, visit()), wanted) is None
    assert software.question(look_at(facts({"7zip": "25.1.0"}, away=True), visit()), wanted) == "7zip"
    assert software.question(look_at({"Errors": {"Path": "Access is denied"}}, visit()), wanted) is None


@pytest.mark.parametrize(
    ("asked", "reason", "planned"),
    [
        (REFUSED, "software.account_refused", True),
        (FORBIDDEN, "software.not_allowed", False),
        (GONE, "software.not_in_source", False),
        ({"skipped": True, "skip_reason": "x"}, "software.newest_unknown", False),
        ({"unreachable": True, "msg": "timed out"}, "reach.timeout", False),
    ],
)
def test_a_refused_account_is_found_and_set_anew(asked: Any, reason: str, planned: bool) -> None:
    wanted = policy({"name": "7zip"}, username="reader")
    look = look_at(facts({"7zip": "24.9.0"}, sources=with_account(), away=True), visit(), asked)
    judged = software.judge(look, wanted, Known())
    assert judged.reason == reason
    assert ("software.account_refused" in {found.cause for found in judged.findings}) is planned
    assert software.plan(look, wanted, Known()).source is planned


def test_what_chocolatey_is_set_to_leave_out_is_not_taken_for_current() -> None:
    """chocolatey/choco#1398: with ignoreUnfoundPackagesOnUpgradeOutdated a source that is away shows nowhere."""
    looked = visit()
    looked["sections"]["packages"]["IgnoresUnfound"] = True
    judged = software.judge(look_at(facts({"7zip": "25.1.0"}), looked), policy({"name": "7zip"}), Known())
    assert (judged.outcome, judged.reason) == (Outcome.NOT_MEASURED, "software.leaves_out")
    judged = software.judge(
        look_at(facts({"7zip": "25.1.0"}), without("packages")), policy({"name": "7zip"}), Known()
    )
    assert (judged.outcome, judged.reason) == (Outcome.NOT_MEASURED, "visit.section_missing")
    told = facts({"7zip": "24.9.0"})  # what is listed was answered for
    judged = software.judge(look_at(told, looked), policy({"name": "7zip"}), Known())
    assert [found.cause for found in judged.findings] == ["software.outdated"]


def test_an_account_that_was_set_anew_is_proven_by_a_second_look() -> None:
    wanted = policy({"name": "7zip"}, username="reader")
    silent = facts({"7zip": "25.1.0"}, sources=with_account(), away=True)
    before = look_at(silent, visit(), REFUSED)
    planned = software.plan(before, wanted, Known())
    for asked, told, reason in (
        (REFUSED, silent, "software.account_refused"),
        (GONE, silent, None),
        ({"skipped": True}, facts({"7zip": "25.1.0"}, sources=with_account()), None),
    ):
        [action] = software.actions_taken(planned, before, look_at(told, visit(), asked), [], wanted)
        assert (action.kind, action.reason) == ("source.set", reason)


def test_a_list_that_breaks_off_at_a_refused_account_is_set_up_all_the_same() -> None:
    wanted = policy({"name": "7zip"}, username="reader")
    told = facts({"7zip": "24.9.0"}) | {"Errors": {"Outdated": f"Exit code 1. {REFUSED['stdout']}"}}
    del told["Outdated"]
    judged = judge(told, wanted)
    assert judged.reason == "software.account_refused"
    assert plan(told, wanted) == software.Plan(source=True, account=True)


def test_without_an_account_in_the_inventory_none_can_be_set() -> None:
    look = look_at(facts({"7zip": "24.9.0"}, away=True), visit(), REFUSED)
    assert not software.plan(look, policy({"name": "7zip"}), Known()).acts


# -- exit codes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1618, "software.busy"),
        (1603, "software.installer_failed"),
        (350, "software.restart_first"),
        (1604, "software.restart_first"),
        (112, "reach.disk_full"),
        (-1, "software.failed"),
    ],
)
def test_exit_codes_go_before_words(code: int, reason: str) -> None:
    wanted, before = policy({"name": "vlc"}), facts({})
    results = [
        {"msg": "Error installing package(s) 'vlc'", "rc": code, "stdout": "vlc v3.0.21\nErweiterter Fehler"}
    ]
    [action] = taken(plan(before, wanted), before, before, results, wanted)
    assert action.reason == reason


def test_each_package_of_a_call_has_its_own_exit_code() -> None:
    """The call has one code, the list of failures at its end has each."""
    wanted, before = policy({"name": "vlc"}, {"name": "firefox"}, {"name": "7zip"}), facts({})
    said = (
        "vlc v3.0.21 [Approved]\nERROR: Exit code was '1618'.\nfirefox v145.0.1\n"
        "ERROR: Checksum for 'C:\\Temp\\setup.exe' did not meet 'ab' for checksum type 'sha256'.\n"
        "7zip v25.1.0\nERROR: The remote server returned an error: (404) Nicht gefunden.\n"
        "Failures\n - vlc (exited 1618) - Error while running\n - firefox (exited -1) - Error while running"
    )
    results = [{"msg": "Error installing package(s) 'vlc, firefox, 7zip'", "rc": 1603, "stdout": said}]
    actions = taken(plan(before, wanted), before, before, results, wanted)
    assert [each.reason for each in actions] == ["software.busy", "software.checksum", "software.download"]


def test_what_another_package_needs_is_told_as_such() -> None:
    wanted, before = policy(*ABSENT), facts({"7zip": "25.1.0"})
    said = "7zip not uninstalled.\n Unable to uninstall '7zip 25.1.0' because 'theirs 1.0' depends on it."
    results = [
        {
            "results": [
                {"item": "7zip", "msg": "Error uninstalling package(s) '7zip'", "rc": 1, "stdout": said}
            ]
        }
    ]
    [action] = taken(plan(before, wanted), before, before, results, wanted)
    assert action.reason == "software.needed"


@pytest.mark.parametrize("code", [3010, 1641, 350, 1604])
def test_a_restart_that_is_wanted_is_kept_until_the_host_was_started(code: int) -> None:
    wanted, look = policy({"name": "vlc"}), look_at(facts({"vlc": "3.0.21"}), visit())
    planned = software.Plan(install=("vlc",))
    known = software.known_after(planned, [], look, look, [{"results": [{"rc": 0}, {"rc": code}]}], NOW)
    assert known.restart_wanted_at == "2026-11-18T10:00:00Z"
    measured = software.judge(look, wanted, known).measured
    later = NOW + timedelta(days=7)
    before, after = visit(booted="2026-11-18T09:00:00Z"), visit(booted="2026-11-18T11:00:00Z")
    again = Known.from_measured(measured)
    assert again.at_visit(before, later) == again.at_visit(None, later) == known
    assert again.at_visit(after, later).restart_wanted_at is None


def test_a_restart_is_noted_also_where_another_package_of_the_call_failed() -> None:
    look = look_at(facts({}), visit())
    said = "Packages requiring reboot:\n - firefox (exit code 3010)\nFailures\n - vlc (exited 1618) - Error"
    results = [{"msg": "Error installing package(s) 'vlc, firefox'", "rc": 1618, "stdout": said}]
    known = software.known_after(software.Plan(), [], look, look, results, NOW)
    assert known.restart_wanted_at == "2026-11-18T10:00:00Z"


def test_success_that_wants_a_restart_is_success() -> None:
    wanted, before, after = policy({"name": "vlc"}), facts({}), facts({"vlc": "3.0.21"})
    [action] = taken(plan(before, wanted), before, after, [{"rc": 3010, "changed": True}], wanted)
    assert action.result is ActionResult.DONE


# -- one list per level ----------------------------------------------------------------------------------------


def test_a_devices_own_entries_are_added_or_replace_those_of_its_group() -> None:
    group = [{"name": "7zip"}, {"name": "firefox"}, {"name": "vlc"}]
    here = [{"name": "VLC", "state": "absent"}, {"name": "theirs"}, {"name": "7zip", "version": "24.9.0"}]
    wanted = policy(*group, here=here)
    assert [(wish.package, wish.present, wish.version, wish.origin) for wish in wanted.wishes] == [
        ("7zip", True, "24.9.0", "instead"),
        ("firefox", True, None, "group"),
        ("VLC", False, None, "instead"),
        ("theirs", True, None, "added"),
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
OURS = st.lists(st.sampled_from(NAMES), unique=True).map(sorted).map(tuple)


def apply(planned: software.Plan, installed: dict[str, str], pinned: set[str]) -> None:
    """What the tasks of the role do to a host where everything succeeds."""
    for name in removed(planned):
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
    """Apart from what is no longer listed: that stays, and is told."""
    wanted, pinned, now = policy(*wishes), set(held), dict(installed)
    before = facts(now, pinned=tuple(pinned))
    planned = plan(before, wanted, ours)
    apply(planned, now, pinned)
    after = facts(now, pinned=tuple(pinned))
    done = taken(planned, before, after, [], wanted)
    known = software.known_after(planned, done, look_at(before, visit()), look_at(after, visit()), [], NOW)
    found = {each.cause for each in software.judge(look_at(after, visit()), wanted, known).findings}
    kept = set(ours) & set(now) - {wish["name"] for wish in wishes}
    assert found == ({"software.no_longer_listed"} if kept else set())
    assert not software.plan(look_at(after, visit()), wanted, known).acts
    assert {action.result for action in done} <= {ActionResult.DONE}


@given(INSTALLED, WISHES, OURS)
def test_only_what_is_named_absent_is_ever_removed(
    installed: dict[str, str], wishes: list[dict[str, Any]], ours: tuple[str, ...]
) -> None:
    planned = plan(facts(installed), policy(*wishes), ours)
    absent = {wish["name"] for wish in wishes if wish["state"] == "absent"}
    present = {wish["name"] for wish in wishes} - absent
    assert set(removed(planned)) == absent & set(installed)
    touched = {*planned.install, *planned.upgrade, *(one.package for one in planned.singly)}
    assert touched <= present


NEEDS = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), unique=True))


@given(INSTALLED, WISHES, OURS, OURS, NEEDS)
def test_no_removal_takes_what_is_wanted_needed_or_not_ours(
    installed: dict[str, str],
    wishes: list[dict[str, Any]],
    ours: tuple[str, ...],
    brought: tuple[str, ...],
    needs: dict[str, list[str]],
) -> None:
    look = look_at(facts(installed), visit(needs=needs))
    planned = software.plan(look, policy(*wishes), Known(ours, brought))
    gone = removed(planned)
    absent = {wish["name"] for wish in wishes if wish["state"] == "absent"}
    assert set(gone) <= (set(brought) | absent) & set(installed)
    assert len(gone) == len(set(gone))
    assert {wish["name"] for wish in wishes if wish["state"] == "present"}.isdisjoint(gone)
    for name in set(gone) - absent:
        assert not [
            one for one in installed if name in needs.get(one, ()) and one != name and one not in gone
        ]


@given(st.dictionaries(st.sampled_from("abcd"), OURS), st.integers(0, 8))
def test_the_cap_holds_for_all_hosts_together_and_loses_nothing(
    removals: dict[str, tuple[str, ...]], maximum: int
) -> None:
    plans = {
        host: software.Plan(remove=tuple(software.Removal(name, (name,)) for name in names))
        for host, names in removals.items()
    }
    capped = software.capped(plans, maximum)
    total = sum(len(names) for names in removals.values())
    assert sum(len(one.remove) for one in capped.values()) == min(maximum, total)
    for host, one in capped.items():
        assert one.remove + one.held == plans[host].remove


@given(INSTALLED, WISHES, OURS)
def test_plans_survive_their_way_through_ansible(
    installed: dict[str, str], wishes: list[dict[str, Any]], ours: tuple[str, ...]
) -> None:
    planned = plan(facts(installed), policy(*wishes), ours)
    assert software.Plan.from_data(json.loads(json.dumps(planned.as_data()))) == planned


@given(INSTALLED, WISHES, OURS)
def test_a_dry_run_plans_just_what_a_run_would_take(
    installed: dict[str, str], wishes: list[dict[str, Any]], ours: tuple[str, ...]
) -> None:
    wanted, before = policy(*wishes), facts(installed)
    planned = plan(before, wanted, ours)
    dry = software.actions_planned(planned, look_at(before, visit()), wanted)
    failed = taken(planned, before, {"Errors": {"Path": "Access is denied"}}, [], wanted)
    assert [(each.kind, each.subject) for each in dry] == [(each.kind, each.subject) for each in failed]
    assert {each.result for each in dry} <= {ActionResult.PLANNED}
    assert bool(dry) is planned.acts
