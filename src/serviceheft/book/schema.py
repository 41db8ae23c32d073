"""The book's tables, the same on SQLite and PostgreSQL. What keeps them append-only stands in guards.py."""

import sqlalchemy as sa

from serviceheft.book import guards

VERSION = 2

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
    # And one for each asked at the start of a run.
    sa.Index("book_entries_by_subject", "customer", "kind", "host", "subject", "number", "service"),
    sa.Index("book_entries_by_time", "customer", "kind", "at"),
)

heads = sa.Table(
    "book_heads",
    metadata,
    sa.Column("customer", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)

# What each period has come to (latest.py). No evidence of its own: `verify` works it out of the entries again.
latest = sa.Table(
    "book_latest",
    metadata,
    sa.Column("customer", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("host", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("first_at", sa.Text, nullable=False),
    sa.Column("word", sa.Text, nullable=False),
    sa.Column("word_at", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
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

#: Indexes that books of version 1 do not have.
SINCE_2 = ("book_entries_by_subject", "book_entries_by_time")

TABLE_NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}


def create(connection: sa.Connection) -> None:
    """Lay out an empty book, inside the caller's transaction."""
    metadata.create_all(connection, checkfirst=False)
    guards.create(connection)
    connection.execute(version.insert().values(version=VERSION))
