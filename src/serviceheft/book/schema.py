"""The book's tables, the same on SQLite and PostgreSQL, and the triggers that keep them append-only.

The triggers guard against accidents and careless scripts; who owns the file can drop them. Tampering is what
the hash chain is for.
"""

import sqlalchemy as sa

VERSION = 1

metadata = sa.MetaData()

entries = sa.Table(
    "book_entries",
    metadata,
    sa.Column("customer", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("run", sa.Text),
    sa.Column("service", sa.Text),
    sa.Column("host", sa.Text),
    sa.Column("subject", sa.Text),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    # One for each question asked while a stamp is written: its cost must not grow with the age of the book.
    sa.Index("book_entries_by_place", "customer", "service", "host", "number", "kind"),
    sa.Index("book_entries_by_kind", "customer", "kind", "number"),
    sa.Index("book_entries_by_run", "run", "kind"),
)

heads = sa.Table(
    "book_heads",
    metadata,
    sa.Column("customer", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)

version = sa.Table("book_schema", metadata, sa.Column("version", sa.Integer, nullable=False))

# Two runs of one customer get their ids under that customer's lock; this holds it across customers.
sa.Index(
    "book_runs_are_unique",
    entries.c.run,
    unique=True,
    sqlite_where=entries.c.kind == "run begun",
    postgresql_where=entries.c.kind == "run begun",
)

_ONLY = "the book is append-only"
_REFUSE = f"BEGIN SELECT RAISE(ABORT, '{_ONLY}'); END"

TRIGGERS = {
    "sqlite": (
        f"CREATE TRIGGER book_entries_stay BEFORE UPDATE ON book_entries {_REFUSE}",
        f"CREATE TRIGGER book_entries_kept BEFORE DELETE ON book_entries {_REFUSE}",
        # INSERT OR REPLACE would pass by the two above.
        "CREATE TRIGGER book_entries_once BEFORE INSERT ON book_entries "  # noqa: S608 - nothing from outside goes in
        "WHEN NEW.number <= (SELECT max(number) FROM book_entries WHERE customer = NEW.customer) " + _REFUSE,
        "CREATE TRIGGER book_heads_grow BEFORE UPDATE ON book_heads "
        f"WHEN NEW.number <= OLD.number OR NEW.customer <> OLD.customer {_REFUSE}",
        f"CREATE TRIGGER book_heads_kept BEFORE DELETE ON book_heads {_REFUSE}",
    ),
    "postgresql": (
        "CREATE FUNCTION book_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_ONLY}'; END $$",
        "CREATE TRIGGER book_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON book_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION book_append_only()",
        "CREATE TRIGGER book_heads_grow BEFORE UPDATE ON book_heads FOR EACH ROW "
        "WHEN (NEW.number <= OLD.number OR NEW.customer <> OLD.customer) EXECUTE FUNCTION book_append_only()",
        "CREATE TRIGGER book_heads_kept BEFORE DELETE OR TRUNCATE ON book_heads "
        "FOR EACH STATEMENT EXECUTE FUNCTION book_append_only()",
    ),
}

TABLE_NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}


def create(connection: sa.Connection) -> None:
    """Lay out an empty book, inside the caller's transaction."""
    metadata.create_all(connection, checkfirst=False)
    for statement in TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
    connection.execute(version.insert().values(version=VERSION))
