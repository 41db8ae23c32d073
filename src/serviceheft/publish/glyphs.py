"""Which characters the fonts of our PDFs have, asked of typst itself; what none of them has shows as its number.

An archivable PDF (PDF/A, PDF/UA) may hold no character without a face, so typst refuses such a text as a whole.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from serviceheft.visible import name, visible

#: Sets texts, each in a paragraph of its own; whether that was possible.
type Typeset = Callable[[Sequence[str]], bool]

#: What typst's own fonts have for sure: Latin, Greek and Cyrillic letters. A test sets each of them.
_RANGES = ((0x20, 0x7F), (0xA0, 0xAD), (0xAE, 0x180), (0x391, 0x3A2), (0x3A3, 0x3CA), (0x410, 0x450))
EVERYWHERE = {chr(code) for first, end in _RANGES for code in range(first, end)} | {*"–—‘’‚“”„†•…‰‹›€"}
#: No sentence of ours comes near; a PDF allows half of 32,767 characters in one, and setting them takes its time.
_LONGEST = 2000
#: More than so many odd ones no document of ours needs: then each of them shows as its number.
_MANY = 150


def printable(data: Any) -> Any:
    """The same data, of every text what can be printed, and no more of it than a page can take."""
    return _each_text(data, lambda text: _cut(visible(text)))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … (+{len(text) - _LONGEST})"


def substituted(data: Any, typeset: Typeset) -> Any:
    """The same data with a number for each character that no font has."""
    odd = {character for text in _texts(data) for character in text} - EVERYWHERE
    missing = odd if len(odd) > _MANY else _missing(sorted(odd), typeset)
    numbers = _numbers(missing)
    return _each_text(data, lambda text: _cut(text.translate(numbers)))


def plain(data: Any) -> Any:
    """The same data with a number for every character that is not everywhere: for fonts that fail in company."""
    odd = {character for text in _texts(data) for character in text} - EVERYWHERE
    numbers = _numbers(odd)
    return _each_text(data, lambda text: _cut(text.translate(numbers)))


def _missing(characters: list[str], typeset: Typeset) -> set[str]:
    """By halves: most are there, and few that are not stand together."""
    if not characters or typeset([f"x{one}x" for one in characters]):
        return set()
    if len(characters) == 1:
        return set(characters)
    half = len(characters) // 2
    return _missing(characters[:half], typeset) | _missing(characters[half:], typeset)


def _numbers(characters: Collection[str]) -> dict[int, str]:
    return {ord(one): name(ord(one)) for one in characters}


def _each_text(data: Any, change: Callable[[str], str]) -> Any:
    if isinstance(data, str):
        return change(data)
    if isinstance(data, dict):
        return {key: _each_text(value, change) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_each_text(value, change) for value in data]
    return data


def _texts(data: Any) -> list[str]:
    if isinstance(data, str):
        return [data]
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list | tuple) else ()
    return [text for value in inner for text in _texts(value)]
