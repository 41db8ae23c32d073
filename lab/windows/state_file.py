"""Reading and writing the plain data that machines are kept in."""

import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

type Json = dict[str, Any]


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with seconds, as all state holds it."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def write_json(path: Path, data: Any) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1, ensure_ascii=False)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
