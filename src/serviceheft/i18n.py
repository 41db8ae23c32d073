"""English msgids in the code, marked with N_() or _(); customers read them in their own language.

The committed .po files are the only source: they are compiled in memory when a language is first asked for,
so that there is no built .mo that can be missing or stale. `python -m serviceheft.i18n` brings the .po files
up to date with the code; a test fails when somebody forgot, or when an entry is missing, fuzzy or stale.
"""

import gettext
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
LOCALE = PACKAGE / "locale"

#: Languages that a customer can choose (company.language). English is what the code says itself.
LANGUAGES = ("de", "en")

#: What marks a msgid, in the form that Babel's extraction wants.
KEYWORDS = {"N_": None, "_": None, "gettext": None, "ngettext": (1, 2)}

_PLACEHOLDER = re.compile(r"\{(\w+)")


def N_(message: str) -> str:  # noqa: N802 - gettext's own name, which the extraction looks for
    """Mark a msgid whose translation is looked up later, when the reader is known."""
    return message


@cache
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; ValueError for a language that is not offered."""
    if language not in LANGUAGES:
        raise ValueError(f"{language!r} is none of {', '.join(LANGUAGES)}.")
    if language == "en":
        return gettext.NullTranslations()
    # Babel is imported here: Ansible's workers import modules that use N_ for every task.
    from babel.messages import mofile, pofile

    compiled = io.BytesIO()
    with catalogue_file(language).open("rb") as source:
        mofile.write_mo(compiled, pofile.read_po(source, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def catalogue_file(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "serviceheft.po"


def placeholders(message: str) -> frozenset[str]:
    """Names in {braces}: a translation must use the same ones."""
    return frozenset(_PLACEHOLDER.findall(message))


def messages_in_code() -> Iterator[tuple[str, int, str | tuple[str, ...]]]:
    """(file, line, msgid or (singular, plural)) of every marked text in modules and page templates."""
    from babel.messages.extract import extract

    for method, pattern in (("python", "*.py"), ("jinja2", "*.j2")):
        for path in sorted(PACKAGE.rglob(pattern)):
            with path.open("rb") as source:
                for line, message, _comments, _context in extract(method, source, keywords=KEYWORDS):
                    yield path.relative_to(PACKAGE.parent).as_posix(), line, message


def update(language: str, target: Path | None = None) -> tuple[list[str], list[str]]:
    """Bring a .po up to date with the code (or write what it should be to `target`).

    Returns the msgids that lack a translation, and those that were dropped.
    """
    from babel.messages import pofile
    from babel.messages.catalog import Catalog

    path = catalogue_file(language)
    old = Catalog(locale=language)
    if path.exists():
        with path.open("rb") as source:
            old = pofile.read_po(source, locale=language)
    new = Catalog(locale=language, project="Serviceheft", fuzzy=False)
    for place, _line, message in messages_in_code():
        known = old.get(message[0] if isinstance(message, tuple) else message)
        # Without line numbers: they would change with every edit and hide what really did.
        new.add(message, known.string if known else None, locations=[(place, 0)])
    target = target or path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        pofile.write_po(file, new, width=110, sort_output=True, include_lineno=False)
    _keep_stable(target)
    missing = [str(message.id) for message in new if message.id and not translated(message.string)]
    return missing, [str(message.id) for message in old if message.id and message.id not in new]


def translated(string: object) -> bool:
    """Whether a .po entry's string, or every plural form of it, says something."""
    return all(string) if isinstance(string, tuple | list) else bool(string)


def _keep_stable(path: Path) -> None:
    """Header lines with times and versions would make every update a change."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    kept = ('"Language: ', '"Plural-Forms', '"MIME', '"Content-T')
    path.write_text(
        "".join(x for x in lines if not re.match(r'"[A-Z][\w-]+: |# |#$', x) or x.startswith(kept)), "utf-8"
    )


def main() -> int:
    """Update all catalogues; exit 1 while something is untranslated."""
    from serviceheft.screen import say

    missing: list[str] = []
    for language in LANGUAGES:
        if language == "en":
            continue
        lacking, dropped = update(language)
        for state, messages in (("not translated", lacking), ("dropped", dropped)):
            for message in messages:
                say(f"{language}: {state}: {message}")
        missing += lacking
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
