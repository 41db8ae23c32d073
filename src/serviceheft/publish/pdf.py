"""Setting a PDF from a template and plain data."""

import json
from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

import typst

from serviceheft import settings
from serviceheft.publish import glyphs
from serviceheft.publish.placing import put

#: Readable by machines and by people who cannot see, and in twenty years: PDF/UA-1 and PDF/A-2a.
STANDARDS: list[Any] = ["ua-1", "a-2a"]


def write(template: str, data: dict[str, Any], path: Path, now: datetime) -> Path:
    """Set templates/<template> with the data, and put the PDF into its place as a whole. Returns the path.

    Whatever the texts hold, the PDF is made: a character that no font has shows as its number. Raises NotPublished.
    """
    put(path, _set(template, glyphs.printable(data), now))
    return path


def _set(template: str, data: dict[str, Any], now: datetime) -> bytes:
    try:
        return _compile(template, data, now)
    except typst.TypstError:  # most often: no font has a character
        pass
    try:
        return _compile(template, glyphs.substituted(data, _is_settable), now)
    except typst.TypstError:
        return _compile(template, glyphs.plain(data), now)


def _is_settable(texts: Sequence[str]) -> bool:
    try:
        _compile("glyphs.typ", texts)
    except typst.TypstError:
        return False
    return True


def _compile(template: str, data: Any, now: datetime | None = None) -> bytes:
    fonts = settings.font_directory()
    made: bytes = typst.compile(
        Path(str(resources.files(__package__) / "templates" / template)),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        font_paths=[fonts] if fonts else [],
        ignore_system_fonts=True,
        pdf_standards=STANDARDS,
        timestamp=int(now.timestamp()) if now else 0,
    )
    return made
