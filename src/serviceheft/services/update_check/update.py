"""What an update is, and when two of them are the same."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

#: As Microsoft's titles give it, in any language: "(Version 1.443.331.0)", "(26200.7171)"; also "Version 5.135".
_VERSION = re.compile(r"\((?:\w+:? )?([0-9]+(?:\.[0-9]+)+)\)|\bVersion:? ?([0-9]+(?:\.[0-9]+)*)(?=\)|\s|$)")

#: Articles under which Microsoft keeps publishing the same small things: definitions, scanner, removal tool.
EVERGREEN = frozenset(
    {"KB2267602", "KB4052623", "KB890830", "KB5007651", "KB925673", "KB2461484", "KB2310138"}
)

#: The category of a new release of Windows; it often shares its article with a cumulative update.
UPGRADES = "Upgrades"


@dataclass(frozen=True)
class Update:
    """An update that a host was offered. `wanted`: its category is one of the accepted ones.

    `key` and `revision` are the Windows Update Agent's own: what it is, and which version of it. `categories`: by the
    names of serviceheft.model.categories. `definitions`: it holds virus definitions only. `hidden`: somebody told this
    Windows not to offer it, so that nothing can install it. `published_at`: of this revision; None: not known.
    """

    title: str
    kbs: tuple[str, ...] = ()
    wanted: bool = True
    published_at: datetime | None = None
    hidden: bool = False
    key: str | None = field(default=None, compare=False)
    revision: int | None = field(default=None, compare=False)
    definitions: bool = False
    categories: tuple[str, ...] = ()

    @property
    def is_upgrade(self) -> bool:
        """Whether it is a new release of Windows."""
        return UPGRADES in self.categories

    @property
    def is_evergreen(self) -> bool:
        """Whether it is published again and again under one article, each time as an update of its own."""
        return self.definitions or not EVERGREEN.isdisjoint(self.kbs)

    def same_thing(self, other: Self) -> bool:
        """Whether both are the same update, in whatever version. An article alone tells that of small things only."""
        if self.key is not None and other.key is not None:
            return self.key == other.key or (self.is_evergreen and self._named_alike(other))
        if self.categories and other.categories and self.is_upgrade != other.is_upgrade:
            return False
        return self._named_alike(other)

    def same_version(self, other: Self) -> bool:
        """Whether both are the same version of the same update; what tells no version is the same one."""
        if not self.same_thing(other):
            return False
        if self.key is not None and self.key == other.key and None not in (self.revision, other.revision):
            return self.revision == other.revision
        mine, theirs = _VERSION.search(self.title), _VERSION.search(other.title)
        return mine.groups() == theirs.groups() if mine and theirs else True

    def _named_alike(self, other: Self) -> bool:
        return self.title == other.title or bool(set(self.kbs) & set(other.kbs))

    @property
    def name(self) -> str:
        """Its first article, else its title."""
        return self.kbs[0] if self.kbs else self.title


@dataclass(frozen=True)
class Had:
    """An update that is installed on a pilot, and since when."""

    update: Update
    at: datetime
