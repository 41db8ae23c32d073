"""hosts.yml: which devices there are, and in which standard groups."""

from dataclasses import dataclass, field
from typing import Any

from serviceheft.model.fields import DEVICE_NAME
from serviceheft.model.groups import STANDARD_GROUPS, contradiction
from serviceheft.model.layout import Folder
from serviceheft.model.problems import Problem, did_you_mean
from serviceheft.model.yamlfile import Document, Path_

_ENDINGS = (".yml", ".yaml", ".json")


@dataclass
class HostEntry:
    """A host as hosts.yml lists it; `inline` are its variables there, with their place."""

    name: str
    path: Path_
    groups: list[str] = field(default_factory=list)
    inline: dict[str, Any] = field(default_factory=dict)
    inline_path: Path_ = ()


def read_hosts(folder: Folder, problems: list[Problem]) -> dict[str, HostEntry]:
    """Every host of hosts.yml with its groups; mistakes in the file's shape are appended."""
    entries: dict[str, HostEntry] = {}
    document = folder.hosts
    if document is None:
        return entries
    for group, body in document.data.items():
        if group == "all":
            advice = "Write the standard groups at the top level; every host needs one of them."
            problems.append(document.problem((group,), "hosts.yml lists `all`", advice))
        elif group not in (*STANDARD_GROUPS, "ungrouped"):
            known = STANDARD_GROUPS
            advice = did_you_mean(group, known).strip() or f"Standard groups: {', '.join(known)}."
            problems.append(document.problem((group,), f"{group!r} is no standard group", advice))
        for name, path, variables in _listed(document, group, body, problems):
            if group in ("all", "ungrouped"):
                advice = f"List it under one of {', '.join(STANDARD_GROUPS)}."
                problems.append(document.problem(path, f"host {name!r} is in no standard group", advice))
            entry = entries.setdefault(name, HostEntry(name, path))
            entry.groups.append(group)
            if variables and entry.inline:
                advice = f"Keep them at one place, or in host_vars/{name}.yml."
                problems.append(
                    document.problem(path, f"variables of host {name!r} stand at two places", advice)
                )
            elif variables:
                entry.inline, entry.inline_path = variables, path
    for entry in entries.values():
        _check_entry(entry, document, problems)
    _check_host_files(folder, entries, problems)
    return entries


def _listed(
    document: Document, group: str, body: Any, problems: list[Problem]
) -> list[tuple[str, Path_, dict[str, Any]]]:
    if body is None:
        return []
    if not isinstance(body, dict):
        problems.append(
            document.problem((group,), "must hold keys of its own", "Write `hosts:` below the group.")
        )
        return []
    _check_group_keys(document, group, body, problems)
    hosts = body.get("hosts")
    if hosts is None:
        return []
    if not isinstance(hosts, dict):
        advice = "Write one host per line, its name followed by a colon."
        problems.append(document.problem((group, "hosts"), "must hold the hosts as keys", advice))
        return []
    listed = []
    for name, variables in hosts.items():
        path: Path_ = (group, "hosts", name)
        if variables is not None and not isinstance(variables, dict):
            advice = "Write the host's variables below its name, indented by two blanks, or nothing."
            problems.append(document.problem(path, "must hold keys of its own", advice))
            variables = None
        listed.append((name, path, variables or {}))
    return listed


def _check_group_keys(document: Document, group: str, body: dict[str, Any], problems: list[Problem]) -> None:
    for key in body:
        if key == "vars":
            advice = f"Move them to a file in group_vars/{group}/."
            problems.append(document.problem((group, key), "variables of a group stand in hosts.yml", advice))
        elif key == "children":
            advice = "List each standard group at the top level; laptops are known to be clients."
            problems.append(document.problem((group, key), "groups are nested", advice))
        elif key != "hosts":
            problems.append(
                document.problem((group, key), "unknown key", "Only `hosts` belongs below a group.")
            )


def _check_entry(entry: HostEntry, document: Document, problems: list[Problem]) -> None:
    if entry.name in (*STANDARD_GROUPS, "all", "ungrouped"):
        advice = "Ansible could not tell them apart: rename the host."
        problems.append(document.problem(entry.path, f"host {entry.name!r} has the name of a group", advice))
    elif entry.name == "localhost" or not DEVICE_NAME.fullmatch(entry.name):
        advice = "Use small letters, digits, - and dots; write each host out, and not localhost."
        problems.append(document.problem(entry.path, f"{entry.name!r} is no host name", advice))
    elif entry.name.endswith(_ENDINGS):
        advice = "Other programs would take its variables' file for another host's: rename the host."
        problems.append(document.problem(entry.path, f"host {entry.name!r} is called like a file", advice))
    if pair := contradiction(group for group in entry.groups if group in STANDARD_GROUPS):
        advice = "Keep it in the group that says what it is."
        message = f"host {entry.name!r} is in {pair[0]} and in {pair[1]}"
        problems.append(document.problem(entry.path, message, advice))


def _check_host_files(folder: Folder, entries: dict[str, HostEntry], problems: list[Problem]) -> None:
    for name, document in folder.host_vars.items():
        if name not in entries:
            advice = did_you_mean(name, entries).strip() or "List it there, or remove this file."
            problems.append(Problem(document.file, 0, "", f"hosts.yml lists no host {name!r}", advice))
