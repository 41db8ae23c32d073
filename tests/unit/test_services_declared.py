"""What a service declares of itself: found by name, each word once, and refused where it contradicts itself."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from serviceheft import plays, services
from serviceheft.assess.judgement import CAUSES, Judgement, Outcome
from serviceheft.assess.registry import Registry
from serviceheft.model.catalogue import load_catalogue
from serviceheft.model.groups import run_group
from serviceheft.service import JUDGE, Judged, Play, Run, Seen, Service
from serviceheft.services import SERVICES, SUBJECTS
from serviceheft.settings import REPOSITORY
from tests.visit_sections import EVERY

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
KNOWN = SERVICES["remote_access"]
CATALOGUE = load_catalogue()


def nothing(seen: Seen) -> Judged:
    return Judged(Judgement(Outcome.DONE))


# -- the packages --------------------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], None]:
    """Put a package that declares something beside the services' own."""

    def put(name: str, declared: Any) -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
        module = ModuleType(f"serviceheft.services.{name}")
        module.SERVICE = declared  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(services, "__path__", [str(tmp_path), *services.__path__])

    return put


def test_each_service_is_found_by_the_name_of_its_role(package: Callable[[str, Any], None]) -> None:
    made = replace(KNOWN, role="later_one", causes=())
    package("later_one", made)
    assert services._declared() == {**SERVICES, "later_one": made}


def test_a_package_that_declares_another_role_is_refused(package: Callable[[str, Any], None]) -> None:
    package("later_one", KNOWN)
    with pytest.raises(ValueError, match="services/later_one declares the role 'remote_access'"):
        services._declared()


@pytest.mark.parametrize(
    ("kind", "text"), [("causes", "title"), ("actions", "sentence"), ("reasons", "title")]
)
def test_a_word_that_another_service_has_is_refused(
    package: Callable[[str, Any], None], kind: str, text: str
) -> None:
    theirs = getattr(KNOWN, kind)[0]
    package("later_one", replace(KNOWN, role="later_one", **{kind: (replace(theirs, **{text: "another"}),)}))
    with pytest.raises(ValueError, match=f"{theirs.key!r} is declared twice"):
        services._declared()


def test_what_is_refused_is_not_taken_in() -> None:
    registry: Registry[Any] = Registry("cause")
    cause = next(iter(CAUSES.values()))
    registry.add(cause)
    with pytest.raises(ValueError, match="declared twice"):
        registry.add(replace(cause, title="another"))
    assert list(registry.values()) == [cause]
    registry.add(cause)  # two services may share a word


def test_each_package_has_a_role_and_a_line_of_the_catalogue() -> None:
    folders = {path.parent.name for path in Path(services.__file__).parent.glob("*/__init__.py")}
    assert folders == set(SERVICES)
    for role in SERVICES:
        assert CATALOGUE.carried_out_by(role).role == role
        assert plays.tier_of(role) in ("basic", "standard", "comfort")


def test_each_reads_sections_that_the_visit_has() -> None:
    for service in SERVICES.values():
        assert set(service.sections) | set(service.again) <= set(EVERY), service.role
        assert set(service.again) == set() or service.judge_after is not None


def test_subjects_stand_in_the_order_of_the_pages() -> None:
    assert [it.place for it in SUBJECTS.values()] == sorted(it.place for it in SUBJECTS.values())
    for name, subject in SUBJECTS.items():
        assert services.roles_of(subject), name


# -- one declaration -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "judges", [{"judge": None, "judge_all": None}, {"judge": nothing, "judge_all": lambda *_: {}}]
)
def test_a_service_judges_one_way(judges: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="later_one: a service judges host by host, or all of them together"):
        Service("later_one", KNOWN.subject, (), **judges)


def test_groups_are_those_that_it_fills_itself() -> None:
    made = Service(
        "later_one",
        KNOWN.subject,
        (),
        judge=nothing,
        plays=(JUDGE, Play("ask", "asking"), Play("mend", "mending")),
    )
    assert made.groups == ("asking",)


def seen(host: str, *visits: dict[str, Any]) -> Seen:
    return Seen(host, {}, visits, NOW)


def test_host_by_host_only_those_that_were_reached() -> None:
    asked = []

    def judge(one: Seen) -> Judged:
        asked.append(one.host)
        return nothing(one)

    made = Service("later_one", KNOWN.subject, (), judge=judge)
    hosts = {"a": seen("a", {"sections": {}}), "b": seen("b", {"unreachable": True}), "c": seen("c")}
    run = Run("r", None, None, None)  # type: ignore[arg-type]
    assert (list(made.judged(hosts, run)), asked) == (["a"], ["a"])


def test_all_together_all_of_them() -> None:
    given: list[str] = []

    def judge_all(hosts: Any, _: Run) -> Any:
        given.extend(hosts)
        return {}

    made = Service("later_one", KNOWN.subject, (), judge_all=judge_all)
    made.judged({"a": seen("a"), "b": seen("b")}, Run("r", None, None, None))  # type: ignore[arg-type]
    assert given == ["a", "b"]


def test_what_a_service_sees_of_a_host() -> None:
    none = seen("a")
    assert (none.first, none.latest, none.reached, none.section("x")) == ({}, {}, False, None)
    first, later = {"sections": {"x": {"n": 1}}}, {"sections": {"x": {"n": 2}}, "errors": {}}
    both = seen("a", first, later)
    assert (both.first, both.latest, both.reached) == (first, later, True)
    assert both.section("x") == {"n": 2}
    assert seen("a", first, {"unreachable": True}).reached
    assert not seen("a", {"unreachable": True}, later).reached
    assert seen("a", {"sections": {"x": {}}, "errors": {"x": "no"}}).section("x") is None


# -- the playbooks -------------------------------------------------------------------------------------------


def test_the_playbooks_are_those_that_the_declarations_make(tmp_path: Path) -> None:
    plays.write(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        assert (REPOSITORY / "playbooks" / path.name).read_text(encoding="utf-8") == path.read_text(
            encoding="utf-8"
        )
    assert {path.stem for path in tmp_path.iterdir()} == {"basic", "standard", "comfort", "last"}


def test_each_service_is_played_once_and_those_that_are_last_come_last() -> None:
    texts = plays.playbooks(CATALOGUE)
    for role, service in SERVICES.items():
        number = CATALOGUE.carried_out_by(role).number
        own = f"hosts: {run_group('owed', number)}\n"
        assert sum(text.count(f"name: {role}\n") for text in texts.values()) == len(service.plays)
        assert (own in texts["last"]) is service.last


def test_serial_batches_are_written_as_ansible_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    made = replace(KNOWN, plays=(Play("ring", "mending_2_4_ring", "ring", (1, 5)),))
    monkeypatch.setitem(SERVICES, "remote_access", made)
    assert "  hosts: mending_2_4_ring\n  serial: [1, 5]\n" in plays.playbooks(CATALOGUE)["basic"]
