"""What a bench prints: tables in Markdown, or one JSON document at the end.

Progress goes to standard error, so that what is printed can be kept as it is.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

#: What lasts longer than this says before that it has begun.
SILENT_SECONDS = 2.0


@dataclass
class Section:
    """One bench's part: tables of text as they are printed, notes, and figures as numbers where there are any."""

    title: str
    tables: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    figures: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass
class Report:
    """All that was printed. `as_json` keeps it back until `end`."""

    as_json: bool = False
    sections: list[Section] = field(default_factory=list)

    def _print(self, line: str) -> None:
        if not self.as_json:
            print(line, flush=True)  # noqa: T201 - a bench prints

    def title(self, text: str) -> None:
        self.sections.append(Section(text))
        self._print(f"\n## {text}\n")

    def note(self, line: str) -> None:
        if self.sections:
            self.sections[-1].notes.append(line)
        self._print(f"{line}\n")

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table, printed whole below the progress of its rows; after a failure, what was found until then."""
        kept: list[Sequence[str]] = []
        self.sections[-1].tables.append({"head": list(head), "rows": kept})
        try:
            for row in rows:
                kept.append(list(row))
        finally:
            for line in (_line(head), "|" + "---|" * len(head), *map(_line, kept)):
                self._print(line)
            self._print("")

    def figures(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self.sections[-1].figures.extend(rows)

    def end(self, about: Mapping[str, Any]) -> None:
        """Print the whole as JSON, if that was asked for: `about` and the sections."""
        if self.as_json:
            whole = {**about, "sections": [asdict(section) for section in self.sections]}
            print(json.dumps(whole, indent=1, ensure_ascii=False))  # noqa: T201 - a bench prints


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


_report = Report()


def begin(*, as_json: bool) -> None:
    """Begin a report of its own."""
    global _report
    _report = Report(as_json)


def title(text: str) -> None:
    """Begin a bench's part of the report."""
    _report.title(text)


def note(line: str) -> None:
    """A sentence below the tables."""
    _report.note(line)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table. Making its rows may take minutes and say so by `step`."""
    _report.table(head, rows)


def figures(rows: Iterable[Mapping[str, Any]]) -> None:
    """Numbers behind what is printed, for --json alone."""
    _report.figures(rows)


def end(about: Mapping[str, Any]) -> None:
    """End the report; --json prints it here."""
    _report.end(about)


def progress(line: str) -> None:
    """Say on standard error what goes on."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a bench prints


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say that a step began, and how long it took."""
    progress(f"{what} ...")
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    if took > SILENT_SECONDS:
        progress(f"{what}: {took:.0f} s")
