"""YAML files with the line of every key, so that each mistake can be pointed at.

PyYAML composes the nodes (libyaml where it is built in); the values are built from them here, because the
usual loader throws the positions away, keeps the last of two equal keys and reads `3.10:` as the number 3.1.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from serviceheft.model.problems import Problem, dotted
from serviceheft.model.snapshot import Unreadable, read_file

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")
)

#: Levels below the top; the model needs six.
_DEPTH = 20

type Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """One YAML file whose top level is a mapping. `file` is its name in messages."""

    file: str
    data: dict[str, Any]
    lines: dict[Path_, int] = field(repr=False)
    misread: list[Problem] = field(default_factory=list, repr=False)
    """Numbers and true or false, written in a way that YAML and people read differently; values are not repeated."""

    def line(self, path: Path_) -> int:
        """Line of the key or list entry at `path`, or of the nearest thing around it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: Path_, message: str, advice: str) -> Problem:
        return Problem(self.file, self.line(path), dotted(path), message, advice)

    def strings(self) -> Iterator[tuple[Path_, str]]:
        """Every text value with its path."""
        stack: list[tuple[Path_, Any]] = [((), self.data)]
        while stack:
            path, value = stack.pop()
            if isinstance(value, str):
                yield path, value
            elif isinstance(value, dict):
                stack.extend(((*path, key), entry) for key, entry in value.items())
            elif isinstance(value, list):
                stack.extend(((*path, number), entry) for number, entry in enumerate(value))


def read_mapping(path: Path, label: str, problems: list[Problem]) -> Document | None:
    """The file as a Document, see parse_mapping."""
    try:
        raw, _ = read_file(path)
    except FileNotFoundError:
        problems.append(missing(label))
        return None
    except Unreadable as refusal:
        problems.append(Problem(label, 0, "", refusal.message, refusal.advice))
        return None
    return parse_mapping(raw, label, problems)


def missing(label: str) -> Problem:
    """A file that must be there is not."""
    return Problem(label, 0, "", "the file is missing", "Create it; inventories/_template has one.")


def parse_mapping(raw: bytes, label: str, problems: list[Problem]) -> Document | None:
    """The file's content as a Document; every problem found on the way is appended, None when nothing is usable.

    An empty file (or one that holds comments only) is a mapping without keys.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.append(Problem(label, line, "", "is not written in UTF-8", "Save the file as UTF-8."))
        return None
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        problems.append(_syntax_problem(error, label, text))
        return None
    if node is None or (node.tag == "tag:yaml.org,2002:null" and not node.value):
        return Document(label, {}, {(): 1})
    if not isinstance(node, yaml.MappingNode):
        advice = "Write the file as `key: value` lines."
        problems.append(Problem(label, node.start_mark.line + 1, "", "is not a mapping", advice))
        return None
    reader = _Reader(label, problems)
    return Document(label, reader.mapping(node, ()), reader.lines, reader.misread)


def _syntax_problem(error: yaml.YAMLError, label: str, text: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read as YAML"
    line = mark.line + 1 if mark else text.count("\n", 0, max(getattr(error, "position", 0), 0)) + 1
    written = text.splitlines()[line - 1] if line <= len(text.splitlines()) else ""
    if "\t" in written[: len(written) - len(written.lstrip())] or "'\\t'" in what:
        return Problem(
            label, line, "", "a tab indents this line", "YAML indents with blanks: replace the tab."
        )
    if "expected a single document" in str(error):
        return Problem(
            label, line, "", "a second document begins", "Keep one document per file; remove the `---`."
        )
    if "end of stream" in what and getattr(error, "context_mark", None):
        line = error.context_mark.line + 1  # type: ignore[attr-defined]
        return Problem(
            label, line, "", "something is opened here and never closed", "Close the quote or bracket."
        )
    if "mapping values are not allowed" in what:
        advice = "Put a text with a colon into quotes, and look at the indentation."
        return Problem(label, line, "", "a colon stands where none can be", advice)
    if "undefined alias" in what:  # without libyaml the name is repeated, and may be a password
        what = "found undefined alias"
    advice = "Mend this line or the one above it."
    return Problem(label, line, "", f"YAML cannot be read here: {what}", advice)


_PLAINLY = {
    "int": re.compile(r"-?(?:0|[1-9][0-9]*)"),
    "float": re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+"),
    "bool": re.compile(r"true|false"),
}
_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")


def misread(kind: str, written: str) -> tuple[str, str] | None:
    """Message and advice when people read a scalar of YAML ("int", "float", "bool") otherwise than YAML does.

    0123 is 83 to YAML, 12:30 is 750, 1_000 is 1000, no is false; and 1.890 is 1890 to a German.
    """
    quotes = "and put a text into quotes."
    if kind == "float" and _THOUSANDS.fullmatch(written):
        advice = (
            "Write thousands without a dot, as 1890, and fractions with as many digits as they need, as 1.89."
        )
        return "has a dot before three digits: thousands or a fraction", advice
    if kind not in _PLAINLY or _PLAINLY[kind].fullmatch(written):
        return None
    if kind == "bool":
        return "YAML reads this word as true or false", f"Write true or false, {quotes}"
    return (
        "YAML reads this as another number than it looks like",
        f"Write digits alone, as 1890 or 1.5, {quotes}",
    )


class _Reader:
    """Builds plain values from nodes and notes the line of each key and list entry."""

    def __init__(self, label: str, problems: list[Problem]) -> None:
        self.label = label
        self.problems = problems
        self.lines: dict[Path_, int] = {(): 1}
        self.misread: list[Problem] = []
        self._scalars = yaml.constructor.SafeConstructor()
        self._seen: set[int] = set()

    def _report(self, node: yaml.Node, path: Path_, message: str, advice: str) -> None:
        self.problems.append(Problem(self.label, node.start_mark.line + 1, dotted(path), message, advice))

    def value(self, node: yaml.Node, path: Path_) -> Any:
        if id(node) in self._seen:
            # The node's own mark is the anchor's line; the mistake is where the alias stands.
            line, advice = self.lines.get(path, 1), "Write the value out at each place."
            message = "an alias (`*name`) repeats another value"
            self.problems.append(Problem(self.label, line, dotted(path), message, advice))
            return None
        self._seen.add(id(node))
        if len(path) > _DEPTH:
            self._report(node, path[:3], "is nested too deeply", "Write it with fewer levels.")
            return None
        if node.tag not in _PLAIN_TAGS:
            self._tagged(node, path)
            return None
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            entries = []
            for number, entry in enumerate(node.value):
                self.lines[*path, number] = entry.start_mark.line + 1
                entries.append(self.value(entry, (*path, number)))
            return entries
        if node.tag == "tag:yaml.org,2002:str":
            return node.value
        if found := misread(node.tag.rpartition(":")[2], node.value):
            self.misread.append(Problem(self.label, node.start_mark.line + 1, dotted(path), *found))
        try:
            return self._scalars.construct_object(node, deep=True)
        except ValueError:  # 2026-02-30 looks like a date and is none: the field's own check says so
            return node.value

    def _tagged(self, node: yaml.Node, path: Path_) -> None:
        if node.tag in ("!vault", "!vault-encrypted"):
            advice = 'Put it into vault.yml as a `vault_` variable and write "{{ vault_... }}" here.'
            self._report(node, path, "a value is encrypted inside this file", advice)
        else:
            # The tag is not repeated: it may be a password that begins with an exclamation mark.
            advice = "Put a text that begins with ! into quotes, and a secret into the vault."
            self._report(node, path, "a YAML tag (`!...`) stands here", advice)

    def mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                advice = 'Write the key as one word. A variable needs quotes: "{{ vault_... }}".'
                self._report(key_node, path, "a key is not plain text", advice)
                continue
            key = key_node.value
            here = (*path, key)
            if key_node.tag == "tag:yaml.org,2002:merge":
                self._report(key_node, here, "a merge key (`<<`) is used", "Write the keys out.")
                continue
            if key_node.tag != "tag:yaml.org,2002:str":
                advice = f'Put it in quotes: "{key}".'
                self._report(key_node, here, "YAML reads this key as a number, a date or true/false", advice)
            if key in found:
                advice = f"It stands in line {self.lines[here]} already; keep one of them."
                self._report(key_node, here, "this key is there twice", advice)
                continue
            self.lines[here] = key_node.start_mark.line + 1
            found[key] = self.value(value_node, here)
        return found
