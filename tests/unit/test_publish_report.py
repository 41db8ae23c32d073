"""The maintenance record: a real PDF, read back as text."""

import shutil
import subprocess
from pathlib import Path

import pytest

from serviceheft.clock import ClockError
from serviceheft.publish.report import build_report, report_data
from serviceheft.publish.source import read
from tests import storybook
from tests.storybook import NOW, PERIOD, Story

needs_pdftotext = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="pdftotext is missing (Debian: poppler-utils)"
)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return storybook.tell(tmp_path_factory.mktemp("book"), weeks=3)


def text_of(pdf: Path) -> str:
    finished = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True
    )
    return " ".join(finished.stdout.split())


def test_the_record_is_a_pdf_named_after_its_period(story: Story, tmp_path: Path) -> None:
    path = build_report(story.customer, story.catalogue, story.book, tmp_path, NOW)
    assert path == tmp_path / "reports" / "musterbau" / "wartungsprotokoll-2026-W47.pdf"
    assert path.read_bytes().startswith(b"%PDF-")
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_the_same_book_gives_the_same_bytes(story: Story, tmp_path: Path) -> None:
    first = build_report(story.customer, story.catalogue, story.book, tmp_path / "a", NOW)
    second = build_report(story.customer, story.catalogue, story.book, tmp_path / "b", NOW)
    assert first.read_bytes() == second.read_bytes()


@needs_pdftotext
def test_head_checks_gaps_and_evidence_are_printed(story: Story, tmp_path: Path) -> None:
    text = text_of(build_report(story.customer, story.catalogue, story.book, tmp_path, NOW, PERIOD))
    ours = story.customer.people.ours
    head = story.book.head("musterbau")
    for expected in (
        "Wartungsprotokoll Kalenderwoche 47/2026",
        "Musterbau GmbH & Co. KG (10042)",
        "Servicevertrag Comfort",
        "Kalenderwoche 47/2026 (16.11.2026 bis 22.11.2026)",
        f"Verantwortlich {ours.contact.name}",
        f"Stellvertretung {ours.deputy.name}",
        "2.7 Prüfung des Virenschutzes",
        "Der Echtzeitschutz des Virenscanners ist ausgeschaltet.",
        "k.holzmann",
        "Nicht geprüft",
        "mb-nb-03 Das Gerät ist ausgeschaltet oder nicht im Netz",
        "3f1c9a7e20bd",
        story.customer.inventory_hash(),
        f"Kopf der Kette: Nummer {head.number}",
        head.hash,
        "Seite 1 von",
    ):
        assert expected in text
    assert "Probelauf" not in text


@needs_pdftotext
def test_english_customers_get_an_english_record(story: Story, tmp_path: Path) -> None:
    company = story.customer.company.model_copy(update={"language": "en"})
    customer = story.customer.model_copy(update={"company": company})
    path = build_report(customer, story.catalogue, story.book, tmp_path, NOW)
    assert path.name == "maintenance-record-2026-W47.pdf"
    text = text_of(path)
    assert "Maintenance record week 47/2026" in text
    assert "Not checked" in text


@needs_pdftotext
@pytest.mark.parametrize(
    "name", ['#import "x": *', "*x* _y_ $z$ @ref <label> \\ // c", "<script>alert(1)</script>"]
)
def test_typst_s_signs_in_a_text_come_out_as_text(name: str, story: Story, tmp_path: Path) -> None:
    company = story.customer.company.model_copy(update={"name": name})
    customer = story.customer.model_copy(update={"company": company})
    assert name in text_of(build_report(customer, story.catalogue, story.book, tmp_path, NOW))


def test_every_stamped_service_has_a_row_per_device_with_its_ticket(story: Story) -> None:
    data = report_data(read(story.customer, story.catalogue, story.book, NOW), PERIOD)
    rows = {row["host"]: row for row in data["sections"][1]["rows"]}
    assert data["sections"][1]["title"] == "2.7 Prüfung des Virenschutzes"
    assert len(rows) == 13
    assert rows["mb-pc-05"]["result"] == {"word": "mit Befund", "tone": "warning"}
    ticket = rows["mb-pc-05"]["tickets"][0]
    assert ticket["number"].startswith("musterbau-")
    assert ticket["state"] == "20.11.2026 10:06, überfällig"
    assert rows["mb-nb-03"]["result"] == {"word": "nicht erreicht", "tone": "unmeasured"}
    assert rows["mb-srv-app"]["deviations"] == [
        "Nicht gemessen: letzte Virenprüfung",
        "Der Scanner gibt diesen Wert nicht an",
    ]


def test_a_month_holds_the_records_of_its_weeks(story: Story) -> None:
    source = read(story.customer, story.catalogue, story.book, NOW)
    week = report_data(source, PERIOD)["sections"][1]["rows"]
    month = report_data(source, "2026-11")["sections"][1]["rows"]
    assert len(week) == 13
    assert len(month) == 39


def test_a_period_without_visits_says_so(story: Story, tmp_path: Path) -> None:
    data = report_data(read(story.customer, story.catalogue, story.book, NOW), "2025-W10")
    assert data["sections"] == []
    assert data["nothing"] == "In diesem Zeitraum wurde keine Leistung gestempelt."
    assert build_report(story.customer, story.catalogue, story.book, tmp_path, NOW, "2025-W10").exists()


def test_a_text_that_is_no_period_is_refused(story: Story, tmp_path: Path) -> None:
    with pytest.raises(ClockError, match=r"'2026-W60' is no period"):
        build_report(story.customer, story.catalogue, story.book, tmp_path, NOW, "2026-W60")
