"""docs/security.md claims nothing without a test that exists."""

import re

from serviceheft import settings

ROOT = settings.REPOSITORY


def test_every_proof_that_is_named_exists() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/.]+?)(?:::(\w+))?`", text)
    assert len(named) > 40
    for path, test in named:
        assert (ROOT / path).exists(), path
        if test:
            assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{test}"


def test_every_threat_has_its_proof() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    for table in text.split("\n## ")[2:]:
        rows = [row for row in table.splitlines() if row.startswith("|")][2:]
        assert rows
        for row in rows:
            assert "`tests/" in row.split("|")[3], row
