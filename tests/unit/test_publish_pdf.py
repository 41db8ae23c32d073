"""No text whatever stops a PDF, and what no font has shows as its number."""

import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from serviceheft import settings
from serviceheft.publish import glyphs, pdf
from serviceheft.publish.report import report_data
from serviceheft.publish.source import read
from tests import storybook

NOW = datetime(2026, 11, 18, 10, tzinfo=settings.BERLIN)
ANY_TEXT = st.text(
    st.characters(codec=None, categories=None)
    | st.characters(categories=["Cs", "Co", "Cn", "Cc", "Cf", "Mn", "Lo", "So"])
)


@pytest.fixture(scope="module", autouse=True)
def told(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A real record, of which each text is then replaced."""
    story = storybook.tell(tmp_path_factory.mktemp("book"), weeks=1)
    data = report_data(read(story.customer, story.catalogue, story.book, storybook.NOW), storybook.PERIOD)
    # The longest row has findings, actions and tickets; one of each kind is enough.
    rows = [(section["title"], row) for section in data["sections"] for row in section["rows"]]
    title, row = max(rows, key=lambda pair: len(str(pair[1])))
    assert row["deviations"]
    assert row["tickets"]
    data["sections"] = [{"title": title, "rows": [row]}]
    data["unchecked"]["rows"] = data["unchecked"]["rows"][:1]
    RECORD.update(data)


RECORD: dict[str, Any] = {}
#: What the template decides by, and what stands on every page.
_FIXED = {"tone", "language", "page_of"}
_SHORT = {"title", "company", "provider", "footer", "labels"}


def record(text: str) -> dict[str, Any]:
    """A maintenance record that says one text wherever it says any."""
    return {key: _said(key, value, text) for key, value in RECORD.items()}


def _said(key: str, value: Any, text: str) -> Any:
    if isinstance(value, dict):
        return {inner: _said(inner, part, text) for inner, part in value.items()}
    if isinstance(value, list | tuple):
        return [_said(key, part, text) for part in value]
    if not isinstance(value, str) or key in _FIXED:
        return value
    return f"{value[:9]} {text[:9]}" if key in _SHORT else text


def read_back(path: Path) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("needs Debian's package poppler-utils")
    return subprocess.run(
        ["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Müller & Söhne – 100 % „gut“ €", "Müller & Söhne – 100 % „gut“ €"),
        ("中文", "[U+4E2D][U+6587]"),
        ("gut 🙂", "gut [U+1F642]"),
        ("\ue000", "[U+E000]"),
        ("pc\u202egpj", "pc[U+202E]gpj"),
        ("\x1b[31m\x00", "[U+001B][31m[U+0000]"),
        ("\ufffe\udcff", "[U+FFFE][U+DCFF]"),
        ("ก", "[U+0E01]"),
        ("Привет Ωμέγα Łódź", "Привет Ωμέγα Łódź"),
        ("#import *x* _y_ $z$ <l> @r \\u{1F642}", "#import *x* _y_ $z$ <l> @r \\u{1F642}"),
    ],
)
def test_a_text_shows_itself_or_its_numbers(tmp_path: Path, text: str, shown: str) -> None:
    made = pdf.write("report.typ", record(text), tmp_path / "x.pdf", NOW)
    assert shown.replace(" ", "") in read_back(made).replace(" ", "").replace("\n", "")


@given(ANY_TEXT)
@hypothesis_settings(max_examples=30)
def test_no_text_stops_a_record(text: str) -> None:
    assert pdf._set("report.typ", glyphs.printable(record(text)), NOW).startswith(b"%PDF")


@pytest.mark.parametrize(
    "text",
    [
        "مرحبا بالعالم",
        "שלום",
        "नमस्ते",
        "한국어",
        "e" + "\u0301" * 500,
        "\u200d\u200b\ufeff",
        "👨\u200d👩\u200d👧",
        "x" * 20_000,
        "".join(map(chr, range(0x4E00, 0x5200))),
        "".join(map(chr, range(0x1F300, 0x1FAFF))),
        "",
        " ",
        "\n\n",
        "\U0010ffff",
        "\u3000",
        "\u1680",
    ],
    ids=lambda text: repr(text[:8]),
)
def test_scripts_and_heaps_of_odd_characters(tmp_path: Path, text: str) -> None:
    assert pdf.write("report.typ", record(text), tmp_path / "x.pdf", NOW).read_bytes().startswith(b"%PDF")


def test_what_is_taken_to_be_everywhere_is(tmp_path: Path) -> None:
    everything = "".join(sorted(glyphs.EVERYWHERE))
    assert pdf._compile("report.typ", glyphs.printable(record(everything)), NOW).startswith(b"%PDF")


def test_only_what_is_missing_is_replaced(tmp_path: Path) -> None:
    made = pdf.write("report.typ", record("Łódź 中 Ω"), tmp_path / "x.pdf", NOW)
    assert "Łódź [U+4E2D] Ω" in read_back(made)


def test_where_fonts_fail_in_company_every_odd_character_shows_as_its_number() -> None:
    assert glyphs.plain({"a": ["Łódź ≥ €"], "b": 3}) == {"a": ["Łódź [U+2265] €"], "b": 3}


def test_so_many_odd_characters_are_not_asked_for_one_by_one() -> None:
    asked: list[int] = []
    shown = glyphs.substituted(
        {"a": "".join(map(chr, range(0x4E00, 0x6000)))}, lambda texts: bool(asked.append(1))
    )
    assert asked == []
    assert shown["a"].startswith("[U+4E00][U+4E01]")
