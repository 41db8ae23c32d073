"""Syntax gate for PowerShell scripts: `python -m lab.powershell_syntax FILE...`

No PowerShell runs here, so a tree-sitter grammar has to tell a broken script from a sound one. It proves
syntax, not meaning, and is more lenient than Windows (it lets a `try` without `catch` pass).
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tree_sitter_pwsh
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_pwsh.language()))


@dataclass(frozen=True)
class SyntaxProblem:
    """Where the parser lost its way; line and column count from 1."""

    line: int
    column: int
    message: str


def check(source: str) -> list[SyntaxProblem]:
    """The syntax errors of a script, in the order of the text; empty for a sound one."""
    tree = _PARSER.parse(source.encode())
    return sorted(_problems(tree.root_node), key=lambda problem: (problem.line, problem.column))


def _problems(node: Node) -> Iterator[SyntaxProblem]:
    row, column = node.start_point
    if node.is_missing:
        yield SyntaxProblem(row + 1, column + 1, f"{node.type!r} is missing here")
    elif node.is_error:
        start = (node.text or b"").decode(errors="replace").splitlines() or [""]
        yield SyntaxProblem(row + 1, column + 1, f"this is no PowerShell: {start[0][:60]}")
        return
    if node.has_error:
        for child in node.children:
            yield from _problems(child)


def main(paths: Sequence[str]) -> int:
    """Print one line per problem; 1 when there is any, 2 when a file cannot be read."""
    if not paths:
        print("Usage: python -m lab.powershell_syntax FILE...", file=sys.stderr)  # noqa: T201
        return 2
    found = 0
    for path in paths:
        try:
            source = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            print(f"{path}: cannot be read: {reason}", file=sys.stderr)  # noqa: T201
            return 2
        for problem in check(source):
            found += 1
            print(f"{path}:{problem.line}:{problem.column}: {problem.message}", file=sys.stderr)  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
