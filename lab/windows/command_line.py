"""How Windows' programs take their command lines apart, told from what they do: written without looking at ours.

An EXE with C's runtime calls CommandLineToArgvW; msiexec reads PROPERTY=value by rules of its own.
"""

import re


class NotUnderstood(Exception):
    """What msiexec answers with 1639."""


def escaped(argument: str) -> str:
    """One argument as ConvertTo-EscapedArgument of the collection's module_utils writes it."""
    if not argument:
        return '""'
    if not re.search(r'[\s"]', argument):
        return argument
    argument = argument.replace('"', r"\"")
    argument = re.sub(r'(\\+)\\"', r'\1\1\\"', argument)
    argument = re.sub(r"(\\+)$", r"\1\1", argument)
    return f'"{argument}"'


def argv(line: str) -> list[str]:
    """What a program of C finds in its argv behind its own name.

    Of backslashes before a quote each two are one, and an odd one makes the quote a character; all others stay. Two
    quotes within quotes are one.
    """
    found: list[str] = []
    current: str | None = None
    quoted = False
    rest = line
    while rest:
        piece = re.match(r'(?P<escapes>\\*)"|(?P<blanks>[ \t]+)|(?P<plain>\\+|[^" \t\\]+)', rest)
        assert piece is not None
        rest = rest[piece.end() :]
        if piece["blanks"] and not quoted:
            found += [] if current is None else [current]
            current = None
            continue
        current = (current or "") + (piece["blanks"] or piece["plain"] or "")
        if piece["escapes"] is None:
            continue
        current += "\\" * (len(piece["escapes"]) // 2)
        if len(piece["escapes"]) % 2:
            current += '"'
        elif quoted and rest.startswith('"'):
            current, rest = current + '"', rest[1:]
        else:
            quoted = not quoted
    return found if current is None else [*found, current]


def properties(line: str) -> dict[str, str]:
    """The properties on msiexec's command line; the last one of a name counts. Raises NotUnderstood.

    A switch may be quoted as a whole; a property's name may not. A quote within a value is two quotes, a backslash is
    a character like others.
    """
    found: dict[str, str] = {}
    rest = line.strip()
    while rest:
        value = re.match(r'([A-Za-z_][A-Za-z0-9_.]*)=(?:"((?:[^"]|"")*)"|([^\s"]*))(?=\s|$)', rest)
        switch = re.match(r'(?:[/-][^\s"]*|"[^"]*"|[^\s"=]+)(?=\s|$)', rest)
        if value:
            text = value[2].replace('""', '"') if value[2] is not None else value[3]
            found[value[1].upper()] = text
        elif not switch:
            raise NotUnderstood(line)
        rest = rest[(value or switch).end() :].lstrip()  # type: ignore[union-attr]
    return found
