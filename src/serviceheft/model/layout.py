"""An inventory's folder as documents: which file holds what, and what does not belong there."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from serviceheft.model import vault
from serviceheft.model.groups import STANDARD_GROUPS
from serviceheft.model.problems import Problem, did_you_mean
from serviceheft.model.yamlfile import Document, read_mapping

SHARED = "_shared"
CUSTOMER_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass
class Folder:
    """The readable files of one customer, and of the provider."""

    root: Path
    hosts: Document | None = None
    all: list[Document] = field(default_factory=list)
    groups: dict[str, list[Document]] = field(default_factory=dict)
    host_vars: dict[str, Document] = field(default_factory=dict)
    provider: list[Document] = field(default_factory=list)
    has_vault: bool = False
    complete: bool = True
    """Whether every file could be read; else nothing can be called missing."""

    @property
    def name(self) -> str:
        return self.root.name

    @property
    def label(self) -> str:
        return f"{self.root.parent.name}/{self.name}"

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
    """Read every file of the (absolute) folder that Ansible would read; None when there is none."""
    folder = Folder(root)
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
    for entry in _entries(root):
        if not _leads_out(folder, entry, problems):
            _entry(folder, entry, problems)
    folder.hosts = read_mapping(root / "hosts.yml", f"{folder.label}/hosts.yml", problems)
    _provider(folder, problems)
    return folder


def _entry(folder: Folder, entry: Path, problems: list[Problem]) -> None:
    if entry.name == "group_vars" and entry.is_dir():
        _group_vars(folder, entry, problems)
    elif entry.name == "host_vars" and entry.is_dir():
        _host_vars(folder, entry, problems)
    elif entry.name == "files" and entry.is_dir():
        for path in sorted(entry.rglob("*")):
            _leads_out(folder, path, problems)
    elif entry.name not in ("hosts.yml", "README.md"):
        label = f"{folder.label}/{entry.name}"
        advice = "Only hosts.yml, group_vars/, host_vars/, files/ and README.md belong here."
        problems.append(Problem(label, 0, "", "does not belong into an inventory", advice))


def _entries(directory: Path) -> list[Path]:
    # Hidden files and editors' backups are read by neither Ansible nor us.
    return sorted(
        path for path in directory.iterdir() if not path.name.startswith(".") and path.name[-1] != "~"
    )


def _leads_out(folder: Folder, path: Path, problems: list[Problem]) -> bool:
    if path.is_symlink() and not path.resolve().is_relative_to(folder.root.resolve()):
        label = f"{folder.label}/{path.relative_to(folder.root).as_posix()}"
        advice = "Put a file of this customer's own here: nothing is shared between customers."
        problems.append(Problem(label, 0, "", "is a link that leads out of the inventory", advice))
        return True
    return False


def _group_vars(folder: Folder, directory: Path, problems: list[Problem]) -> None:
    known = ("all", *STANDARD_GROUPS)
    for entry in _entries(directory):
        label = f"{folder.label}/group_vars/{entry.name}"
        if _leads_out(folder, entry, problems):
            continue
        if not entry.is_dir():
            advice = f"Move it to group_vars/{entry.stem}/{entry.name}: each group has a folder."
            problems.append(Problem(label, 0, "", "is a file where a group's folder is expected", advice))
        elif entry.name not in known:
            advice = did_you_mean(entry.name, known).strip() or f"Standard groups: {', '.join(known)}."
            problems.append(Problem(label, 0, "", f"{entry.name!r} is no standard group", advice))
        else:
            documents = folder.all if entry.name == "all" else folder.groups.setdefault(entry.name, [])
            for path in _entries(entry):
                _variables_file(folder, path, documents, problems)


def _variables_file(folder: Folder, path: Path, documents: list[Document], problems: list[Problem]) -> None:
    label = f"{folder.label}/{path.relative_to(folder.root).as_posix()}"
    if _leads_out(folder, path, problems):
        return
    if path.suffix != ".yml" or path.is_dir():
        advice = "Variables stand in files that end in .yml, without further folders."
        problems.append(Problem(label, 0, "", "does not belong here", advice))
    elif path.name == "vault.yml":
        if path.parent.name == "all":
            folder.has_vault = True
            vault.check_file(path, label, folder.name, problems)
        else:
            message = "a second vault"
            problems.append(Problem(label, 0, "", message, "Keep all secrets in group_vars/all/vault.yml."))
    elif vault.is_encrypted(path):
        advice = "Only group_vars/all/vault.yml is encrypted; move the secrets there and decrypt this file."
        problems.append(Problem(label, 1, "", "is encrypted, so its variables cannot be checked", advice))
        folder.complete = False
    elif document := read_mapping(path, label, problems):
        documents.append(document)
    else:
        folder.complete = False


def _host_vars(folder: Folder, directory: Path, problems: list[Problem]) -> None:
    for path in _entries(directory):
        documents: list[Document] = []
        _variables_file(folder, path, documents, problems)
        if documents:
            folder.host_vars[path.stem] = documents[0]


def _provider(folder: Folder, problems: list[Problem]) -> None:
    """The provider's variables, as Ansible sees them through inventories/_shared."""
    directory = folder.root.parent / SHARED / "group_vars"
    if not (directory / "all").is_dir():
        label = f"{folder.root.parent.name}/{SHARED}/group_vars"
        problems.append(
            Problem(label, 0, "", "the provider's variables are missing", "Link it to group_vars/.")
        )
        return
    for entry in _entries(directory):
        if entry.name != "all":
            # Ansible would let it override what a customer says for all hosts.
            advice = "The provider speaks in group_vars/all alone: move the variables there."
            problems.append(Problem(f"group_vars/{entry.name}", 0, "", "is not the provider's place", advice))
    for path in sorted((directory / "all").glob("*.yml")):
        if path.name != "catalogue.yml" and (
            document := read_mapping(path, f"group_vars/all/{path.name}", problems)
        ):
            folder.provider.append(document)
