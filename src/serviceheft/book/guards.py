"""The triggers that keep the book append-only.

They guard against accidents and careless scripts; who owns the tables can drop them. Tampering is what the hash
chain is for, and that the triggers are still there is part of what `verify` proves.
"""

from typing import NamedTuple

import sqlalchemy as sa

MESSAGE = "the book is append-only"

_ENTRY = ("customer", "number")
_HEAD = ("customer",)
_LATEST = ("customer", "period", "service", "host")

#: table -> (its key, when an UPDATE only grows it; None: no UPDATE at all)
_TABLES: dict[str, tuple[tuple[str, ...], str | None]] = {
    "book_entries": (_ENTRY, None),
    "book_heads": (_HEAD, "NEW.customer = OLD.customer AND NEW.number > OLD.number"),
    "book_latest": (
        _LATEST,
        "NEW.customer = OLD.customer AND NEW.period = OLD.period AND NEW.service = OLD.service "
        "AND NEW.host = OLD.host AND NEW.number >= OLD.number AND NEW.at >= OLD.at "
        "AND NEW.word_at >= OLD.word_at AND NEW.first_at <= OLD.first_at",
    ),
    "book_schema": ((), "NEW.version > OLD.version"),
}

_NOT_NEXT = "NEW.number <= (SELECT max(number) FROM book_entries WHERE customer = NEW.customer)"
_ONCE = {"book_entries": _NOT_NEXT, "book_schema": "EXISTS (SELECT 1 FROM book_schema)"}

#: What version 1 had, by dialect.
_OLD = {
    "sqlite": (
        "DROP TRIGGER book_entries_stay",
        "DROP TRIGGER book_entries_kept",
        "DROP TRIGGER book_entries_once",
        "DROP TRIGGER book_heads_grow",
        "DROP TRIGGER book_heads_kept",
    ),
    "postgresql": (
        "DROP TRIGGER book_entries_stay ON book_entries",
        "DROP TRIGGER book_heads_grow ON book_heads",
        "DROP TRIGGER book_heads_kept ON book_heads",
        "DROP FUNCTION book_append_only()",
    ),
}


def create(connection: sa.Connection) -> None:
    """Put the guards on the tables, inside the caller's transaction."""
    for statement in statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


def replace_old(connection: sa.Connection) -> None:
    """The same on tables that have those of version 1."""
    for statement in _OLD[connection.dialect.name]:
        connection.exec_driver_sql(statement.replace("DROP TRIGGER", "DROP TRIGGER IF EXISTS"))
    create(connection)


def statements(dialect: str) -> list[str]:
    """What puts the guards on, in a database's own words."""
    if dialect == "sqlite":
        return [it for table, (key, grows) in _TABLES.items() for it in _sqlite(table, key, grows)]
    functions = [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
        for name, body in postgresql_functions()
    ]
    triggers = [
        f"CREATE TRIGGER {it.name} BEFORE {it.events} ON {it.table} FOR EACH {it.each} EXECUTE FUNCTION {it.function}()"
        for it in postgresql_triggers()
    ]
    return functions + triggers


def _sqlite(table: str, key: tuple[str, ...], grows: str | None) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    # IS NOT TRUE: a NULL must not pass for growth.
    changes = f"WHEN ({grows}) IS NOT TRUE " if grows else ""
    same = " AND ".join(f"{column} = NEW.{column}" for column in key) or "true"
    # INSERT OR REPLACE deletes and updates nothing, as triggers see it.
    again = _NOT_NEXT if table == "book_entries" else f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608
    return [
        f"CREATE TRIGGER {table}_stay BEFORE UPDATE ON {table} {changes}{refuse}",
        f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_once BEFORE INSERT ON {table} WHEN {again} {refuse}",
    ]


class Trigger(NamedTuple):
    """A trigger of PostgreSQL; `bits` is what its catalogue says of it (pg_trigger.tgtype)."""

    table: str
    name: str
    events: str
    each: str
    function: str
    bits: int


def postgresql_triggers() -> list[Trigger]:
    """One a table refuses what takes rows away, one what changes them, one what is put in a second time.

    Heads and latest stamps need none of the last: their keys refuse it.
    """
    made = []
    for table in _TABLES:
        made.append(
            Trigger(table, f"{table}_kept", "DELETE OR TRUNCATE", "STATEMENT", "book_refuse", 2 + 8 + 32)
        )
        made.append(Trigger(table, f"{table}_stay", "UPDATE", "ROW", f"{table}_grow", 1 + 2 + 16))
        if table in _ONCE:
            made.append(Trigger(table, f"{table}_once", "INSERT", "ROW", f"{table}_follow", 1 + 2 + 4))
    return made


def postgresql_functions() -> list[tuple[str, str]]:
    """The functions of the triggers, and their bodies as the catalogue keeps them."""
    raises = f"RAISE EXCEPTION '{MESSAGE}';"
    made = [("book_refuse", f" BEGIN {raises} END ")]
    for table, (_, grows) in _TABLES.items():
        unless = f"IF ({grows}) IS TRUE THEN RETURN NEW; END IF; " if grows else ""
        made.append((f"{table}_grow", f" BEGIN {unless}{raises} END "))
    for table, again in _ONCE.items():
        made.append((f"{table}_follow", f" BEGIN IF {again} THEN {raises} END IF; RETURN NEW; END "))
    return made
