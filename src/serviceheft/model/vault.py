"""The customer's vault file: encrypted, and with the customer's own id. Its contents are never read here."""

import re
from pathlib import Path

from serviceheft.model.problems import Problem

VAULT_FILE = "group_vars/all/vault.yml"
_HEADER = "$ANSIBLE_VAULT;"


def _first_lines(path: Path) -> list[str]:
    try:
        with path.open(encoding="ascii", errors="replace") as stream:
            return [stream.readline().rstrip("\r\n"), stream.readline().rstrip("\r\n")]
    except OSError:
        return ["", ""]


def is_encrypted(path: Path) -> bool:
    """Whether ansible-vault made this file."""
    return _first_lines(path)[0].startswith(_HEADER)


def check_file(path: Path, label: str, customer: str, problems: list[Problem]) -> None:
    """Look at the header alone: no password is needed, and no secret can get into a message."""
    header, body = _first_lines(path)
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
