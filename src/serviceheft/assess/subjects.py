"""What a subject is: the part of a host's state that is measured together, and all that pages may tell of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from serviceheft.assess.normalform import Shown, describe


@dataclass(frozen=True)
class Wanted:
    """A variable of the inventory that pages show. `label` and `words` (value -> text) are msgids."""

    label: str
    #: "days", or nothing.
    unit: str = ""
    words: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Subject:
    """An allow-list: what is not declared here, or as a field of `form`, is shown nowhere.

    `title` is a msgid; `checks` gives the msgid of each check's key; `wanted` names variables by their full name.
    `place`: where it stands on a host's page, among the others.
    """

    name: str
    title: str
    form: type
    checks: Mapping[str, str]
    wanted: Mapping[str, Wanted] = field(default_factory=dict)
    place: int = 0

    @cached_property
    def fields(self) -> tuple[Shown, ...]:
        """The normal form's fields, in the order of the pages."""
        return describe(self.form)
