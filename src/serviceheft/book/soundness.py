"""Whether a book is still laid out as this version lays it out, and whether its indexes say what its tables say.

The hash chain proves what is read. This proves that all is read: no guard is gone, no column or rule was added, no
table became a view, no index leaves something out.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from serviceheft.book import schema


@dataclass(frozen=True)
class Soundness:
    """What differs, in sentences, and what could not be looked at here."""

    faults: tuple[str, ...]
    unproved: tuple[str, ...] = ()


def examine(connection: sa.Connection, version: int) -> Soundness:
    """Within a reading transaction; its cost grows with the book, as that of the chains does."""
    if connection.dialect.name == "sqlite":
        return Soundness((*_laid_out(connection, version), *_intact(connection)))
    from serviceheft.book import postgresql_soundness

    return postgresql_soundness.examine(connection, version)


def differences(wanted: Mapping[str, object], found: Mapping[str, object]) -> Iterator[str]:
    """Sentences about what is gone, altered, or was added. Keys such as "index book_entries_by_kind"."""
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            yield f"The {name} is gone."
        elif name not in wanted:
            yield f"The {name} was added; the book knows no such thing."
        elif wanted[name] != found[name]:
            yield f"The {name} was altered."


def of_version(version: int, wanted: Mapping[str, object]) -> dict[str, object]:
    """What of this version's layout an older book has. Its guards are looked at once it was brought up."""
    if version >= schema.VERSION:
        return dict(wanted)
    new = {f"table {schema.latest.name}", *(f"index {name}" for name in schema.SINCE_2)}
    return {
        name: it
        for name, it in wanted.items()
        if name not in new and schema.latest.name not in name and not name.startswith(("trigger", "function"))
    }


def _laid_out(connection: sa.Connection, version: int) -> Iterator[str]:
    query = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'"
    found = {f"{kind} {name}": _plain(sql) for kind, name, sql in connection.exec_driver_sql(query)}
    if version < schema.VERSION:
        found = {name: sql for name, sql in found.items() if not name.startswith("trigger")}
    yield from differences(of_version(version, _wanted()), found)


def _wanted() -> dict[str, object]:
    """What a new book consists of."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        schema.create(connection)
        rows = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master").all()
    engine.dispose()
    return {f"{kind} {name}": _plain(sql) for kind, name, sql in rows}


def _plain(sql: str | None) -> str:
    """A definition without its layout, which differs between versions of what writes it."""
    return " ".join((sql or "").split())


def _intact(connection: sa.Connection) -> Iterator[str]:
    """Pages, rows and indexes against each other, and what else SQLite finds."""
    try:
        found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
    except sa.exc.DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        found = ["the file is damaged"]
    yield from (f"SQLite's check of the file: {line}." for line in found if line != "ok")
