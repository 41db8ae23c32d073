"""A book of the fictional customer Musterbau, written when each service still had tasks of its own on each host: one
week, with the committed defects (recordings/book). What is there means today what it meant then."""

import sqlite3
from pathlib import Path

RECORDED = Path(__file__).parent / "recordings" / "book" / "one_task_for_each_service.sql"


def write(path: Path) -> None:
    """Make the book at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(RECORDED.read_text(encoding="utf-8"))
    connection.close()
    path.chmod(0o600)
