"""Patch management's decisions one by one: selection, pilots, judgements before and after, the stop file."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from serviceheft.assess.actions import Action, ActionResult
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.model.categories import CATEGORIES
from serviceheft.model.patching import UpdateException
from serviceheft.model.schema import MaintenanceWindow
from serviceheft.running.stop import stop_reason
from serviceheft.services.patch_management import judging as patching
from serviceheft.services.patch_management.judging import After, RestartDecision, Results
from serviceheft.services.patch_management.order import HostFacts, HostOrder, Progress, Waiting, order
from serviceheft.services.patch_management.policy import CustomerPolicy, HostPolicy, Reboot
from serviceheft.services.patch_management.restarts import SignedIn
from serviceheft.services.patch_management.rings import Pilot
from serviceheft.services.patch_management.selection import Selection, choose
from serviceheft.services.update_check.offered import read_offered
from serviceheft.services.update_check.update import Had, Update

NOW = datetime(2026, 11, 18, 20, 30, tzinfo=UTC)
TODAY = NOW.date()
KNOWN: dict[str, Any] = {"revision": 200, "categories": ("SecurityUpdates",)}
NOVEMBER = Update("2026-11 Cumulative Update (KB5068861)", ("KB5068861",), key="november", **KNOWN)
PREVIEW = Update("2026-11 Preview (KB5070001)", ("KB5070001",), key="preview", **KNOWN)
DRIVER = Update("Network Driver 12.1", (), wanted=False)
RELEASE = Update(
    "Windows 11, version 24H2 (KB5068861)",
    ("KB5068861",),
    wanted=False,
    key="release",
    revision=1,
    categories=("Upgrades",),
)
NO_RESTART = RestartDecision()


ALWAYS = MaintenanceWindow(
    name="always",
    days=["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    start="00:00",
    end="23:59",
)


def exception(expires: date = TODAY, **what: str) -> UpdateException:
    return UpdateException(**what, reason="because", expires=expires)


# -- selection ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("expires", "installed"), [(TODAY, False), (TODAY - timedelta(days=1), True)])
def test_rejecting_ends_after_its_last_day(expires: date, installed: bool) -> None:
    found = choose([NOVEMBER], HostPolicy(reject=(exception(expires, kb="KB5068861"),)), TODAY)
    assert (NOVEMBER in found.chosen) is installed
    assert (NOVEMBER in found.rejected) is not installed
    assert bool(found.lapsed) is installed


@pytest.mark.parametrize(("expires", "installed"), [(TODAY, True), (TODAY - timedelta(days=1), False)])
def test_accepting_ends_after_its_last_day(expires: date, installed: bool) -> None:
    found = choose([DRIVER], HostPolicy(accept=(exception(expires, title="network driver *"),)), TODAY)
    assert (DRIVER in found.chosen) is installed
    assert bool(found.lapsed) is not installed


def test_rejecting_outweighs_accepting() -> None:
    policy = HostPolicy(accept=(exception(kb="KB5070001"),), reject=(exception(title="*preview*"),))
    found = choose([NOVEMBER, PREVIEW], policy, TODAY)
    assert (found.chosen, found.rejected) == ((NOVEMBER,), (PREVIEW,))


def test_of_two_updates_that_share_an_article_only_the_named_one_is_meant() -> None:
    twin = Update("2026-11 Cumulative Update Preview (KB5068861)", ("KB5068861",), key="twin", **KNOWN)
    found = choose([NOVEMBER, twin], HostPolicy(reject=(exception(title="*preview*"),)), TODAY)
    assert (found.chosen, found.rejected) == ((NOVEMBER,), (twin,))


@pytest.mark.parametrize("what", [{"kb": "KB5068861"}, {"title": "*KB5068861*"}, {"title": "windows 11*"}])
def test_a_new_release_of_windows_is_accepted_by_its_own_id_alone(what: dict[str, str]) -> None:
    both = [NOVEMBER, RELEASE]
    assert choose(both, HostPolicy(accept=(exception(**what),)), TODAY).chosen == (NOVEMBER,)
    own = HostPolicy(accept=(exception(update_id="6c1e4f0a-52b7-4d1c-9c83-2f6a8e0b2601"),))
    release = replace(RELEASE, key="6C1E4F0A-52B7-4D1C-9C83-2F6A8E0B2601")
    assert choose([NOVEMBER, release], own, TODAY).chosen == (NOVEMBER, release)
    assert choose(both, HostPolicy(reject=(exception(kb="KB5068861"),)), TODAY).chosen == ()


def test_an_emergency_is_never_a_new_release_of_windows() -> None:
    assert choose([NOVEMBER, RELEASE], HostPolicy(), TODAY, "KB5068861").chosen == (NOVEMBER,)
    assert choose([replace(RELEASE, wanted=True)], HostPolicy(), TODAY, "KB5068861").chosen == ()


def test_an_emergency_is_one_update_and_rejecting_holds_in_it() -> None:
    assert choose([NOVEMBER, PREVIEW], HostPolicy(), TODAY, "KB5070001").chosen == (PREVIEW,)
    refused = HostPolicy(reject=(exception(kb="KB5070001"),))
    assert choose([NOVEMBER, PREVIEW], refused, TODAY, "KB5070001").chosen == ()


def searched(**more: Any) -> dict[str, Any]:
    def row(key: str, title: str | None, category: str, **fields: Any) -> dict[str, Any]:
        identifiers = [CATEGORIES[category].identifier]
        return {"UpdateID": key, "Title": title, "CategoryIDs": identifiers, "MsrcSeverity": None} | fields

    published = "2026-11-10T18:00:00Z"
    return {
        "Errors": {},
        "Updates": [
            row(
                "a",
                NOVEMBER.title,
                "SecurityUpdates",
                KBArticleIDs=["5068861"],
                LastDeploymentChangeTime=published,
                RevisionNumber=201,
            ),
            row("b", DRIVER.title, "Drivers"),
            row("c", "Hidden", "Drivers", IsHidden=True),
        ],
    } | more


def test_offered_are_also_updates_of_other_categories_and_hidden_ones() -> None:
    found = read_offered(searched(), NOW) or ()
    assert found == (
        Update(
            NOVEMBER.title,
            ("KB5068861",),
            wanted=True,
            published_at=datetime(2026, 11, 10, 18, tzinfo=UTC),
            categories=("SecurityUpdates",),
        ),
        replace(DRIVER, categories=("Drivers",)),
        Update("Hidden", wanted=False, hidden=True, categories=("Drivers",)),
    )
    assert [(one.key, one.revision) for one in found] == [("a", 201), ("b", None), ("c", None)]


def test_a_hidden_update_is_wanted_and_waits_as_nothing_can_install_it() -> None:
    hidden = replace(NOVEMBER, hidden=True)
    assert choose([hidden], HostPolicy(), TODAY) == Selection(hidden=(hidden,))
    assert choose([hidden], HostPolicy(), TODAY, "KB5068861") == Selection(hidden=(hidden,))
    made = order(
        [HostFacts("pc-1", HostPolicy(ring="pilot"), (hidden,))],
        [],
        Progress(),
        CustomerPolicy(emergency="KB5068861"),
        NOW,
        stopped=False,
    )["pc-1"]
    assert (made.install, made.waiting) == ((), (Waiting(hidden, "patch.hidden"),))


@pytest.mark.parametrize(
    "search", [None, {}, searched(Updates=None), searched(Errors={"Updates": "0x8024402C"})]
)
def test_a_search_that_failed_offers_nothing_known(search: Mapping[str, Any] | None) -> None:
    assert read_offered(search, NOW) is None


# -- judgements --------------------------------------------------------------------------------------------------

ORDER = HostOrder("pc-1", "broad", install=(NOVEMBER,))


def after(*offered: Update, **fields: Any) -> After:
    known: dict[str, Any] = {
        "visit": {"sections": {}},
        "offered": offered,
        "chosen": offered,
        "reboot_pending": False,
        "definitions_current": True,
    }
    return After(**known | fields)


GONE = {"visit": {"unreachable": True, "msg": "connection refused"}, "offered": None, "chosen": ()}


@pytest.mark.parametrize(
    ("results", "measured", "reason"),
    [
        (Results({"failed": True, "msg": "x"}), after(NOVEMBER), "patch.install_failed"),
        (
            Results({"changed": True}),
            after(NOVEMBER),
            "patch.install_failed",
        ),  # success that the search denies
        (
            Results({"failed": True, "msg": "timed out waiting for module completion."}),
            after(NOVEMBER),
            "patch.installation_hangs",
        ),
        (
            Results({"failed": True, "msg": "async task produced unparsable results"}),
            after(NOVEMBER),
            "patch.installation_hangs",
        ),
        (Results({"changed": True}), after(offered=None, chosen=()), "patch.not_searched_again"),
        (
            Results(
                {"failed": True, "msg": "Failed to reboot host: timed out waiting for last boot time check"}
            ),
            after(**GONE),
            "reach.reboot_timeout",
        ),
        (Results({"changed": True}), after(**GONE), "reach.refused"),
    ],
)
def test_what_was_not_measured_as_installed_failed(results: Results, measured: After, reason: str) -> None:
    found = patching.judge_result(ORDER, results, NO_RESTART, measured)
    assert (found.outcome, found.reason) == (Outcome.FAILED, reason)
    assert found.actions[0].result is ActionResult.FAILED


def test_installed_is_what_a_new_search_no_longer_finds_whatever_the_module_says() -> None:
    found = patching.judge_result(ORDER, Results({"failed": True, "msg": "x"}), NO_RESTART, after())
    assert (found.outcome, found.actions) == (
        Outcome.DONE,
        (
            Action(
                "update.install",
                "KB5068861",
                ActionResult.DONE,
                values={"title": NOVEMBER.title, "update_id": "november", "revision": 200},
            ),
        ),
    )


def test_what_came_up_only_afterwards_waits_for_the_next_run() -> None:
    found = patching.judge_result(ORDER, Results({"changed": True}), NO_RESTART, after(PREVIEW))
    assert (found.outcome, found.reason) == (Outcome.HELD, "patch.next_run")


def test_a_restart_that_may_not_be_is_held() -> None:
    held = RestartDecision(needed=True, reason="patch.reboot_never")
    found = patching.judge_result(ORDER, Results({"changed": True}), held, after(reboot_pending=True))
    assert [(it.kind, it.reason) for it in found.actions] == [
        ("update.install", None),
        ("update.reboot", "patch.reboot_never"),
    ]
    assert found.outcome is Outcome.HELD


def test_before_it_is_done_it_is_planned_or_waits_its_turn() -> None:
    dry = patching.judge_order(ORDER, None, unmeasured=None, dry_run=True)
    assert (dry.outcome, dry.reason, dry.actions[0].result) == ("held", "patch.planned", "planned")
    real = patching.judge_order(ORDER, None, unmeasured=None, dry_run=False)
    assert (real.outcome, real.reason, real.actions[0].reason) == ("held", "patch.in_turn", "patch.in_turn")


def test_nothing_to_do_is_done_and_an_unknown_state_is_not_measured() -> None:
    idle = HostOrder("pc-1", "broad", rejected=(PREVIEW,))
    assert patching.judge_order(idle, None, unmeasured=None, dry_run=False).outcome is Outcome.DONE
    unknown = patching.judge_order(idle, None, unmeasured="updates.search_failed", dry_run=False)
    assert (unknown.outcome, unknown.reason) == (Outcome.NOT_MEASURED, "updates.search_failed")


def test_a_lapsed_exception_is_told_once_for_the_host() -> None:
    over = tuple(exception(TODAY - timedelta(days=days), kb="KB5068861") for days in (1, 2))
    found = patching.judge_order(
        HostOrder("pc-1", "broad", lapsed=over), None, unmeasured=None, dry_run=False
    )
    assert [(it.cause, it.values) for it in found.findings] == [
        ("patching.exception_lapsed", {"count": 2, "update": "KB5068861", "expired_on": "2026-11-17"})
    ]


def test_a_scanner_with_a_console_keeps_its_ticket() -> None:
    waiting = HostOrder(
        "pc-1", "broad", scanner="Bitdefender", waiting=(Waiting("definitions", "patch.scanner_console"),)
    )
    found = patching.judge_order(waiting, None, unmeasured=None, dry_run=False)
    assert (found.outcome, found.reason) == (Outcome.HELD, "patch.scanner_console")
    assert found.actions[0].subject == "Bitdefender"
    assert patching.is_settled(found)  # it has every update: others need not wait for its scanner


def test_held_needs_a_reason() -> None:
    with pytest.raises(ValueError, match=r"^The outcome is 'held' without a reason\.$"):
        Judgement(Outcome.HELD)


# -- the whole order ---------------------------------------------------------------------------------------------


def test_with_a_restart_outstanding_nothing_is_installed_that_windows_would_refuse() -> None:
    policy = HostPolicy(reboot=Reboot.NEVER)
    facts = HostFacts("pc-1", policy, (NOVEMBER,), reboot_pending=True)
    found = order([facts], [], Progress(), CustomerPolicy(emergency="KB5068861"), NOW, stopped=False)["pc-1"]
    assert not found.acts
    assert {it.reason for it in found.waiting} == {"patch.reboot_never"}


def test_a_plan_need_not_know_who_is_signed_in_but_a_restart_must() -> None:
    facts = HostFacts("pc-1", HostPolicy(), reboot_pending=True, offered=(NOVEMBER,))
    policy = CustomerPolicy(windows=(ALWAYS,))
    planned = order([facts], [], Progress(), policy, NOW, stopped=False, planning=True)["pc-1"]
    assert planned.restart
    real = order([facts], [], Progress(), policy, NOW, stopped=False)["pc-1"]
    assert not real.acts
    assert facts.signed_in is SignedIn.NOT_ASKED
    nobody = replace(facts, signed_in=SignedIn.NOBODY)
    assert order([nobody], [], Progress(), policy, NOW, stopped=False)["pc-1"].install == (NOVEMBER,)


def test_without_an_agreed_window_nothing_is_changed() -> None:
    found = order(
        [HostFacts("pc-1", HostPolicy(), (NOVEMBER,))], [], Progress(), CustomerPolicy(), NOW, stopped=False
    )
    assert found["pc-1"].waiting == (Waiting(NOVEMBER, "patch.no_window"),)


# -- the stop file -----------------------------------------------------------------------------------------------


def test_the_stop_file_says_why_in_its_first_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "stop"
    monkeypatch.setenv("HEFT_STOP", str(path))
    assert stop_reason() is None
    path.write_text("", encoding="utf-8")
    assert stop_reason() == "no reason was written into the stop file"
    path.write_bytes(b"recalled\xff\nmore")
    assert stop_reason() == "recalled\N{REPLACEMENT CHARACTER}"
    path.unlink()
    path.mkdir()  # cannot be read as a file: better stopped than not
    assert stop_reason() == "no reason was written into the stop file"


def test_the_stop_file_lies_with_the_book_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEFT_STOP", raising=False)
    monkeypatch.setenv("HEFT_VAR", str(tmp_path))
    (tmp_path / "stop").write_text("hands off\n", encoding="utf-8")
    assert stop_reason() == "hands off"


# -- identity and version ----------------------------------------------------------------------------------------

DEFINITIONS = "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version 1.443.{}.0)"


def definitions(number: int, **more: Any) -> Update:
    known = {"revision": 200, "categories": ("DefinitionUpdates",), "definitions": True} | more
    return Update(DEFINITIONS.format(number), ("KB2267602",), key=f"key-{number}", **known)


def test_the_next_version_of_what_was_installed_is_no_failure_and_no_work_of_this_run() -> None:
    given = HostOrder("pc-1", "pilot", install=(definitions(100),))
    done = {"updates": [{"id": "key-100", "result": "installed"}]}
    found = patching.judge_result(given, Results(done), NO_RESTART, after(definitions(101)))
    assert (found.outcome, [it.result for it in found.actions]) == (Outcome.DONE, [ActionResult.DONE])
    assert patching.is_settled(found)


def test_the_same_version_that_is_offered_again_failed() -> None:
    given = HostOrder("pc-1", "pilot", install=(definitions(100),))
    found = patching.judge_result(given, Results({"changed": True}), NO_RESTART, after(definitions(100)))
    assert (found.outcome, found.reason) == (Outcome.FAILED, "patch.install_failed")


@pytest.mark.parametrize(
    ("install", "measured"),
    [
        (
            {"updates": [{"id": "key-100", "result": "failed", "hresult": "0x80070643"}]},
            after(definitions(101)),
        ),
        ({"changed": True}, after(definitions(101), hresults={DEFINITIONS.format(100): "0x80070643"})),
    ],
    ids=["by the module", "by the host's history"],
)
def test_what_failed_and_was_then_replaced_was_not_installed(
    install: dict[str, Any], measured: After
) -> None:
    given = HostOrder("pc-1", "pilot", install=(definitions(100),))
    assert patching.judge_result(given, Results(install), NO_RESTART, measured).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("before", "then", "same_thing", "same_version"),
    [
        (Update("X (KB1)", ("KB1",), key="a", revision=200), Update("X (KB1)", ("KB1",), key="a", revision=200), 1, 1),
        (Update("X (KB1)", ("KB1",), key="a", revision=200), Update("X (KB1)", ("KB1",), key="a", revision=201), 1, 0),
        (Update("X (KB1)", ("KB1",), key="a"), Update("X (KB1)", ("KB1",), key="a", revision=201), 1, 1),
        (Update("Cumulative (KB1)", ("KB1",)), Update("Kumulativ (KB1)", ("KB1",)), 1, 1),
        (definitions(100), definitions(101), 1, 0),
        (Update("2026-11 X (KB1) (26200.7171)", ("KB1",)), Update("2026-11 X (KB1) (26200.7172)", ("KB1",)), 1, 0),
        (Update("Windows 11, version 25H2", ()), Update("Windows 11, version 26H2", ()), 0, 0),
        (Update("Tool (Version 5.130)", ("KB890830",)), Update("Tool (Version 5.131)", ("KB890830",)), 1, 0),
        (
            Update("Обновление - KB2267602 (версия 1.359.1276.0)", ("KB2267602",)),
            Update("Обновление - KB2267602 (версия 1.359.1277.0)", ("KB2267602",)),
            1,
            0,
        ),
        (NOVEMBER, PREVIEW, 0, 0),
    ],
)  # fmt: skip
def test_identity_and_version_are_two_things(
    before: Update, then: Update, same_thing: int, same_version: int
) -> None:
    for one, other in ((before, then), (then, before)):
        assert (one.same_thing(other), one.same_version(other)) == (bool(same_thing), bool(same_version))


def test_an_article_tells_small_things_apart_from_nothing_else() -> None:
    assert not NOVEMBER.same_thing(RELEASE)
    assert not replace(NOVEMBER, key=None).same_thing(RELEASE)
    assert definitions(1).same_thing(definitions(2))


def test_definitions_wait_for_no_ring() -> None:
    facts = [HostFacts("pc-2", HostPolicy(), (definitions(101, published_at=NOW),))]
    pilots = [Pilot("pilot", had=(Had(NOVEMBER, NOW - timedelta(days=5)),))]
    policy = CustomerPolicy(windows=(ALWAYS,))
    assert order(facts, pilots, Progress(), policy, NOW, stopped=False, planning=True)["pc-2"].install


# -- what was installed besides, and what was not --------------------------------------------------------------------


def said(result: str, **more: Any) -> Results:
    return Results({"updates": [{"id": "NOVEMBER", "result": result, **more}], "reboot_required": False})


@pytest.mark.parametrize(
    ("results", "measured", "outcome", "reason"),
    [
        (said("other_revision"), after(NOVEMBER), "held", "patch.changed_meanwhile"),
        (said("other_category"), after(NOVEMBER), "held", "patch.changed_meanwhile"),
        (said("hidden"), after(NOVEMBER), "held", "patch.hidden"),
        (said("not_offered"), after(), "held", "patch.withdrawn"),
        (said("not_offered"), after(NOVEMBER), "held", "patch.withdrawn"),
        (said("installed"), after(NOVEMBER), "failed", "patch.install_failed"),
        (said("failed", hresult="0x80070643"), after(NOVEMBER), "failed", "patch.install_failed"),
        (
            Results({"failed": True, "msg": "Another installation is running", "updates": []}),
            after(NOVEMBER),
            "failed",
            "patch.busy",
        ),
        (
            Results({"failed": True, "msg": "A restart is required before updates can be installed"}),
            after(NOVEMBER),
            "failed",
            "patch.restart_first",
        ),
        (
            Results({"failed": True, "msg": "async task did not complete within the requested time - 3s"}),
            after(NOVEMBER),
            "failed",
            "patch.installation_hangs",
        ),
    ],
)
def test_why_an_update_is_not_there_comes_from_codes(
    results: Results, measured: After, outcome: str, reason: str
) -> None:
    found = patching.judge_result(ORDER, results, NO_RESTART, measured)
    assert (found.outcome, found.reason) == (outcome, reason)


def test_a_failure_keeps_its_code_its_revision_and_the_windows_it_was_tried_on() -> None:
    found = patching.judge_result(
        ORDER, said("failed", hresult="0x80070643"), NO_RESTART, after(NOVEMBER, build="26100.2314")
    )
    assert found.actions[0].values == {
        "title": NOVEMBER.title,
        "update_id": "november",
        "revision": 200,
        "hresult": "0x80070643",
        "build": "26100.2314",
    }


def test_what_else_came_in_is_a_finding() -> None:
    found = patching.judge_result(ORDER, said("installed"), NO_RESTART, after(came_in=(RELEASE.title,)))
    assert found.actions[0].result is ActionResult.DONE
    assert [(it.cause, it.values) for it in found.findings] == [
        ("patching.came_in", {"count": 1, "updates": RELEASE.title})
    ]
    unknown = patching.judge_result(ORDER, said("installed"), NO_RESTART, after(came_in=None))
    assert "patching.came_in" not in {check.key for check in unknown.checks}


@pytest.mark.parametrize(
    ("install", "pending", "asks"),
    [
        ({"updates": [{"result": "installed", "reboot_required": True}]}, False, True),
        ({"updates": [{"result": "installed", "reboot_required": False}]}, True, True),
        ({"updates": [{"result": "installed", "reboot_required": False}]}, False, False),
        ({"updates": [{"result": "failed", "reboot_required": True}]}, True, False),
        ({"updates": []}, True, False),
        ({"unreachable": True, "msg": "gone"}, True, True),  # its answer was lost on the way
        ({"unreachable": True, "msg": "gone"}, False, False),
        (None, True, False),
    ],
)
def test_only_what_was_installed_asks_for_a_restart(
    install: dict[str, Any] | None, pending: bool, asks: bool
) -> None:
    assert patching.asks_for_restart(install, pending=pending) is asks


def test_an_update_that_is_not_known_by_its_own_id_and_category_waits() -> None:
    policy = CustomerPolicy(windows=(ALWAYS,))
    for lacking in ({"key": None}, {"revision": None}, {"categories": ()}):
        unknown = replace(NOVEMBER, **lacking)
        made = order(
            [HostFacts("pc-1", HostPolicy(), (unknown,))], [], Progress(), policy, NOW, stopped=False
        )
        assert made["pc-1"].waiting == (Waiting(unknown, "patch.unidentified"),)
