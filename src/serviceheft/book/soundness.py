"""Whether a book is still laid out as this version lays it out, and whether its indexes say what its tables say.

The hash chain proves what is read. This proves that all is read: no guard is gone, no column or rule was added, no
table became a view, no index leaves something out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from serviceheft.book import schema


@dataclass(frozen=True)
class Soundness:
    """What differs, in sentences, and what could not be looked at here."""

    faults: tuple[str, ...]
    unproved: tuple[str, ...] = ()


def differences(wanted: Mapping[str, object], found: Mapping[str, object]) -> Iterator[str]:
    """Sentences about what is gone, altered, or was added. Keys such as "index book_entries_by_kind"."""
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            yield f"The {name} is gone."
        elif name not in wanted:
            yield f"The {name} was added; the book knows no such thing."
        elif wanted[name] != found[name]:
            yield f"The {name} was altered."


def of_version(version: int, wanted: Mapping[str, object]) -> dict[str, object]:
    """What of this version's layout an older book has. Its guards are looked at once it was brought up."""
    if version >= schema.VERSION:
        return dict(wanted)
    new = {f"table {schema.latest.name}", *(f"index {name}" for name in schema.SINCE_2)}
    return {
        name: it
        for name, it in wanted.items()
        if name not in new and schema.latest.name not in name and not name.startswith(("trigger", "function"))
    }
