"""Which entries in the list of installed programs are a product's, and do all of them belong to one product?"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serviceheft.assess.reading import text
from serviceheft.installer_arguments import is_product_code
from serviceheft.program_names import fits

#: Windows allows no longer name of a key.
_LONGEST_KEY = 255

#: What stands in a program's name beside the name: its version, and for which processor it is.
_BESIDE_THE_NAME = re.compile(
    r"\(?\b(?:x64|x86|amd64|arm64|(?:32|64)[- ]?bit)\b\)?|(?<!\S)\(?v?[0-9]+(?:[.,_-][0-9]+)*(?:\.\w+)*\)?(?!\S)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Wish:
    """What the inventory says about one product. `installed_name` may end with * for any end.

    `after`: by service whether it is to run once the installation is over. `silent`: whether it is known how the
    uninstaller of an EXE asks nothing; what an MSI is removed with says nothing to another program's uninstaller.
    """

    name: str
    title: str
    version: str
    installed_name: str
    product_id: str | None
    present: bool
    installer: str = ""
    after: tuple[tuple[str, bool], ...] = ()
    silent: bool = False


@dataclass(frozen=True)
class Entry:
    """One entry: `key` is what Windows removes it by ("": not told), `named` how people know it."""

    key: str
    name: str
    version: str | None

    @property
    def named(self) -> str:
        """With its version, unless the name ends with that."""
        told = self.version or ""
        return self.name if self.name.endswith(told) else f"{self.name} {told}"


def find_entries(programs: Iterable[Mapping[str, Any]], wish: Wish) -> tuple[Entry, ...]:
    """The entries that are meant: by their key, or by their name."""
    entries = (
        Entry(_key(program), text(program, "DisplayName") or "", text(program, "DisplayVersion"))
        for program in programs
    )
    return tuple(
        entry for entry in entries if _has_key(entry.key, wish) or fits(wish.installed_name, entry.name)
    )


def is_removable(entry: Entry, wish: Wish) -> bool:
    """Whether it can be removed without a question that nobody is there to answer."""
    return bool(entry.key) and (wish.silent or is_product_code(entry.key))


def families(entries: Sequence[Entry], wish: Wish) -> tuple[Entry, ...]:
    """One entry of each product among those that the name fits; usually there is just one product."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if fits(wish.installed_name, entry.name):
            found.setdefault(_family(entry), entry)
    return tuple(found.values())


def _family(entry: Entry) -> str:
    name = entry.name
    if entry.version:
        name = name.replace(entry.version, " ")
    return " ".join(_BESIDE_THE_NAME.sub(" ", name).casefold().split())


def _has_key(key: str, wish: Wish) -> bool:
    return bool(wish.product_id) and key.casefold() == str(wish.product_id).casefold()


def _key(program: Mapping[str, Any]) -> str:
    """As the registry has it, or nothing: shortened or cleaned it would be another key."""
    key = program.get("KeyName")
    return key if isinstance(key, str) and key.isprintable() and len(key) <= _LONGEST_KEY else ""
