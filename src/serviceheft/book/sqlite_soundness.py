"""Whether a book in SQLite is sound (soundness.py)."""

import sqlite3
from collections.abc import Iterator

import sqlalchemy as sa

from serviceheft.book import schema
from serviceheft.book.soundness import Soundness, differences, of_version


def examine(connection: sa.Connection, version: int) -> Soundness:
    """Within a reading transaction; its cost grows with the book, as that of the chains does."""
    return Soundness((*_laid_out(connection, version), *_intact(connection)))


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
