"""What is wrong with an inventory: one sentence with file and line, one with what to do."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a file that people write.

    `file` is relative to the checkout with forward slashes, `line` counts from 1 (0: the file or folder as a
    whole), `path` is dotted ("contract.tier", "people.theirs.authorised_reporters[2].email"; "" for none).
    `message` has no full stop, `advice` is one or two full sentences. Neither ever repeats a secret.
    """

    file: str
    line: int
    path: str
    message: str
    advice: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        text = ": ".join(part for part in (where, self.path, f"{self.message}. {self.advice}") if part)
        # A key or a value may hold line feeds and escape sequences; a message is one line on a terminal.
        return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


class InvalidInventory(Exception):
    """An inventory, or one of the provider's files, cannot be used; `problems` is sorted by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(str, self.problems)))


def dotted(path: Iterable[str | int]) -> str:
    """("people", "reporters", 2, "email") -> "people.reporters[2].email"."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question with a leading blank, as " Did you mean 'x'?", or "" when nothing known is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""
