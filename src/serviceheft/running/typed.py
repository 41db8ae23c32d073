"""What a person types: one readable line, or it is refused. It goes into the book, and on pages and screens."""

import re

from serviceheft.visible import visible

#: Enough for a few sentences.
_LONGEST = 2000


class NotAccepted(Exception):
    """A run or a command was called with what it does not accept; the message says what to do."""


def one_line(option: str, text: str) -> str:
    """The text without surrounding spaces. Raises NotAccepted, naming the option, for what is no readable line."""
    text = text.strip()
    if not text:
        raise NotAccepted(f"{option} is empty. Give it a text, or leave it out.")
    if len(text) > _LONGEST:
        raise NotAccepted(f"{option} takes at most {_LONGEST} characters, and these are {len(text)}.")
    if visible(text) != text:
        raise NotAccepted(f"{option} takes one line of readable text, and this is none: {visible(text)}")
    return text


def host_pattern(text: str) -> str:
    """What --limit takes: names and patterns. A file of hosts (@...) is none: the book would not say who was meant."""
    text = one_line("--limit", text)
    if any(part.strip().startswith("@") for part in text.replace(":", ",").split(",")):
        raise NotAccepted(f"--limit takes names and groups of hosts, no file of them: {text}")
    return text


def whole_number(option: str, text: str) -> int:
    """A whole number from 1 on: digits alone, since 1.000 is a thousand to one reader and one to the next."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise NotAccepted(
            f"{option} takes a whole number from 1 on, in digits alone, as 1000, not {visible(text)!r}."
        )
    return int(text)
