"""What a normal form is: a frozen dataclass whose fields, and nothing else, may be shown.

Each field carries its label, its kind and, where the inventory has a counterpart, the name of the wanted
variable; so pages print wanted beside measured without knowing the subjects.
"""

from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from typing import Any

from serviceheft.assess.judgement import Json


class Kind(StrEnum):
    """How a value is printed."""

    TEXT = "text"
    NUMBER = "number"
    BYTES = "bytes"
    FLAG = "flag"
    MOMENT = "moment"
    TABLE = "table"
    LIST = "list"


@dataclass(frozen=True)
class Shown:
    """One field as pages and reports may show it; `label` is a msgid; `columns` are those of a table."""

    name: str
    label: str
    kind: Kind
    wanted: str | None = None
    columns: tuple["Shown", ...] = ()
    words: dict[str, str] | None = None


def shown(
    label: str,
    kind: Kind = Kind.TEXT,
    *,
    wanted: str | None = None,
    row: type | None = None,
    words: dict[str, str] | None = None,
) -> Any:
    """A dataclass field (default None) with what a page needs.

    `wanted` names the flat variable that it stands beside, `row` the dataclass of a table's rows, and
    `words` gives the msgid for each value of a closed list of codes.
    """
    return field(
        default=None,
        metadata={"label": label, "kind": kind, "wanted": wanted, "row": row, "words": words},
    )


def describe(form: type) -> tuple[Shown, ...]:
    """The fields of a normal form in their order, tables with their columns."""
    return tuple(
        Shown(
            name=entry.name,
            label=entry.metadata["label"],
            kind=entry.metadata["kind"],
            wanted=entry.metadata["wanted"],
            columns=describe(entry.metadata["row"]) if entry.metadata["row"] else (),
            words=entry.metadata["words"],
        )
        for entry in fields(form)
    )


def as_measured(state: object) -> dict[str, Json]:
    """The normal form as the plain mapping that the book keeps."""
    if not is_dataclass(state) or isinstance(state, type):
        raise TypeError("Only a normal form can be kept as measured state.")
    return {entry.name: _plain(getattr(state, entry.name)) for entry in fields(state)}


def _plain(value: Any) -> Json:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return as_measured(value)
    plain: Json = value
    return plain
