"""Finds the commands that a reader of the docs would type: in blocks and between backquotes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from serviceheft import settings

#: What a command begins with, once a path in front of it is left out.
PROGRAMS = (
    "heft",
    "make",
    "python",
    "ansible-playbook",
    "ansible-inventory",
    "ansible-vault",
    "ansible-lint",
    "ansible-doc",
    "createdb",
    "createuser",
    "psql",
    "pg_dump",
)
_COMMAND = re.compile(rf"(?:\.venv/bin/)?(?:{'|'.join(PROGRAMS)})\s+\S")
_INLINE = re.compile(r"`([^`]+)`")
_INDENTED = re.compile(r" {4,}(?=\S)")
#: Cron's five fields and systemd's key stand before a command in a block.
_SCHEDULE = re.compile(r"^(?:(?:[\d*/,-]+ +){5}|ExecStart=)(?:cd \S+ && )?(?:/\S+(?=/\.venv/))?/?")


@dataclass(frozen=True)
class Command:
    """A command of a document, as a reader would type it; `line` is where it begins."""

    document: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def documents() -> list[Path]:
    """All that is written for people, but the history of changes."""
    root = settings.REPOSITORY
    found = [root / "README.md", root / "CONTRIBUTING.md", root / "inventories" / "_template" / "README.md"]
    return [*found, *sorted((root / "docs").rglob("*.md"))]


def commands(document: Path, written: str | None = None) -> list[Command]:
    """The document's commands, those in blocks first, each text once. `written`: instead of what the file holds."""
    label = document.relative_to(settings.REPOSITORY).as_posix()
    found: dict[str, Command] = {}
    for line, text in _texts(written or document.read_text(encoding="utf-8")):
        found.setdefault(text, Command(label, line, text))
    return list(found.values())


def _texts(written: str) -> Iterator[tuple[int, str]]:
    fenced = False
    prose: list[tuple[int, str]] = []
    lines = iter(enumerate(written.splitlines(), start=1))
    for number, line in lines:
        if line.startswith("```"):
            fenced = not fenced
            continue
        if not (fenced or _INDENTED.match(line)):
            prose.append((number, line))
            continue
        while line.endswith("\\"):
            line = line[:-1].rstrip() + " " + next(lines)[1].strip()
        command = _SCHEDULE.sub("", line.strip().removeprefix("$ "))
        if _COMMAND.match(command):
            yield number, without_explanation(command)
    yield from _between_backquotes(prose)


def _between_backquotes(prose: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """A command in the middle of a sentence may go on in the next line."""
    text = "\n".join(line for _, line in prose)
    for match in _INLINE.finditer(text):
        command = " ".join(match[1].split())
        if _COMMAND.match(command):
            yield prose[text.count("\n", 0, match.start())][0], command


def without_explanation(line: str) -> str:
    """The command without what stands behind two blanks or behind # outside of quotes."""
    quote = ""
    for place, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif line.startswith(("  ", " #"), place):
            return line[:place]
    return line
