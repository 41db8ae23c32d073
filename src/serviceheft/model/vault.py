"""The customer's vault: an encrypted file with the customer's own id, and in it `vault_` variables alone."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from serviceheft.model.problems import Problem
from serviceheft.model.yamlfile import parse_mapping

VAULT_FILE = "group_vars/all/vault.yml"
_HEADER = "$ANSIBLE_VAULT;"
_NAME = re.compile(r"vault_[a-z0-9_]+")


def is_encrypted(content: bytes) -> bool:
    """Whether ansible-vault made this file."""
    return content.startswith(_HEADER.encode("ascii"))


def check_header(content: bytes, label: str, customer: str, problems: list[Problem]) -> None:
    """Look at the header alone: no password is needed, and no secret can get into a message."""
    lines = content[:1024].decode("ascii", errors="replace").splitlines()
    header, body = (line.rstrip() for line in [*lines, "", ""][:2])
    encrypt = f"ansible-vault encrypt --encrypt-vault-id {customer} --vault-id {customer}@prompt {label}"

    def report(message: str, advice: str) -> None:
        problems.append(Problem(label, 1, "", message, advice))

    if not header.startswith(_HEADER):
        advice = f"Run: {encrypt}. Change its secrets if it was ever committed like this."
        return report("the vault is not encrypted", advice)
    parts = header.split(";")
    if len(parts) == 3:
        return report("the vault has no id", f"Decrypt it, then run: {encrypt}.")
    if len(parts) != 4 or parts[1:3] != ["1.2", "AES256"] or not re.fullmatch(r"[0-9a-f]{2,80}", body):
        return report("the vault is damaged", "Take the last good version from git.")
    if parts[3] != customer:
        advice = f"Each customer has a vault id of its own. Decrypt it, then run: {encrypt}."
        return report(f"the vault has the id {parts[3]!r}, not {customer!r}", advice)
    return None


class Locked(Exception):
    """The vault cannot be opened: the reason without a full stop, and what to do. Neither repeats a secret."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.advice = advice


#: Turns the encrypted file into its text. Raises Locked.
type Opener = Callable[[bytes], bytes]


class Secrets(Mapping[str, str]):
    """The variables of an opened vault. Nothing that prints it prints a secret."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = dict(values or {})

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Secrets({len(self)})"


def open_vault(
    content: bytes, label: str, opener: Opener, wanted: Iterable[str], problems: list[Problem]
) -> Secrets | None:
    """The vault's variables, each `vault_` with a text; None when it stays shut. Messages repeat no value.

    `wanted`: the variables that the inventory refers to, which nobody can look up in a vault that stays shut.

    A text is handed on as it is: braces in a password are two characters and no template.
    """
    try:
        text = opener(content)
    except Locked as reason:
        names = ", ".join(sorted(set(wanted)))
        advice = (
            f"{reason.advice} Not checked until then: whether it has {names}." if names else reason.advice
        )
        problems.append(Problem(label, 0, "", f"the vault cannot be opened: {reason}", advice))
        return None
    document = parse_mapping(text, label, problems)
    if document is None:
        return None
    found = {}
    for name, value in document.data.items():
        if not _NAME.fullmatch(name):
            advice = (
                "Only `vault_` variables stand in the vault: everything else is checked in a file of its own."
            )
            line = document.line((name,))
            problems.append(Problem(label, line, _shown(name), "does not belong into the vault", advice))
        elif value is None and any(problem.path == name for problem in problems):
            continue  # it could not be read
        elif not isinstance(value, str):
            advice = "Put it into quotes, in one line: YAML reads it as something else."
            problems.append(document.problem((name,), "is no text", advice))
        elif not value.strip():
            problems.append(document.problem((name,), "is empty", "Write the secret, or remove the line."))
        else:
            found[name] = value
    # Of a faulty vault nothing can be called missing.
    return None if any(problem.file == label for problem in problems) else Secrets(found)


def _shown(name: str) -> str:
    """A key as it may be shown: somebody may have written a password in its place."""
    return name if re.fullmatch(r"ansible_[a-z0-9_]+", name) else "(a key)"
