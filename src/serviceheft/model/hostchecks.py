"""Rules that need a host's resolved variables, or several hosts side by side."""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator

from serviceheft.model.catalogue import Catalogue
from serviceheft.model.draft import Draft
from serviceheft.model.groups import WINDOWS, with_parents
from serviceheft.model.naming import some
from serviceheft.model.problems import Problem
from serviceheft.model.wanted import CHECKS
from serviceheft.model.yamlfile import Document

_WINDOWS_NEEDS = ("ansible_connection", "ansible_user", "ansible_password")


def check(draft: Draft, catalogue: Catalogue) -> list[Problem]:
    """All problems of and between the hosts."""
    document = draft.folder.hosts
    if document is None:
        return []
    return [
        *_addresses(draft, document),
        *_windows_names(draft, document),
        *_windows_connections(draft, document),
        *(problem for check in CHECKS.values() for problem in check(draft, catalogue)),
    ]


def _addresses(draft: Draft, document: Document) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for name, entry in draft.entries.items():
        setting = draft.settings[name].get("ansible_host")
        written = setting.value if setting else name
        if not isinstance(written, str):
            continue
        other = first.setdefault(_normal(written), name)
        if other != name:
            message = f"host {name!r} has the same address as {other!r}: {written}"
            advice = (
                f"Correct one of them; {other!r} stands in line {document.line(draft.entries[other].path)}."
            )
            yield (
                setting.problem(message, advice) if setting else document.problem(entry.path, message, advice)
            )


def _normal(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address.lower().removesuffix(".")


#: Names that mean something else to Windows, so that no computer can have them.
_RESERVED = re.compile(
    r"con|prn|aux|nul|(?:com|lpt)[1-9]|anonymous|batch|builtin|dialup|domain|enterprise|interactive|internet|local"
    r"|network|null|proxy|restricted|self|server|service|system|users|world"
)


def _windows_names(draft: Draft, document: Document) -> Iterator[Problem]:
    """A Windows computer is known by its NetBIOS name, which is its first label."""
    for name, entry in draft.entries.items():
        if not set(with_parents(entry.groups)) & set(WINDOWS):
            continue
        label = name.partition(".")[0]
        if len(label) > 15:
            message = f"has {len(label)} characters; a computer's name has 15 at most"
        elif label.isdecimal():
            message = "has digits alone, which no computer's name may have"
        elif _RESERVED.fullmatch(label):
            message = "is a name that Windows keeps for itself"
        else:
            continue
        advice = "Name the host as the computer is called, and people's name for it in documentation_title."
        yield document.problem(entry.path, f"{label!r} {message}", advice)


def _windows_connections(draft: Draft, document: Document) -> Iterator[Problem]:
    missing: dict[tuple[str, str], list[str]] = defaultdict(list)
    if not draft.folder.complete:
        return
    for name, entry in draft.entries.items():
        for group in with_parents(entry.groups):
            if group in WINDOWS:
                for variable in _WINDOWS_NEEDS:
                    if variable not in draft.settings[name]:
                        missing[group, variable].append(name)
    for (group, variable), hosts in missing.items():
        advice = f"Set it in a file in group_vars/{group}/; inventories/_template shows how."
        place = draft.entries[hosts[0]].path
        yield document.problem(place, f"{variable} is not set for {some(hosts)}", advice)
