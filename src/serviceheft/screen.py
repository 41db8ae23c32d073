"""The one way to a terminal. Whatever is printed passes here, and what would steer the terminal is shown instead.

Host names, notes, messages and rows of a book that somebody tampered with may hold escape sequences, direction
overrides and rich's own markup. Here no text is markup; colours are given as styles (`styled`, rich.text.Text).
A test allows no other print, echo or Console.
"""

import io
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from serviceheft.visible import visible_lines


class Screen(Console):
    """A rich console to which every text is just text."""

    def __init__(self, *, stderr: bool = False, file: TextIO | None = None, width: int | None = None) -> None:
        super().__init__(
            stderr=stderr, file=file, width=width, highlight=False, markup=False, emoji=False, safe_box=True
        )

    def render_str(self, text: str, **how: Any) -> Text:
        """Cells, titles and lines given as plain text."""
        style, justify = how.get("style", ""), how.get("justify")
        return Text(visible_lines(text), style=style, justify=justify, overflow=how.get("overflow"))

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The last line of defence: what reaches the terminal by whatever way."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(visible_lines(segment.text), segment.style)


def styled(*parts: str | tuple[str, str]) -> Text:
    """A text of plain parts and (part, style)."""
    text = Text()
    for part in parts:
        plain, style = (part, "") if isinstance(part, str) else part
        text.append(visible_lines(plain), style)
    return text


def coloured(text: str) -> Text:
    """What Ansible coloured for a terminal, of parts that Blackout has made visible before."""
    return Text.from_ansi(text)


def say(message: object = "", *, error: bool = False) -> None:
    """Print a message as it is, on lines of any length, and at once."""
    stream = sys.stderr if error else sys.stdout
    if not error:
        sys.stderr.flush()
    stream.write(visible_lines(str(message)) + "\n")
    stream.flush()


def progress(text: str) -> None:
    """A line on the terminal that the next one replaces."""
    sys.stdout.write(f"\r{visible_lines(text)}")
    sys.stdout.flush()


def end_progress() -> None:
    sys.stdout.write("\r\033[K")
    sys.stdout.flush()


def confirm(question: str) -> None:
    """Ask, and raise typer.Abort unless the answer is yes."""
    import typer

    typer.confirm(visible_lines(question), abort=True)


def prepare() -> None:
    """Make the streams take every text at once, whatever the terminal's encoding is; called at the entries."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A letter that an old terminal lacks must not end a run.
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
