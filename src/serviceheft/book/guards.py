"""The triggers that keep the book append-only.

They guard against accidents and careless scripts; who owns the tables can drop them. Tampering is what the hash
chain is for, and that the triggers are still there is part of what `verify` proves.
"""

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
    make = _sqlite if dialect == "sqlite" else _postgresql
    return [statement for table, (key, grows) in _TABLES.items() for statement in make(table, key, grows)]


def _sqlite(table: str, key: tuple[str, ...], grows: str | None) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    # IS NOT TRUE: a NULL must not pass for growth.
    changes = f"WHEN ({grows}) IS NOT TRUE " if grows else ""
    same = " AND ".join(f"{column} = NEW.{column}" for column in key) or "true"
    # INSERT OR REPLACE deletes and updates nothing, as triggers see it.
    if table == "book_entries":
        again = f"NEW.number <= (SELECT max(number) FROM {table} WHERE customer = NEW.customer)"  # noqa: S608
    else:
        again = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - nothing from outside goes in
    return [
        f"CREATE TRIGGER {table}_stay BEFORE UPDATE ON {table} {changes}{refuse}",
        f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_once BEFORE INSERT ON {table} WHEN {again} {refuse}",
    ]


def _postgresql(table: str, key: tuple[str, ...], grows: str | None) -> list[str]:
    raises = f"RAISE EXCEPTION '{MESSAGE}';"
    body = f"IF ({grows}) IS TRUE THEN RETURN NEW; END IF; {raises}" if grows else raises
    made = [
        _function(f"{table}_refuse", raises),
        f"CREATE TRIGGER {table}_kept BEFORE DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()",
        _function(f"{table}_grow", body),
        f"CREATE TRIGGER {table}_stay BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_grow()",
    ]
    if not key:
        once = f"IF EXISTS (SELECT 1 FROM {table}) THEN {raises} END IF; RETURN NEW;"  # noqa: S608
        made += [
            _function(f"{table}_single", once),
            f"CREATE TRIGGER {table}_once BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_single()",
        ]
    return made


def _function(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
