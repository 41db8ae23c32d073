"""English msgids in the code, marked with N_() or _(); customers read them in their own language.

The committed .po files are the only source: they are compiled in memory when a language is first asked for,
so that there is no built .mo that can be missing or stale. What only one service says stands beside its code
(services/<role>/de.po), all else in locale/. `python -m serviceheft.i18n` brings the .po files up to date with the
code; a test fails when somebody forgot, or when an entry is missing, fuzzy or stale.
"""

import gettext
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

PACKAGE = Path(__file__).resolve().parent
LOCALE = PACKAGE / "locale"
SERVICES = PACKAGE / "services"

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
    from babel.messages import mofile

    compiled = io.BytesIO()
    mofile.write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def catalogue_files(language: str) -> list[Path]:
    """The committed files: the common one first, then those of the services."""
    return [_common(language), *sorted(SERVICES.glob(f"*/{language}.po"))]


def catalogue(language: str) -> "Catalog":
    """All entries of all files."""
    from babel.messages import pofile
    from babel.messages.catalog import Catalog

    found = Catalog(locale=language)
    for path in catalogue_files(language):
        with path.open("rb") as source:
            for message in pofile.read_po(source, locale=language):
                if message.id:
                    found[message.id] = message
    return found


def _common(language: str) -> Path:
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


def updated(language: str) -> dict[Path, str]:
    """What each file should hold, by the texts in the code and the translations that there are."""
    from babel.messages.catalog import Catalog

    old = catalogue(language)
    places: dict[str | tuple[str, ...], list[str]] = {}
    for place, _line, message in messages_in_code():
        places.setdefault(message, []).append(place)
    files: dict[Path, Catalog] = {}
    for message, found in places.items():
        path = _room(language, found)
        new = files.setdefault(path, Catalog(locale=language, project="Serviceheft", fuzzy=False))
        known = old.get(message[0] if isinstance(message, tuple) else message)
        # Without line numbers: they would change with every edit and hide what really did.
        new.add(message, known.string if known else None, locations=[(place, 0) for place in found])
    return {path: _written(new) for path, new in files.items()}


def update(language: str) -> tuple[list[str], list[str]]:
    """Bring the files up to date with the code.

    Returns the msgids that lack a translation, and those that were dropped.
    """
    old, files = catalogue(language), updated(language)
    for path in catalogue_files(language):
        if path not in files:
            path.unlink()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    new = catalogue(language)
    missing = [str(message.id) for message in new if message.id and not translated(message.string)]
    return missing, [str(message.id) for message in old if message.id and message.id not in new]


def _room(language: str, places: list[str]) -> Path:
    """The file of a text: a service's own when nobody else says it."""
    folders = {
        PACKAGE.parent / Path(*path.parts[:3])
        if path.parts[1:2] == (SERVICES.name,) and len(path.parts) > 3
        else None
        for path in map(Path, places)
    }
    own = folders.pop() if len(folders) == 1 else None
    return own / f"{language}.po" if own else _common(language)


def translated(string: object) -> bool:
    """Whether a .po entry's string, or every plural form of it, says something."""
    return all(string) if isinstance(string, tuple | list) else bool(string)


def _written(new: "Catalog") -> str:
    """As a .po file, without the header lines with times and versions, which would make every update a change."""
    from babel.messages import pofile

    buffer = io.BytesIO()
    pofile.write_po(buffer, new, width=110, sort_output=True, include_lineno=False)
    kept = ('"Language: ', '"Plural-Forms', '"MIME', '"Content-T')
    lines = buffer.getvalue().decode("utf-8").splitlines(keepends=True)
    return "".join(x for x in lines if not re.match(r'"[A-Z][\w-]+: |# |#$', x) or x.startswith(kept))


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
