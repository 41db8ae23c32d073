"""Setting a PDF from a template and plain data."""

import json
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

import typst

#: Readable by machines and by people who cannot see, and in twenty years: PDF/UA-1 and PDF/A-2a.
STANDARDS: list[Any] = ["ua-1", "a-2a"]


def write(template: str, data: dict[str, Any], path: Path, now: datetime) -> Path:
    """Set templates/<template> with the data, and put the PDF into its place as a whole. Returns the path."""
    pdf = typst.compile(
        Path(str(resources.files(__package__) / "templates" / template)),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        ignore_system_fonts=True,
        pdf_standards=STANDARDS,
        timestamp=int(now.timestamp()),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_bytes(pdf)
    draft.replace(path)
    return path
