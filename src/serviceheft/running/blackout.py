"""Black out the values of secrets in what a technician asked to see (diffs)."""

from collections.abc import Mapping
from typing import Any

from serviceheft.visible import visible_lines

_SHORTEST = 4  # shorter values would black out ordinary words
BLACKED_OUT = "[blacked out]"


class Blackout:
    """Learns the values of the customer's vault and replaces them wherever they occur.

    The last line of defence, for what cannot go by an allow-list. What the book, the logs and the pages show does.
    """

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def learn(self, vault: Any) -> None:
        """Every value of the opened vault is a secret."""
        self._secrets.update(text for text in _texts(vault) if len(text) >= _SHORTEST)

    def __call__(self, data: Any) -> Any:
        """The same text, mapping or list with every secret replaced, in keys too, and every character visible."""
        if isinstance(data, Mapping):
            return {self(key): self(value) for key, value in data.items()}
        if isinstance(data, list | tuple):
            return [self(value) for value in data]
        if not isinstance(data, str):
            return BLACKED_OUT if str(data) in self._secrets else data
        for secret in sorted(self._secrets, key=len, reverse=True):
            data = data.replace(secret, BLACKED_OUT)
        return visible_lines(data)


def _texts(value: Any) -> list[str]:
    """The texts to look for; of a text of several lines (a key, a certificate) each line too: diffs go by lines."""
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in _texts(inner)]
    if value is None or isinstance(value, bool):
        return []
    text = str(value)
    return [text, *(line.strip() for line in text.splitlines())]
