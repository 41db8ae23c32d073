"""Black out the values of secrets in text that a technician asked to see (diffs, -v)."""

from collections.abc import Mapping
from typing import Any

#: Names whose values are secrets. What the book and the pages show goes by allow-lists and never through here.
_PREFIXES = ("vault_",)
_NAMES = ("ansible_password", "ansible_become_password", "ansible_ssh_pass", "ansible_winrm_password")
_SHORTEST = 4  # shorter values would black out ordinary words


class Blackout:
    """Learns the secrets of an inventory and replaces them in text."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def learn(self, variables: Mapping[str, Any]) -> None:
        for name, value in variables.items():
            if name.startswith(_PREFIXES) or name in _NAMES:
                self._secrets.update(text for text in _texts(value) if len(text) >= _SHORTEST)

    def __call__(self, text: str) -> str:
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "[blacked out]")
        return text


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in _texts(inner)]
    return [] if value is None or isinstance(value, bool) else [str(value)]
