"""Text from outside (titles, products, findings) into Markdown and HTML, without becoming either."""

import string
from functools import lru_cache

from markupsafe import Markup

from serviceheft.visible import visible

#: Every ASCII punctuation mark as a numeric entity, except those that mean nothing inside a line. Neither
#: Markdown nor HTML gives an entity a meaning, so one escape serves table cells, headings and attributes.
_HARMLESS = " -.,"
_ENTITIES = {ord(c): f"&#{ord(c)};" for c in string.punctuation if c not in _HARMLESS}

#: What Markdown takes for a list, a rule or a heading only at the start of a line.
_LEADING = {"-": "&#45;", ".": "&#46;", ",": ","}


def escape(value: object) -> Markup:
    """The value as text that shows exactly itself; None shows nothing. Markup stays what it is."""
    if type(value) is Markup:
        return value
    return Markup() if value is None else _text(str(value))


@lru_cache(maxsize=1 << 16)
def _text(text: str) -> Markup:
    """Cached: most of what a page shows (labels, states, products) stands on all others as well."""
    escaped = visible(text).translate(_ENTITIES).strip(" ")
    if escaped[:1] in _LEADING:
        escaped = _LEADING[escaped[0]] + escaped[1:]
    # "1. x" would start a numbered list.
    head, dot, rest = escaped.partition(". ")
    safe = f"{head}&#46; {rest}" if dot and head.isdecimal() else escaped
    return Markup(safe)  # noqa: S704 - no punctuation is left that means something
