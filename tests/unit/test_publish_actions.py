"""What was done, failed or waits stands on a device's page, by run and in the record, in words that are allowed."""

import html
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from serviceheft.assess.actions import ACTION_KINDS, Action, ActionKind, ActionResult
from serviceheft.assess.judgement import Judgement, Outcome
from serviceheft.publish import actions, allowed, words
from serviceheft.publish.reader import Reader
from serviceheft.publish.report import report_data
from serviceheft.publish.site import render
from serviceheft.publish.source import Source, read
from serviceheft.publish.words import Undeclared
from tests import storybook
from tests.storybook import KB, NOW, PERIOD, Story

DE, EN = Reader("de"), Reader("en")
SECRET = "Sommer2026!"
REASON = "Wird seit <b>heute</b> früh ausgenutzt | *sofort*"
UPDATE = f"{KB} installieren: 2026-11 Kumulatives Update für Windows 11, Version 24H2 (x64)"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    told = storybook.tell(tmp_path_factory.mktemp("book"), weeks=1)
    storybook.act(told, NOW - timedelta(days=2), dry_run=False, kind="emergency", reason=REASON)
    storybook.act(told, NOW - timedelta(days=1), dry_run=False, reason=f"{SECRET} is nobody's affair")
    return told


@pytest.fixture(scope="module")
def source(story: Story) -> Source:
    return read(story.customer, story.catalogue, story.book, NOW)


@pytest.fixture(scope="module")
def pages(source: Source) -> dict[str, str]:
    return render(source)


def test_what_waits_was_measured_and_counts_as_waiting(source: Source, pages: dict[str, str]) -> None:
    tally = report_data(source, PERIOD)["tally"]
    assert "wartet wie vereinbart" in tally["labels"]
    for row in tally["rows"]:
        *counts, devices = map(int, row[1:])
        assert sum(counts) >= devices, row
    (patching,) = (row for row in tally["rows"] if row[0].startswith("3.2 "))
    assert patching[tally["labels"].index("wartet wie vereinbart")] == "1"
    unchecked = plain(pages["about.md"]).partition("Nicht geprüft")[2]
    assert "mb-pc-01 2026-W47" in unchecked
    assert "Die Pilotgeräte sind" not in unchecked
    patching_alone = [one for one in source.owed if one.service == "3.2"]
    well = render(replace(source, findings=(), tickets=(), owed=patching_alone))
    assert "Änderung wartet" in plain(well["hosts/mb-pc-02.md"])
    assert "gemessen, ohne Befund" in plain(well["hosts/mb-pc-03.md"])


def plain(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_device_s_page_tells_what_was_done_and_what_failed_and_why(pages: dict[str, str]) -> None:
    done = plain(pages["hosts/mb-pc-03.md"])
    assert (
        "Was getan wurde Wann Ergebnis Maßnahme Leistung "
        "21.11.2026 20:20 erledigt 7-Zip aktualisieren (bisher 23.01) 3.3"
    ) in done
    assert f"21.11.2026 20:20 erledigt {UPDATE} 3.2" in done
    failed = plain(pages["hosts/mb-nb-02.md"])
    assert f"gescheitert {UPDATE} Das Update ließ sich nicht installieren (Fehlercode 0x80070643)" in failed
    assert "wartet Windows neu starten Es ist jemand angemeldet" in failed
    assert "Was getan wurde" not in plain(pages["hosts/mb-pc-01.md"])


def test_what_waits_is_told_as_of_the_last_stamp_and_what_was_done_of_all(source: Source) -> None:
    rows = actions.history(source, source.stamps_by_host["mb-nb-02"])
    assert [row.result.word for row in rows].count("gescheitert") == 2
    assert [row.result.word for row in rows].count("wartet") == 1
    assert all("später im selben Lauf" not in row.why for row in rows)


def test_a_dry_run_is_no_deed(tmp_path: Path) -> None:
    told = storybook.tell(tmp_path, weeks=1)
    storybook.act(told, NOW - timedelta(hours=1), dry_run=True)
    source = read(told.customer, told.catalogue, told.book, NOW)
    assert actions.history(source, source.stamps_by_host["mb-pc-03"]) == []
    assert "Was getan wurde" not in plain(render(source)["hosts/mb-pc-03.md"])


def test_a_run_tells_the_same_deed_on_several_devices_once_and_failures_first(source: Source) -> None:
    run = source.runs[0]
    rows = actions.by_run(source, source.stamps_by_run[run.id], {})
    told = [(row.result.word, row.what, [host.name for host in row.hosts if host]) for row in rows]
    assert told == [
        ("gescheitert", UPDATE, ["mb-nb-02"]),
        ("wartet", "Windows neu starten", ["mb-nb-02"]),
        ("wartet", UPDATE, ["mb-pc-02"]),
        ("erledigt", UPDATE, ["mb-pc-03"]),
        ("erledigt", "Windows neu starten", ["mb-pc-03"]),
        ("erledigt", "7-Zip aktualisieren (bisher 23.01)", ["mb-pc-03"]),
        ("erledigt", "Java 8 entfernen", ["mb-pc-03"]),
    ]


def test_an_emergency_tells_why_as_plain_text_and_no_other_run_does(pages: dict[str, str]) -> None:
    assert f"Warum außerhalb des Verfahrens {REASON}" in plain(pages["runs.md"])
    assert "Notfall-Update" in pages["runs.md"]
    assert "<b>heute" not in pages["runs.md"]
    assert not [name for name, page in pages.items() if SECRET in plain(page)]


def test_the_record_lists_the_deeds_of_every_visit_of_the_period(source: Source) -> None:
    data = report_data(source, PERIOD)
    section = next(it for it in data["sections"] if it["title"].startswith("3.2 "))
    row = next(it for it in section["rows"] if it["host"] == "mb-pc-03")
    assert [(it["result"]["word"], it["what"], it["at"]) for it in row["actions"]] == [
        ("erledigt", UPDATE, "20.11.2026 20:20"),
        ("erledigt", "Windows neu starten", "20.11.2026 20:20"),
        ("erledigt", UPDATE, ""),
        ("erledigt", "Windows neu starten", ""),
    ]


def test_texts_from_outside_stay_texts(story: Story, tmp_path: Path) -> None:
    told = storybook.tell(tmp_path, weeks=1)
    run = told.run(NOW - timedelta(hours=1))
    title = "<script>alert(1)</script> | a | [x](https://elsewhere.example) {0} {subject} *y*"
    deed = Action("update.install", "<img src=x>", ActionResult.DONE, values={"title": title})
    done = Judgement(Outcome.DONE, subject="updates", actions=(deed,))
    told.stamp(run, "3.2", "mb-pc-01", done, NOW - timedelta(minutes=50))
    told.book.end_run(run, "carried out", now=NOW - timedelta(minutes=40))
    pages = render(read(told.customer, told.catalogue, told.book, NOW))
    for name in ("hosts/mb-pc-01.md", "runs.md"):
        assert f"<img src=x> installieren: {title}" in html.unescape(pages[name])
        assert "<script" not in pages[name]
        assert "<img" not in pages[name]


def test_an_unregistered_kind_stops_the_publishing(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ACTION_KINDS._entries, "package.remove")
    with pytest.raises(Undeclared) as refused:
        read(story.customer, story.catalogue, story.book, NOW)
    assert str(refused.value) == (
        "The book holds an action of a kind or with a value that this version does not declare. "
        "Publish with the version that wrote it, or a newer one."
    )


def test_an_action_s_kind_values_and_shape_are_checked_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    deed = Action("update.install", KB, ActionResult.DONE, values={"title": SECRET})
    monkeypatch.setitem(
        ACTION_KINDS._entries, "update.install", ActionKind("update.install", "Install {subject}")
    )
    with pytest.raises(Undeclared) as refused:
        allowed.action(DE, deed)
    assert str(refused.value) == "The action update.install does not list the value 'title'."
    with pytest.raises(Undeclared, match="holds no plain value as subject") as refused:
        allowed.action(DE, replace(deed, subject={"password": SECRET}, values={}))  # type: ignore[arg-type]
    assert SECRET not in str(refused.value)
    monkeypatch.delitem(ACTION_KINDS._entries, "update.install")
    with pytest.raises(Undeclared, match="of a kind that is not registered"):
        allowed.action(DE, deed)


def test_only_a_number_of_windows_is_shown_as_an_error_code() -> None:
    def code(hresult: str) -> str:
        values = {"title": "x", "hresult": hresult}
        return allowed.error_code(
            EN, Action("update.install", KB, ActionResult.FAILED, "patch.install_failed", values)
        )

    assert code("0x80070643") == "error code 0x80070643"
    assert code(SECRET) == ""


def test_every_result_and_every_kind_has_words() -> None:
    assert set(words.ACTIONS) == {result.value for result in ActionResult}
    for kind in ACTION_KINDS.values():
        assert DE.gettext(kind.sentence) != kind.sentence
        said = allowed.action(EN, Action(kind.key, "SUBJECT", ActionResult.PLANNED))
        assert "{" not in said
