"""An inventory's folder as documents: which file holds what, and what does not belong there."""

import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from serviceheft.model import vault
from serviceheft.model.groups import STANDARD_GROUPS
from serviceheft.model.problems import Problem, did_you_mean
from serviceheft.model.snapshot import Snapshot, take
from serviceheft.model.yamlfile import Document, missing, parse_mapping

SHARED = "_shared"
CUSTOMER_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass
class Folder:
    """The readable files of one customer, and of the provider."""

    snapshot: Snapshot
    hosts: Document | None = None
    all: list[Document] = field(default_factory=list)
    groups: dict[str, list[Document]] = field(default_factory=dict)
    host_vars: dict[str, Document] = field(default_factory=dict)
    provider: list[Document] = field(default_factory=list)
    has_vault: bool = False
    complete: bool = True
    """Whether every file could be read; else nothing can be called missing."""

    @property
    def root(self) -> Path:
        return self.snapshot.root

    @property
    def name(self) -> str:
        return self.root.name

    @property
    def label(self) -> str:
        return f"{self.root.parent.name}/{self.name}"

    def problem(self, path: str, message: str, advice: str, line: int = 0) -> Problem:
        """A problem with the file or folder at `path` inside the inventory."""
        return Problem(f"{self.label}/{path}", line, "", message, advice)

    def customer_documents(self) -> list[Document]:
        """Everything that the customer's own folder says."""
        documents = [self.hosts] if self.hosts else []
        documents += self.all
        for group in self.groups.values():
            documents += group
        return documents + list(self.host_vars.values())


def customer_names(inventories: Path) -> list[str]:
    """The customers that have a folder."""
    found = [
        path.name for path in inventories.glob("*") if path.is_dir() and CUSTOMER_NAME.fullmatch(path.name)
    ]
    return sorted(found)


def survey(root: Path, problems: list[Problem]) -> Folder | None:
    """Read every file of the (absolute) folder, once; None when there is no such customer."""
    folder = Folder(Snapshot(root))
    if not CUSTOMER_NAME.fullmatch(folder.name):
        advice = "A customer's folder has small letters, digits and _ and begins with a letter."
        problems.append(Problem(folder.label, 0, "", f"{folder.name!r} is no customer's name", advice))
        return None
    if not root.is_dir():
        names = customer_names(root.parent)
        advice = did_you_mean(folder.name, names).strip() or f"Customers: {', '.join(names) or 'none yet'}."
        problems.append(Problem(folder.label, 0, "", "there is no such customer", advice))
        return None
    if root.is_symlink():
        advice = "Make it a folder of its own: nothing is shared between customers."
        problems.append(Problem(folder.label, 0, "", "the inventory is a link", advice))
        return None
    folder.snapshot = take(root, folder.label, problems)
    _open_to_others(folder.snapshot, folder.label, problems)
    for name in folder.snapshot.entries():
        _entry(folder, name, problems)
    if "hosts.yml" in folder.snapshot.files:
        folder.hosts = _document(folder, "hosts.yml", problems)
    elif "hosts.yml" not in folder.snapshot.refused:
        problems.append(missing(f"{folder.label}/hosts.yml"))
    _provider(folder, problems)
    return folder


def _open_to_others(found: Snapshot, label: str, problems: list[Problem]) -> None:
    """Whoever may change an inventory decides where its passwords are sent."""
    modes = {f"{label}/{path}" if path else label: mode for path, mode in found.open_to_others.items()}
    parent = found.root.parent
    mode = stat.S_IMODE(parent.stat().st_mode)
    if mode & (stat.S_IWGRP | stat.S_IWOTH) and not mode & stat.S_ISVTX:
        modes[parent.name] = mode
    if modes:
        first = min(modes)
        more = f", and {len(modes) - 1} more" if len(modes) > 1 else ""
        who = "everybody" if modes[first] & stat.S_IWOTH else "its group"
        message = f"can be changed by {who} (mode {modes[first]:o}{more})"
        problems.append(Problem(first, 0, "", message, f"Run: chmod -R go-w {min(first, label, key=len)}."))


def _entry(folder: Folder, name: str, problems: list[Problem]) -> None:
    found = folder.snapshot
    if name in found.refused or (name in found.files and name in ("hosts.yml", "README.md")):
        return
    if name in found.folders and name in ("group_vars", "host_vars", "files"):
        if name == "group_vars":
            _group_vars(folder, problems)
        elif name == "host_vars":
            _host_vars(folder, problems)
        return
    advice = "Only hosts.yml, group_vars/, host_vars/, files/ and README.md belong here."
    problems.append(folder.problem(name, "does not belong into an inventory", advice))


def _document(folder: Folder, path: str, problems: list[Problem]) -> Document | None:
    return parse_mapping(folder.snapshot.files[path], f"{folder.label}/{path}", problems)


def _group_vars(folder: Folder, problems: list[Problem]) -> None:
    known = ("all", *STANDARD_GROUPS)
    for group in folder.snapshot.entries("group_vars"):
        path = f"group_vars/{group}"
        if path in folder.snapshot.refused:
            continue
        if path not in folder.snapshot.folders:
            advice = f"Move it to group_vars/{Path(group).stem}/{group}: each group has a folder."
            problems.append(folder.problem(path, "is a file where a group's folder is expected", advice))
        elif group not in known:
            advice = did_you_mean(group, known).strip() or f"Standard groups: {', '.join(known)}."
            problems.append(folder.problem(path, f"{group!r} is no standard group", advice))
        else:
            documents = folder.all if group == "all" else folder.groups.setdefault(group, [])
            for name in folder.snapshot.entries(path):
                _variables_file(folder, f"{path}/{name}", documents, problems)


def _variables_file(folder: Folder, path: str, documents: list[Document], problems: list[Problem]) -> None:
    if path in folder.snapshot.refused:
        folder.complete = False
    elif not path.endswith(".yml") or path in folder.snapshot.folders:
        advice = "Variables stand in files that end in .yml, without further folders."
        problems.append(folder.problem(path, "does not belong here", advice))
    elif path == vault.VAULT_FILE:
        folder.has_vault = True
        vault.check_header(folder.snapshot.files[path], f"{folder.label}/{path}", folder.name, problems)
    elif path.endswith("/vault.yml"):
        advice = "Keep all secrets in group_vars/all/vault.yml."
        problems.append(folder.problem(path, "a second vault", advice))
    elif vault.is_encrypted(folder.snapshot.files[path]):
        advice = "Only group_vars/all/vault.yml is encrypted; move the secrets there and decrypt this file."
        problems.append(
            folder.problem(path, "is encrypted, so its variables cannot be checked", advice, line=1)
        )
        folder.complete = False
    elif document := _document(folder, path, problems):
        documents.append(document)
    else:
        folder.complete = False


def _host_vars(folder: Folder, problems: list[Problem]) -> None:
    for name in folder.snapshot.entries("host_vars"):
        documents: list[Document] = []
        _variables_file(folder, f"host_vars/{name}", documents, problems)
        if documents:
            folder.host_vars[name.removesuffix(".yml")] = documents[0]


def _provider(folder: Folder, problems: list[Problem]) -> None:
    """The provider's variables, which inventories/_shared links to."""
    directory = folder.root.parent / SHARED / "group_vars"
    if not (directory / "all").is_dir():
        label = f"{folder.root.parent.name}/{SHARED}/group_vars"
        problems.append(
            Problem(label, 0, "", "the provider's variables are missing", "Link it to group_vars/.")
        )
        return
    found = take(directory, "group_vars", problems)
    _open_to_others(found, "group_vars", problems)
    for name in found.entries():
        if name != "all":
            advice = "The provider speaks in group_vars/all alone: move the variables there."
            problems.append(Problem(f"group_vars/{name}", 0, "", "is not the provider's place", advice))
    for name in found.entries("all"):
        path, label = f"all/{name}", f"group_vars/all/{name}"
        if path in found.refused or name == "catalogue.yml":
            continue
        if path not in found.files or not name.endswith(".yml"):
            advice = "Variables stand in files that end in .yml, without further folders."
            problems.append(Problem(label, 0, "", "does not belong here", advice))
        elif document := parse_mapping(found.files[path], label, problems):
            folder.provider.append(document)
