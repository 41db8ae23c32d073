"""What a dry run would change: when there is a page, what stands on it, and the PDF that the customer signs."""

import html
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from serviceheft.book import Book
from serviceheft.publish import whatif
from serviceheft.publish.approval import build_approval
from serviceheft.publish.hosts import links
from serviceheft.publish.site import build_site, render
from serviceheft.publish.source import Source, read
from serviceheft.publish.whatif import NoDryRun
from tests import storybook
from tests.storybook import KB, NOW, Story

TITLE = "2026-11 Kumulatives Update für Windows 11, Version 24H2 (x64)"


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Story, str]:
    story = storybook.tell(tmp_path_factory.mktemp("book"), weeks=1)
    return story, storybook.act(story, NOW - timedelta(hours=2), dry_run=True)


@pytest.fixture(scope="module")
def source(rehearsed: tuple[Story, str]) -> Source:
    return source_of(rehearsed[0])


def source_of(story: Story) -> Source:
    return read(story.customer, story.catalogue, story.book, NOW)


def plain(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_page_tells_what_would_be_done_what_waits_and_what_was_not_measured(
    rehearsed: tuple[Story, str], source: Source
) -> None:
    story, run = rehearsed
    pages = render(source)
    page = plain(pages["whatif.md"])
    for expected in (
        "5 Änderungen auf 2 Geräten; 2 warten.",
        run,
        "3f1c9a7e20bd",
        story.customer.inventory_hash(),
        "Gültig für diesen Regelstand (Commit) und dieses Inventar.",
        f"mb-pc-03 · {story.customer.hosts['mb-pc-03'].title}",
        f"würde geschehen {KB} installieren: {TITLE}",
        "würde geschehen Windows neu starten",
        "würde geschehen Java 8 entfernen",
        "wartet Windows neu starten Es ist jemand angemeldet",
        "Noch kein Pilotgerät war damit lange genug in Ordnung",
        "Nichts zu tun mb-pc-01 ",
        "Das Gerät ist ausgeschaltet oder nicht im Netz mb-pc-06",
        "alle Leistungen Nicht Teil dieses Probelaufs mb-pc-04",
    ):
        assert expected in page
    assert "Hinweis" not in page
    assert "Freizugeben: Was geändert würde · 5 Änderungen" in plain(pages["index.md"])


def test_the_page_is_there_while_nothing_was_done_for_real_since(tmp_path: Path) -> None:
    story = storybook.tell(tmp_path, weeks=1)
    assert "whatif.md" not in render(source_of(story))  # its dry run was the day before the visit
    run = storybook.act(story, NOW - timedelta(hours=5), dry_run=True)
    note = story.run(NOW - timedelta(hours=4), kind="by hand")
    story.book.end_run(note, "carried out", now=NOW - timedelta(hours=4))
    assert "whatif.md" in render(source_of(story))
    storybook.act(story, NOW - timedelta(hours=3), dry_run=False)
    source = source_of(story)
    assert "whatif.md" not in render(source)
    named = plain(render(source, run)["whatif.md"])
    assert "Nach diesem Probelauf wurden Geräte besucht, am 22.11.2026 17:15" in named


def test_a_changed_inventory_and_a_dry_run_that_broke_off_are_told(rehearsed: tuple[Story, str]) -> None:
    source = source_of(rehearsed[0])
    run = replace(whatif.choose(source), inventory_hash="0" * 64, state="interrupted")
    shown = whatif.what_if(source, run, links(source.customer.hosts))
    assert shown.warnings == [
        "Das Inventar wurde nach diesem Probelauf geändert: Vor einer Freigabe ist ein neuer nötig.",
        "Der Probelauf ist nicht überall durchgekommen: Es kann mehr zu ändern sein.",
    ]


def test_without_a_dry_run_a_clear_message_and_nothing_written(tmp_path: Path) -> None:
    customer, catalogue = storybook.load("praxis_sued")
    story = Story(customer, catalogue, storybook.Book.open(f"sqlite:///{tmp_path / 'heft.sqlite'}"))
    out = tmp_path / "build"
    with pytest.raises(NoDryRun) as refused:
        build_approval(customer, catalogue, story.book, out, NOW)
    assert str(refused.value) == (
        "There is no dry run of praxis_sued yet. "
        "Make one, which changes nothing: heft weekly praxis_sued --check"
    )
    with pytest.raises(NoDryRun) as refused:
        build_site(customer, catalogue, story.book, out, NOW, dry_run="nowhere")
    assert str(refused.value).startswith("praxis_sued has no run 'nowhere'. No dry run yet. Make one")
    assert not out.exists()


def test_a_run_that_is_no_dry_run_or_still_goes_on_or_is_unknown_is_refused(tmp_path: Path) -> None:
    story = storybook.tell(tmp_path, weeks=1)
    done = storybook.act(story, NOW - timedelta(hours=3), dry_run=False)
    rehearsal = storybook.act(story, NOW - timedelta(hours=2), dry_run=True)
    going_on = story.run(NOW - timedelta(minutes=1), dry_run=True)
    source = source_of(story)
    for named, message in (
        (done, f"The run {done} of musterbau was no dry run: it changed what it says. Make one"),
        (going_on, f"The dry run {going_on} of musterbau still goes on. Try again when it has ended."),
        ("../x", f"musterbau has no run '../x'. The latest dry runs are: {going_on}, {rehearsal}, "),
    ):
        with pytest.raises(NoDryRun) as refused:
            whatif.choose(source, named)
        assert str(refused.value).startswith(message)
    assert whatif.choose(source).id == rehearsal
    later = replace(source, now=NOW + timedelta(days=500))
    with pytest.raises(NoDryRun, match=f"The dry run {rehearsal} of musterbau is older than 400 days"):
        whatif.choose(later)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is missing (Debian: poppler-utils)")
def test_the_pdf_is_made_for_a_signature(rehearsed: tuple[Story, str], tmp_path: Path) -> None:
    story, run = rehearsed
    path, _ = build_approval(story.customer, story.catalogue, story.book, tmp_path, NOW)
    assert path == tmp_path / "reports" / "musterbau" / f"was-geaendert-wuerde-{run}.pdf"
    text = text_of(path)
    for expected in (
        "Was geändert würde",
        "Musterbau GmbH & Co. KG (10042)",
        "Probelauf 22.11.2026 18:15, ausgeführt",
        "5 Änderungen auf 2 Geräten; 2 warten.",
        f"würde geschehen {KB} installieren",
        "Java 8 entfernen",
        "Es ist jemand angemeldet",
        "Nicht gemessen",
        "Das Gerät ist ausgeschaltet oder nicht im Netz mb-pc-06",
        "Gültig für diesen Regelstand (Commit) und dieses Inventar.",
        f"Lauf {run}",
        "Regelstand (Commit) 3f1c9a7e20bd",
        story.customer.inventory_hash(),
        "Freigegeben wie beschrieben",
        "Freigegeben mit Ausnahme von:",
        "Ort, Datum Name und Unterschrift für Musterbau GmbH & Co. KG",
    ):
        assert expected in text
    for person in story.customer.people.theirs.authorised_reporters:
        assert person.name not in text
        assert person.email not in text


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is missing (Debian: poppler-utils)")
def test_english_customers_sign_an_english_one(rehearsed: tuple[Story, str], tmp_path: Path) -> None:
    story, run = rehearsed
    company = story.customer.company.model_copy(update={"language": "en", "name": '#import "x": *'})
    customer = story.customer.model_copy(update={"company": company})
    path, _ = build_approval(customer, story.catalogue, story.book, tmp_path, NOW)
    assert path.name == f"what-would-change-{run}.pdf"
    text = text_of(path)
    assert "5 changes on 2 devices; 2 wait." in text
    assert f"would be done Install {KB}: 2026-11 Kumulatives Update" in text
    assert 'Name and signature for #import "x": *' in text


def text_of(pdf: Path) -> str:
    finished = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True
    )
    return " ".join(finished.stdout.split())


def test_a_dry_run_that_looked_at_nothing_claims_no_measurement(tmp_path: Path) -> None:
    inventory, catalogue = storybook.load()
    story = Story(
        inventory.model_copy(update={"hosts": {}}), catalogue, Book.open(f"sqlite:///{tmp_path}/b.sqlite")
    )
    run = story.run(NOW, dry_run=True)
    story.book.end_run(run, "carried out", now=NOW)
    page = render(read(story.customer, story.catalogue, story.book, NOW))["whatif.md"]
    assert "Dieser Probelauf hat nichts angesehen." in page
    assert "wurde gemessen" not in page
