"""Text from outside, as it may be shown: on a terminal, on a page, in a PDF, in a log.

What has no look of its own, or changes the look of what stands around it (control characters, direction overrides,
zero-width and private characters, halves of broken ones), shows as what it is: [U+202E].
"""

import unicodedata

#: Categories: control, format (bidi, zero width), surrogate, private use, unassigned; separators of lines, paragraphs.
_FACELESS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
#: Blank as well, although they count as letters or marks: fillers, joiners, most selectors of variants.
_BLANK = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
_BLANK |= {*range(0x180B, 0x1810), *range(0xFE00, 0xFE0E), *range(0xE0100, 0xE01F0)}
#: No script needs more on one letter; hundreds of them cover the lines above and below.
_MARKS_ON_A_LETTER = 4


class _Faces(dict[int, str | int]):
    """For str.translate: every character's face, worked out when it is met first."""

    def __missing__(self, code: int) -> str | int:
        faceless = code in _BLANK or unicodedata.category(chr(code)) in _FACELESS
        self[code] = face = name(code) if faceless else code
        return face


_ON_A_LINE = _Faces({ord("\n"): " ", ord("\t"): " "})
_ON_LINES = _Faces({ord("\n"): "\n", ord("\t"): "\t"})


def name(code: int) -> str:
    """A character's number, as it is written in its place."""
    return f"[U+{code:04X}]"


def visible(text: str) -> str:
    """The text on one line, so that every character is seen; a line break becomes a space."""
    return text if _is_plain(text) else _marks_limited(text.replace("\r\n", "\n").translate(_ON_A_LINE))


def visible_lines(text: str) -> str:
    """The same with line breaks and tabs as they are, for messages of several lines."""
    return text if _is_plain(text) else _marks_limited(text.replace("\r\n", "\n").translate(_ON_LINES))


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _marks_limited(text: str) -> str:
    if text.isascii():
        return text
    shown, run = [], 0
    for character in text:
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        shown.append(name(ord(character)) if run > _MARKS_ON_A_LETTER else character)
    return "".join(shown)
